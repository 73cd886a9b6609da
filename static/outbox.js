/*
 * outbox.js -- keep each event until the server has answered for it, and send
 * in batches. Contract: types.d.ts, Outbox.
 */
/** @import {Batch, Outbox, OutboxOptions, Report, TrackedEvent} from './types.js' */

const PREFIX = 'kith.ev.';
const STORE_EVENTS = 1000;
const STORE_MS = 7 * 86_400_000;
const EVENT_BYTES = 2048; /* the server's limits: one event, */
const POST_EVENTS = 100; /* one batch */
const FLIGHT_BYTES = 61_440; /* a page shares 64 KiB of keepalive */
const ENVELOPE_BYTES = 40;
const ANSWER_MS = 15_000;
const BACKOFF_MS = 1000;
const BACKOFF_MOST_MS = 300_000;
const TIMER_MOST_MS = 3_600_000; /* past 2^31 a timer fires at once */

/** @param {string} text */
const bytesOf = (text) => new TextEncoder().encode(text).length;

/** UUID v7 opens with its time. @param {string} id */
const ageMs = (id) => Date.now() - parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

/** Seconds or a date. @param {string} value */
const retryAfterMs = (value) =>
    Math.max(0, Number(value) * 1000 || Date.parse(value) - Date.now() || 0);

/** @param {OutboxOptions} options @returns {Outbox} */
export function createOutbox({ endpoint, storage, waitMs, batchEvents, onflush }) {
    const memory = /** @type {Map<string, string>} */ (new Map());
    const flying = new Set();
    let flightBytes = 0;
    let postEvents = POST_EVENTS;
    let queued = 0; /* since the last departure */
    let stored = 0; /* an estimate, trim() counts */
    let failures = 0;
    let floorAt = 0; /* performance.now() before which the server said no */
    let restAt = 0; /* ... before which we back off, too */
    let timer = 0;
    let turn = Promise.resolve();

    /** Oldest first. @returns {[string, string][]} */
    function records() {
        const found = new Map(memory);
        for (const key of Object.keys(storage ?? {}))
            if (key.startsWith(PREFIX))
                found.set(key.slice(PREFIX.length), storage?.getItem(key) ?? '');
        return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
    }

    /** @param {string} id */
    function forget(id) {
        memory.delete(id);
        storage?.removeItem(PREFIX + id);
    }

    function trim() {
        const rank = (/** @type {[string, string]} */ [id, text]) =>
            ageMs(id) <= STORE_MS ? 1 + +!text.includes('"type":"view"') : 0;
        const all = records().sort((a, b) => rank(a) - rank(b));
        const old = all.filter((record) => !rank(record)).length;
        const excess = Math.max(old, all.length - STORE_EVENTS);
        all.slice(0, excess).forEach(([id]) => forget(id));
        stored = all.length - excess;
    }

    /** @param {number} ms */
    function arm(ms) {
        const most = Math.max(ms, restAt - performance.now());
        timer ||= setTimeout(send, Math.min(most, TIMER_MOST_MS));
    }

    function disarm() {
        clearTimeout(timer);
        timer = queued = 0;
    }

    /** @returns {Batch} */
    function take() {
        const ids = [];
        const texts = [];
        let bytes = ENVELOPE_BYTES;
        let full = false;
        for (const [id, text] of records()) {
            if (flying.has(id)) continue;
            const more = bytes + bytesOf(text) + 1;
            full = ids.length >= postEvents || flightBytes + more > FLIGHT_BYTES;
            if (full) break;
            ids.push(id);
            texts.push(text);
            bytes = more;
        }
        return { ids, bytes, full, body: `{"sent_at":${Date.now()},"events":[${texts}]}` };
    }

    function backOff(leastMs = 0) {
        const now = performance.now();
        const most = Math.min(BACKOFF_MOST_MS, BACKOFF_MS * 2 ** failures++);
        floorAt = now + leastMs;
        restAt = Math.max(floorAt, now + Math.random() * most);
        arm(0);
    }

    /** @param {Response} response @param {Report} report */
    async function settle(response, report) {
        const { ids } = report;
        const status = report.status = response.status;
        if (status === 200 || status === 202) {
            const answer = await response.json();
            if (answer.received !== ids.length) throw status;
            /** @type {(string | number)[]} */
            const again = answer.retry;
            report.settled = ids.filter((id, i) => !again.includes(i) && !again.includes(id));
            report.rejected = answer.rejected;
            failures = 0;
            if (again.length) backOff();
        } else if (status === 413 && ids.length > 1) {
            postEvents = ids.length >> 1;
        } else if (status === 408 || status === 429 || status >= 500) {
            backOff(retryAfterMs(response.headers.get('retry-after') ?? ''));
        } else {
            report.settled = ids;
            report.dropped = ids.length;
        }
        report.settled.forEach(forget);
    }

    /** @param {Batch} batch */
    async function post({ ids, bytes, body }) {
        /** @type {Report} */
        const report = { status: 0, ids, settled: [], rejected: [], dropped: 0 };
        ids.forEach((id) => flying.add(id));
        flightBytes += bytes;
        try {
            await settle(await fetch(endpoint, {
                method: 'POST',
                headers: { 'content-type': 'application/json' },
                body,
                keepalive: true,
                signal: AbortSignal.timeout(ANSWER_MS),
            }), report);
        } catch {
            backOff();
        }
        ids.forEach((id) => flying.delete(id));
        flightBytes -= bytes;
        onflush?.(report);
        return report.status;
    }

    /* What is queued meanwhile has five seconds of its own. */
    async function drain() {
        for (let more = true; more;) {
            const batch = take();
            if (!batch.ids.length) return;
            if (performance.now() < restAt) return arm(0);
            more = await post(batch) === 413 || batch.full;
        }
    }

    function send() {
        disarm();
        turn = turn.then(() => navigator.locks
            ? navigator.locks.request('kith.send', drain) : drain());
        return turn;
    }

    function leave() {
        disarm();
        while (performance.now() >= restAt) {
            const batch = take();
            if (!batch.ids.length) return;
            post(batch);
        }
    }

    /** @param {TrackedEvent} event */
    function put(event) {
        const id = event.event_id;
        const text = JSON.stringify(event);
        if (bytesOf(text) > EVENT_BYTES) return false;
        memory.set(id, text);
        try {
            storage?.setItem(PREFIX + id, text);
            if (storage) memory.delete(id);
        } catch { /* full: it stays in memory */ }
        if (++stored > STORE_EVENTS) trim();
        if (++queued >= batchEvents) send();
        else arm(waitMs);
        return true;
    }

    async function flush() {
        await send();
        return records().length;
    }

    addEventListener('online', () => {
        restAt = floorAt;
        send();
    });
    /* Another tab queued: should it close before sending, we send. */
    addEventListener('storage', ({ key, newValue }) => {
        if (newValue && key?.startsWith(PREFIX)) arm(2 * waitMs);
    });
    trim();
    if (stored) arm(waitMs);
    return { put, flush, leave };
}
