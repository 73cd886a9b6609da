/*
 * site.ts -- a page that is not ours and uses the tracker as README tells: a list
 * of posts, nothing else. What it is made of is in the window: `host`.
 *
 * Address   /site?posts=N&height=PX; served by the test, also while offline.
 * Posts     the newest; asked for again the same ones, whatever others publish meanwhile.
 */
import type { BrowserContext, Page } from '@playwright/test';
import { expect } from '@playwright/test';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Reader } from './reader.ts';
import { REPOSITORY, type Stack } from './stack.ts';

const PAGE = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>A site</title>
<style>
    body { margin: 0 }
    article { box-sizing: border-box; overflow: hidden; border-top: 1px solid }
</style>
<main></main>
<script type="module">
    import { createTracker } from '/tracker.js';

    const asked = new URLSearchParams(location.search);
    const count = Number(asked.get('posts') ?? 20);
    const height = asked.get('height') ?? '500';
    const queued = [];
    const reports = [];
    const tracker = createTracker({
        onqueue: (event) => queued.push(event),
        onflush: (report) => reports.push(report),
    });

    async function serve(ids) {
        const answer = await fetch('/api/feeds?feed=latest&limit=' + (ids ? 50 : 20)).then((r) => r.json(), () => ({ posts: [] }));
        const posts = ids ? ids.map((id) => answer.posts.find((post) => post.id === id)) : answer.posts;
        return posts.map((post) => ({
            postId: post.id, requestId: answer.request_id, impression: post.impression, position: post.position,
        }));
    }

    function show(served) {
        const element = document.createElement('article');
        element.style.height = height + 'px';
        element.textContent = served.postId;
        tracker.observe(element, served);
        return element;
    }

    const served = await serve();
    const list = document.querySelector('main');
    /* More posts than a feed has: the same ones in slots of their own. */
    for (let i = 0; served.length && i < count; i++) {
        const round = Math.floor(i / served.length);
        const one = served[i % served.length];
        list.append(show(round ? { ...one, requestId: one.requestId + '/' + round } : one));
    }
    window.host = { tracker, served, queued, reports, show, serve: () => serve(served.map((one) => one.postId)) };
</script>
</html>`;

/** What the page puts into its window. */
export interface SiteWindow {
    tracker: Kith.Tracker;
    served: Kith.Served[];
    queued: Kith.TrackedEvent[];
    reports: Kith.Report[];
    serve(): Promise<Kith.Served[]>; /* the same posts in slots of their own */
    show(served: Kith.Served): Element;
}

declare global {
    var host: SiteWindow;
}

/** Answers for the site, in every tab; the tracker comes from the checkout. */
async function serveSite(context: BrowserContext) {
    await context.route((url) => url.pathname === '/site',
        (route) => route.fulfill({ contentType: 'text/html', body: PAGE }));
    await context.route((url) => url.pathname === '/tracker.js', (route) => route.fulfill({
        contentType: 'text/javascript', body: fs.readFileSync(path.join(REPOSITORY, 'static/tracker.js')),
    }));
}

/** Somebody who reads that page. */
export class Site extends Reader {
    private constructor(page: Page, stack: Stack) {
        super(page, stack);
    }

    static async in(page: Page, stack: Stack): Promise<Site> {
        await serveSite(page.context());
        return new Site(page, stack);
    }

    /** Another tab. */
    async tab(): Promise<Site> {
        return new Site(await this.page.context().newPage(), this.stack);
    }

    override async open(query = '', clock: { aheadMs?: number } = {}) {
        await super.open(`/site?${query}`, clock);
    }

    override async shown() {
        await this.page.waitForFunction(() => 'host' in window);
        await this.settled();
    }

    /** Events the reader caused, one for each of the first `count` posts. */
    track(type: Kith.EventType, count = 1): Promise<string[]> {
        return this.page.evaluate(([kind, n]) => {
            const { tracker, served } = window.host;
            return Array.from({ length: n }, (_, i) => tracker.track(kind, served[i % served.length]!));
        }, [type, count] as const);
    }

    /** Types and places of what was queued, in order: "view 1". */
    queued(): Promise<string[]> {
        return this.page.evaluate(() => window.host.queued.map((event) => `${event.type} ${event.metadata.position}`));
    }

    async scrollTo(y: number) {
        await this.page.evaluate((to) => scrollTo(0, to), y);
        await this.settled();
    }

    async count(expected: Record<string, number>) {
        await expect.poll(() => this.counts()).toEqual(expected);
    }
}
