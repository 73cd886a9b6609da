/* How it looks, to eyes and to assistive technology. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '../support/test.ts';

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const SIZES = { wide: { width: 1280, height: 900 }, phone: { width: 320, height: 640 } };

for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(colorScheme, () => {
        test.use({ colorScheme });

        test(`axe finds nothing after two pages, ${colorScheme}`, async ({ reader, page }) => {
            test.slow(); /* axe asks about every element */
            await reader.open();
            await reader.scroll(40);
            await reader.letTimeRun();
            const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
            expect(violations.map((v) => `${v.id}: ${v.nodes[0]?.html}`)).toEqual([]);
        });

        test(`axe finds nothing in the dialogs, ${colorScheme}`, async ({ reader, page }) => {
            test.slow(); /* axe asks about every element */
            await reader.open();
            await reader.letTimeRun();
            for (const open of [() => page.keyboard.press('?'), () => page.getByTestId('reader-button').click()]) {
                await open();
                await expect(page.locator('dialog[open]')).toBeVisible();
                const { violations } = await new AxeBuilder({ page }).include('dialog[open]').withTags(WCAG).analyze();
                expect(violations.map((v) => `${v.id}: ${v.nodes[0]?.html}`)).toEqual([]);
                await page.keyboard.press('Escape');
            }
        });

        for (const [size, viewport] of Object.entries(SIZES))
            test(`fits a ${size} window without scrolling sideways, ${colorScheme}`, async ({ reader, page }, info) => {
                await page.setViewportSize(viewport);
                await reader.open();
                expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
                const file = `results/screens/feed-${size}-${colorScheme}.png`;
                await page.screenshot({ path: file });
                await info.attach(file, { path: file, contentType: 'image/png' });
            });
    });
}

test('the chosen colours outlive a reload', async ({ reader, page }) => {
    await reader.open();
    await page.getByTestId('theme-dark').check();
    await page.reload();
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('a page without scripts says where the posts are', async ({ browser, baseURL }) => {
    const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
    const page = await context.newPage();
    await page.goto('/');
    await expect(page.getByRole('link', { name: '/api/feeds' })).toBeVisible();
    await context.close();
});
