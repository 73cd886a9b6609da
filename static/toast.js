/*
 * toast.js -- one short message at a time, with at most one action. The time
 * stands still while the pointer or the focus is on it.
 */

import { byId, el } from './dom.js';

const SHOW_MS = 6000;

/** @type {Kith.ToastAction | undefined} */
let pending;
let timer = 0;

/** Ends the message now, as if its time had passed; true when that meant something. */
export function settleToast() {
    clearTimeout(timer);
    const action = pending;
    pending = undefined;
    byId('toast').replaceChildren();
    action?.expired?.();
    return !!action?.expired;
}

/** Takes the action on offer, if there is one. */
export function takeToast() {
    const action = pending;
    pending = undefined;
    settleToast();
    action?.act();
}

function start() {
    clearTimeout(timer);
    timer = setTimeout(settleToast, SHOW_MS);
}

/** @param {string} message @param {Kith.ToastAction} [action] */
export function toast(message, action) {
    settleToast();
    pending = action;
    const box = el('div', { class: 'toast' }, el('span', {}, message));
    if (action) {
        const button = el('button', { type: 'button', 'data-testid': 'toast-action' }, action.label);
        button.addEventListener('click', takeToast);
        box.append(button);
    }
    for (const type of ['pointerenter', 'focusin'])
        box.addEventListener(type, () => clearTimeout(timer));
    for (const type of ['pointerleave', 'focusout']) box.addEventListener(type, start);
    byId('toast').append(box);
    start();
}
