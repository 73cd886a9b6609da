/*
 * algorithm_hybrid.h -- hybrid_v2 as one of the algorithms: the code that
 * answers requests (hybrid.h), on a model made in memory.
 *
 * Trend     a pair has one time, that of its newest event: all its types count
 *           as of then. A fit without times knows popularity only.
 * Newer     posts without a pair stand in the model and compete by content;
 *           those published after `now` are not there yet.
 * Left out  what needs a request: spreading of authors and tags, exploration.
 * Unscored  posts that are among the best of no part (hybrid.h), seen ones:
 *           NO_SCORE.
 */
#pragma once

#include "base/err.h"
#include "reco/algorithm.h"
#include "reco/blend.h"
#include "reco/model.h"

struct hybrid_plan {
    struct blend_table blend;
    uint32_t neighbours, query_terms, similar_posts;
    double similar_shrink;
    int64_t taste_half_life_ms, post_half_life_ms, trend_half_life_ms;
    /* A model of the same posts whose contents are taken instead of those of
     * the input; NULL: none. Only needed during the fit. */
    const struct model *contents_of;
};

/* The second one is the first with nothing but contents. */
extern const struct algorithm algorithm_hybrid, algorithm_content;

/* algorithm_hybrid.fit with everything that can be set. */
MUST_USE bool algorithm_hybrid_fit(const struct fit_input *in,
                                   const struct hybrid_plan *plan, void **state,
                                   struct err *err);
