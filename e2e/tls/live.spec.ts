/*
 * HTTPS and HTTP/2: the page hears by WebSocket, by event stream where that is
 * refused, by asking where both are; and however it hears, nothing else waits.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { connect } from 'node:tls';
import type { Page } from '@playwright/test';
import { makeCertificate } from '../support/certificate.ts';
import { expectNoneWaitsToSend, Reader } from '../support/reader.ts';
import type { Stack } from '../support/stack.ts';
import { expect, testWithOwnStack } from '../support/test.ts';

const HSTS_S = 600;
const TABS = 8;
const TRIES = 3; /* of one way in a row, feed.js */
const SOON = { timeout: 20_000 };

const test = testWithOwnStack('tls', (root) => ({
    KITH_ANNOUNCE_EVERY_S: '1', TLS_HSTS_S: String(HSTS_S), ...makeCertificate(path.join(root, 'tls')),
}));

/* The waits between two tries are a part of chance: little of it, short ones. The clock
 * is the real one, as Playwright's has no idea of the protocol. */
test.beforeEach(({ context }) => context.addInitScript(() => {
    Math.random = () => 0.1;
}));

const button = (page: Page) => page.getByTestId('news-button');

/** How the page tried to hear, in the order of trying; `protocol` of a stream that opened. */
interface Ways {
    tried: string[];
    streams: string[];
}

async function waysOf(page: Page): Promise<Ways> {
    const ways: Ways = { tried: [], streams: [] };
    page.on('websocket', () => ways.tried.push('websocket'));
    page.on('request', (request) => {
        if (request.resourceType() === 'eventsource') ways.tried.push('eventsource');
        if (request.url().includes('/api/feeds/updates')) ways.tried.push('asking');
    });
    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    session.on('Network.responseReceived', ({ type, response }) => {
        if (type === 'EventSource' && response.status === 200) ways.streams.push(response.protocol ?? '');
    });
    return ways;
}

/** While `work` is done, nginx answers /api/live as edited. */
async function withLive(stack: Stack, edit: (text: string) => string, work: () => Promise<void>) {
    const file = stack.file('nginx/live.conf');
    const text = fs.readFileSync(file, 'utf8');
    const edited = edit(text);
    expect(edited).not.toBe(text);
    try {
        fs.writeFileSync(file, edited);
        await stack.reload();
        await work();
    } finally {
        fs.writeFileSync(file, text);
        await stack.reload();
    }
}

const withoutWebSocket = (text: string) => text.replace('nchan_subscriber websocket eventsource;', 'nchan_subscriber eventsource;');
const withoutAnything = (text: string) => text.replace('location = /api/live {', 'location = /api/live { return 503;');

const protocol = (page: Page) => page.evaluate(() =>
    (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).nextHopProtocol);

test('the page comes over HTTP/2, and its reader has a cookie that only HTTPS carries', async ({ reader, page, stack, request }) => {
    await page.goto('/');
    await reader.shown();
    expect(await protocol(page)).toBe('h2');
    const cookie = (await page.context().cookies()).find(({ name }) => name === '__Host-kith');
    expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Lax', path: '/' });
    for (const at of ['/', '/plain', '/api/feeds', '/nowhere', '/api/live'])
        expect((await request.get(at)).headers()['strict-transport-security']).toBe(`max-age=${HSTS_S}`);
    const plain = await request.get(`${stack.url.replace('https', 'http')}/?feed=latest`, { maxRedirects: 0 });
    expect(plain.status()).toBe(308);
    expect(plain.headers()['location']).toBe(`${stack.url}/?feed=latest`);
});

test('events of a page over HTTPS are stored', async ({ reader }) => {
    await reader.open();
    await reader.like(reader.posts.first());
    await reader.stored({ like: 1 });
});

test('a WebSocket comes first, also beside HTTP/2', async ({ reader, page, stack }) => {
    const ways = await waysOf(page);
    await page.goto('/');
    await reader.shown();
    await stack.publish(1);
    await expect(button(page)).toBeVisible();
    expect(ways.tried).toEqual(['websocket']);
});

test('where WebSockets are refused the page hears through an event stream over HTTP/2, also after nginx was restarted', ({ page, stack }) =>
    withLive(stack, withoutWebSocket, async () => {
        const ways = await waysOf(page);
        await page.goto('/');
        await expect.poll(() => ways.streams, SOON).toEqual(['h2']);
        expect(ways.tried).toEqual([...Array(TRIES).fill('websocket'), 'eventsource']);
        await stack.publish(2);
        await expect(button(page)).toHaveText('2 new posts');

        const before = stack.servicePid('nginx');
        stack.control('nginx', 't');
        await expect.poll(() => stack.servicePid('nginx'), SOON).not.toBe(before);
        await expect.poll(() => ways.streams, SOON).toEqual(['h2', 'h2']);
        const asked = () => ways.tried.filter((way) => way === 'asking').length;
        await expect.poll(asked, SOON).toBe(1); /* what it missed, once */
        await stack.publish(1);
        await expect(button(page)).toHaveText('3 new posts');
        expect(asked()).toBe(1);
    }));

test('where event streams are refused as well the page asks', ({ reader, page, stack }) =>
    withLive(stack, withoutAnything, async () => {
        const ways = await waysOf(page);
        let published = () => {};
        const publishing = new Promise<void>((done) => {
            published = done;
        });
        await page.route('**/api/feeds/updates?*', async (route) => (await publishing, route.continue()));
        await page.goto('/');
        await reader.shown();
        await stack.publish(1);
        published();
        await expect(button(page)).toHaveText('1 new post', SOON);
        expect(ways.tried.slice(0, 2 * TRIES + 1))
            .toEqual([...Array(TRIES).fill('websocket'), ...Array(TRIES).fill('eventsource'), 'asking']);
        expect(ways.streams).toEqual([]);
    }));

for (const [way, edit] of [['WebSockets', null], ['event streams', withoutWebSocket]] as const)
    test(`eight tabs with ${way} over HTTPS, and none of them waits to send`, async ({ context, stack }) => {
        test.slow();
        const listen = async () => {
            const page = await context.newPage();
            let heard = 0;
            const ways = await waysOf(page);
            page.on('websocket', (line) => line.on('framereceived', () => {
                heard = 1;
            }));
            await page.goto('/');
            await new Reader(page, stack).shown();
            await expect.poll(() => (edit ? ways.streams.length : heard), SOON).toBe(1);
            return page;
        };
        const work = async () => {
            const pages = [await listen()]; /* the first one makes the reader */
            pages.push(...await Promise.all(Array.from({ length: TABS - 1 }, listen)));
            await expectNoneWaitsToSend(pages);
            await stack.publish(1);
            for (const page of pages) await expect(button(page)).toBeVisible();
        };
        await (edit ? withLive(stack, edit, work) : work());
    });

/** Of the certificate that is served now. */
const fingerprint = (stack: Stack) => new Promise<string>((resolve, reject) => {
    const { hostname: host, port } = new URL(stack.url);
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
    }).on('error', reject);
});

test('a renewed certificate is served after `make run`; a key of another one is refused and changes nothing', async ({ stack }) => {
    test.slow();
    const folder = path.dirname(stack.env.TLS_CERT!);
    const first = await fingerprint(stack);
    makeCertificate(folder);
    await stack.up();
    const second = await fingerprint(stack);
    expect(second).not.toBe(first);

    const key = fs.readFileSync(stack.env.TLS_KEY!);
    makeCertificate(folder);
    fs.writeFileSync(stack.env.TLS_KEY!, key);
    await expect(stack.up()).rejects.toThrow('is not the key of');
    expect(await fingerprint(stack)).toBe(second);
    expect(fs.statSync(stack.file('keys/tls.pem')).mode & 0o077).toBe(0);
});
