/*
 * diversify.h -- the best posts again, not all of one author or one topic.
 *
 *     next = argmax over the rest of
 *              l * score(i) * a^(his author in the window)
 *                           * t^(most often one of its tags in the window)
 *              - (1 - l) * top * max over those chosen of likeness(i, j)
 *
 * with l = likeness weight (MMR), a, t = attenuations, top = the best score,
 * window = the last `window` chosen.
 *
 * Order   greedy, deterministic: equal values by the place in the input.
 * Off     a = t = 1 and l = 1 leave the input as it is.
 * Cost    O(want * count * (window + tags)), with MMR also want * count
 *         likenesses.
 * from    Carbonell, Goldstein 1998 (MMR); attenuation by repeats as in public
 *         feed rankers.
 */
#pragma once

#include <stdint.h>

enum {
    DIVERSE_TAGS_MOST = 8,
    DIVERSE_POSTS_MOST = 400,
    DIVERSE_CHOSEN_MOST = 64
};

struct diverse_post {
    float score;
    uint64_t author; /* 0: none */
    uint32_t tag_count;
    uint32_t tags[DIVERSE_TAGS_MOST];
};

struct diversity {
    uint32_t author_percent, tag_percent; /* 100: no attenuation */
    uint32_t score_percent;               /* 100: no MMR */
    uint32_t window;                      /* 0: none */
    /* 0..1 for two places of the input; NULL: no MMR. */
    double (*likeness)(void *arg, uint32_t a, uint32_t b);
    void *arg;
};

/*
 * Writes `want` (or count) places of posts[0..count) to order[]. count is at
 * most DIVERSE_POSTS_MOST, want at most DIVERSE_CHOSEN_MOST; more is ignored.
 * Returns how many.
 */
uint32_t diversify(const struct diverse_post *posts, uint32_t count,
                   uint32_t want, const struct diversity *d, uint32_t *order);
