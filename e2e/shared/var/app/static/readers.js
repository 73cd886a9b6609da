/*
 * readers.js -- "Read as ...": see the feed with another reader's eyes. Only the
 * demo has it; where /api/demo/readers is not served, nothing of it shows.
 *
 * Order    The old reader's events must be settled before the cookie changes,
 *          or they would count for the new one: a switch that cannot flush
 *          first is refused.
 * Hooks    data-testid: reader-button, reader-dialog, reader (data-reader-id,
 *          aria-current), reader-new
 */

import { getReaders, readAs } from './api.js';
import { byId, el, icon } from './dom.js';
import { toast } from './toast.js';

const STRANGER = { name: 'You', taste: '(new reader)', about: 'Nobody we know yet. Start from nothing and watch the feed learn.' };

/** @param {{name: string, taste: string}} reader @returns {[Element, Element]} */
function face(reader) {
    return [
        el('span', { class: 'initial', 'aria-hidden': 'true' }, reader.name.slice(0, 1)),
        el('span', { class: 'who' },
            el('strong', {}, reader.name), ' ',
            el('span', { class: 'taste' }, reader.taste)),
    ];
}

/**
 * @param {() => Promise<number>} flush  resolves to what could not be sent
 * @param {() => void} switched
 */
export async function createReaders(flush, switched) {
    const dialog = /** @type {HTMLDialogElement} */ (byId('readers'));
    const button = byId('reader-button');
    const list = byId('reader-list');
    const answer = await getReaders().catch(() => null);
    if (!answer) return;
    const { readers } = answer;
    let current = answer.current;

    /** @param {Kith.Reader | null} reader */
    function choice(reader) {
        const shown = reader ?? STRANGER;
        const item = el('button', {
            type: 'button', class: 'reader', 'data-testid': reader ? 'reader' : 'reader-new', 'data-reader-id': reader?.id,
        }, ...face(shown), el('span', { class: 'about' }, shown.about));
        item.addEventListener('click', () => change(reader?.id ?? null));
        return el('li', {}, item);
    }

    function show() {
        const reader = readers.find((r) => r.id === current);
        const [initial, who] = face(reader ?? STRANGER);
        who.prepend(el('span', { class: 'label' }, 'Read as '));
        button.replaceChildren(initial, who, icon('swap'));
        list.querySelectorAll('button').forEach((item) => {
            const mine = (item.dataset.readerId ?? null) === (reader?.id ?? null);
            item.toggleAttribute('aria-current', mine);
            if (mine) item.setAttribute('aria-current', 'true');
        });
    }

    /** @param {string | null} id */
    async function change(id) {
        dialog.close();
        try {
            if (await flush()) throw new Error('unsettled');
            current = (await readAs(id)).user_id;
        } catch {
            toast('Could not switch: your last reads are not saved yet.', { label: 'Retry', act: () => change(id) });
            return;
        }
        show();
        switched();
    }

    list.replaceChildren(...readers.map(choice), choice(null));
    show();
    button.addEventListener('click', () => dialog.showModal());
    button.hidden = false;
}
