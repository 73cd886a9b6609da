/*
 * similar.h -- posts that the same readers took to: item-to-item cosine,
 * for readers whose history is too short to have neighbours.
 *
 *     sim(i, j) = sum over readers u of w_ui w_uj / (sqrt(n_i n_j) + shrink)
 *     score(i)  = sum over the reader's posts j of weight(j) * sim(j, i)
 *
 * with n_i = sum over all readers of w_ui^2 and weights in tenths, so that
 * shrink is in squared tenths.
 *
 * Pruned   every post keeps its K most similar ones; equal ones by the smaller
 *          ordinal.
 * Heavy    readers of more than SIMILAR_HEAVY posts say little about any pair
 *          of them and cost their square: left out of the pairs, not of n.
 * Units    similarity is fixed point, 2^24 = 1; sums are integers.
 * from     Sarwar et al. 2001; Deshpande, Karypis 2004 (K); shrink as in "Are
 *          we really making much progress" (Ferrari Dacrema et al. 2019).
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "reco/interactions.h"
#include "reco/model.h"
#include "reco/model_write.h"
#include "reco/part.h"

enum { SIMILAR_HEAVY = 1000, SIMILAR_MOST = 500, SIMILAR_BITS = 24 };

struct similar {
    uint32_t *rows, *posts, *sims;
    size_t posts_cap, sims_cap;
    uint32_t post_count, pair_count;
};

/* O(sum over readers of the square of their posts). ERR_INVALID: k of 0 or
 * over SIMILAR_MOST. ERR_LIMIT: 2^32 pairs. */
MUST_USE bool similar_build(const struct matrix *matrix,
                            const uint8_t *weight_of, uint32_t k, double shrink,
                            struct similar *out, struct err *err);
void similar_release(struct similar *m);
/* Fills out[0..MODEL_ITEM_SECTIONS). */
void similar_sections(const struct similar *m, struct model_extra *out);

/* dot / (sqrt(norm_a * norm_b) + shrink) as 2^24 fixed point, rounded down. */
uint32_t similar_of(uint64_t dot, uint64_t norm_a, uint64_t norm_b,
                    double shrink);

static inline bool similar_is_there(const struct model *m)
{
    return m->item_rows != NULL;
}

/*
 * Offers what is similar to tastes[0..count) (posts past the model's are
 * skipped) and may be got. `sums` [posts], all zero, is zero again after.
 * O(count * K).
 */
void similar_find(const struct reader *reader, const struct taste *tastes,
                  uint32_t count, uint64_t *sums, struct part *out);

/* The part of score(i) that one taste gives: what its reasons are made of. */
uint64_t similar_part(const struct model *m, const struct taste *taste,
                      uint32_t post);
