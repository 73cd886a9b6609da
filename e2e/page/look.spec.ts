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

test.describe('without scripts', () => {
    test.use({ javaScriptEnabled: false });

    test('there are twenty posts, why they are there, and a way on', async ({ page }) => {
        await page.goto('/');
        await expect(page).toHaveURL('/plain');
        const first = await page.locator('article h2').allTextContents();
        expect(first.length).toBe(20);
        await expect(page.locator('article .why').first()).not.toBeEmpty();
        await page.getByRole('link', { name: 'Next posts' }).click();
        await expect(page).toHaveURL(/cursor=/);
        const second = await page.locator('article h2').allTextContents();
        expect(second.length).toBe(20);
        expect(first.filter((title) => second.includes(title))).toEqual([]);
        await page.getByRole('link', { name: 'Latest' }).click();
        await expect(page.getByText('Newest first')).toBeVisible();
    });

    test('a scroll that is over starts anew', async ({ page }) => {
        await page.goto('/plain?cursor=altered');
        await expect(page).toHaveURL('/plain');
        await expect(page.locator('article')).toHaveCount(20);
    });
});

for (const colorScheme of ['light', 'dark'] as const)
    test(`axe finds nothing on the plain page, ${colorScheme}`, async ({ page }) => {
        await page.emulateMedia({ colorScheme });
        await page.goto('/plain');
        const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
        expect(violations.map((v) => `${v.id}: ${v.nodes[0]?.html}`)).toEqual([]);
    });

test('at 400 % zoom everything is in one column, and nothing is cut off', async ({ reader, page }) => {
    await page.setViewportSize({ width: 320, height: 256 }); /* 1280 x 1024 at 400 % */
    await reader.open();
    await reader.posts.first().getByTestId('post-open').click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    const cut = await page.locator('main *').evaluateAll((all) => all
        .filter((e) => e instanceof HTMLElement && e.offsetParent && e.getBoundingClientRect().right > innerWidth + 1)
        .map((e) => e.outerHTML.slice(0, 80)));
    expect(cut).toEqual([]);
});

test('everything that can be pressed is at least 24 pixels wide and high', async ({ reader, page, stack }) => {
    await page.setViewportSize(SIZES.phone);
    await reader.open();
    await stack.publish(1);
    await expect(page.getByTestId('news-button')).toBeInViewport();
    const small = await page.locator('button:visible, input:visible, summary:visible, .tabs a:visible, .mark:visible').evaluateAll((all) => all
        .map((e) => ({ name: e.outerHTML.slice(0, 80), box: e.getBoundingClientRect() }))
        .filter(({ box }) => box.width < 24 || box.height < 24)
        .map(({ name }) => name));
    expect(small).toEqual([]);
});

test('who wants less motion gets none', async ({ reader, page, stack }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await reader.open();
    await stack.publish(1);
    await expect(page.getByTestId('news-button')).toBeInViewport();
    await page.getByTestId('refresh').click();
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
});
