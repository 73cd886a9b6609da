/*
 * app.js -- what surrounds the feed, and wires it all: types.d.ts.
 */

import { createFeed, createLive, getReaders, readAs } from './feed.js';
import { byId, copy, count, part, say, settleToast, takeToast, toast } from './show.js';
import { createTracker } from './tracker.js';

const STRANGER = { id: null, name: 'You', taste: '(new reader)', about: 'Nobody we know yet. Start from nothing and watch the feed learn.' };
const ROWS = 6; /* of what was learned */
const WIDE = matchMedia('(min-width: 68rem)');
const titles = new Map();
const undos = new Map();

/** @type {Kith.CreateKeys} */
function createKeys(feed, refresh) {
    const dialog = /** @type {HTMLDialogElement} */ (byId('shortcuts'));
    const letters = /** @type {HTMLInputElement} */ (byId('letters'));

    async function move(step = 1) {
        const inFeed = document.activeElement?.closest('article');
        const card = feed.current();
        if (!card) return;
        const index = feed.cards().indexOf(card) + (inFeed ? step : 0);
        if (index >= feed.cards().length) await feed.more();
        feed.focus(feed.cards()[Math.max(0, index)]);
    }

    /** @type {Kith.Keys} */
    const LETTERS = {
        j: () => move(),
        k: () => move(-1),
        l: () => feed.current()?.like(),
        o: () => feed.current()?.open(),
        s: () => feed.current()?.share(),
        x: () => feed.current()?.hide(),
        u: takeToast,
        r: refresh,
        '?': () => dialog.showModal(),
    };

    /** @type {Kith.Keys} */
    const IN_FEED = {
        PageDown: () => move(),
        PageUp: () => move(-1),
        'Ctrl+End': () => byId('after-feed').focus(),
        'Ctrl+Home': () => byId('refresh').focus(),
    };

    try {
        letters.checked = localStorage.getItem('kith.keys') !== 'off';
    } catch { /* on */ }
    letters.addEventListener('change', () => {
        try {
            localStorage.setItem('kith.keys', letters.checked ? 'on' : 'off');
        } catch { /* lasts as long as the page */ }
    });

    document.addEventListener('keydown', (event) => {
        const at = /** @type {Element} */ (event.target);
        if (event.altKey || event.metaKey || at.closest('input, textarea, select, dialog')) return;
        const act = (at.closest('#feed') && IN_FEED[(event.ctrlKey ? 'Ctrl+' : '') + event.key])
            || (letters.checked && !event.ctrlKey && LETTERS[event.key]);
        if (!act) return;
        event.preventDefault();
        act();
    });
    byId('show-shortcuts').addEventListener('click', () => dialog.showModal());
}

/** @type {Kith.CreateLearned} */
function createLearned(titleOf) {
    const list = byId('learned-list');
    const rows = new Map();
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

    show();
    return {
        queued({ event_id: id, type, post_id: postId }) {
            const row = copy('a-event');
            part(row, 'use').setAttribute('href', '#i-' + (type === 'unlike' ? 'like' : type));
            say(part(row, '.verb'), type);
            part(row, 'em').textContent = titleOf(postId) ?? 'a post';
            waiting.add(id);
            rows.set(id, row);
            list.prepend(row);
            while (list.children.length > ROWS) list.lastElementChild?.remove();
            show();
        },
        flushed(report, refused) {
            calls += 1;
            events += report.settled.length;
            for (const id of report.settled) {
                const row = rows.get(id);
                if (row) row.dataset.state = refused.includes(id) ? 'refused' : 'stored';
                rows.delete(id);
                waiting.delete(id);
            }
            show();
        },
        reset() {
            list.replaceChildren();
            rows.clear();
            events = calls = 0;
            show();
        },
    };
}

/** @type {Kith.ShowFace} */
function showFace(place, { name, taste }) {
    part(place, '.initial').textContent = name.slice(0, 1);
    part(place, 'strong').textContent = name;
    part(place, '.taste').textContent = taste;
}

/** @type {Kith.CreateReaders} */
async function createReaders(flush, switched) {
    const dialog = /** @type {HTMLDialogElement} */ (byId('readers'));
    const button = byId('reader-button');
    const answer = await getReaders().catch(() => null);
    if (!answer) return;
    const readers = [...answer.readers, STRANGER];
    let { current } = answer;

    const choices = readers.map((reader) => {
        const item = copy('a-reader');
        const choice = part(item, 'button');
        showFace(choice, reader);
        part(choice, '.about').textContent = reader.about;
        choice.dataset.testid = reader.id ? 'reader' : 'reader-new';
        choice.dataset.readerId = reader.id ?? '';
        choice.addEventListener('click', () => change(reader.id));
        byId('reader-list').append(item);
        return choice;
    });

    function show() {
        const reader = readers.find(({ id }) => id === current) ?? STRANGER;
        showFace(button, reader);
        choices.forEach((choice, i) => choice.setAttribute('aria-current', String(readers[i] === reader)));
    }

    /** @type {Kith.Change} */
    async function change(id) {
        dialog.close();
        try {
            /* The old reader's events would count for the new one. */
            if (await flush()) throw new Error('unsettled');
            current = (await readAs(id)).user_id;
        } catch {
            return toast('Could not switch: your last reads are not saved yet.', { label: 'Retry', act: () => change(id) });
        }
        show();
        switched();
    }

    show();
    button.addEventListener('click', () => dialog.showModal());
    button.hidden = false;
}

/* Before the tracker's own listener: a hide that can no longer be undone goes. */
addEventListener('pagehide', settleToast);

const learned = createLearned((id) => titles.get(id));
const tracker = createTracker({
    onqueue: learned.queued,
    onflush(report) {
        const refused = report.dropped ? report.ids
            : report.rejected.map(({ event_id: id, index }) => id ?? report.ids[index]);
        learned.flushed(report, refused);
        for (const id of refused) undos.get(id)?.();
        for (const id of report.settled) undos.delete(id);
    },
});
const live = createLive(async (count, since) => {
    if (count) return feed.insert(count, since);
    if (await feed.load(kind(), true)) feed.focus(feed.cards()[0]);
});
const feed = createFeed(tracker, {
    onrejected: (id, undo) => undos.set(id, undo),
    onfresh: live.begin,
    onshow: (post) => titles.set(post.id, post.title),
});

const asked = () => new URLSearchParams(location.search);
const kind = () => (asked().get('feed') === 'latest' ? 'latest' : 'for_you');

function showTabs() {
    for (const tab of document.querySelectorAll('[data-kind-tab]'))
        tab.setAttribute('aria-current', tab.getAttribute('data-kind-tab') === kind() ? 'page' : 'false');
}

function change() {
    showTabs();
    feed.load(kind());
}

async function refresh() {
    const button = byId('refresh');
    button.setAttribute('aria-busy', 'true');
    await tracker.flush();
    await feed.load(kind(), true);
    button.removeAttribute('aria-busy');
}

document.addEventListener('click', (event) => {
    const tab = event.target instanceof Element && event.target.closest('a[data-kind-tab]');
    if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, '', tab.getAttribute('href'));
    change();
});
addEventListener('popstate', () => {
    if (kind() !== byId('feed').dataset.kind) change(); /* else only the fragment changed */
});
byId('refresh').addEventListener('click', refresh);
byId('learned-refresh').addEventListener('click', refresh);

const fold = () => byId('panel').toggleAttribute('open', WIDE.matches);
WIDE.addEventListener('change', fold);
fold();

createKeys(feed, refresh);
showTabs();

/* The first answer makes a visitor a reader; asked at once, the second would be another. */
await feed.load(kind());
const shared = asked().get('post');
if (shared) {
    const card = feed.cards().find(({ post }) => post.id === shared);
    if (card) feed.focus(card);
    else toast('The shared post is not in your feed today.');
}
createReaders(() => {
    settleToast();
    return tracker.flush();
}, () => {
    learned.reset();
    feed.load(kind());
});
