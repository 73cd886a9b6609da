/*
 * reader.ts -- somebody who reads the page: what he sees, does, and what of it
 * the server knows.
 *
 * Time    stands still and moves only by pass(); the server's own goes on.
 * Facts   are read from the database or from the answers the page got, never
 *         from what the page says about itself.
 */
import { expect, type Locator, type Page, type Request } from '@playwright/test';
import type { Row, Stack } from './stack.ts';

export type Answer = Kith.Answer;
export type Post = Kith.Post;

export const WAIT_MS = 5000; /* the tracker sends this long after the first event */
export const VIEW_MS = 1000;
const MARGIN_MS = 1000; /* the server corrects clocks that are off by more than 2 s */

export class Reader {
    readonly page: Page;
    readonly stack: Stack;
    /** What /api/feeds said, oldest first. */
    readonly answers: Answer[] = [];
    /** Calls of /api/track that have left the page. */
    readonly calls: Request[] = [];

    constructor(page: Page, stack: Stack) {
        this.page = page;
        this.stack = stack;
        page.on('request', (request) => {
            if (new URL(request.url()).pathname === '/api/track') this.calls.push(request);
        });
        page.on('response', async (response) => {
            if (new URL(response.url()).pathname !== '/api/feeds' || !response.ok()) return;
            const answer = await response.json().catch(() => null);
            if (answer) this.answers.push(answer);
        });
    }

    /** `aheadMs`: by how much the clock of the device is wrong. */
    async open(path = '/', { aheadMs = 0 } = {}) {
        /* Between the two calls time runs, and it cannot be set back; on a busy machine the first takes seconds. */
        await this.page.clock.install({ time: Date.now() + aheadMs });
        await this.page.clock.pauseAt(Date.now() + aheadMs + MARGIN_MS);
        await this.page.goto(path);
        await this.shown();
    }

    /** Waits until posts are there and nothing is being fetched. */
    async shown() {
        await expect(this.posts.first()).toBeVisible();
        await expect(this.page.locator('#feed')).toHaveAttribute('aria-busy', 'false');
    }

    /** Every observer has been told what is in view now. */
    settled() {
        return this.page.evaluate(() => new Promise<void>((done) => {
            const observer = new IntersectionObserver(() => {
                observer.disconnect();
                done();
            });
            observer.observe(document.documentElement);
        }));
    }

    async pass(ms: number) {
        await this.settled();
        await this.page.clock.runFor(ms);
    }

    get posts(): Locator {
        return this.page.getByTestId('post');
    }

    post(id: string): Locator {
        return this.page.locator(`[data-post-id="${id}"]`);
    }

    /** What the server said about a post that is shown. */
    said(id: string): Post & { request_id: string } {
        for (const answer of this.answers.toReversed())
            for (const post of answer.posts)
                if (post.id === id) return { ...post, request_id: answer.request_id };
        throw new Error(`post ${id} was not served`);
    }

    async ids(): Promise<string[]> {
        return this.posts.evaluateAll((all) => all.map((e) => e.getAttribute('data-post-id') ?? ''));
    }

    like(post: Locator) {
        return post.getByTestId('post-like').click();
    }

    /** The reader's id as the server signed it. */
    async user(): Promise<string> {
        const cookies = await this.page.context().cookies();
        const user = cookies.find((c) => /^(__Host-)?kith$/.test(c.name))?.value.split('.')[2];
        if (!user) throw new Error('the page has no identity');
        return user;
    }

    async events(): Promise<Row[]> {
        return this.stack.rows(`
            SELECT id, interaction_type AS type, post_id, request_id, position,
                   source, model_version, metadata,
                   extract(epoch FROM created_at) * 1000 AS created_at_ms,
                   extract(epoch FROM client_at) * 1000 AS client_at_ms
            FROM user_interactions WHERE user_id = :'user'::uuid ORDER BY id`,
        { user: await this.user() });
    }

    /** Waits until what is being sent has been answered: a sender holds this lock. */
    idle() {
        return this.page.evaluate(() => navigator.locks.request('kith.send', () => {}));
    }

    /** Every event in every call, in the order of leaving. */
    sent(): Row[] {
        return this.calls.flatMap((call) => JSON.parse(call.postData() ?? '{"events":[]}').events);
    }

    /** Time goes by itself from here: for tools that wait in the page. */
    letTimeRun() {
        return this.page.clock.resume();
    }

    /** Rows in the database by type: {view: 3, like: 1}. */
    async counts(): Promise<Record<string, number>> {
        const counts: Record<string, number> = {};
        for (const { type } of await this.events()) counts[type] = (counts[type] ?? 0) + 1;
        return counts;
    }

    /** Lets the tracker send; waits for these rows, by type, and others of any type. */
    async stored(wanted: Record<string, number>) {
        await this.pass(WAIT_MS);
        await expect.poll(() => this.counts()).toMatchObject(wanted);
    }

    /** The sentence that says where the feed comes from. */
    get origin(): Locator {
        return this.page.getByTestId('feed-origin');
    }

    async readAs(name: string | RegExp) {
        const { length } = this.answers;
        await this.page.getByTestId('reader-button').click();
        await this.page.getByTestId('reader').filter({ hasText: name }).click();
        await expect.poll(() => this.answers.length).toBeGreaterThan(length);
        await this.shown();
    }

    async refresh(): Promise<Answer> {
        const { length } = this.answers;
        await this.page.getByTestId('refresh').click();
        await expect.poll(() => this.answers.length).toBeGreaterThan(length);
        await this.shown();
        return this.answers.at(-1)!;
    }

    /** Scrolls on until the feed ends or `enough` posts are shown. */
    async scroll(enough = Infinity) {
        await expect(async () => {
            const ended = await this.page.getByTestId('feed-end').isVisible();
            if (ended || await this.posts.count() >= enough) return;
            await this.posts.last().scrollIntoViewIfNeeded();
            await this.page.mouse.wheel(0, 4000);
            throw new Error('there is more');
        }).toPass({ intervals: [50], timeout: 20_000 });
        /* The page may be ahead of what is told of its answers. */
        const shown = await this.posts.count();
        await expect.poll(() => this.answers.flatMap((answer) => answer.posts).length).toBeGreaterThanOrEqual(shown);
    }
}

/** Headless tabs are always visible: the page is told otherwise. */
export function setHidden(page: Page, hidden: boolean) {
    return page.evaluate((state) => {
        Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }, hidden ? 'hidden' : 'visible');
}

/** What the tracker keeps on the device. */
export const kept = (page: Page) =>
    page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('kith.ev.')));

export const topicOf = (post: Post): string => post.tags[0] ?? '';

const TRACK_MS = 1000;

/** Every one of these pages gets its answer from the tracker's endpoint within a second. */
export async function expectNoneWaitsToSend(pages: Page[]) {
    const took = await Promise.all(pages.map((page) => page.evaluate(async () => {
        const begin = performance.now();
        const answer = await fetch('/api/track', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"events":[{}]}' });
        await answer.text();
        return { status: answer.status, ms: performance.now() - begin };
    })));
    for (const { status, ms } of took) {
        expect(status).toBe(422);
        expect(ms).toBeLessThan(TRACK_MS);
    }
}
