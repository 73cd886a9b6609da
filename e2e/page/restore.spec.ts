/* A page that the browser has kept: it goes on where it was, and hears again. */
import { launchOptions } from '../playwright.config.ts';
import { expect, test } from '../support/test.ts';

const BACK_MS = 5000;

/* Playwright switches the back/forward cache off. */
test.use({ launchOptions: { ...launchOptions, ignoreDefaultArgs: ['--disable-back-forward-cache'] } });

test('a page that comes back with the back button hears again within five seconds', async ({ page, stack }) => {
    await page.goto('/');
    const news = page.getByTestId('news-button');
    await expect(page.getByTestId('post').first()).toBeVisible();
    await stack.publish(1);
    await expect(news).toBeVisible();
    await news.click(); /* its line was open, and is asked again below */
    await expect(news).toHaveCount(0);
    await page.evaluate(() => addEventListener('pageshow', (event) => Object.assign(window, { persisted: event.persisted })));
    await page.goto('/nowhere');
    await page.evaluate(() => setTimeout(() => history.back())); /* goBack() waits for a load that does not come */
    await page.waitForURL('/', { waitUntil: 'commit' });
    await expect(async () => expect(await page.evaluate(() => (window as any).persisted)).toBe(true)).toPass();
    await stack.publish(1);
    await expect(news).toBeVisible({ timeout: BACK_MS });
});
