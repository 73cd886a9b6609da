/*
 * card.js -- one post as an article of the feed: what it says, why it is here,
 * and what the reader can do with it. Contract: types.d.ts, Card.
 */

import { el, icon } from './dom.js';
import { ago, count, excerpt, plural, shares, why } from './words.js';

const EXCERPT_CHARS = 200;

/** Only http(s): a post must not smuggle in a script. @param {string | null} url */
function webUrl(url) {
    try {
        const parsed = new URL(url ?? '', location.origin);
        return url && /^https?:$/.test(parsed.protocol) ? parsed.href : null;
    } catch {
        return null;
    }
}

/** @param {string} name @param {string} label @param {string} testid */
function actionButton(name, label, testid) {
    const number = el('span', { class: 'number' });
    const button = el('button', { type: 'button', class: 'action', 'data-testid': testid },
        icon(name), el('span', {}, label), number);
    return {
        button,
        show: (/** @type {number} */ n) => {
            number.textContent = n ? count(n) : '';
        },
    };
}

/** @param {string} src @param {boolean} first what is seen first does not wait @param {() => void} gone */
function cover(src, first, gone) {
    const image = el('img', {
        class: 'cover', alt: '', width: 1280, height: 640, decoding: 'async',
        loading: first ? 'eager' : 'lazy', fetchpriority: first ? 'high' : null, src,
    });
    image.addEventListener('error', gone);
    return image;
}

/** @param {Kith.Post} post @param {string} requestId @param {Kith.CardActs} acts @returns {Kith.Card} */
export function createCard(post, requestId, acts) {
    const id = 'p-' + post.id;
    const url = webUrl(post.url);
    const lead = excerpt(post.body, EXCERPT_CHARS);
    const short = lead === post.body && !post.reasons?.length;
    const personal = !['trending', 'explore', 'random', 'latest'].includes(post.source);
    let liked = acts.liked.has(post.id);

    const title = el('h2', { id: id + '-t', class: 'title' },
        url ? el('a', { href: url, rel: 'noopener' }, post.title) : post.title);
    const text = el('div', { id: id + '-b', class: 'body', 'data-testid': 'post-body' }, el('p', {}, lead));
    const more = el('button', { type: 'button', class: 'read', 'aria-expanded': 'false', 'aria-controls': id + '-b', 'data-testid': 'post-open', hidden: short }, 'Read more');
    const like = actionButton('like', 'Like', 'post-like');
    const share = actionButton('share', 'Share', 'post-share');
    const hide = actionButton('hide', 'Less like this', 'post-hide');
    const image = post.image ? cover(post.image, post.position <= 2, () => image?.remove()) : null;

    const element = el('article', {
        id, class: 'card', tabindex: 0, 'data-testid': 'post', 'data-post-id': post.id, 'data-source': post.source,
        'aria-labelledby': id + '-t', 'aria-describedby': `${id}-w ${id}-b`,
    },
    image,
    el('p', { id: id + '-w', class: personal ? 'why personal' : 'why', 'data-testid': 'post-why' }, personal && icon('kith'), el('span', {}, why(post, acts.liked))),
    title,
    el('p', { class: 'byline' },
        ...(post.author?.name ? [el('span', { class: 'author' }, post.author.name), ' · '] : []),
        el('time', { datetime: new Date(post.published_at).toISOString(), title: new Date(post.published_at).toLocaleString('en') }, ago(post.published_at)),
        ' · ', plural(post.counts.view, 'view')),
    text, more,
    post.tags.length > 0 && el('ul', { class: 'tags', 'aria-label': 'Tags' }, ...post.tags.map((tag) => el('li', {}, tag))),
    el('div', { class: 'actions' }, like.button, share.button, hide.button));

    function showLike() {
        like.button.setAttribute('aria-pressed', String(liked));
        like.show(post.counts.like);
    }

    /** @param {boolean} now */
    function setLike(now) {
        if (now === liked) return;
        liked = now;
        post.counts.like += now ? 1 : -1;
        if (now) acts.liked.add(post.id);
        else acts.liked.delete(post.id);
        showLike();
    }

    /** @param {boolean} open */
    function expand(open) {
        const shown = open ? post.body.split(/\n+/) : [lead];
        text.replaceChildren(...shown.map((p) => el('p', {}, p)));
        if (open && shares(post))
            text.append(el('p', { class: 'shares', 'data-testid': 'post-shares' }, `Why this post: ${shares(post)}`));
        element.classList.toggle('open', open);
        more.setAttribute('aria-expanded', String(open));
        more.textContent = open ? 'Show less' : 'Read more';
    }

    /** @type {Kith.Card} */
    const card = {
        element,
        post,
        served: { postId: post.id, requestId, impression: post.impression, position: post.position },
        like() {
            const before = liked;
            setLike(!before);
            acts.onrejected(acts.event(card, before ? 'unlike' : 'like'), () => setLike(before));
        },
        open() {
            if (short) return;
            const open = more.getAttribute('aria-expanded') !== 'true';
            expand(open);
            if (open) acts.event(card, 'click');
        },
        async share() {
            if (!await acts.share(card)) return;
            post.counts.share += 1;
            share.show(post.counts.share);
        },
        hide: () => acts.hide(card),
        place(index, size) {
            element.setAttribute('aria-posinset', String(index + 1));
            element.setAttribute('aria-setsize', String(size));
        },
    };
    showLike();
    share.show(post.counts.share);
    like.button.addEventListener('click', card.like);
    share.button.addEventListener('click', card.share);
    hide.button.addEventListener('click', card.hide);
    more.addEventListener('click', card.open);
    if (url) title.firstElementChild?.addEventListener('click', () => acts.event(card, 'click'));
    else title.addEventListener('click', card.open);
    return card;
}
