/* The tracker on a bad day: servers that refuse, pages that hide, tabs that close. */
import type { Page, Route } from '@playwright/test';
import { expect, test } from '../support/test.ts';
import { Reader, VIEW_MS, WAIT_MS } from '../support/reader.ts';

const TRACK = '**/api/track';
const FLIGHT_BYTES = 61_440; /* a page shares 64 KiB of keepalive */

function refuse(status: number, headers: Record<string, string> = {}) {
    return (route: Route) => route.fulfill({
        status, headers, contentType: 'application/problem+json', json: { status, code: 'x' },
    });
}

/** Headless tabs are always visible: the page is told otherwise. */
function setHidden(page: Page, hidden: boolean) {
    return page.evaluate((state) => {
        Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }, hidden ? 'hidden' : 'visible');
}

/** Events that an earlier visit could not deliver. */
function leaveBehind(page: Page, posts: string[], count: number) {
    return page.evaluate(([ids, n]) => {
        for (let i = 0; i < n; i++) {
            const ms = (Date.now() - n + i).toString(16).padStart(12, '0');
            const rest = i.toString(16).padStart(12, '0');
            const id = `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-${rest}`;
            localStorage.setItem(`kith.ev.${id}`, JSON.stringify(
                { event_id: id, type: 'click', post_id: ids[i % ids.length], ts: Date.now(), metadata: {} }));
        }
    }, [posts, count] as const);
}

const keys = (page: Page) => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('kith.ev.')));

test('Retry-After is the least time before the next call', async ({ reader, page }) => {
    await reader.open();
    await page.route(TRACK, refuse(429, { 'retry-after': '7' }));
    await reader.like(reader.posts.first());
    await reader.pass(WAIT_MS);
    await expect.poll(() => reader.calls.length).toBe(1);
    await reader.idle();
    await reader.pass(6900);
    await reader.idle();
    expect(reader.calls).toHaveLength(1);
    await page.unroute(TRACK);
    await reader.pass(2000); /* the back-off of one failure is at most 1 s more */
    await expect.poll(() => reader.counts()).toMatchObject({ like: 1 });
    expect(reader.calls).toHaveLength(2);
});

test('a batch that is too large is halved, and nothing of it is lost', async ({ reader, page }) => {
    await reader.open();
    const ids = await reader.ids();
    const sizes: number[] = [];
    await page.route(TRACK, (route) => {
        const { events } = JSON.parse(route.request().postData()!);
        sizes.push(events.length);
        return events.length > 3 ? refuse(413)(route) : route.fallback();
    });
    for (const id of ids.slice(0, 8)) await reader.like(reader.post(id));
    await expect.poll(async () => {
        await reader.pass(WAIT_MS);
        return (await reader.counts()).like;
    }).toBe(8);
    expect(Math.max(...sizes)).toBeGreaterThan(3);
});

test('one event that the server rejects does not hold up the others', async ({ reader, page }) => {
    await reader.open();
    const ids = await reader.ids();
    await leaveBehind(page, ['00000000-0000-4000-8000-000000000000'], 1);
    for (const id of ids.slice(0, 5)) await reader.like(reader.post(id));
    await reader.pass(WAIT_MS);
    await expect.poll(() => reader.counts()).toMatchObject({ like: 5 });
    await expect.poll(() => keys(page)).toEqual([]);
});

test('a refused batch is dropped and reported, not sent for ever', async ({ reader, page }) => {
    await reader.open();
    await page.route(TRACK, refuse(400));
    const like = reader.posts.first().getByTestId('post-like');
    await like.click();
    await reader.pass(WAIT_MS);
    await expect(like).toHaveAttribute('aria-pressed', 'false'); /* taken back: it was not saved */
    const { length } = reader.calls;
    await reader.pass(60_000);
    expect(reader.calls.filter((call) => call.postData()?.includes('"like"'))).toHaveLength(1);
    expect(length).toBeGreaterThan(0);
});

test('a portal that answers 200 for everything is not taken for the server', async ({ reader, page }) => {
    await reader.open();
    await page.route(TRACK, (route) => route.fulfill({ status: 200, contentType: 'text/html', body: '<p>Log in' }));
    await reader.like(reader.posts.first());
    await reader.pass(WAIT_MS);
    await expect.poll(() => reader.calls.length).toBeGreaterThan(0);
    expect(await keys(page)).not.toEqual([]);
    await page.unroute(TRACK);
    await expect.poll(async () => {
        await reader.pass(1000);
        return (await reader.counts()).like;
    }).toBe(1);
});

test('hidden time never counts towards a view', async ({ reader, page }) => {
    await reader.open();
    await reader.pass(500);
    await setHidden(page, true);
    await reader.pass(10_000);
    await setHidden(page, false);
    await reader.pass(VIEW_MS - 1);
    await expect(page.getByTestId('learned-item')).toHaveCount(0);
    await reader.pass(1);
    await expect(page.getByTestId('learned-item')).not.toHaveCount(0);
});

test('hiding the page sends at once', async ({ reader, page }) => {
    await reader.open();
    await reader.like(reader.posts.first());
    await setHidden(page, true);
    await expect.poll(() => reader.counts()).toEqual({ like: 1 });
});

test('a post that is scrolled away and back five times is one view', async ({ reader, page }) => {
    await reader.open();
    const [id] = await reader.ids();
    for (let i = 0; i < 5; i++) {
        await page.evaluate(() => scrollTo(0, 0));
        await reader.pass(VIEW_MS);
        await reader.posts.nth(9).evaluate((e) => e.scrollIntoView());
        await reader.pass(VIEW_MS);
    }
    await reader.pass(WAIT_MS);
    await expect.poll(async () => (await reader.events()).length).toBeGreaterThanOrEqual(2);
    const views = (await reader.events()).filter((event) => event.post_id === id);
    expect(views.map((event) => event.type)).toEqual(['view']);
    expect(reader.sent().filter((event) => event.post_id === id)).toHaveLength(1);
});

test('a post much taller than the window is seen as well', async ({ reader, page }) => {
    await page.setViewportSize({ width: 1280, height: 600 });
    await reader.open();
    await page.evaluate(() => scrollTo(0, 0));
    await reader.posts.first().evaluate((e) => {
        e.style.height = '3000px';
    });
    await page.evaluate(() => scrollTo(0, 1000));
    await reader.pass(VIEW_MS);
    const [id] = await reader.ids();
    await reader.pass(WAIT_MS);
    await expect.poll(async () => (await reader.events()).map((e) => [e.type, e.post_id])).toContainEqual(['view', id]);
});

test('eight hundred events of an earlier visit arrive once, and never over 60 KiB at a time', async ({ reader, page }) => {
    test.slow();
    await page.addInitScript(() => { /* the browser ends what is over 64 KiB before it can be seen */
        const { fetch } = window;
        Object.assign(window, { flying: [] });
        window.fetch = (address, init) => {
            if (typeof init?.body === 'string') (window as any).flying.push(init.body.length);
            return fetch(address, init);
        };
    });
    await reader.open();
    const ids = await reader.ids();
    await page.route(TRACK, () => {}); /* never answered: all of it stays in flight */
    await leaveBehind(page, ids, 800);
    await setHidden(page, true);
    await expect.poll(() => reader.calls.length).toBeGreaterThan(0);
    const flying: number[] = await page.evaluate('flying');
    expect(flying.reduce((a, b) => a + b)).toBeLessThanOrEqual(FLIGHT_BYTES);
    expect(flying.reduce((a, b) => a + b)).toBeGreaterThan(FLIGHT_BYTES / 2);
    await page.unroute(TRACK);
    await page.reload();
    await reader.shown();
    await expect.poll(async () => {
        await reader.pass(WAIT_MS);
        return (await reader.counts()).click;
    }, { timeout: 20_000 }).toBe(800);
    await expect.poll(() => keys(page)).toEqual([]);
});

test('what a closed tab could not send is sent by another', async ({ reader, context, stack }) => {
    await reader.open();
    const other = new Reader(await context.newPage(), stack);
    await other.open('/?feed=latest');
    await context.setOffline(true);
    for (const tab of [reader, other]) for (const id of (await tab.ids()).slice(0, 4)) await tab.like(tab.post(id));
    await other.page.close();
    await context.setOffline(false);
    await expect.poll(async () => {
        await reader.pass(WAIT_MS);
        return (await reader.counts()).like;
    }).toBe(8);
});

test('who asks not to be tracked by Global Privacy Control has nothing stored on the device', async ({ reader, page }) => {
    await page.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }));
    await reader.open();
    await reader.like(reader.posts.first());
    expect(await keys(page)).toEqual([]);
});
