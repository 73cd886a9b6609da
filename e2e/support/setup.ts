/*
 * setup.ts -- before all tests: the stack that most of them share. After them:
 * every stack of this run ends, also those of tests that failed. With E2E_ROOT and
 * E2E_URL set, a stack that already runs is used and left alone.
 */
import { Stack, makeBase, stopAll } from './stack.ts';

export default async function setup() {
    const base = process.env.E2E_BASE ||= makeBase();
    const stop = async () => {
        const wrong = await stopAll(base);
        if (wrong.length) throw new Error(`stacks did not stop:\n${wrong.join('\n')}`);
    };
    if (process.env.E2E_URL) return stop;
    try {
        const stack = await Stack.start(base, 'shared', { KITH_ANNOUNCE_EVERY_S: '1' });
        process.env.E2E_ROOT = stack.root;
        process.env.E2E_URL = stack.url;
    } catch (error) {
        await stop();
        throw error;
    }
    return stop;
}
