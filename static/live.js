/*
 * live.js -- hear of new posts while the page is read, and offer them in a pill.
 * Contract: types.d.ts, Live.
 *
 * Hooks    data-testid: news (role=status), news-button
 */

import { getUpdates } from './api.js';
import { byId, el } from './dom.js';

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

/* Over HTTP/1.1 six event streams would use up all connections of the page. */
const isH2 = () => /^h[23]/.test(/** @type {any} */ (performance.getEntriesByType('navigation')[0])?.nextHopProtocol);

/** @param {(count: number, since: number) => void} press @returns {Kith.Live} */
export function createLive(press) {
    let line = /** @type {WebSocket | EventSource | null} */ (null);
    let timer = 0;
    let failures = 0;
    let polls = 0;
    let since = 0; /* what is newer is news */
    let newest = 0; /* and counted up to here */
    let count = 0;
    let ready = false;

    function show() {
        const text = count ? `${count > COUNT_MOST ? COUNT_MOST + '+' : count} new post${count === 1 ? '' : 's'}`
            : ready ? 'New picks for you' : '';
        const button = text && el('button', { type: 'button', class: 'button', 'data-testid': 'news-button' }, text);
        if (button) button.onclick = () => press(count, since);
        byId('news').replaceChildren(button);
    }

    /** @param {number} ms @param {() => void} then */
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

    /** @param {Kith.LiveMessage} message */
    function hear(message) {
        failures = 0;
        wait(SILENT_MS, lost);
        if (message.type === 'bye') {
            close();
            wait(Math.random() * message.retry_ms, connect);
        } else if (message.type === 'recommendations_ready') {
            ready = true;
            show();
        } else if (message.newest_post_at > newest) {
            newest = message.newest_post_at;
            if (message.type === 'hello') return void ask().catch(() => {});
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
        line.onmessage = (/** @type {MessageEvent} */ { data }) => hear(JSON.parse(data));
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
