/* What counts as a view, to the millisecond and to the pixel, on a site of its own. */
import { expect, test } from '../support/test.ts';
import { setHidden, VIEW_MS } from '../support/reader.ts';

const SCREEN = 600;
const AWAY = 100_000; /* further down than any post */
test.use({ viewport: { width: 1000, height: SCREEN } });

test('a view is one whole second: none at 999 ms, one at 1,000 ms', async ({ site }) => {
    await site.open('height=500');
    await site.pass(VIEW_MS - 1);
    expect(await site.queued()).toEqual([]);
    await site.pass(1);
    expect(await site.queued()).toEqual(['view 1']);
    await site.stored({ view: 1 });
    expect(await site.events()).toHaveLength(1);
});

test('who leaves at 900 ms and returns needs a whole second again', async ({ site }) => {
    await site.open('height=500');
    await site.pass(900);
    await site.scrollTo(AWAY);
    await site.pass(10);
    await site.scrollTo(0);
    await site.pass(VIEW_MS - 1);
    expect(await site.queued()).toEqual([]);
    await site.pass(1);
    expect(await site.queued()).toEqual(['view 1']);
});

test('half of the pixels are enough, less are not', async ({ site }) => {
    await site.open('height=500');
    await site.scrollTo(251); /* 249 of the first, 351 of the second */
    await site.pass(VIEW_MS);
    expect(await site.queued()).toEqual(['view 2']);
    await site.scrollTo(250);
    await site.pass(VIEW_MS);
    expect(await site.queued()).toEqual(['view 2', 'view 1']);
});

test('a post too tall for half of it to fit counts when it fills half of the window, once', async ({ site }) => {
    await site.open('height=3000&posts=3');
    await site.scrollTo(3000 - SCREEN + 250); /* 350 of the first, 250 of the second */
    await site.pass(VIEW_MS);
    expect(await site.queued()).toEqual(['view 1']);
    await site.scrollTo(3000 - SCREEN + 330);
    await site.pass(VIEW_MS - 1);
    expect(await site.queued()).toEqual(['view 1']);
    await site.pass(1);
    expect(await site.queued()).toEqual(['view 1', 'view 2']);
    for (let y = 3000; y < 5700; y += 300) {
        await site.scrollTo(y);
        await site.pass(VIEW_MS);
    }
    expect(await site.queued()).toEqual(['view 1', 'view 2']);
    await site.stored({ view: 2 });
    expect(await site.events()).toHaveLength(2);
});

test('hidden time never counts: 500 ms, ten hidden seconds and 500 ms are no view, 500 ms more are', async ({ site, page }) => {
    await site.open('height=500');
    await site.pass(500);
    await setHidden(page, true);
    await site.pass(10_000);
    await setHidden(page, false);
    await site.pass(500);
    expect(await site.queued()).toEqual([]);
    await site.pass(499);
    expect(await site.queued()).toEqual([]);
    await site.pass(1);
    expect(await site.queued()).toEqual(['view 1']);
    const [view] = await page.evaluate(() => host.queued);
    expect(view!.metadata.dwell_ms).toBe(1500);
});

test('one view a slot: not for scrolling back, not for drawing again, but for being served again', async ({ site, page }) => {
    await site.open('height=500&posts=1');
    await page.evaluate(() => document.body.style.setProperty('padding-bottom', '5000px'));
    for (let i = 0; i < 5; i++) {
        await site.scrollTo(0);
        await site.pass(VIEW_MS);
        await site.scrollTo(AWAY);
        await site.pass(VIEW_MS);
    }
    await site.scrollTo(0);
    await page.evaluate(() => document.querySelector('article')!.replaceWith(host.show({ ...host.served[0]! })));
    await site.pass(VIEW_MS);
    await site.stored({ view: 1 });
    expect(await site.queued()).toEqual(['view 1']);

    await page.evaluate(async () => {
        const [again] = await host.serve();
        document.querySelector('article')!.replaceWith(host.show(again!));
    });
    await site.pass(VIEW_MS);
    await site.stored({ view: 2 });
    const [one, two, ...more] = await site.events();
    expect(more).toEqual([]);
    expect(one!.post_id).toBe(two!.post_id);
    expect(one!.request_id).not.toBe(two!.request_id);
});

test('a site that keeps no request id has its slots told apart by their impressions', async ({ site, page }) => {
    await site.open('height=500&posts=1');
    const show = () => page.evaluate(async () => {
        const [{ requestId, ...served }] = await host.serve() as [Kith.Served];
        document.querySelector('article')!.replaceWith(host.show(served));
    });
    await show();
    await site.pass(VIEW_MS);
    await show();
    await site.pass(VIEW_MS);
    await site.stored({ view: 2 });
});

test('a post that the site takes away without a word is not seen any more', async ({ site, page }) => {
    await site.open('height=500&posts=1');
    await site.pass(VIEW_MS - 1);
    await page.evaluate(() => document.querySelector('article')!.remove());
    await site.pass(VIEW_MS);
    expect(await site.queued()).toEqual([]);
});
