/*
 * keys.js -- the keyboard of the feed: the keys of the ARIA feed pattern (Page
 * Down, Page Up, Ctrl+Home, Ctrl+End) inside it, and single letters anywhere.
 * The letters can be switched off (WCAG 2.1.4); `kith.keys` keeps the choice.
 */

import { byId } from './dom.js';
import { takeToast } from './toast.js';

const KEY = 'kith.keys';

/** @param {Kith.Feed} feed @param {() => void} refresh */
export function createKeys(feed, refresh) {
    const dialog = /** @type {HTMLDialogElement} */ (byId('shortcuts'));
    const letters = /** @type {HTMLInputElement} */ (byId('letters'));

    /** @param {number} step */
    async function move(step) {
        const inFeed = document.activeElement?.closest('article');
        const card = feed.current();
        if (!card) return;
        const index = feed.cards().indexOf(card) + (inFeed ? step : 0);
        if (index >= feed.cards().length) await feed.more();
        feed.focus(feed.cards()[Math.max(0, index)]);
    }

    const withCard = (/** @type {(card: Kith.Card) => void} */ act) => () => {
        const card = feed.current();
        if (card) act(card);
    };

    /** @type {Record<string, () => void>} */
    const LETTERS = {
        j: () => move(1),
        k: () => move(-1),
        l: withCard((card) => card.like()),
        o: withCard((card) => card.open()),
        s: withCard((card) => card.share()),
        x: withCard((card) => card.hide()),
        u: takeToast,
        r: refresh,
        '?': () => dialog.showModal(),
    };

    /** @type {Record<string, () => void>} */
    const IN_FEED = {
        PageDown: () => move(1),
        PageUp: () => move(-1),
        'Ctrl+End': () => byId('after-feed').focus(),
        'Ctrl+Home': () => byId('refresh').focus(),
    };

    try {
        letters.checked = localStorage.getItem(KEY) !== 'off';
    } catch { /* on */ }
    letters.addEventListener('change', () => {
        try {
            localStorage.setItem(KEY, letters.checked ? 'on' : 'off');
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
