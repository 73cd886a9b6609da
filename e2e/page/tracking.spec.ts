/* What a reader does arrives in the database: all of it, once, and in few calls. */
import { expect, test } from '../support/test.ts';
import { kept, VIEW_MS, WAIT_MS } from '../support/reader.ts';

test('views, clicks, likes and shares arrive as rows with their post and attribution', async ({ reader, page, context }) => {
    await context.grantPermissions(['clipboard-write', 'clipboard-read']);
    await reader.open();
    const post = reader.posts.first();
    const id = (await reader.ids())[0]!;
    await reader.pass(VIEW_MS);
    await post.getByTestId('post-open').click();
    await reader.like(post);
    await post.getByTestId('post-share').click();
    await expect(page.getByTestId('toast')).toContainText('Link copied');
    await reader.pass(WAIT_MS);

    await expect.poll(async () => (await reader.events()).filter((e) => e.post_id === id).map((e) => e.type).sort())
        .toEqual(['click', 'like', 'share', 'view']);
    const said = reader.said(id);
    const model = reader.answers[0]!.model;
    for (const event of (await reader.events()).filter((e) => e.post_id === id))
        expect(event).toMatchObject({
            request_id: said.request_id,
            position: said.position,
            source: said.source,
            model_version: model?.version ?? null,
            metadata: { position: said.position },
        });
});

test('twenty posts read within five seconds cost one call: 95 % fewer', async ({ reader, page }) => {
    await page.setViewportSize({ width: 1280, height: 3000 });
    await reader.open();
    for (const i of [0, 4, 8, 12, 16]) { /* four fit at a time */
        await reader.posts.nth(i).evaluate((e) => e.scrollIntoView({ block: 'start' }));
        await reader.pass(VIEW_MS);
    }
    await expect.poll(() => reader.events().then((e) => e.length)).toBeGreaterThanOrEqual(20);
    const events = (await reader.events()).length;
    expect(reader.calls).toHaveLength(1);
    expect(1 - reader.calls.length / events).toBeGreaterThanOrEqual(0.95);
});

test('reading on causes at most one call in any five seconds', async ({ reader, page }) => {
    await reader.open();
    const sent: number[] = [];
    page.on('request', async (request) => {
        if (request.url().endsWith('/api/track')) sent.push(JSON.parse(request.postData() ?? '{}').sent_at);
    });
    for (let i = 0; i < 12; i++) {
        await reader.posts.nth(i).evaluate((e) => e.scrollIntoView({ block: 'start' }));
        await reader.pass(VIEW_MS);
    }
    await expect.poll(async () => {
        await reader.pass(VIEW_MS); /* a view may have been seen late, and its batch waits */
        return sent.length;
    }).toBeGreaterThanOrEqual(2);
    for (let i = 1; i < sent.length; i++) expect(sent[i]! - sent[i - 1]!).toBeGreaterThanOrEqual(WAIT_MS);
});

test('a like is taken back by a second click', async ({ reader }) => {
    await reader.open();
    const like = reader.posts.first().getByTestId('post-like');
    await like.click();
    await expect(like).toHaveAttribute('aria-pressed', 'true');
    await like.click();
    await expect(like).toHaveAttribute('aria-pressed', 'false');
    await reader.pass(WAIT_MS);
    await expect.poll(() => reader.counts()).toMatchObject({ like: 1, unlike: 1 });
});

test('nobody can write events in the name of another reader', async ({ reader, request }) => {
    await reader.open();
    const [id] = await reader.ids();
    const body = { events: [{ type: 'like', post_id: id, ts: Date.now() }] };
    const forged = 'v1.k1.' + await reader.user() + '.1.99999999999999.' + 'A'.repeat(43);
    const token = await request.post('/api/track', { data: body, headers: { authorization: `Bearer ${forged}` } });
    expect(token.status()).toBe(401);
    const cross = await request.post('/api/track', { data: body, headers: { 'sec-fetch-site': 'cross-site' } });
    expect(cross.status()).toBe(403);
    expect(await reader.counts()).toEqual({});
});

test('a refused batch is dropped and reported, not sent for ever', async ({ reader, page }) => {
    await reader.open();
    await page.route('**/api/track', (route) => route.fulfill({ status: 400, contentType: 'application/problem+json', json: { status: 400, code: 'x' } }));
    const like = reader.posts.first().getByTestId('post-like');
    await like.click();
    await reader.pass(WAIT_MS);
    await expect(like).toHaveAttribute('aria-pressed', 'false'); /* taken back: it was not saved */
    await reader.pass(60_000);
    expect(reader.calls.filter((call) => call.postData()?.includes('"like"'))).toHaveLength(1);
});

test('a portal that answers 200 for everything is not taken for the server', async ({ reader, page }) => {
    await reader.open();
    await page.route('**/api/track', (route) => route.fulfill({ status: 200, contentType: 'text/html', body: '<p>Log in' }));
    await reader.like(reader.posts.first());
    await reader.pass(WAIT_MS);
    await expect.poll(() => reader.calls.length).toBeGreaterThan(0);
    expect(await kept(page)).not.toEqual([]);
    await page.unroute('**/api/track');
    await expect.poll(async () => {
        await reader.pass(1000);
        return (await reader.counts()).like;
    }).toBe(1);
});
