/* When there is nothing to show, or nothing to show it with. */
import { expect, test } from '../support/test.ts';

const FEEDS = '**/api/feeds?*';

test('a failing server shows a sentence, a reference and a way on', async ({ reader, page }) => {
    await page.route(FEEDS, (route) => route.fulfill({
        status: 500,
        contentType: 'application/problem+json',
        json: { type: '/problems/internal', status: 500, code: 'internal', request_id: 'abc123' },
    }));
    await page.goto('/');
    await expect(page.getByTestId('feed-error')).toContainText('abc123');
    await page.unroute(FEEDS);
    await page.getByTestId('feed-retry').click();
    await reader.shown();
    await expect(page.getByTestId('feed-error')).toBeHidden();
});

test('a page that fails while scrolling keeps what is shown', async ({ reader, page }) => {
    await reader.open();
    const before = await reader.ids();
    await page.route(FEEDS, (route) => route.abort());
    await reader.posts.last().scrollIntoViewIfNeeded();
    await expect(page.getByTestId('feed-error')).toBeVisible();
    expect(await reader.ids()).toEqual(before);
    await page.unroute(FEEDS);
    await page.getByTestId('feed-retry').click();
    await expect.poll(() => reader.posts.count()).toBeGreaterThan(before.length);
});

test('an expired scroll goes on with fresh posts below', async ({ reader, page }) => {
    await reader.open();
    const before = await reader.ids();
    await page.route((url) => url.searchParams.has('cursor'), (route) => route.fulfill({
        status: 410,
        contentType: 'application/problem+json',
        json: { type: '/problems/cursor_expired', status: 410, code: 'cursor_expired' },
    }), { times: 1 });
    await reader.posts.last().scrollIntoViewIfNeeded();
    await expect.poll(() => reader.posts.count()).toBeGreaterThan(before.length);
    const ids = await reader.ids();
    expect(ids.slice(0, before.length)).toEqual(before);
    expect(new Set(ids).size).toBe(ids.length);
});

test('an empty catalogue says so', async ({ reader, page }) => {
    await page.route(FEEDS, async (route) => {
        const answer = await (await route.fetch()).json();
        await route.fulfill({ json: { ...answer, posts: [], next_cursor: null, has_more: false } });
    });
    await page.goto('/');
    await expect(page.getByTestId('feed-empty')).toBeVisible();
    expect(await reader.posts.count()).toBe(0);
});

test('hiding can be undone, and else is remembered', async ({ reader, page }) => {
    await reader.open();
    const [id] = await reader.ids();
    await reader.post(id!).getByTestId('post-hide').click();
    await expect(reader.post(id!)).toHaveCount(0);
    await page.getByTestId('toast-action').click();
    await expect(reader.post(id!)).toBeFocused();
    await reader.post(id!).getByTestId('post-hide').click();
    await reader.pass(6000); /* the time for undo */
    await reader.pass(5000);
    await expect.poll(async () => (await reader.events()).filter((e) => e.type === 'hide').map((e) => e.post_id))
        .toEqual([id]);
});

test('what was just hidden is not in the very next feed', async ({ reader }) => {
    await reader.open('/?feed=latest');
    const [id] = await reader.ids();
    await reader.post(id!).getByTestId('post-hide').click();
    const { posts } = await reader.refresh();
    expect(posts.map((post) => post.id)).not.toContain(id);
});

test('an unknown address is answered with a page that leads home', async ({ page }) => {
    const answer = await page.goto('/nowhere');
    expect(answer?.status()).toBe(404);
    await page.getByRole('link', { name: 'feed' }).click();
    await expect(page.getByTestId('post').first()).toBeVisible();
});
