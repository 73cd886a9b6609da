/* test.ts -- what the tests are given: a stack, and a fresh reader of its page. */
import { test as base } from '@playwright/test';
import { Reader } from './reader.ts';
import { Site } from './site.ts';
import { Stack } from './stack.ts';

export { expect } from '@playwright/test';

type Own = { reader: Reader; site: Site };
type Shared = { stack: Stack };

/** The stack all tests share: they may use it, not disturb it. */
export const test = base.extend<Own, Shared>({
    stack: [async ({}, use) => {
        const { E2E_ROOT, E2E_URL } = process.env;
        if (!E2E_ROOT || !E2E_URL) throw new Error('the shared stack has not been started');
        await use(Stack.at(E2E_ROOT, E2E_URL));
    }, { scope: 'worker' }],

    baseURL: ({ stack }, use) => use(stack.url),

    reader: async ({ page, stack }, use) => {
        await use(new Reader(page, stack));
    },

    site: async ({ page, stack }, use) => {
        await use(await Site.in(page, stack));
    },
});

/** A stack of the worker's own, started with `env`. */
export const testWithOwnStack = (name: string, env: Parameters<typeof Stack.start>[2]) => test.extend<{}, Shared>({
    stack: [async ({}, use, worker) => {
        const folder = process.env.E2E_BASE;
        if (!folder) throw new Error('the shared stack has not been started');
        const stack = await Stack.start(folder, `${name}${worker.workerIndex}`, env);
        await use(stack);
        const { code, text, errors } = await stack.stop();
        if (code) throw new Error(`make stop: ${text}${errors}`);
    }, { scope: 'worker', timeout: 120_000 }],
});
