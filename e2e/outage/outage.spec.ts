/*
 * What a reader sees while a part of the stack is away, damaged or replaced: an
 * answer, with the reason; and everything as before once the part is back.
 */
import * as fs from 'node:fs';
import { expect, testWithOwnStack } from '../support/test.ts';
import { bearer, during, feedOf, type Ask } from '../support/load.ts';
import { isAlive, type Role, type Stack } from '../support/stack.ts';
import { WAIT_MS } from '../support/reader.ts';

const test = testWithOwnStack('outage', { RATE_LIMIT: '0', KITH_DEMO: '0', TRACK_WORKERS: '2', FEEDS_WORKERS: '2' });

const SOON = { timeout: 5000, intervals: [20] };
/* Workers wait up to 5 s between two attempts to connect; a crashed PostgreSQL recovers first. */
const BACK = { timeout: 15_000, intervals: [50] };
const REPAIRED_MS = 1000;
const PERSONAL = '200 ml_recommendations null';

/** A reader with a history, his token, and what the feed says to him in short. */
async function regular(stack: Stack) {
    const { id } = await stack.row(`
        SELECT user_id AS id FROM user_interactions
        GROUP BY user_id HAVING count(*) > 20 ORDER BY user_id LIMIT 1`);
    const token = await stack.token(id);
    return { id, token, ask: feedOf(stack.url, token) };
}

/** Everything runs, the model is in its place: what each test starts and ends with. */
async function whole(stack: Stack, ask: Ask) {
    for (const pid of stack.postgres()) if (isAlive(pid)) process.kill(pid, 'SIGCONT');
    stack.control('postgres', 'u');
    await expect.poll(ask, BACK).toBe(PERSONAL);
}

const model = (stack: Stack) => stack.file('model/current.kith');

/** Puts bytes in the place of the model as a training does: by rename. */
function publish(stack: Stack, bytes: Buffer) {
    const { uid, gid } = fs.statSync(stack.file('model'));
    fs.writeFileSync(`${model(stack)}.new`, bytes, { mode: 0o644 });
    fs.chownSync(`${model(stack)}.new`, uid, gid);
    fs.renameSync(`${model(stack)}.new`, model(stack));
}

test('the switch of readers is absent outside of the demo', async ({ reader, page, request }) => {
    await reader.open();
    expect((await request.get('/api/demo/readers')).status()).toBe(404);
    await expect(page.getByTestId('reader-button')).toBeHidden();
});

test('without a model file the feed answers by chance, and is personal again when it returns', async ({ stack }) => {
    const { ask } = await regular(stack);
    await whole(stack, ask);
    fs.renameSync(model(stack), `${model(stack)}.away`);
    try {
        await expect.poll(ask, SOON).toBe('200 random_fallback model_missing');
    } finally {
        fs.renameSync(`${model(stack)}.away`, model(stack));
    }
    await expect.poll(ask, SOON).toBe(PERSONAL);
});

for (const [damage, broken] of Object.entries({
    'a flipped bit': (good: Buffer) => {
        const bytes = Buffer.from(good);
        bytes[bytes.length >> 1]! ^= 1;
        return bytes;
    },
    'half of it missing': (good: Buffer) => good.subarray(0, good.length >> 1),
    'nothing in it': () => Buffer.alloc(0),
}))
    test(`a model file with ${damage} is refused, and a good one taken`, async ({ stack }) => {
        const { ask } = await regular(stack);
        await whole(stack, ask);
        const good = fs.readFileSync(model(stack));
        try {
            publish(stack, broken(good));
            await expect.poll(ask, SOON).toBe('200 random_fallback model_missing');
        } finally {
            publish(stack, good);
        }
        await expect.poll(ask, SOON).toBe(PERSONAL);
    });

test('a new model under continuous requests loses none of them', async ({ stack }) => {
    const { token, ask } = await regular(stack);
    await whole(stack, ask);
    const version = async () => {
        const answer = await fetch(`${stack.url}/api/feeds?limit=1`, { headers: bearer(token) });
        return (await answer.json()).model.version;
    };
    const before = await version();
    const { seen } = await during(async () => {
        await stack.kith('train');
        await expect.poll(version, SOON).not.toBe(before);
        for (let i = 0; i < 5; i++) publish(stack, fs.readFileSync(model(stack)));
    }, ask);
    /* A training keeps the machine busy: PostgreSQL may be late for an answer, the model is never. */
    expect([...seen.keys()]).toContain(PERSONAL);
    for (const answer of seen.keys()) expect(answer).toMatch(/^200 (ml_recommendations null|random_fallback timeout)$/);
});

for (const role of ['feeds', 'track', 'admin'] as Role[])
    test(`kill -9 of each ${role} worker loses no request and is repaired within a second`, async ({ stack }) => {
        const { token, ask } = await regular(stack);
        await whole(stack, ask);
        const { id: post } = await stack.row('SELECT id FROM posts LIMIT 1');
        const asks: Record<Role, Ask> = {
            feeds: ask,
            track: async () => {
                const answer = await fetch(`${stack.url}/api/track`, {
                    method: 'POST',
                    headers: { ...bearer(token), 'content-type': 'application/json' },
                    body: JSON.stringify({ events: [{ event_id: crypto.randomUUID(), type: 'view', post_id: post, ts: Date.now() }] }),
                });
                return answer.ok ? PERSONAL : `${answer.status} ${await answer.text()}`;
            },
            admin: async () => { /* alive; a new worker has 100 ms for PostgreSQL before it is not ready */
                const answer = await fetch(`${stack.url}/healthz`);
                return answer.ok ? PERSONAL : `${answer.status} ${await answer.text()}`;
            },
        };
        const { length } = stack.workers(role);
        expect(length).toBeGreaterThan(0);
        /* Each is killed while it works: its request waits for a lock. */
        const { seen } = await during(async () => {
            for (const worker of stack.workers(role)) {
                const lock = role === 'admin' ? null : await stack.lockEvents();
                if (lock) await expect.poll(() => stack.waiting(), SOON).toBeGreaterThanOrEqual(length); /* a drain may wait, too */
                process.kill(worker, 'SIGKILL');
                await lock?.release();
                await expect.poll(() => stack.workers(role).filter((pid) => pid !== worker).length,
                    { timeout: REPAIRED_MS, intervals: [20] }).toBe(length);
            }
        }, asks[role]);
        for (const answer of seen.keys()) expect(answer).toMatch(/^200 (ml_recommendations null|random_fallback (timeout|database_down))$/);
    });

test('a worker that is told to end answers the request it has begun', async ({ stack }) => {
    const { id: user, token, ask } = await regular(stack);
    await whole(stack, ask);
    const { id: post } = await stack.row('SELECT id FROM posts LIMIT 1');
    const before = stack.workers('track');
    const event = (id: string) => fetch(`${stack.url}/api/track`, {
        method: 'POST',
        headers: { ...bearer(token), 'content-type': 'application/json' },
        body: JSON.stringify({ events: [{ event_id: id, type: 'click', post_id: post, ts: Date.now() }] }),
    });
    /* Each has its connection; one that has none spools what it is given. */
    await expect(async () => {
        const { seen } = await during(async () => {}, async () => `${(await event(crypto.randomUUID())).status}`, 20);
        expect([...seen.keys()]).toEqual(['200']);
    }).toPass(BACK);
    const lock = await stack.lockEvents();
    const id = crypto.randomUUID();
    const answer = event(id);
    await expect.poll(() => stack.waiting(), SOON).toBe(1);
    for (const pid of before) process.kill(pid, 'SIGTERM');
    await expect.poll(() => before.filter(isAlive).length, SOON).toBe(1); /* the idle ones have gone */
    await lock.release();
    const { status, headers } = await answer;
    expect([200, 202]).toContain(status); /* 202: the lock was held for longer than it waits */
    await expect.poll(() => before.filter(isAlive).length, SOON).toBe(0);
    await expect.poll(() => stack.rows("SELECT user_id FROM user_interactions WHERE id = :'event'::uuid", { event: id }))
        .toEqual([{ user_id: user }]);
    const logged = () => fs.readFileSync(stack.file('log/nginx/current'), 'utf8').split('\n')
        .find((text) => text.includes(`request=${headers.get('x-request-id')}`));
    await expect.poll(logged, SOON).toContain(`tries="${status}"`); /* no other worker did it again */
});

for (const [how, { stop, start }] of Object.entries({
    'hangs': {
        stop: async (stack: Stack) => stack.postgres().forEach((pid) => process.kill(pid, 'SIGSTOP')),
        start: async (stack: Stack) => stack.postgres().forEach((pid) => process.kill(pid, 'SIGCONT')),
    },
    'has crashed': {
        stop: async (stack: Stack) => {
            const [postmaster = 0] = stack.postgres();
            stack.control('postgres', 'o'); /* once: not to be started again */
            process.kill(postmaster, 'SIGQUIT');
            await expect.poll(() => isAlive(postmaster), SOON).toBe(false);
        },
        start: async (stack: Stack) => stack.control('postgres', 'u'),
    },
})) {
    test(`while PostgreSQL ${how} the feed answers by chance, and is personal again afterwards`, async ({ stack }) => {
        const { ask } = await regular(stack);
        await whole(stack, ask);
        await stop(stack);
        try {
            const { seen, slowestMs } = await during(async () => {}, ask, 40);
            for (const answer of seen.keys()) expect(answer).toMatch(/^200 random_fallback (database_down|timeout)$/);
            expect(slowestMs).toBeLessThan(2000);
        } finally {
            await start(stack);
        }
        await expect.poll(ask, BACK).toBe(PERSONAL);
    });

    test(`what is liked while PostgreSQL ${how} is spooled and stored later, once`, async ({ stack, reader, page }) => {
        const { ask } = await regular(stack);
        await whole(stack, ask);
        await reader.open();
        await stop(stack);
        try {
            await reader.like(reader.posts.first());
            const answered = page.waitForResponse('**/api/track');
            await reader.pass(WAIT_MS);
            const answer = await answered;
            expect(answer.status()).toBe(202);
            expect((await answer.json()).durability).toBe('spooled');
            const ready = await (await fetch(`${stack.url}/readyz`)).json();
            expect(ready.spool.records).toBeGreaterThan(0);
        } finally {
            await start(stack);
        }
        await expect.poll(async () => {
            await reader.pass(1000);
            return (await reader.counts().catch(() => ({ like: -1 }))).like;
        }, { timeout: 15_000 }).toBe(1);
        await reader.pass(60_000);
        expect((await reader.counts()).like).toBe(1);
    });
}

test('make stop leaves no process, and make run starts from what it left', async ({ stack }) => {
    const { ask } = await regular(stack);
    await whole(stack, ask);
    expect(stack.processes().length).toBeGreaterThan(8);
    const { code } = await stack.stop();
    expect(code).toBe(0);
    expect(stack.processes()).toEqual([]);
    await stack.up();
    await expect.poll(ask, BACK).toBe(PERSONAL);
});
