/*
 * app.js -- wires the page: tracker, feed, readers, panel, keys. Decides nothing
 * that one of them could decide.
 *
 * Address   /?feed=latest chooses the feed, /?post=<id> goes to a shared post.
 * Hooks     data-testid: tab-for_you, tab-latest (aria-current=page), refresh,
 *           panel, theme-system, theme-light, theme-dark, show-shortcuts,
 *           shortcuts, letters, toast, toast-action, skip; more in feed.js,
 *           live.js, readers.js and learned.js
 */

import { byId } from './dom.js';
import { createFeed } from './feed.js';
import { createKeys } from './keys.js';
import { createLearned } from './learned.js';
import { createLive } from './live.js';
import { createReaders } from './readers.js';
import { settleToast, toast } from './toast.js';
import { createTracker } from './tracker.js';

const WIDE = matchMedia('(min-width: 68rem)');
const titles = /** @type {Map<string, string>} */ (new Map());
const undos = /** @type {Map<string, () => void>} */ (new Map());

/* Before the tracker's own listener: a hide that can no longer be undone goes. */
addEventListener('pagehide', settleToast);

const learned = createLearned((id) => titles.get(id));
const tracker = createTracker({
    onqueue: learned.queued,
    onflush(report) {
        learned.flushed(report);
        const refused = report.dropped ? report.ids
            : report.rejected.map((r) => r.event_id ?? report.ids[r.index] ?? '');
        for (const id of refused) undos.get(id)?.();
        for (const id of report.settled) undos.delete(id);
    },
});
const live = createLive(async (count, since) => {
    if (count) return feed.insert(count, since);
    if (await feed.load(kind(), true)) feed.focus(feed.cards()[0]);
});
const feed = createFeed(tracker, { onrejected: (id, undo) => undos.set(id, undo), onfresh: live.begin },
    (post) => titles.set(post.id, post.title));

/** @returns {Kith.Kind} */
const kind = () => new URLSearchParams(location.search).get('feed') === 'latest' ? 'latest' : 'for_you';

function showTabs() {
    for (const tab of document.querySelectorAll('[data-kind-tab]'))
        if (tab.getAttribute('data-kind-tab') === kind()) tab.setAttribute('aria-current', 'page');
        else tab.removeAttribute('aria-current');
}

async function refresh() {
    const button = byId('refresh');
    button.setAttribute('aria-busy', 'true');
    await tracker.flush();
    await feed.load(kind(), true);
    button.removeAttribute('aria-busy');
}

/** @param {string} id */
function showShared(id) {
    const card = feed.cards().find((c) => c.post.id === id);
    if (!card) return toast('The shared post is not in your feed today.');
    feed.focus(card);
}

document.addEventListener('click', (event) => {
    const tab = event.target instanceof Element && event.target.closest('a[data-kind-tab]');
    if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, '', tab.getAttribute('href'));
    showTabs();
    feed.load(kind());
});
addEventListener('popstate', () => {
    if (kind() === byId('feed').dataset.kind) return; /* only the fragment changed */
    showTabs();
    feed.load(kind());
});
byId('refresh').addEventListener('click', refresh);
byId('learned-refresh').addEventListener('click', refresh);

const panel = /** @type {HTMLDetailsElement} */ (byId('panel'));
const fold = () => {
    panel.open = WIDE.matches;
};
WIDE.addEventListener('change', fold);
fold();

createKeys(feed, refresh);
showTabs();

/*
 * The first answer gives a visitor an identity. Asking for the readers at the
 * same time would give a second one, and the cookie would not fit the feed.
 */
await feed.load(kind());
const shared = new URLSearchParams(location.search).get('post');
if (shared) showShared(shared);
createReaders(async () => {
    settleToast();
    return tracker.flush();
}, () => {
    learned.reset();
    feed.load(kind());
});
