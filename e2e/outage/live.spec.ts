/* Pages that listen, while what they listen to is restarted. */
import { expect, testWithOwnStack } from '../support/test.ts';
import type { Stack } from '../support/stack.ts';

const test = testWithOwnStack('live', { KITH_ANNOUNCE_EVERY_S: '1', KITH_DEMO: '0' });

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
