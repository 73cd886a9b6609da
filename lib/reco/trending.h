/*
 * trending.h -- posts that are read now, whoever reads.
 *
 *     S    <- S * 2^(-dt / h) + w                 per event, O(1)
 *     heat =  S * wilson(readers who did more than view, readers)
 *
 * Shifted   S is kept as the sum of w * 2^((t - t0) / h) for one fixed t0:
 *           adding an event touches one number, and as all posts fade alike
 *           their order never changes by waiting. Stored as log2.
 * Same      terms are rounded to integers before they are added: the order of
 *           the events does not matter. What is older than about 30 half-lives
 *           weighs nothing.
 * from      the shift: Cormode et al. 2009, "Forward decay"; Wilson 1927,
 *           lower bound with z = 1.96.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "reco/interactions.h"
#include "reco/model.h"
#include "reco/model_write.h"
#include "reco/part.h"

/* Lower bound of the rate of `good` among `all`; 0 when all is 0. */
double trending_wilson(double good, double all);

/* What one event of `weight` tenths, age_ms before t0, adds to S; half_life_ms
 * of 0: no decay. In units of 2^-30. */
uint64_t trending_add(uint32_t weight, int64_t age_ms, int64_t half_life_ms);

struct trending {
    uint64_t *sums; /* [post_count] */
    uint32_t post_count;
    uint32_t *posts; /* trending_end: hottest first */
    float *heats;    /* [post_count] log2; -INFINITY: none */
    uint32_t count;  /* of posts */
};

/* S of every post from the events at now_ms; a type of weight 0 adds none. */
MUST_USE bool trending_build(const struct interactions *events,
                             const uint8_t *weight_of, uint32_t post_count,
                             int64_t now_ms, int64_t half_life_ms,
                             struct trending *out, struct err *err);
/* Heats and their order; masks of the matrix tell the rates. */
MUST_USE bool trending_end(struct trending *t, const struct matrix *matrix,
                           struct err *err);
void trending_release(struct trending *t);
/* Fills out[0..MODEL_TREND_SECTIONS). */
void trending_sections(const struct trending *t, struct model_extra *out);

static inline bool trending_is_there(const struct model *m)
{
    return m->trend_posts != NULL;
}

/* The hottest posts that the reader may get, until the part is full; sums are
 * heats relative to the hottest of all, 2^32 = 1. O(room + refused). */
void trending_find(const struct reader *reader, struct part *out);
