/* News while the page is read: heard by every tab, offered, and never in the way. */
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { BrowserContext, Page } from '@playwright/test';
import { expect, test } from '../support/test.ts';
import { expectNoneWaitsToSend, Reader } from '../support/reader.ts';

const LIVE = '**/api/live';
const POLL_MS = 30_000;
const HIDDEN_MS = 60_000;

const button = (page: Page) => page.getByTestId('news-button');

/** The open lines of a page, counted from when it opens. */
function linesOf(page: Page): Set<unknown> {
    const lines = new Set();
    page.on('websocket', (line) => {
        line.on('framereceived', () => lines.add(line));
        line.on('close', () => lines.delete(line));
    });
    return lines;
}

async function show(page: Page, state: 'visible' | 'hidden') {
    await page.evaluate((value) => {
        Object.defineProperty(document, 'visibilityState', { value, configurable: true });
        Object.defineProperty(document, 'hidden', { value: value === 'hidden', configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }, state);
}

test('three new posts are offered, move nothing, and come when they are asked for', async ({ reader, page, stack }) => {
    await page.addInitScript(() => {
        Object.assign(window, { shift: 0 });
        new PerformanceObserver((list) => {
            for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[])
                Object.assign(window, { shift: (window as any).shift + entry.value });
        }).observe({ type: 'layout-shift' });
    });
    await reader.open();
    const read = reader.posts.nth(11);
    await read.scrollIntoViewIfNeeded();
    await read.focus();
    await reader.shown();
    await reader.settled();
    const before = await read.boundingBox();
    const ids = await reader.ids();
    await page.evaluate(() => Object.assign(window, { shift: 0 }));

    const titles = await stack.publish(3);
    await expect(page.getByRole('status').filter({ hasText: '3 new posts' })).toHaveCount(1);
    await expect(button(page)).toBeInViewport();
    await reader.settled();
    expect(await read.boundingBox()).toEqual(before);
    expect(await reader.ids()).toEqual(ids);
    expect(await page.evaluate(() => (window as any).shift)).toBe(0);
    await expect(read).toBeFocused();

    await button(page).click();
    await expect(reader.posts.first()).toBeFocused();
    expect(await reader.posts.locator('h2').allTextContents()).toEqual(expect.arrayContaining(titles));
    expect((await reader.posts.locator('h2').allTextContents()).slice(0, 3)).toEqual(titles);
    expect((await reader.ids()).slice(3)).toEqual(ids);
    await expect(reader.posts.first()).toHaveAttribute('aria-posinset', '1');
    await expect(reader.posts.nth(14)).toHaveAttribute('aria-posinset', '15');
    await expect(button(page)).toHaveCount(0);
});

test('an event of a post that came this way is attributed', async ({ reader, page, stack }) => {
    await reader.open();
    await stack.publish(1);
    await button(page).click();
    await expect(reader.posts.first()).toBeFocused();
    await reader.like(reader.posts.first());
    await reader.stored({ like: 1 });
    expect((await reader.events()).find((e) => e.type === 'like')).toMatchObject({ source: 'latest', position: 1 });
});

test('without WebSockets the page asks: event streams would use up the six connections of HTTP/1.1', async ({ reader, page, stack }) => {
    const streams: string[] = [];
    page.on('request', (request) => request.resourceType() === 'eventsource' && streams.push(request.url()));
    await page.addInitScript(() => {
        Math.random = () => 0.1; /* short waits between two tries */
    });
    await page.routeWebSocket(LIVE, (line) => line.close());
    let published = () => {};
    const publishing = new Promise<void>((done) => {
        published = done;
    });
    let asked = 0;
    await page.route('**/api/feeds/updates?*', async (route) => {
        asked += 1;
        await publishing;
        await route.continue();
    });
    await page.goto('/'); /* on the real clock: Playwright's does not know the protocol */
    await reader.shown();
    expect(await page.evaluate(() => (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).nextHopProtocol)).toBe('http/1.1');
    await expect.poll(() => asked).toBe(1);
    await stack.publish(1);
    published();
    await expect(button(page)).toHaveText(/\d+ new posts?/);
    expect(streams).toEqual([]);
});

test('the page goes on asking', async ({ reader, page, stack }) => {
    await page.routeWebSocket(LIVE, (line) => line.close());
    await reader.open();
    await stack.publish(1);
    await expect(async () => {
        await page.clock.runFor(POLL_MS);
        await expect(button(page)).toHaveText(/\d+ new posts?/, { timeout: 100 });
    }).toPass();
});

test('a tab that has been hidden for a minute closes its line, and opens it when it is seen', async ({ reader, page }) => {
    const lines = linesOf(page);
    await reader.open();
    await expect.poll(() => lines.size).toBe(1);
    await show(page, 'hidden');
    await reader.pass(HIDDEN_MS);
    await expect.poll(() => lines.size).toBe(0);
    await show(page, 'visible');
    await expect.poll(() => lines.size).toBe(1);
});

test('after a night of sleep the page opens another line, and hears', async ({ reader, page, stack }) => {
    let opened = 0;
    page.on('websocket', () => {
        opened += 1;
    });
    const lines = linesOf(page);
    await reader.open();
    await expect.poll(() => lines.size).toBe(1);
    await page.clock.fastForward('08:00:00');
    await expect.poll(async () => (await page.clock.runFor(1000), opened)).toBe(2);
    await expect.poll(() => lines.size).toBe(1);
    await stack.publish(1);
    await expect(button(page)).toBeVisible();
});

test('a silent line is taken for dead', async ({ reader, page, stack }) => {
    let silent = 0;
    await page.routeWebSocket(LIVE, (line) => {
        if (silent++) line.connectToServer();
    });
    await reader.open();
    await expect.poll(() => silent).toBe(1);
    await reader.pass(HIDDEN_MS);
    await expect.poll(async () => (await page.clock.runFor(1000), silent)).toBeGreaterThan(1);
    await stack.publish(1);
    await expect(button(page)).toBeVisible();
});

test('eight tabs listen and none of them waits to send', async ({ context, stack }) => {
    test.slow();
    const open = async (tabs: BrowserContext) => {
        const page = await tabs.newPage();
        const lines = linesOf(page);
        const reader = new Reader(page, stack);
        await page.goto('/');
        await reader.shown();
        await expect.poll(() => lines.size).toBe(1);
        return page;
    };
    await open(context); /* the first one makes the reader */
    const pages = await Promise.all(Array.from({ length: 7 }, () => open(context)));
    await expectNoneWaitsToSend(pages);
    await stack.publish(1);
    for (const page of pages) await expect(button(page)).toBeVisible();
});

test('nobody publishes but who may open the socket of the stack', async ({ stack, request }) => {
    for (const path of ['/publish/news', '/publish/hello'])
        for (const send of [request.post(path, { data: '{}' }), request.get(path)])
            expect((await send).status()).toBe(404);
    expect(fs.statSync(stack.file('run/publish.sock')).isSocket()).toBe(true);
    expect(fs.statSync(stack.file('run')).mode & 0o077).toBe(0);
});

test('who listens is a reader of this site', async ({ stack, request }) => {
    const { id } = await stack.row('SELECT id FROM users LIMIT 1');
    const cookie = `kith=${await stack.token(id)}`;
    const upgrade = (headers: http.OutgoingHttpHeaders) => new Promise<number>((resolve, reject) => {
        http.get(`${stack.url}/api/live`, {
            headers: {
                connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13',
                'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', ...headers,
            },
        }).on('response', (answer) => resolve(answer.resume().statusCode ?? 0))
            .on('upgrade', (answer, socket) => resolve((socket.destroy(), answer.statusCode ?? 0)))
            .on('error', reject);
    });
    expect(await upgrade({ cookie, origin: stack.url })).toBe(101);
    expect(await upgrade({ cookie })).toBe(101);
    expect(await upgrade({ origin: stack.url })).toBe(401);
    expect(await upgrade({ cookie: `${cookie}x`, origin: stack.url })).toBe(401);
    expect(await upgrade({ cookie, origin: 'http://elsewhere.example' })).toBe(403);
    expect(await upgrade({ cookie, 'if-none-match': '0' })).toBe(400);
    expect((await request.get('/_live/allow', { headers: { cookie } })).status()).toBe(404);
});

test('an event stream says the same, whatever id it asks for', async ({ stack }) => {
    const { id } = await stack.row('SELECT id FROM users LIMIT 1');
    const headers = { authorization: `Bearer ${await stack.token(id)}`, accept: 'text/event-stream' };
    for (const last of [undefined, '', '0:0', '9:[0],-', '-1:-1', 'x', '1795438752:[0],[0],[0]', '9'.repeat(400)]) {
        const answer = await fetch(`${stack.url}/api/live`, { headers: last === undefined ? headers : { ...headers, 'last-event-id': last } });
        expect(answer.status).toBe(200);
        let text = '';
        for await (const piece of answer.body!) {
            text += new TextDecoder().decode(piece);
            if (/data: .*\n/.test(text)) break;
        }
        expect(JSON.parse(/data: (.*)\n/.exec(text)![1]!)).toMatchObject({ type: 'hello' });
    }
});
