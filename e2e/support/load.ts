/*
 * load.ts -- readers who ask without pause while something is done to the stack,
 * and a count of every answer that was not the one they asked for.
 */
import type { Settings } from './stack.ts';

const AT_ONCE = 4;

export interface Answered {
    total: number;
    /** "status source fallback_reason", or the error's words, with its count. */
    seen: Map<string, number>;
    slowestMs: number;
}

export type Ask = () => Promise<string>;

/** Asks as often as it can until `work` is done, and `least` times at least. */
export async function during(work: () => Promise<unknown>, ask: Ask, least = 200): Promise<Answered> {
    const answered: Answered = { total: 0, seen: new Map(), slowestMs: 0 };
    let over = false;
    const reader = async () => {
        while (!over || answered.total < least) {
            const begin = performance.now();
            const answer = await ask().catch((error) => `${error.message} ${error.cause?.code ?? ''}`);
            answered.slowestMs = Math.max(answered.slowestMs, performance.now() - begin);
            answered.seen.set(answer, (answered.seen.get(answer) ?? 0) + 1);
            answered.total += 1;
        }
    };
    const readers = Array.from({ length: AT_ONCE }, reader);
    try {
        await work();
    } finally {
        over = true;
    }
    await Promise.all(readers);
    return answered;
}

/** One feed, in short: "200 ml_recommendations null". */
export function feedOf(url: string, token: string): Ask {
    return async () => {
        const response = await fetch(`${url}/api/feeds?limit=5`, { headers: bearer(token) });
        const text = await response.text();
        if (!response.ok) return `${response.status} ${text}`;
        const { source, fallback_reason: reason, posts } = JSON.parse(text);
        return posts.length ? `200 ${source} ${reason}` : '200 without posts';
    };
}

export const bearer = (token: string): Settings => ({ authorization: `Bearer ${token}` });
