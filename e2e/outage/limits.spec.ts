/*
 * How much nginx lets through: by the token of a reader, and by address whatever
 * tokens there are.
 */
import { expect, testWithOwnStack } from '../support/test.ts';
import { bearer } from '../support/load.ts';

const test = testWithOwnStack('limits', { KITH_DEMO: '0' });

const BURST_OF_READER = 100;
const BURST_OF_ADDRESS = 200; /* of what is neither feed nor event */
const READER = '00000000-0000-4000-8000-0000000000a1';
const OTHER = '00000000-0000-4000-8000-0000000000a2';

type Answer = { status: number; body: Record<string, unknown>; retryAfter: string | null };

async function ask(url: string, headers: Record<string, string>, path = '/api/feeds?limit=1'): Promise<Answer> {
    const answer = await fetch(`${url}${path}`, { headers });
    return { status: answer.status, body: await answer.json(), retryAfter: answer.headers.get('retry-after') };
}

/**
 * Asks `count` times at once, so that a slow machine does not slow the asking: nginx
 * counts what arrives. What was not answered with 200.
 */
async function refusedOf(count: number, one: (i: number) => Promise<Answer>): Promise<Answer[]> {
    const answers = await Promise.all(Array.from({ length: count }, (_, i) => one(i)));
    return answers.filter((answer) => answer.status !== 200);
}

function expectRateLimited(answers: Answer[]) {
    expect(answers.length).toBeGreaterThan(0);
    for (const { status, body, retryAfter } of answers) {
        expect(status).toBe(429);
        expect(retryAfter).toBe('1');
        expect(body).toMatchObject({ code: 'rate_limited', status: 429, retry_after_s: 1, type: '/problems/rate_limited' });
    }
}

test('a reader who asks too often is told so, another one is answered', async ({ stack }) => {
    const one = await stack.token(READER);
    const two = await stack.token(OTHER);
    expectRateLimited(await refusedOf(BURST_OF_READER * 3, (i) =>
        ask(stack.url, i % 2 ? bearer(one) : { cookie: `a=1; kith=${one}; b=2` })));
    expect((await ask(stack.url, bearer(two))).status).toBe(200);
});

test('an address that asks too often is told so, whatever tokens it makes up', async ({ stack }) => {
    const refused = await refusedOf(BURST_OF_ADDRESS * 4, (i) => ask(stack.url, bearer(`v1.x.${i}`), '/api/none'));
    expect(new Set(refused.map((answer) => answer.status))).toEqual(new Set([404, 429]));
    expectRateLimited(refused.filter((answer) => answer.status === 429));
});
