/*
 * feed.js -- ask for the feed, show it as articles, go on as the reader scrolls, and
 * hear of new posts meanwhile. Contracts: types.d.ts, Feed and Live.
 */

import { ago, byId, createCard, make, say, settleToast, toast } from './show.js';

const FEED_POSTS = 20;
const CALL_MS = 10_000; /* the server's own deadline is 5 s at most */
const TAILS = ['loading', 'more', 'end', 'empty', 'error'];
const LATE_MS = 60_000; /* a post may carry a date this long before it shows */
const AHEAD = '1000px'; /* before its place is seen */
const PATH = '/api/live';
const SILENT_MS = 60_000; /* a hello comes every 25 s */
const OPEN_MS = 10_000;
const HIDDEN_MS = 60_000;
const POLL_MS = 30_000;
const POLLS = 5; /* then a line is tried again */
const TRIES = 3; /* of one way in a row */
const RETRY_MS = 1000;
const RETRY_MOST_MS = 60_000;
const COUNT_MOST = 99;

class ApiError extends Error {
    /** @param {number} status @param {Kith.Problem} problem */
    constructor(status, { code, request_id }) {
        super(code);
        this.status = status;
        this.code = code;
        this.request = request_id;
    }
}

/** @type {Kith.Call} */
async function call(path, init, again) {
    let response;
    try {
        response = await fetch(path, { signal: AbortSignal.timeout(CALL_MS), ...init });
        if (response.status === 401 && !again) return call(path, init, true);
        if (response.ok) return await response.json();
    } catch {
        throw new ApiError(response?.status ?? 0, { code: 'network' });
    }
    throw new ApiError(response.status, await response.json().catch(() => ({ code: 'unknown' })));
}

/** @type {Kith.GetFeed} */
function getFeed(kind, cursor, limit = FEED_POSTS) {
    const query = new URLSearchParams({ feed: kind, limit: String(limit) });
    if (cursor) query.set('cursor', cursor);
    return call('/api/feeds?' + query);
}

/** @type {Kith.GetUpdates} */
const getUpdates = (since) => call('/api/feeds/updates?since=' + since);

/** @type {Kith.GetReaders} */
export const getReaders = () => call('/api/demo/readers');

/** @type {Kith.ReadAs} */
export const readAs = (id) => call('/api/demo/read-as', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: id }),
});

/** @type {Kith.SetTail} */
function setTail(shown) {
    /* An empty role=feed is an error to assistive technology unless it is busy. */
    byId('feed').hidden = shown === 'empty' || (shown === 'error' && !byId('feed').hasChildNodes());
    for (const tail of TAILS) byId('feed-' + tail).hidden = tail !== shown;
    if (!shown) byId('feed').getBoundingClientRect(); /* gone before posts come: so nothing jumps */
}

/** @type {Kith.ShowError} */
function showError({ status, request }) {
    say(byId('error-text'), !navigator.onLine ? 'offline' : status === 429 ? 'hurry' : 'failure');
    byId('error-reference').textContent = request ? 'Reference ' + request : '';
    setTail('error');
}

/** @type {Kith.ShareLink} */
async function shareLink({ id, title }) {
    const url = `${location.origin}/?post=${encodeURIComponent(id)}`;
    try {
        if (navigator.share) {
            await navigator.share({ title, url });
        } else {
            await navigator.clipboard.writeText(url);
            toast('Link copied');
        }
        return true;
    } catch (error) {
        if (!(error instanceof DOMException && error.name === 'AbortError')) toast('Copy this link: ' + url);
        return false;
    }
}

/** @type {Kith.CreateFeed} */
export function createFeed(tracker, { onrejected, onfresh, onshow }) {
    const root = byId('feed');
    let cards = /** @type {Kith.Card[]} */ ([]);
    let kind = /** @type {Kith.Kind} */ ('for_you');
    let cursor = /** @type {string | null} */ (null);
    let round = 0; /* a late answer of an older round is not shown */
    let busy = false;

    /** @type {Kith.CardActs} */
    const acts = {
        liked: new Set(),
        onrejected,
        event: (card, type) => tracker.track(type, card.served),
        async share(card) {
            const done = await shareLink(card.post);
            if (done) acts.event(card, 'share');
            return done;
        },
        hide(card) {
            const index = cards.indexOf(card);
            if (index < 0) return;
            settleToast();
            cards.splice(index, 1);
            tracker.unobserve(card.element);
            card.element.remove();
            number();
            feed.focus(cards[index] ?? cards[index - 1]);
            toast('Hidden. You will see less like this.', {
                label: 'Undo',
                act() {
                    root.insertBefore(card.element, cards[index]?.element ?? null);
                    cards.splice(index, 0, card);
                    tracker.observe(card.element, card.served);
                    number();
                    feed.focus(card);
                },
                expired: () => acts.event(card, 'hide'),
            });
        },
    };

    function number() {
        const size = cursor || !cards.length ? -1 : cards.length;
        cards.forEach((card, i) => card.place(i, size));
    }

    function clear() {
        for (const card of cards) tracker.unobserve(card.element);
        cards = [];
        root.replaceChildren();
    }

    /** @type {Kith.MakeCards} */
    function makeCards({ posts, request_id }, since = -Infinity) {
        const known = new Set(cards.map((card) => card.post.id));
        return posts.filter((post) => post.published_at > since && !known.has(post.id)).map((post) => {
            const card = createCard(post, request_id, acts);
            tracker.observe(card.element, card.served);
            onshow(post);
            return card;
        });
    }

    /** @type {Kith.Show} */
    function append(answer) {
        setTail();
        const added = makeCards(answer);
        cards.push(...added);
        root.append(...added.map((card) => card.element));
        cursor = answer.has_more ? answer.next_cursor : null;
        number();
        const { model } = answer;
        const { source, fallback_reason: reason } = answer;
        say(byId('origin'), reason ?? (kind === 'latest' ? kind : source), 'A mixed selection, not personalised');
        byId('origin').hidden = !cards.length;
        byId('model').textContent = model && cards.length && source === 'ml_recommendations'
            ? `model trained ${ago(Date.now() - model.age_s * 1000)}` : '';
        setTail(!cards.length ? 'empty' : cursor ? 'more' : 'end');
    }

    /** @type {Kith.Fetching} */
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

    /** @type {Kith.Feed} */
    const feed = {
        cards: () => cards,

        load(next, keep = false) {
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
                if (!kept) return showError(error);
                toast('Could not refresh. Nothing was lost.', { label: 'Retry', act: () => feed.load(next, true) });
            });
        },

        async more() {
            if (busy || !cursor) return;
            const from = cursor;
            setTail('loading');
            await fetching(() => getFeed(kind, from).catch((error) => {
                if (!['cursor_expired', 'bad_cursor'].includes(error.code)) throw error;
                return getFeed(kind);
            }), append, showError);
        },

        async insert(count, since) {
            const answer = await getFeed('latest', null, Math.min(count, FEED_POSTS)).catch(() => null);
            if (!answer) return toast('Could not fetch them. Try again in a moment.');
            const fresh = makeCards(answer, since - LATE_MS);
            cards.unshift(...fresh);
            root.prepend(...fresh.map((card) => card.element));
            number();
            onfresh(answer.generated_at);
            feed.focus(cards[0]);
        },

        current() {
            const focused = document.activeElement?.closest('article');
            return cards.find((card) => card.element === focused)
                ?? cards.find((card) => card.element.getBoundingClientRect().bottom > innerHeight / 3);
        },

        focus(card) {
            card?.element.focus({ preventScroll: true });
            card?.element.scrollIntoView({ block: 'start' });
        },
    };

    byId('more').addEventListener('click', async () => {
        const count = cards.length;
        await feed.more();
        feed.focus(cards[count]);
    });
    byId('retry').addEventListener('click', () => (cursor ? feed.more() : feed.load(kind)));
    byId('fresh').addEventListener('click', async () => {
        if (await feed.load(kind)) feed.focus(cards[0]);
    });
    new IntersectionObserver(([entry]) => entry?.isIntersecting && feed.more(), { rootMargin: AHEAD })
        .observe(byId('feed-more'));
    return feed;
}

/* Over HTTP/1.1 six event streams would use up all connections of the page. */
const isH2 = () => /^h[23]/.test(/** @type {any} */ (performance.getEntriesByType('navigation')[0])?.nextHopProtocol);

/** @type {Kith.CreateLive} */
export function createLive(press) {
    let line = /** @type {WebSocket | EventSource | null} */ (null);
    let timer = 0;
    let failures = 0;
    let polls = 0;
    let since = 0; /* what is newer is news */
    let newest = 0; /* and counted up to here */
    let count = 0;
    let ready = false;
    let heard = line; /* the last one that spoke */

    function show() {
        const text = count ? `${count > COUNT_MOST ? COUNT_MOST + '+' : count} new post${count === 1 ? '' : 's'}`
            : ready ? 'New picks for you' : '';
        const button = make('button', text);
        button.className = 'button';
        button.dataset.testid = 'news-button';
        button.addEventListener('click', () => press(count, since));
        byId('news').replaceChildren(...text ? [button] : []);
    }

    /** @type {Kith.Wait} */
    function wait(ms, then) {
        clearTimeout(timer);
        timer = setTimeout(then, ms);
    }

    async function ask() {
        const from = since;
        const answer = await getUpdates(from);
        if (from !== since) return;
        count = answer.new_posts;
        newest = answer.newest_post_at ?? newest;
        ready ||= answer.recommendations_ready;
        show();
    }

    /** @type {Kith.Hear} */
    function hear({ data }) {
        const message = /** @type {Kith.LiveMessage} */ (JSON.parse(data));
        const behind = heard && heard !== line;
        heard = line;
        failures = 0;
        wait(SILENT_MS, lost);
        if (message.type === 'bye') {
            close();
            wait(Math.random() * message.retry_ms, connect);
        } else if (message.type === 'recommendations_ready') {
            ready = true;
            show();
        } else if (behind || message.newest_post_at > newest) {
            newest = Math.max(newest, message.newest_post_at);
            if (behind || message.type === 'hello') return void ask().catch(() => {});
            count += message.count;
            show();
        }
    }

    function close() {
        clearTimeout(timer);
        if (line) line.onerror = line.onmessage = null;
        if (line && 'onclose' in line) line.onclose = null;
        line?.close();
        line = null;
    }

    function lost() {
        close();
        wait(Math.random() * Math.min(RETRY_MOST_MS, RETRY_MS * 2 ** failures++), connect);
    }

    async function poll() {
        await ask().catch(() => {});
        if (++polls % POLLS === 0) failures = 0;
        if (!line) wait(POLL_MS, connect);
    }

    function connect() {
        close();
        if (failures >= 2 * TRIES || (failures >= TRIES && !isH2())) return void poll();
        line = failures < TRIES ? new WebSocket(location.origin.replace('http', 'ws') + PATH) : new EventSource(PATH);
        wait(OPEN_MS, lost);
        line.onopen = () => wait(SILENT_MS, lost);
        line.onerror = lost;
        if ('onclose' in line) line.onclose = lost;
        line.onmessage = hear;
    }

    function resume() {
        failures = 0;
        connect();
    }

    document.addEventListener('visibilitychange', () => {
        if (document.hidden) setTimeout(() => document.hidden && close(), HIDDEN_MS);
        else if (!line && since) resume();
    });
    addEventListener('pagehide', close); /* an open line costs the back/forward cache */
    addEventListener('pageshow', ({ persisted }) => persisted && since && resume());
    addEventListener('online', () => since && resume());

    return {
        begin(at) {
            const first = !since;
            since = newest = at;
            count = 0;
            ready = false;
            show();
            if (first) connect();
        },
    };
}
