/* Back and forward: a page that the browser has kept goes on where it was. */
import { chromium } from '@playwright/test';
import { expect, test as base } from '../support/test.ts';
import { Reader, VIEW_MS } from '../support/reader.ts';

/* Playwright switches this cache off; here it is what is tested. */
const test = base.extend({
    page: async ({ stack, launchOptions }, use) => {
        const browser = await chromium.launch({ ...launchOptions, ignoreDefaultArgs: ['--disable-back-forward-cache'] });
        const context = await browser.newContext({ baseURL: stack.url, viewport: { width: 1280, height: 720 } });
        await use(await context.newPage());
        await browser.close();
    },
});

/** There and back, without the page being loaded anew. */
async function goAndReturn({ page }: Reader) {
    await page.evaluate(() => Object.assign(window, { before: true }));
    await page.goto('/favicon.svg');
    await page.evaluate(() => history.back());
    await page.waitForFunction('window.before');
}

test('after history.back() a view needs a whole second again, and says that the page was kept', async ({ page, stack }) => {
    const reader = new Reader(page, stack);
    await reader.open();
    await reader.pass(VIEW_MS - 1);
    await goAndReturn(reader);
    await reader.pass(VIEW_MS - 1);
    await expect(page.getByTestId('learned-item')).toHaveCount(0);
    await reader.pass(1);
    await expect(page.getByTestId('learned-item')).toHaveCount(1);
    await reader.stored({ view: 1 });
    const rows = await reader.events();
    expect(rows).toMatchObject([{ type: 'view', metadata: { persisted: true } }]);

    await goAndReturn(reader); /* the same slot is no second view */
    await reader.like(reader.posts.first());
    await reader.stored({ view: 1, like: 1 });
    expect(await reader.events()).toHaveLength(2);
});

test('what was liked before leaving is stored while the page is kept', async ({ page, stack }) => {
    const reader = new Reader(page, stack);
    await reader.open();
    await reader.like(reader.posts.first());
    await goAndReturn(reader);
    await expect.poll(() => reader.counts()).toEqual({ like: 1 });
});
