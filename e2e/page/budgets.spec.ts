/*
 * What the page may cost a slow phone: four times slower than this machine.
 *
 * Jumps   are the page's own doing: no second chance.
 * Times   also hold what else this machine does. Of several tries the best one
 *         counts: what the page itself needs is in all of them.
 */
import type { Page } from '@playwright/test';
import { expect, test } from '../support/test.ts';

const SLOWER = 4;
const LCP_MS = 2500;
const CLS = 0.05;
const INP_MS = 200;
const TRIES = 15;

declare global {
    interface Window {
        lcp: number;
        shift: number;
        jumps: string[];
        slowest: number; /* of the interactions since it was set to 0 */
        interactions: number;
    }
}

async function slowDown(page: Page) {
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
    await page.addInitScript(() => {
        Object.assign(window, { lcp: 0, shift: 0, jumps: [], slowest: 0, interactions: 0 });
        const on = (type: string, see: (entry: any) => void) => new PerformanceObserver((list) => list.getEntries().forEach(see))
            .observe({ type, buffered: true, durationThreshold: 16 } as PerformanceObserverInit);
        on('largest-contentful-paint', (entry) => {
            window.lcp = entry.startTime;
        });
        on('layout-shift', (entry) => {
            if (entry.hadRecentInput) return;
            window.shift += entry.value;
            window.jumps.push(`${entry.value.toFixed(4)} ${entry.sources.map(({ node }: any) => node?.id || node?.className || node?.nodeName)}`);
        });
        on('event', (entry) => {
            if (!entry.interactionId) return;
            window.slowest = Math.max(window.slowest, entry.duration);
            window.interactions += 1;
        });
    });
}

test('the first post is painted within 2.5 s', async ({ page }) => {
    await slowDown(page);
    let best = Infinity;
    for (let i = 0; i < TRIES && best > LCP_MS; i++) {
        await page.goto('/');
        await expect(page.getByTestId('post').first()).toBeVisible();
        await page.waitForFunction(() => window.lcp > 0 && document.querySelector<HTMLImageElement>('article img')?.complete);
        best = Math.min(best, await page.evaluate(() => window.lcp));
    }
    expect(best).toBeLessThanOrEqual(LCP_MS);
});

for (const viewport of [{ width: 1280, height: 900 }, { width: 320, height: 640 }])
    test(`nothing jumps while sixty posts are scrolled through, ${viewport.width} wide`, async ({ page, reader }) => {
        test.slow();
        await page.setViewportSize(viewport);
        await slowDown(page);
        await page.goto('/');
        await reader.shown();
        await reader.scroll(60);
        await page.mouse.wheel(0, 2000);
        await reader.shown();
        await reader.settled();
        expect(await page.evaluate(() => window.shift), (await page.evaluate(() => window.jumps)).join('\n')).toBeLessThanOrEqual(CLS);
    });

test('what is pressed is answered within 200 ms, with sixty posts shown', async ({ page, reader }) => {
    test.slow();
    await slowDown(page);
    await page.goto('/');
    await reader.shown();
    await reader.scroll(60);
    const post = reader.posts.nth(10);
    await post.scrollIntoViewIfNeeded();
    const acts: Record<string, () => Promise<void>> = {
        like: () => post.getByTestId('post-like').click(),
        open: () => post.getByTestId('post-open').click(),
        'next post': () => page.keyboard.press('j'),
        'previous post': () => page.keyboard.press('PageUp'),
        hide: () => page.keyboard.press('x'),
        undo: () => page.keyboard.press('u'),
    };
    const best: Record<string, number> = {};
    for (const [name, act] of Object.entries(acts)) {
        best[name] = Infinity;
        for (let i = 0; i < TRIES && best[name] > INP_MS; i++) {
            if (name === 'undo') await page.keyboard.press('x');
            const before = await page.evaluate(() => {
                window.slowest = 0;
                return window.interactions;
            });
            await act();
            await page.evaluate(() => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
            await expect.poll(() => page.evaluate(() => window.interactions)).toBeGreaterThan(before).catch(() => {}); /* under 16 ms: no entry */
            best[name] = Math.min(best[name], await page.evaluate(() => window.slowest));
        }
    }
    for (const [name, ms] of Object.entries(best)) expect(ms, name).toBeLessThanOrEqual(INP_MS);
});
