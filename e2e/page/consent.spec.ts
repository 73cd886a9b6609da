/* Who asks not to be tracked is not: neither by his browser nor by the server. */
import type { BrowserContext } from '@playwright/test';
import { expect, test } from '../support/test.ts';
import { kept, setHidden, VIEW_MS, WAIT_MS } from '../support/reader.ts';

/** A browser that says so in the page and to the server. */
async function signal(context: BrowserContext, header: 'Sec-GPC' | 'DNT') {
    await context.setExtraHTTPHeaders({ [header]: '1' });
    await context.addInitScript((name) => {
        if (name === 'DNT') Object.defineProperty(navigator, 'doNotTrack', { value: '1' });
        else Object.defineProperty(navigator, 'globalPrivacyControl', { value: true });
    }, header);
}

const answer = (context: BrowserContext, url: string, value: 'yes' | 'no') =>
    context.addCookies([{ name: 'kith_consent', value, url }]);

for (const header of ['Sec-GPC', 'DNT'] as const)
    test(`${header}: 1: no rows with the reader's id, nothing kept, and a feed that is not personal`, async ({ reader, page, context }) => {
        await signal(context, header);
        await reader.open();
        expect(reader.answers[0]).toMatchObject({ source: 'random_fallback', fallback_reason: 'consent' });
        await expect(reader.origin).toContainText('Not personalised');
        await reader.pass(VIEW_MS);
        await reader.like(reader.posts.first());
        expect(await kept(page)).toEqual([]);
        await reader.pass(WAIT_MS);
        await setHidden(page, true);
        await reader.idle();
        expect(reader.calls).toEqual([]);
        expect(await reader.events()).toEqual([]);
        expect(await reader.stack.rows("SELECT id FROM users WHERE id = :'user'::uuid", { user: await reader.user() })).toEqual([]);
    });

test('the server refuses what another tracker sends for such a reader', async ({ site, page, context }) => {
    await context.setExtraHTTPHeaders({ 'Sec-GPC': '1' }); /* but the page is not told */
    await site.open('posts=0');
    await site.track('like', 20);
    await expect.poll(() => page.evaluate(() => host.reports)).toMatchObject([{ status: 403, dropped: 20 }]);
    expect(await kept(page)).toEqual([]);
    expect(await site.events()).toEqual([]);
});

test('an explicit yes to the site outweighs the browser\'s no', async ({ site, context, stack }) => {
    await signal(context, 'Sec-GPC');
    await answer(context, stack.url, 'yes');
    await site.open('posts=0');
    await site.track('like', 20);
    await site.count({ like: 20 });
});

test('a no to the site is heeded, and takes away what was kept before', async ({ site, page, context, stack }) => {
    await site.open('posts=0');
    await context.setOffline(true);
    await site.track('like', 3);
    expect(await kept(page)).toHaveLength(3);
    await answer(context, stack.url, 'no');
    await site.track('click');
    expect(await kept(page)).toEqual([]);
    await context.setOffline(false);
    await site.track('like', 20);
    await site.pass(WAIT_MS);
    await site.idle();
    expect(site.calls).toEqual([]);
    expect(await site.events()).toEqual([]);
});
