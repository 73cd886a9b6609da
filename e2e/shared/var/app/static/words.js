/*
 * words.js -- the sentences of the page: why a post is here, where the feed came
 * from, when and how many. Pure functions; every sentence is one the answer
 * proves, so a fallback is never called a pick.
 */

/** @type {Record<string, string>} */
const SOURCES = {
    neighbours: 'Popular with readers like you',
    item_model: 'Goes with what you read',
    content: 'On a subject you read about',
    precomputed: 'Picked for you earlier today',
    trending: 'Popular right now',
    explore: 'Something new for you to try',
    random: 'Random pick',
    latest: 'New',
};

/** @type {Record<string, string>} */
const FALLBACKS = {
    cold_start: 'Fresh picks while we learn your taste',
    model_missing: 'A mixed selection: nothing has been learned yet',
    model_stale: 'A mixed selection: what we learned is out of date',
    timeout: 'A mixed selection: your picks took too long this time',
    database_down: 'A mixed selection: your history is out of reach right now',
    consent: 'Not personalised, as your privacy settings ask',
    exhausted: 'You have seen all your picks; here is a mix of the rest',
};

/** @type {Record<string, string>} */
const REASONS = {
    similar_readers: 'readers like you',
    similar_posts: 'posts read together',
    content: 'same subject',
    trending: 'popular now',
};

const TITLE_CHARS = 56;
const UNITS = /** @type {const} */ ([
    ['year', 31_536_000], ['month', 2_592_000], ['week', 604_800],
    ['day', 86_400], ['hour', 3600], ['minute', 60],
]);

const compact = new Intl.NumberFormat('en', { notation: 'compact' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const both = new Intl.ListFormat('en');

/** @param {number} n */
export const count = (n) => compact.format(n);

/** @param {number} n @param {string} noun */
export const plural = (n, noun) => `${count(n)} ${noun}${n === 1 ? '' : 's'}`;

/** The first `chars` of a text, cut between words. @param {string} text @param {number} chars */
export function excerpt(text, chars) {
    if (text.length <= chars) return text;
    const cut = text.slice(0, chars + 1);
    return cut.slice(0, Math.max(cut.lastIndexOf(' '), chars / 2)).replace(/[\s.,;:]+$/, '') + '…';
}

/** @param {number} at_ms */
export function ago(at_ms) {
    const seconds = (Date.now() - at_ms) / 1000;
    for (const [unit, length] of UNITS)
        if (seconds >= length) return relative.format(-Math.floor(seconds / length), unit);
    return 'just now';
}

/**
 * A history holds reads as well as likes; "liked" is said only of posts that
 * this page saw being liked.
 * @param {Kith.Post} post @param {Set<string>} liked ids
 */
export function why(post, liked) {
    const reason = post.reasons?.find((r) => r.titles?.length);
    if (!reason?.titles) return SOURCES[post.source] ?? 'Picked for you';
    const verb = reason.post_ids.every((id) => liked.has(id)) ? 'liked' : 'read';
    const titles = reason.titles.slice(0, 2).map((t) => `“${excerpt(t, TITLE_CHARS)}”`);
    return `Because you ${verb} ${both.format(titles)}`;
}

/** "62% readers like you, 38% same subject". @param {Kith.Post} post */
export const shares = (post) => (post.reasons ?? [])
    .map((r) => `${Math.round(r.share * 100)}% ${REASONS[r.code] ?? r.code.replaceAll('_', ' ')}`)
    .join(', ');

/** @param {Kith.Answer} answer @param {Kith.Kind} kind */
export function origin(answer, kind) {
    if (answer.fallback_reason)
        return FALLBACKS[answer.fallback_reason] ?? 'A mixed selection, not personalised';
    if (kind === 'latest') return 'Newest first';
    return answer.source === 'ml_recommendations' ? 'Picked for you' : 'A mixed selection';
}
