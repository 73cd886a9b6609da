/* What was done arrives: once, whatever happens to the network, the page and the clock. */
import type { Page, Route } from '@playwright/test';
import { expect, test } from '../support/test.ts';
import { kept, setHidden, VIEW_MS, WAIT_MS } from '../support/reader.ts';

const TRACK = '**/api/track';
const FLIGHT_BYTES = 61_440; /* a page shares 64 KiB of keepalive */
const DAY_MS = 86_400_000;

function refuse(status: number, headers: Record<string, string> = {}) {
    return (route: Route) => route.fulfill({
        status, headers, contentType: 'application/problem+json', json: { status, code: 'x' },
    });
}

/** Chance gives its largest number: the longest backoff is waited. */
const unlucky = (page: Page) => page.addInitScript(() => {
    Math.random = () => 0.999;
});

/* ---- Leaving ---- */

test('a like made offline outlives a reload offline, and is in the database exactly once', async ({ site, page, context }) => {
    await site.open('posts=0');
    await context.setOffline(true);
    await site.track('like');
    await page.reload();
    await site.shown();
    expect(await kept(page)).toHaveLength(1);
    await context.setOffline(false);
    await site.count({ like: 1 });
    await expect.poll(() => kept(page)).toEqual([]);
    await site.pass(60_000);
    await site.idle();
    expect(await site.counts()).toEqual({ like: 1 });
});

test('three posts seen and the page left before five seconds: three rows', async ({ site, page }) => {
    await site.open('height=150&posts=3');
    await site.pass(VIEW_MS);
    expect(await site.queued()).toHaveLength(3);
    await page.goto('/favicon.svg');
    await site.count({ view: 3 });
});

test('a tab that is closed has sent what was done in it', async ({ site }) => {
    await site.open('posts=0');
    const other = await site.tab();
    await other.open('posts=0');
    await other.track('like', 3);
    await other.page.close();
    await site.count({ like: 3 });
});

test('hiding the page sends at once', async ({ site, page }) => {
    await site.open('posts=0');
    await site.track('like');
    await setHidden(page, true);
    await site.count({ like: 1 });
});

test('leaving sends at once, also in a browser that says nothing of hiding', async ({ site, page }) => {
    await site.open('posts=0');
    await site.track('like');
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide')));
    await site.count({ like: 1 });
});

test('what fetch cannot send on leaving goes with a beacon, and is kept until an answer names it', async ({ site, page }) => {
    await page.addInitScript(() => {
        const { fetch } = window;
        window.fetch = (address, init) => (init?.keepalive ? Promise.reject(new TypeError('no keepalive')) : fetch(address, init));
    });
    await site.open('posts=0');
    const [id] = await site.track('like');
    await setHidden(page, true);
    await site.count({ like: 1 });
    expect(await kept(page)).toEqual([`kith.ev.${id}`]);
});

test('eight hundred events: never over 60 KiB on leaving, and all in the database once after the next visit', async ({ site, page }) => {
    test.slow();
    await page.addInitScript(() => { /* the browser ends what is over 64 KiB before it can be seen */
        const { fetch } = window;
        Object.assign(window, { bodies: [] });
        window.fetch = (address, init) => {
            if (typeof init?.body === 'string') (window as any).bodies.push(init.body);
            return fetch(address, init);
        };
    });
    await site.open('posts=0');
    await page.route(TRACK, () => {}); /* never answered: all of it stays in flight */
    await site.track('click', 800);
    await setHidden(page, true);
    const sums: number[] = await page.evaluate('bodies.map((body) => new TextEncoder().encode(body).length)');
    const sum = sums.reduce((a, b) => a + b);
    expect(sum).toBeLessThanOrEqual(FLIGHT_BYTES);
    expect(sum).toBeGreaterThan(FLIGHT_BYTES * 0.9);
    expect(await kept(page)).toHaveLength(800);
    await page.unroute(TRACK);
    await page.reload();
    await site.shown();
    await expect.poll(async () => {
        await site.pass(WAIT_MS);
        await site.idle();
        return (await site.counts()).click;
    }, { timeout: 20_000 }).toBe(800);
    await expect.poll(() => kept(page)).toEqual([]);
    expect((await site.events()).length).toBe(800);
});

/* ---- Batches ---- */

test('an event a second for twelve seconds leaves at five and at ten seconds', async ({ site, page }) => {
    await site.open('posts=0');
    const begin = await page.evaluate(() => Date.now());
    for (let i = 0; i < 12; i++) {
        await site.track('click');
        await site.pass(1000);
        await site.idle();
    }
    const at = site.calls.map((call) => JSON.parse(call.postData()!).sent_at - begin);
    expect(at).toHaveLength(2);
    expect(at[0]).toBe(WAIT_MS);
    expect(at[1]).toBeGreaterThanOrEqual(2 * WAIT_MS);
    expect(at[1]).toBeLessThanOrEqual(11_000);
});

test('twenty quick likes leave at once, in one call', async ({ site }) => {
    await site.open('posts=0');
    await site.track('like', 20);
    await site.count({ like: 20 });
    await site.pass(WAIT_MS);
    await site.idle();
    expect(site.calls).toHaveLength(1);
});

/* ---- Servers that refuse ---- */

/* A date counts by the clock of the server that wrote it, not by the device's. */
for (const [name, headers] of Object.entries<Record<string, string>>({
    '7': { 'retry-after': '7' },
    'a date 7 s ahead': {
        'retry-after': 'Sun, 06 Nov 1994 08:49:44 GMT', 'date': 'Sun, 06 Nov 1994 08:49:37 GMT',
    },
}))
    test(`429 with Retry-After ${name}: no call for 6,999 ms, then one`, async ({ site, page }) => {
        await site.open('posts=0');
        await page.route(TRACK, refuse(429, headers));
        await site.track('like');
        await site.pass(WAIT_MS);
        await site.idle();
        expect(site.calls).toHaveLength(1);
        await page.unroute(TRACK);
        await site.pass(6999);
        await site.idle();
        expect(site.calls).toHaveLength(1);
        await site.pass(1);
        await site.count({ like: 1 });
        expect(site.calls).toHaveLength(2);
    });

for (const [name, fail] of Object.entries({
    '503': refuse(503), '500': refuse(500), 'an aborted call': (route: Route) => route.abort(),
}))
    test(`after ${name} the waits double, up to a random part of each`, async ({ site, page }) => {
        await unlucky(page);
        await site.open('posts=0');
        await page.route(TRACK, fail);
        await site.track('like');
        await site.pass(WAIT_MS);
        await site.idle();
        for (let ms = 1000, calls = 1; ms <= 16_000; ms *= 2, calls++) {
            await site.pass(0.999 * ms - 1);
            await site.idle();
            expect(site.calls).toHaveLength(calls);
            await site.pass(2);
            await site.idle();
            expect(site.calls).toHaveLength(calls + 1);
        }
        await page.unroute(TRACK);
        await site.pass(32_000);
        await site.count({ like: 1 });
    });

test('413 halves the batch until it fits, and loses nothing', async ({ site, page }) => {
    await site.open('posts=0');
    const sizes: number[] = [];
    await page.route(TRACK, (route) => {
        const { events } = JSON.parse(route.request().postData()!);
        sizes.push(events.length);
        return events.length > 3 ? refuse(413)(route) : route.fallback();
    });
    await site.track('like', 16);
    await site.pass(WAIT_MS);
    await site.idle();
    await site.pass(WAIT_MS);
    await site.idle();
    await site.count({ like: 16 });
    expect(sizes.slice(0, 4)).toEqual([16, 8, 4, 2]);
    expect(Math.max(...sizes.slice(4))).toBeLessThanOrEqual(2);
});

test('a poison event among twenty: the nineteen others are stored, it is dropped', async ({ site, page }) => {
    await site.open('posts=0');
    const poison = await page.evaluate(() => host.served.map((served, i) =>
        host.tracker.track(i === 7 ? 'poison' as Kith.EventType : 'like', served))[7]);
    await site.count({ like: 19 });
    await expect.poll(() => kept(page)).toEqual([]);
    await site.pass(60_000);
    expect(site.calls).toHaveLength(1);
    const [report] = await page.evaluate(() => host.reports);
    expect(report!.rejected).toMatchObject([{ event_id: poison, code: 'unknown_type' }]);
});

test('an answer that does not name an event leaves it stored', async ({ site, page }) => {
    await site.open('posts=0');
    const [unnamed, ...named] = await site.track('like', 3);
    await page.route(TRACK, (route) => route.fulfill({
        json: { received: 3, stored: 3, duplicates: 0, accepted: named, rejected: [], retry: [] },
    }));
    await site.pass(WAIT_MS);
    await expect.poll(() => kept(page)).toEqual([`kith.ev.${unnamed}`]);
    await page.unroute(TRACK);
    await site.pass(1000);
    await site.count({ like: 1 });
    await expect.poll(() => kept(page)).toEqual([]);
});

/* ---- Clocks and tabs ---- */

for (const days of [3, -3, 400])
    test(`a clock wrong by ${days} days: the event is stored with the real time, the wrong one beside it`, async ({ site, page }) => {
        await site.open('posts=0', { aheadMs: days * DAY_MS });
        const from = Date.now();
        await site.track('like');
        await setHidden(page, true); /* leaves at once: no time of the page passes */
        await site.count({ like: 1 });
        const till = Date.now();
        const [row] = await site.events();
        expect(row!.created_at_ms).toBeGreaterThan(from - 2000);
        expect(row!.created_at_ms).toBeLessThan(till + 2000);
        expect(Math.abs(row!.client_at_ms - from - days * DAY_MS)).toBeLessThan(60_000);
    });

test('two offline tabs with ten events each, one is closed: the other sends all twenty in one go', async ({ site, context }) => {
    await site.open('posts=0');
    const other = await site.tab();
    await other.open('posts=0');
    await context.setOffline(true);
    await site.track('like', 10);
    await other.track('share', 10);
    await other.page.close();
    expect(await kept(site.page)).toHaveLength(20);
    const { length } = site.calls;
    await context.setOffline(false);
    await site.count({ like: 10, share: 10 });
    await expect.poll(() => kept(site.page)).toEqual([]);
    expect(site.calls).toHaveLength(length + 1);
    expect(await site.events()).toHaveLength(20);
});

test('of two tabs one sends at a time', async ({ site, context }) => {
    await site.open('posts=0');
    const other = await site.tab();
    await other.open('posts=0');
    const waiting: Route[] = [];
    await context.route(TRACK, (route) => void waiting.push(route));
    await site.track('like', 20);
    await expect.poll(() => waiting.length).toBe(1);
    await other.track('share', 20);
    await other.settled();
    expect(other.calls).toHaveLength(0);
    await context.unroute(TRACK);
    await waiting[0]!.continue();
    await site.count({ like: 20, share: 20 });
});
