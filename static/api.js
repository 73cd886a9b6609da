/*
 * api.js -- the page's calls to the server, and one error for all that fails.
 */

export const FEED_POSTS = 20;
const CALL_MS = 10_000; /* the server's own deadline is 5 s at most */

/** A refused or missing answer; code is the server's, or `network`. */
export class ApiError extends Error {
    /** @param {number} status @param {string} code @param {string} [request] */
    constructor(status, code, request) {
        super(code);
        this.status = status;
        this.code = code;
        this.request = request;
    }
}

/**
 * A bad or expired cookie is refused once, and taken away with the refusal: the
 * same call again is a new visitor's.
 * @param {string} path @param {RequestInit} [init] @param {boolean} [again]
 * @returns {Promise<any>}
 */
async function call(path, init, again) {
    let response;
    try {
        response = await fetch(path, { signal: AbortSignal.timeout(CALL_MS), ...init });
        if (response.status === 401 && !again) return call(path, init, true);
        if (response.ok) return await response.json();
    } catch {
        throw new ApiError(response?.status ?? 0, 'network');
    }
    const problem = await response.json().catch(() => ({}));
    throw new ApiError(response.status, problem.code ?? 'unknown', problem.request_id);
}

/**
 * @param {Kith.Kind} kind @param {string} [cursor] @param {number} [limit]
 * @returns {Promise<Kith.Answer>}
 */
export function getFeed(kind, cursor, limit = FEED_POSTS) {
    const query = new URLSearchParams({ feed: kind, limit: String(limit) });
    if (cursor) query.set('cursor', cursor);
    return call('/api/feeds?' + query);
}

/** @param {number} since @returns {Promise<Kith.Updates>} */
export const getUpdates = (since) => call('/api/feeds/updates?since=' + since);

/** @returns {Promise<Kith.Readers>} */
export const getReaders = () => call('/api/demo/readers');

/** null is a new, anonymous reader. @param {string | null} id */
export const readAs = (id) => call('/api/demo/read-as', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: id }),
});
