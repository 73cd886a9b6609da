/* One long scroll, by wheel and by keyboard. */
import { expect, test } from '../support/test.ts';

test('a scroll through all pages shows no post twice', async ({ reader, page }) => {
    test.slow();
    await reader.open();
    await reader.scroll();
    await expect(page.getByTestId('feed-end')).toBeVisible();
    const served = reader.answers.flatMap((answer) => answer.posts.map((post) => post.id));
    expect(reader.answers.length).toBeGreaterThan(5);
    expect(new Set(served).size).toBe(served.length);
    expect(await reader.ids()).toEqual(served);
    const positions = reader.answers.flatMap((answer) => answer.posts.map((post) => post.position));
    expect(positions).toEqual(served.map((_, i) => i + 1));
});

test('"latest" is newest first, over its pages', async ({ reader }) => {
    await reader.open('/?feed=latest');
    await reader.scroll(60);
    const times = reader.answers.flatMap((answer) => answer.posts.map((post) => post.published_at));
    expect(times.length).toBeGreaterThanOrEqual(60);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
});

test('an altered cursor is refused and a foreign one too', async ({ reader, request }) => {
    await reader.open();
    const cursor = reader.answers[0]!.next_cursor!;
    const altered = cursor.slice(0, -1) + (cursor.endsWith('A') ? 'B' : 'A');
    for (const text of [altered, cursor]) { /* `request` is another reader */
        const answer = await request.get('/api/feeds', { params: { cursor: text } });
        expect(answer.status()).toBe(400);
        expect(await answer.json()).toMatchObject({ code: 'bad_cursor' });
    }
});

test('the feed is one to assistive technology: it is busy while it loads, its articles are counted, named and described', async ({ reader, page }) => {
    await reader.open();
    const feed = page.getByRole('feed', { name: 'Posts' });
    await expect(feed).toHaveAttribute('aria-busy', 'false');
    let answer = () => {};
    const held = new Promise<void>((done) => {
        answer = done;
    });
    await page.route('**/api/feeds?*', async (route) => (await held, route.continue()));
    await reader.posts.last().scrollIntoViewIfNeeded();
    await expect(feed).toHaveAttribute('aria-busy', 'true');
    answer();
    await expect(feed).toHaveAttribute('aria-busy', 'false');
    await expect(reader.posts).toHaveCount(40);
    const said = await feed.getByRole('article').evaluateAll((all) => all.map((article) => {
        const named = (name: string) => (article.getAttribute(name) ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ').trim();
        return {
            place: article.getAttribute('aria-posinset'), of: article.getAttribute('aria-setsize'),
            focusable: (article as HTMLElement).tabIndex === 0, title: article.querySelector('h2')!.textContent,
            name: named('aria-labelledby'), described: named('aria-describedby').length > 0,
        };
    }));
    expect(said).toEqual(said.map(({ title }, i) =>
        ({ place: String(i + 1), of: '-1', focusable: true, title, name: title, described: true }))); /* -1: not known yet */
});

test('keys move through the feed', async ({ reader, page }) => {
    await reader.open();
    await page.keyboard.press('j');
    await expect(reader.posts.nth(0)).toBeFocused();
    await page.keyboard.press('j');
    await expect(reader.posts.nth(1)).toBeFocused();
    await page.keyboard.press('PageDown');
    await expect(reader.posts.nth(2)).toBeFocused();
    await page.keyboard.press('PageUp');
    await page.keyboard.press('k');
    await expect(reader.posts.nth(0)).toBeFocused();
    await page.keyboard.press('Control+End');
    await expect(page.locator('#after-feed')).toBeFocused();
    await reader.posts.nth(0).focus();
    await page.keyboard.press('Control+Home');
    await expect(page.getByTestId('refresh')).toBeFocused();
});

test('keys like, open and hide the post with the focus', async ({ reader, page }) => {
    await reader.open();
    await page.keyboard.press('j');
    const post = reader.post((await reader.ids())[0]!);
    await page.keyboard.press('l');
    await expect(post.getByTestId('post-like')).toHaveAttribute('aria-pressed', 'true');
    await page.keyboard.press('o');
    await expect(post.getByTestId('post-open')).toHaveAttribute('aria-expanded', 'true');
    await page.keyboard.press('x');
    await expect(post).toHaveCount(0);
    await page.keyboard.press('u');
    await expect(post).toBeFocused();
});

test('letters can be switched off as shortcuts', async ({ reader, page }) => {
    await reader.open();
    await page.keyboard.press('?');
    await page.getByTestId('letters').uncheck();
    await page.keyboard.press('Escape');
    await reader.posts.first().focus();
    await page.keyboard.press('l');
    await expect(reader.posts.first().getByTestId('post-like')).toHaveAttribute('aria-pressed', 'false');
});
