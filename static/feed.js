/*
 * feed.js -- fetch the feed, show it as articles, go on as the reader scrolls.
 * Contract: types.d.ts, Feed.
 *
 * Hooks for tests   #feed (role=feed, aria-busy, data-kind), data-testid:
 *   post, post-why, post-body, post-open, post-shares, post-like, post-share,
 *   post-hide (card.js); feed-origin, feed-loading, feed-more, feed-end,
 *   feed-fresh, feed-empty, feed-error, feed-retry (index.html)
 */

import { ApiError, FEED_POSTS, getFeed } from './api.js';
import { createCard } from './card.js';
import { byId } from './dom.js';
import { settleToast, toast } from './toast.js';
import { ago, origin } from './words.js';

/** @typedef {'loading' | 'more' | 'end' | 'empty' | 'error'} Tail  What follows the articles. */
const TAILS = /** @type {const} */ (['loading', 'more', 'end', 'empty', 'error']);
const LATE_MS = 60_000; /* a post may carry a date this long before it shows */
const AHEAD = '1000px'; /* fetch the next page this far before its place is seen */

/**
 * Nothing is shown while posts are put in before it: what is seen to move counts as
 * a jump of the page, what was gone in between does not.
 * @param {Tail} [shown]
 */
function setTail(shown) {
    /* An empty role=feed is an error to assistive technology unless it is busy. */
    byId('feed').hidden = shown === 'empty' || (shown === 'error' && !byId('feed').hasChildNodes());
    for (const tail of TAILS) byId('feed-' + tail).hidden = tail !== shown;
    if (!shown) byId('feed').getBoundingClientRect(); /* now, not with what follows */
}

/** @param {ApiError} error */
function explain(error) {
    byId('error-text').textContent = !navigator.onLine
        ? 'You seem to be offline. What you do here is kept and sent later.'
        : error.status === 429 ? 'That was a little fast. Wait a moment, then try again.'
            : 'The server did not answer as it should.';
    byId('error-reference').textContent = error.request ? 'Reference ' + error.request : '';
}

/** Share through the system, else copy. @param {Kith.Post} post @returns {Promise<boolean>} */
async function shareLink(post) {
    const url = `${location.origin}/?post=${encodeURIComponent(post.id)}`;
    try {
        if (navigator.share) {
            await navigator.share({ title: post.title, url });
        } else {
            await navigator.clipboard.writeText(url);
            toast('Link copied');
        }
        return true;
    } catch (error) {
        if (error instanceof DOMException && error.name === 'AbortError') return false;
        toast('Copy this link: ' + url);
        return false;
    }
}

/**
 * @param {Kith.Tracker} tracker
 * @param {Pick<Kith.CardActs, 'onrejected'> & { onfresh(at: number): void }} outcome
 * @param {(post: Kith.Post) => void} onshow  told of each post that is shown
 * @returns {Kith.Feed}
 */
export function createFeed(tracker, { onrejected, onfresh }, onshow) {
    const root = byId('feed');
    const liked = new Set();
    let cards = /** @type {Kith.Card[]} */ ([]);
    let kind = /** @type {Kith.Kind} */ ('for_you');
    let cursor = /** @type {string | null} */ (null);
    let round = 0; /* a late answer of an older round is not shown */
    let busy = false;

    /** @type {Kith.CardActs} */
    const acts = {
        liked,
        onrejected,
        event: (card, type) => tracker.track(type, card.served),
        async share(card) {
            const done = await shareLink(card.post);
            if (done) acts.event(card, 'share');
            return done;
        },
        hide,
    };

    function number() {
        const size = cursor || !cards.length ? -1 : cards.length;
        cards.forEach((card, i) => card.place(i, size));
    }

    /** @param {Kith.Card} card */
    function hide(card) {
        const index = cards.indexOf(card);
        if (index < 0) return;
        settleToast();
        cards.splice(index, 1);
        tracker.unobserve(card.element);
        card.element.remove();
        number();
        focus(cards[index] ?? cards[index - 1]);
        toast('Hidden. You will see less like this.', {
            label: 'Undo',
            act() {
                root.insertBefore(card.element, cards[index]?.element ?? null);
                cards.splice(index, 0, card);
                tracker.observe(card.element, card.served);
                number();
                focus(card);
            },
            expired: () => acts.event(card, 'hide'),
        });
    }

    function clear() {
        for (const card of cards) tracker.unobserve(card.element);
        cards = [];
        root.replaceChildren();
    }

    /** @param {Kith.Post} post @param {string} requestId */
    function makeCard(post, requestId) {
        const card = createCard(post, requestId, acts);
        tracker.observe(card.element, card.served);
        onshow(post);
        return card;
    }

    /** @param {Kith.Answer} answer */
    function append(answer) {
        setTail();
        const known = new Set(cards.map((card) => card.post.id));
        const added = answer.posts.filter((post) => !known.has(post.id))
            .map((post) => makeCard(post, answer.request_id));
        cards.push(...added);
        root.append(...added.map((card) => card.element));
        cursor = answer.has_more ? answer.next_cursor : null;
        number();
        const { model } = answer;
        byId('origin').textContent = cards.length ? origin(answer, kind) : '';
        byId('model').textContent = model && cards.length && answer.source === 'ml_recommendations'
            ? `model trained ${ago(Date.now() - model.age_s * 1000)}` : '';
        setTail(!cards.length ? 'empty' : cursor ? 'more' : 'end');
    }

    /**
     * One request at a time; false when it failed or was overtaken.
     * @param {() => Promise<Kith.Answer>} ask @param {(answer: Kith.Answer) => void} show
     * @param {(error: ApiError) => void} failed
     */
    async function fetching(ask, show, failed) {
        const mine = ++round;
        busy = true;
        root.setAttribute('aria-busy', 'true');
        try {
            const answer = await ask();
            if (mine === round) show(answer);
            return mine === round;
        } catch (error) {
            if (!(error instanceof ApiError)) throw error;
            if (mine === round) failed(error);
            return false;
        } finally {
            if (mine === round) {
                busy = false;
                root.setAttribute('aria-busy', 'false');
            }
        }
    }

    /** @param {ApiError} error */
    function showError(error) {
        explain(error);
        setTail('error');
    }

    /** @type {Kith.Feed['load']} */
    function load(next, keep = false) {
        const kept = keep && cards.length > 0;
        const told = settleToast() ? tracker.flush() : null; /* what was just hidden is not served again */
        kind = next;
        root.dataset.kind = next;
        if (!kept) {
            clear();
            cursor = null;
            byId('origin').textContent = byId('model').textContent = '';
            setTail('loading');
        }
        return fetching(async () => (await told, getFeed(next)), (answer) => {
            clear();
            append(answer);
            scrollTo(0, 0);
            onfresh(answer.generated_at);
        }, (error) => {
            if (kept) toast('Could not refresh. Nothing was lost.', { label: 'Retry', act: () => load(next, true) });
            else showError(error);
        });
    }

    async function more() {
        if (busy || !cursor) return;
        const from = cursor;
        setTail('loading');
        await fetching(async () => {
            try {
                return await getFeed(kind, from);
            } catch (error) {
                const stale = error instanceof ApiError
                    && ['cursor_expired', 'bad_cursor'].includes(error.code);
                if (!stale) throw error;
                return getFeed(kind);
            }
        }, append, showError);
    }

    /* The newest posts, whatever the feed: they are asked for by date. */
    /** @type {Kith.Feed['insert']} */
    async function insert(count, since) {
        const answer = await getFeed('latest', undefined, Math.min(count, FEED_POSTS)).catch(() => null);
        if (!answer) return toast('Could not fetch them. Try again in a moment.');
        const known = new Set(cards.map((card) => card.post.id));
        const fresh = answer.posts.filter((post) => post.published_at > since - LATE_MS && !known.has(post.id))
            .map((post) => makeCard(post, answer.request_id));
        cards.unshift(...fresh);
        root.prepend(...fresh.map((card) => card.element));
        number();
        onfresh(answer.generated_at);
        focus(cards[0]);
    }

    function current() {
        const focused = document.activeElement?.closest('article');
        return cards.find((card) => card.element === focused)
            ?? cards.find((card) => card.element.getBoundingClientRect().bottom > innerHeight / 3);
    }

    /** @param {Kith.Card | undefined} card */
    function focus(card) {
        card?.element.focus({ preventScroll: true });
        card?.element.scrollIntoView({ block: 'start' });
    }

    byId('more').addEventListener('click', async () => {
        const count = cards.length;
        await more();
        focus(cards[count]);
    });
    byId('retry').addEventListener('click', () => (cursor ? (setTail('more'), more()) : load(kind)));
    byId('fresh').addEventListener('click', async () => {
        if (await load(kind)) focus(cards[0]);
    });
    new IntersectionObserver(([entry]) => entry?.isIntersecting && more(), { rootMargin: AHEAD })
        .observe(byId('feed-more'));

    return { load, more, insert, cards: () => cards, current, focus };
}

