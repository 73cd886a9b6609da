/* tracker.js -- see what a reader saw, keep it until the server has it. Contract: types.d.ts; use: README. */

const PREFIX = 'kith.ev.';
const STORE_EVENTS = 1000;
const STORE_MS = 7 * 86_400_000;
const EVENT_BYTES = 2048; /* the server's limits: one event, */
const POST_EVENTS = 100; /* one batch */
const FLIGHT_BYTES = 61_440; /* pages share 64 KiB of keepalive */
const ENVELOPE_BYTES = 40;
const ANSWER_MS = 15_000;
const BACKOFF_MS = 1000;
const BACKOFF_MOST_MS = 300_000;
const TIMER_MOST_MS = 3_600_000; /* past 2^31 a timer fires at once */

const bytesOf = (text = '') => new TextEncoder().encode(text).length;

/* UUID v7 opens with its time. */
const ageMs = (id = '') => Date.now() - parseInt(id.replace('-', ''), 16);

/** @type {Kith.CreateOutbox} */
function createOutbox({ endpoint, storage, consent, waitMs, batchEvents, onflush }) {
    const memory = /** @type {Map<string, string>} */ (new Map());
    const flying = new Set();
    let flightBytes = 0;
    let postEvents = POST_EVENTS;
    let queued = 0; /* since the last departure */
    let stored = 0; /* an estimate, trim() counts */
    let failures = 0;
    let floorAt = 0; /* performance.now(): Retry-After, */
    let restAt = 0; /* and our backoff */
    let timer = 0;

    /* Id and text, oldest first. */
    function records() {
        const found = new Map(memory);
        for (const key of Object.keys(storage ?? {}))
            if (key.startsWith(PREFIX))
                found.set(key.slice(PREFIX.length), storage?.getItem(key) ?? '');
        return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
    }

    function forget(id = '') {
        memory.delete(id);
        storage?.removeItem(PREFIX + id);
    }

    function allowed() {
        const yes = consent();
        if (!yes) records().forEach(([id]) => forget(id));
        return yes;
    }

    /* Too old first, then views. */
    function trim() {
        const rank = ([id = '', text = '']) =>
            ageMs(id) <= STORE_MS ? 1 + +!text.includes('"type":"view"') : 0;
        const all = records().sort((a, b) => rank(a) - rank(b));
        const gone = all.filter((record, i) => i < all.length - STORE_EVENTS || !rank(record));
        gone.forEach(([id]) => forget(id));
        stored = all.length - gone.length;
    }

    function arm(ms = 0) {
        const least = Math.max(ms, restAt - performance.now());
        timer ||= setTimeout(flush, Math.min(least, TIMER_MOST_MS));
    }

    function disarm() {
        clearTimeout(timer);
        timer = queued = 0;
    }

    function take() {
        const ids = [];
        const texts = [];
        let bytes = ENVELOPE_BYTES;
        let full = false;
        if (allowed()) for (const [id, text] of records()) {
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
        arm();
    }

    /** @type {Kith.Settle} */
    async function settle(response, report) {
        const { ids } = report;
        const status = report.status = response.status;
        if (status === 200 || status === 202) {
            const { accepted, rejected } = /** @type {Kith.Stored} */ (await response.json());
            const named = [...accepted, ...rejected.map((r) => r.event_id ?? ids[r.index])];
            report.settled = ids.filter((id) => named.includes(id));
            report.rejected = rejected;
            if (report.settled.length < ids.length) backOff();
            else failures = 0;
        } else if (status === 413 && ids.length > 1) {
            postEvents = ids.length >> 1;
        } else if (status === 408 || status === 429 || status >= 500) {
            /* Seconds, or a date by the server's clock. */
            const { headers } = response;
            const wait = headers.get('retry-after') ?? '';
            backOff(Number(wait) * 1000
                || Date.parse(wait) - Date.parse(headers.get('date') ?? '') || 0);
        } else {
            report.settled = ids;
            report.dropped = ids.length;
        }
        report.settled.forEach(forget);
    }

    /** @type {Kith.Send} */
    async function post({ ids, bytes, body }, leaving) {
        /** @type {Kith.Report} */
        const report = { status: 0, ids, settled: [], rejected: [], dropped: 0 };
        ids.forEach((id) => flying.add(id));
        flightBytes += bytes;
        try {
            await settle(await fetch(endpoint, {
                method: 'POST',
                body,
                credentials: 'include',
                keepalive: true,
                signal: AbortSignal.timeout(ANSWER_MS),
            }), report);
        } catch {
            if (leaving) navigator.sendBeacon(endpoint, body);
            backOff();
        }
        ids.forEach((id) => flying.delete(id));
        flightBytes -= bytes;
        onflush?.(report);
        return report.status;
    }

    async function drain() {
        for (let more = true; more;) {
            disarm(); /* what was queued while waiting goes along */
            const batch = take();
            if (batch.full) arm(waitMs);
            if (!batch.ids.length) return;
            if (performance.now() < restAt) return arm();
            more = await post(batch) === 413 || batch.full;
        }
    }

    async function flush() {
        disarm();
        await (navigator.locks?.request('kith.send', drain) ?? drain());
        return records().length;
    }

    function leave() {
        disarm();
        while (performance.now() >= restAt) {
            const batch = take();
            if (!batch.ids.length) break;
            post(batch, true);
        }
        arm(waitMs); /* should the page come back */
    }

    addEventListener('online', () => {
        restAt = floorAt;
        flush();
    });
    addEventListener('storage', ({ key, newValue }) => {
        if (newValue && key?.startsWith(PREFIX)) arm(2 * waitMs);
    });
    trim();
    if (stored) arm(waitMs);
    return {
        flush,
        leave,
        put(event) {
            const id = event.event_id;
            const text = JSON.stringify(event);
            if (!allowed() || bytesOf(text) > EVENT_BYTES) return false;
            memory.set(id, text);
            try {
                storage?.setItem(PREFIX + id, text);
                if (storage) memory.delete(id);
            } catch { /* full */ }
            if (++stored > STORE_EVENTS) trim();
            if (++queued >= batchEvents) flush();
            else arm(waitMs);
            return true;
        },
    };
}

const STEPS = [0, 0.5, ...Array.from({ length: 120 }, (_, i) => 0.95 ** i)];

/* RFC 9562. */
function uuid7(nowMs = 0) {
    const bytes = Array.from(crypto.getRandomValues(new Uint8Array(10)));
    const hex = bytes.map((b) => (b + 256).toString(16).slice(1)).join('');
    return (nowMs.toString(16).padStart(12, '0') + hex)
        .replace(/(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-7$3-8$4-');
}

/* The getter itself throws where storage is forbidden. */
function ownStorage() {
    try {
        return localStorage;
    } catch {
        return null;
    }
}

function agreed() {
    const said = /\bkith_consent=(\w*)/.exec(document.cookie);
    return said ? said[1] === 'yes'
        : !navigator.globalPrivacyControl && navigator.doNotTrack !== '1';
}

/** @type {Kith.CreateTracker} */
export function createTracker(options) {
    const all = {
        endpoint: '/api/track', storage: ownStorage(), consent: agreed, viewMs: 1000,
        waitMs: 5000, batchEvents: 20, ...options,
    };
    const outbox = createOutbox(all);
    const slots = /** @type {Map<Element, Kith.Slot>} */ (new Map());
    const viewed = new Set();
    let away = false;
    let persisted = false;

    const hidden = () => away || document.visibilityState === 'hidden';

    /** @type {Kith.WithSlot} starts or stops the second */
    function turn(slot) {
        const now = performance.now();
        const on = slot.enough && !hidden();
        if (on && slot.since < 0) {
            slot.since = now;
            if (!viewed.has(slot.key)) slot.timer = setTimeout(dwelt, all.viewMs, slot);
        } else if (!on && slot.since >= 0) {
            slot.dwellMs += now - slot.since;
            slot.since = -1;
            clearTimeout(slot.timer);
        }
    }

    /** @type {Kith.WithSlot} */
    function dwelt(slot) {
        look(observer.takeRecords());
        if (slot.since < 0 || viewed.has(slot.key)) return;
        const restMs = slot.since + all.viewMs - performance.now();
        if (restMs > 0) {
            slot.timer = setTimeout(dwelt, restMs, slot);
        } else {
            viewed.add(slot.key);
            tracker.track('view', slot.served);
        }
    }

    /** @type {Kith.Look} */
    function look(entries) {
        for (const entry of entries) {
            const slot = slots.get(entry.target);
            if (!slot) continue;
            const ratio = entry.intersectionRatio;
            slot.enough = ratio >= 0.5 || ratio > 0 && entry.intersectionRect.height * 2
                >= (entry.rootBounds?.height ?? innerHeight);
            slot.maxRatio = Math.max(slot.maxRatio, ratio);
            turn(slot);
        }
    }

    const observer = new IntersectionObserver(look, { threshold: STEPS });

    const tracker = /** @type {Kith.Tracker} */ ({
        flush: outbox.flush,

        observe(element, served) {
            tracker.unobserve(element);
            slots.set(element, {
                served, key: (served.requestId ?? served.impression) + '/' + served.postId,
                enough: false, since: -1, dwellMs: 0, maxRatio: 0, timer: 0,
            });
            observer.observe(element);
        },

        unobserve(element) {
            observer.unobserve(element);
            clearTimeout(slots.get(element)?.timer);
            slots.delete(element);
        },

        track(type, served, extra) {
            const ts = Date.now();
            const metadata = /** @type {Kith.Metadata} */ ({ position: served.position });
            for (const slot of slots.values())
                if (slot.served === served) {
                    const runMs = slot.since < 0 ? 0 : performance.now() - slot.since;
                    metadata.dwell_ms = Math.round(slot.dwellMs + runMs);
                    metadata.max_ratio = +slot.maxRatio.toFixed(2);
                }
            if (persisted) metadata.persisted = true;
            const event = {
                event_id: uuid7(ts), type, post_id: served.postId, ts,
                impression: served.impression, metadata: { ...metadata, ...extra },
            };
            if (outbox.put(event)) all.onqueue?.(event);
            return event.event_id;
        },
    });

    function change() {
        slots.forEach(turn);
        if (hidden()) outbox.leave();
    }

    document.addEventListener('visibilitychange', change);
    addEventListener('pagehide', () => {
        away = true;
        change();
    });
    addEventListener('pageshow', (event) => {
        away = false;
        persisted ||= event.persisted;
        change();
        if (event.persisted) outbox.flush();
    });

    return tracker;
}
