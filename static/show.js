/*
 * show.js -- parts and copies of index.html, words for them, one message at a time,
 * and a post. All markup stands there, so text from outside can only be text.
 */

const SHOW_MS = 6000;
const EXCERPT_CHARS = 200;
const TITLE_CHARS = 56;
const NOTHING = 0.005; /* 0 % */
const FIRST_POSTS = 2; /* their pictures do not wait */
const UNITS = /** @type {const} */ ([
    ['year', 31_536_000], ['month', 2_592_000], ['week', 604_800],
    ['day', 86_400], ['hour', 3600], ['minute', 60],
]);

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** @type {Kith.Part} */
export function part(root, selector) {
    const found = root.querySelector(selector);
    if (!found) throw new Error('index.html has no ' + selector);
    return /** @type {any} */ (found);
}

/** @type {Kith.Find} */
export const byId = (id) => part(document, '#' + id);

/** @type {Kith.Find} */
export function copy(id) {
    const template = /** @type {HTMLTemplateElement} */ (byId(id));
    return part(document.importNode(template.content, true), '*');
}

/** @type {Kith.Make} */
export function make(tag, text) {
    const element = document.createElement(tag);
    element.textContent = text;
    return element;
}

/** @type {Kith.Count} */
export const count = (n) => n.toLocaleString('en', { notation: 'compact' });

/** @type {Kith.Ago} */
export function ago(at_ms) {
    const seconds = (Date.now() - at_ms) / 1000;
    for (const [unit, length] of UNITS)
        if (seconds >= length) return relative.format(-Math.floor(seconds / length), unit);
    return 'just now';
}

/** @type {Kith.Say} */
export function say(element, code, otherwise = code) {
    element.textContent = element.dataset[code] ?? otherwise;
}

/** @type {Kith.ToastAction | undefined} */
let pending;
let timer = 0;

/* As if its time had passed; true when that meant something. */
export function settleToast() {
    clearTimeout(timer);
    const action = pending;
    pending = undefined;
    byId('toast').replaceChildren();
    action?.expired?.();
    return !!action?.expired;
}

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

/** @type {Kith.Toast} */
export function toast(message, action) {
    settleToast();
    pending = action;
    const box = copy('a-toast');
    const button = part(box, 'button');
    part(box, 'span').textContent = message;
    button.textContent = action?.label ?? '';
    button.addEventListener('click', takeToast);
    if (!action) button.remove();
    for (const type of ['pointerenter', 'focusin'])
        box.addEventListener(type, () => clearTimeout(timer));
    for (const type of ['pointerleave', 'focusout']) box.addEventListener(type, start);
    byId('toast').append(box);
    start();
}

/** @type {Kith.Excerpt} */
function excerpt(text, chars) {
    if (text.length <= chars) return text;
    const cut = text.slice(0, chars + 1);
    return cut.slice(0, Math.max(cut.lastIndexOf(' '), chars / 2)).replace(/[\s.,;:]+$/, '') + '…';
}

/** @type {Kith.ShowCount} */
function showCount(button, n) {
    part(button, '.number').textContent = n ? count(n) : '';
}

/** @type {Kith.CreateCard} */
export function createCard(post, requestId, acts) {
    const url = /^(https?:\/)?\//i.test(post.url ?? '') && post.url; /* no javascript: */
    const lead = excerpt(post.body, EXCERPT_CHARS);
    const short = lead === post.body;
    let liked = acts.liked.has(post.id);

    const element = copy('a-card');
    const image = part(element, 'img');
    const reason = part(element, '.why');
    const title = part(element, '.title');
    const link = part(title, 'a');
    const time = part(element, 'time');
    const text = part(element, '.body');
    const more = part(element, '.read');
    const tags = part(element, '.tags');
    const like = part(element, '.like');
    const share = part(element, '.share');
    const hide = part(element, '.hide');

    function fill() {
        element.id = 'p-' + post.id;
        element.dataset.postId = post.id;
        element.dataset.source = post.source;
        for (const named of [title, reason, text]) named.id = `${element.id}-${named.className}`;
        element.setAttribute('aria-labelledby', title.id);
        element.setAttribute('aria-describedby', `${reason.id} ${text.id}`);

        if (['trending', 'explore', 'random', 'latest'].includes(post.source)) part(reason, '.icon').remove();
        else reason.classList.add('personal');
        explain();
        tellShares();

        link.textContent = post.title;
        if (url) link.href = url;
        else title.textContent = post.title;

        if (post.author?.name) part(element, '.author').textContent = post.author.name;
        else part(element, '.by').remove();
        time.dateTime = new Date(post.published_at).toISOString();
        time.title = new Date(post.published_at).toLocaleString('en');
        time.textContent = ago(post.published_at);
        part(element, '.views').textContent = count(post.counts.view) + (post.counts.view === 1 ? ' view' : ' views');

        more.setAttribute('aria-controls', text.id);
        more.hidden = short;
        tags.append(...post.tags.map((tag) => make('li', tag)));
        if (!post.tags.length) tags.remove();
        if (!post.image) return image.remove();
        image.addEventListener('error', () => image.remove());
        if (post.position <= FIRST_POSTS) {
            image.loading = 'eager';
            image.fetchPriority = 'high';
        }
        image.src = post.image;
    }

    function explain() {
        const because = post.reasons?.find(({ titles }) => titles?.length);
        if (!because?.titles) return say(part(reason, 'span'), post.source, 'Picked for you');
        const verb = because.post_ids.every((id) => acts.liked.has(id)) ? 'liked' : 'read';
        const titles = because.titles.slice(0, 2).map((text) => `“${excerpt(text, TITLE_CHARS)}”`);
        part(reason, 'span').textContent = `Because you ${verb} ${titles.join(' and ')}`;
    }

    function tellShares() {
        const list = part(element, '.shares ul');
        let rest = 1;
        /** @type {Kith.TellShare} */
        const tell = (share, words, kind = '') => {
            const row = make('li', `${Math.round(share * 100)}% ${words}`);
            row.className = kind;
            list.append(row);
        };
        for (const { code, share, titles, shares } of post.reasons ?? []) {
            tell(share, list.dataset[code] ?? code);
            titles?.forEach((text, i) => tell(shares?.[i] ?? 0, `“${text}”`, 'of'));
            rest -= share;
        }
        if (rest === 1) list.parentElement?.remove();
        else if (rest > NOTHING) tell(rest, 'everything else');
    }

    /** @type {Kith.Switch} */
    function expand(open) {
        const shown = open ? post.body.split(/\n+/) : [lead];
        text.replaceChildren(...shown.map((paragraph) => make('p', paragraph)));
        element.classList.toggle('open', open);
        more.setAttribute('aria-expanded', String(open));
        more.textContent = open ? 'Show less' : 'Read more';
    }

    function showLike() {
        like.setAttribute('aria-pressed', String(liked));
        showCount(like, post.counts.like);
    }

    /** @type {Kith.Switch} */
    function setLike(now) {
        if (now === liked) return;
        liked = now;
        post.counts.like += now ? 1 : -1;
        if (now) acts.liked.add(post.id);
        else acts.liked.delete(post.id);
        showLike();
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
            showCount(share, ++post.counts.share);
        },
        hide: () => acts.hide(card),
        place(index, size) {
            element.setAttribute('aria-posinset', String(index + 1));
            element.setAttribute('aria-setsize', String(size));
        },
    };

    fill();
    expand(false);
    showLike();
    showCount(share, post.counts.share);
    like.addEventListener('click', card.like);
    share.addEventListener('click', card.share);
    hide.addEventListener('click', card.hide);
    more.addEventListener('click', card.open);
    if (url) link.addEventListener('click', () => acts.event(card, 'click'));
    else title.addEventListener('click', card.open);
    return card;
}
