/*
 * tracker.js -- see what a reader saw, and report it without loss. Usable on
 * any page: createTracker(), observe(), track(). Contract: types.d.ts, Tracker.
 */
/** @import {EventType, Metadata, Served, Slot, Tracker, TrackerOptions} from './types.js' */

import { createOutbox } from './outbox.js';

/*
 * Each step is 5 % of the ratio itself, down to 0.2 %: at half a viewport that
 * is 2.5 % of its height, for a post of one viewport as for one of 200. Evenly
 * spaced steps would never fire for the tall ones. 0.5 is the exact rule.
 */
const STEPS = [0, 0.5, ...Array.from({ length: 120 }, (_, i) => 0.95 ** i)];

/** UUID v7, RFC 9562. @param {number} nowMs */
function uuid7(nowMs) {
    const random = [...crypto.getRandomValues(new Uint8Array(10))].map((byte, i) =>
        (i === 0 ? byte & 15 | 112 : i === 2 ? byte & 63 | 128 : byte)
            .toString(16).padStart(2, '0'));
    return (nowMs.toString(16).padStart(12, '0') + random.join(''))
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/* The getter itself throws where storage is forbidden. */
function ownStorage() {
    try {
        return localStorage;
    } catch {
        return null;
    }
}

/** @param {TrackerOptions} [options] @returns {Tracker} */
export function createTracker({
    endpoint = '/api/track', storage = ownStorage(), viewMs = 1000,
    waitMs = 5000, batchEvents = 20, onqueue, onflush,
} = {}) {
    const outbox = createOutbox({ endpoint, storage, waitMs, batchEvents, onflush });
    const slots = /** @type {Map<Element, Slot>} */ (new Map());
    const viewed = new Set();
    let away = false;
    let persisted = false;

    const keyOf = (/** @type {Served} */ served) => served.requestId + '/' + served.postId;
    const hidden = () => away || document.visibilityState === 'hidden';

    /** Starts or stops the second. @param {Slot} slot */
    function turn(slot) {
        const now = performance.now();
        const on = slot.enough && !hidden();
        if (on && slot.since < 0) {
            slot.since = now;
            if (!viewed.has(slot.key)) slot.timer = setTimeout(dwelt, viewMs, slot);
        } else if (!on && slot.since >= 0) {
            slot.dwellMs += now - slot.since;
            slot.since = -1;
            clearTimeout(slot.timer);
        }
    }

    /** @param {Slot} slot */
    function dwelt(slot) {
        look(observer.takeRecords());
        if (slot.since < 0 || viewed.has(slot.key)) return;
        const restMs = slot.since + viewMs - performance.now();
        if (restMs > 0) {
            slot.timer = setTimeout(dwelt, restMs, slot);
        } else {
            viewed.add(slot.key);
            track('view', slot.served);
        }
    }

    /** @param {IntersectionObserverEntry[]} entries */
    function look(entries) {
        for (const entry of entries) {
            const slot = slots.get(entry.target);
            if (!slot) continue;
            const ratio = entry.intersectionRatio;
            slot.enough = ratio >= 0.5 || entry.intersectionRect.height * 2
                >= (entry.rootBounds?.height ?? innerHeight);
            slot.maxRatio = Math.max(slot.maxRatio, ratio);
            turn(slot);
        }
    }

    const observer = new IntersectionObserver(look, { threshold: STEPS });

    /** @param {Element} element @param {Served} served */
    function observe(element, served) {
        unobserve(element);
        slots.set(element, {
            served, key: keyOf(served), enough: false, since: -1, dwellMs: 0, maxRatio: 0, timer: 0,
        });
        observer.observe(element);
    }

    /** @param {Element} element */
    function unobserve(element) {
        observer.unobserve(element);
        clearTimeout(slots.get(element)?.timer);
        slots.delete(element);
    }

    /** @param {EventType} type @param {Served} served @param {Metadata} [extra] */
    function track(type, served, extra) {
        const ts = Date.now();
        /** @type {Metadata} */
        const metadata = { position: served.position };
        const key = keyOf(served);
        for (const slot of slots.values())
            if (slot.key === key) {
                const runMs = slot.since < 0 ? 0 : performance.now() - slot.since;
                metadata.dwell_ms = Math.round(slot.dwellMs + runMs);
                metadata.max_ratio = +slot.maxRatio.toFixed(2);
            }
        if (persisted) metadata.persisted = true;
        const event = {
            event_id: uuid7(ts), type, post_id: served.postId, ts,
            impression: served.impression, metadata: { ...metadata, ...extra },
        };
        if (outbox.put(event)) onqueue?.(event);
        return event.event_id;
    }

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

    return { observe, unobserve, track, flush: outbox.flush };
}
