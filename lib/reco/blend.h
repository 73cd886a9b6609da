/*
 * blend.h -- several parts become one ranking, by how much is known of the
 * reader.
 *
 *     score(i) = sum over parts p of weight_p * sum_p(i) / max_p / sum weights
 *
 * over the parts that have any post; max_p is the part's largest sum.
 *
 * Bands    weights depend on the number of posts in the reader's history: the
 *          last row of the table that begins at or below it counts.
 * Order    larger score first, equal scores by the smaller post.
 * Shares   gives[p] / score is the true share of a part in a post.
 * from     weighted score blending after max normalisation; the weights are
 *          chosen by `bench_hybrid` (see its head for figures).
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "reco/part.h"

enum blend_part {
    BLEND_NEIGHBOURS,
    BLEND_ITEMS,
    BLEND_CONTENT,
    BLEND_TRENDING,
    BLEND_PARTS,
};

enum { BLEND_BANDS_MOST = 8, BLEND_MOST = BLEND_PARTS * PART_MOST };

struct blend_table {
    uint32_t band_count;
    struct blend_band {
        uint32_t from;                 /* posts in the history */
        uint32_t weights[BLEND_PARTS]; /* 0..1000 */
    } bands[BLEND_BANDS_MOST];
};

/*
 * "0:0/0/0/100 1:20/60/40/20 5:100/30/20/20": bands ascending from 0, each with
 * the weights of neighbours/items/content/trending. ERR_INVALID with a
 * sentence.
 */
MUST_USE bool blend_table_read(const char *text, struct blend_table *out,
                               struct err *err);
const struct blend_band *blend_band_of(const struct blend_table *t,
                                       uint32_t history);

struct blended {
    uint32_t post;
    float score; /* 0..1 */
    float gives[BLEND_PARTS];
};

struct blend {
    uint32_t count;
    struct blended posts[BLEND_MOST]; /* best first */
    uint32_t slots[4096];             /* hash table, index + 1 */
};
_Static_assert(BLEND_MOST * 3 < 4096, "slots stay free");

/* Parts with weight 0 or without posts are left out. No allocation. */
void blend_make(struct blend *b, const struct part *const parts[BLEND_PARTS],
                const uint32_t weights[BLEND_PARTS]);

/* The part that gave most; equal ones by their order. */
enum blend_part blend_leader(const struct blended *post);
