/* Pages that listen, while what they listen to is restarted. */
import * as http from 'node:http';
import type { Socket } from 'node:net';
import { expect, testWithOwnStack } from '../support/test.ts';
import type { Stack } from '../support/stack.ts';

const test = testWithOwnStack('live', { KITH_ANNOUNCE_EVERY_S: '1', KITH_DEMO: '0', RATE_LIMIT: '0' });

const LISTENERS = 600; /* nchan 1.3.6 has ended nginx's workers from some 300 on */
const BACK_MS = 5000;
const SOON = { timeout: 15_000 };

async function restart(stack: Stack, service: string, letter: string) {
    const before = stack.servicePid(service);
    stack.control(service, letter);
    await expect.poll(() => stack.servicePid(service), SOON).not.toBe(before);
    await expect.poll(() => stack.servicePid(service), SOON).toBeGreaterThan(0);
}

for (const [service, letter, how] of [['nginx', 't', 'restarted'], ['nginx', 'k', 'killed'],
    ['announce', 't', 'restarted'], ['announce', 'k', 'killed'], ['postgres', 'k', 'killed']] as const)
    test(`an open page hears again after ${service} was ${how}`, async ({ reader, page, stack }) => {
        await page.goto('/');
        await reader.shown();
        await restart(stack, service, letter);
        await expect(async () => {
            await stack.publish(1);
            await expect(page.getByTestId('news-button')).toBeVisible({ timeout: 2000 });
        }).toPass(SOON);
    });

for (const [what, happens, offer] of [
    ['posts came', (stack: Stack) => stack.publish(2), '2 new posts'],
    ['another model went live', (stack: Stack) => stack.kith('train', '--force'), 'New picks for you'],
] as const)
    test(`a browser that slept while nginx was restarted and ${what} offers it within five seconds`, async ({ reader, page, stack, browser }) => {
        await page.goto('/');
        await reader.shown();
        await stack.publish(1);
        await page.getByTestId('news-button').click(SOON); /* its line works */
        const session = await browser.newBrowserCDPSession();
        const { processInfo } = await session.send('SystemInfo.getProcessInfo');
        const everyProcess = (signal: NodeJS.Signals) => processInfo.forEach(({ id }) => process.kill(id, signal));
        everyProcess('SIGSTOP');
        try {
            await restart(stack, 'nginx', 't');
            await happens(stack);
        } finally {
            everyProcess('SIGCONT');
        }
        await expect(page.getByTestId('news-button')).toHaveText(offer, { timeout: BACK_MS });
    });

test('a page that opens after nginx was reloaded hears within five seconds', async ({ page, stack }) => {
    await stack.reload();
    const heard = page.waitForEvent('websocket').then((line) => line.waitForEvent('framereceived', { timeout: BACK_MS }));
    await page.goto('/');
    expect(JSON.parse(String((await heard).payload))).toMatchObject({ type: 'hello' });
});

test('another live model is offered, and comes when it is asked for', async ({ reader, page, stack }) => {
    await page.goto('/');
    await reader.shown();
    await expect.poll(async () => (await fetch(`${stack.url}/healthz`)).status).toBe(200);
    await stack.kith('train', '--force');
    await expect(page.getByTestId('news-button')).toHaveText('New picks for you', SOON);
    const { length } = reader.answers;
    await page.getByTestId('news-button').click();
    await expect.poll(() => reader.answers.length).toBeGreaterThan(length);
    await expect(reader.posts.first()).toBeFocused();
});

/** A WebSocket as bytes; resolves once it is open. */
const listen = (url: string, cookie: string) => new Promise<{ socket: Socket, heard(): string }>((resolve, reject) => {
    http.get(`${url}/api/live`, {
        agent: false,
        headers: {
            cookie, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13',
            'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        },
    }).on('upgrade', (_, socket, first) => {
        let text = first.toString();
        socket.on('data', (piece) => {
            text += piece;
        });
        resolve({ socket, heard: () => text });
    }).on('response', (answer) => reject(new Error(`status ${answer.statusCode}`))).on('error', reject);
});

test('six hundred pages hear a hello and the news, and no worker of nginx ends', async ({ stack }) => {
    test.slow();
    const { id } = await stack.row('SELECT id FROM users LIMIT 1');
    const cookie = `kith=${await stack.token(id)}`;
    const workers = stack.children('nginx');
    const lines: Awaited<ReturnType<typeof listen>>[] = [];
    while (lines.length < LISTENERS)
        lines.push(...await Promise.all(Array.from({ length: 50 }, () => listen(stack.url, cookie))));
    const deaf = (word: string) => lines.filter(({ heard }) => !heard().includes(word)).length;
    await expect.poll(() => deaf('"hello"'), SOON).toBe(0);
    await stack.publish(2);
    await expect.poll(() => deaf('"count":2'), SOON).toBe(0);
    expect(stack.children('nginx')).toEqual(workers);
    for (const { socket } of lines) socket.destroy();
});
