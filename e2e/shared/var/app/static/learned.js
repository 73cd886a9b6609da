/*
 * learned.js -- the side panel that lets a visitor watch the learning: the last
 * events, whether they are waiting or stored, and how many calls batching saved.
 *
 * Hooks    data-testid: learned, learned-events, learned-calls, learned-saved,
 *          learned-waiting, learned-item (data-state: waiting, stored, refused)
 */

import { byId, el, icon } from './dom.js';
import { count } from './words.js';

const ROWS = 6;

/** @type {Record<string, string>} */
const VERBS = { view: 'Saw', click: 'Opened', like: 'Liked', unlike: 'Unliked', share: 'Shared', hide: 'Hid' };

/** @param {(postId: string) => string | undefined} titleOf */
export function createLearned(titleOf) {
    const list = byId('learned-list');
    const rows = /** @type {Map<string, HTMLElement>} */ (new Map());
    const waiting = new Set();
    let events = 0;
    let calls = 0;

    function show() {
        byId('learned-events').textContent = count(events);
        byId('learned-calls').textContent = count(calls);
        byId('learned-saved').textContent = count(Math.max(0, events - calls));
        byId('learned-waiting').textContent = waiting.size
            ? `${waiting.size} waiting for the next call` : events ? 'All of it is stored' : 'Read on: nothing yet';
        byId('learned-bar').classList.toggle('running', waiting.size > 0);
    }

    /** @param {Kith.TrackedEvent} event */
    function queued(event) {
        waiting.add(event.event_id);
        const row = el('li', { 'data-state': 'waiting', 'data-testid': 'learned-item' },
            icon(event.type === 'unlike' ? 'like' : event.type),
            el('span', {}, VERBS[event.type] ?? event.type, ' ', el('em', {}, titleOf(event.post_id) ?? 'a post')));
        rows.set(event.event_id, row);
        list.prepend(row);
        while (list.children.length > ROWS) list.lastElementChild?.remove();
        show();
    }

    /** @param {Kith.Report} report */
    function flushed(report) {
        calls += 1;
        events += report.settled.length;
        const refused = new Set(report.rejected.map((r) => r.event_id ?? report.ids[r.index]));
        for (const id of report.settled) {
            const row = rows.get(id);
            if (row) row.dataset.state = report.dropped || refused.has(id) ? 'refused' : 'stored';
            rows.delete(id);
            waiting.delete(id);
        }
        show();
    }

    function reset() {
        list.replaceChildren();
        rows.clear();
        events = calls = 0;
        show();
    }

    show();
    return { queued, flushed, reset };
}
