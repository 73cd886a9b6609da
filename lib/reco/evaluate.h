/*
 * evaluate.h -- lists of one algorithm for all cases of a split, measured.
 *
 * Ranked   every post that is alive and not masked; larger score first, equal
 *          scores by the smaller ordinal; NO_SCORE is left out.
 * Values   one row a case, columns metric * cut_count + cut; rows stand in the
 *          order of cases whatever the number of threads.
 * Windows  evaluation_add may be called for several splits of one log, one
 *          after another: cases are appended.
 * Novelty  popularity is that of the split's matrix.
 * Costs    what a case took, from its history to its ranked list, by the
 *          caller's clock: this room has none.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/algorithm.h"
#include "reco/compare.h"
#include "reco/metrics.h"
#include "reco/split.h"

enum { EVALUATE_CUTS_MOST = 8, EVALUATE_CUT_MOST = 1000 };

struct evaluate_plan {
    uint32_t cuts[EVALUATE_CUTS_MOST]; /* k, ascending */
    uint32_t cut_count;
    uint32_t threads;
    uint64_t seed;
    /* Microseconds of the calling thread; NULL: costs are not measured. */
    int64_t (*thread_us)(void);
};

struct evaluation {
    struct evaluate_plan plan;
    uint32_t post_count;
    bool has_diversity;    /* the split has contents */
    size_t count, cap;     /* cases */
    uint32_t *users;       /* [count] */
    double *values;        /* [count * METRICS * cut_count] */
    uint32_t *lists;       /* [count * largest cut] */
    uint32_t *list_counts; /* [count] */
    uint32_t *took_us;     /* [count]; 0 without a clock */
};

/* ERR_INVALID: no cut, cuts not ascending or beyond their bounds. */
MUST_USE bool evaluation_init(struct evaluation *e,
                              const struct evaluate_plan *plan,
                              struct err *err);
/* Accepts a zeroed evaluation. */
void evaluation_release(struct evaluation *e);

/*
 * Scores and measures the cases of one group. ERR_INVALID: the algorithm gave
 * a score that is not a number. O(cases * (score + posts)).
 */
MUST_USE bool evaluation_add(struct evaluation *e, const struct split *split,
                             enum split_group group,
                             const struct algorithm *algorithm,
                             const void *state, struct err *err);

/* Mean over cases, its error over users. */
MUST_USE bool evaluation_mean(const struct evaluation *e, enum metric metric,
                              uint32_t cut, struct estimate *out,
                              struct err *err);
MUST_USE bool evaluation_coverage(const struct evaluation *e, uint32_t cut,
                                  struct estimate *out, struct err *err);
MUST_USE bool evaluation_gini(const struct evaluation *e, uint32_t cut,
                              struct estimate *out, struct err *err);

/* Of the cases; all 0 where there is none. */
struct evaluation_cost {
    double mean_us;
    uint32_t half_us, most_us; /* 50 and 99 % take no longer */
};
MUST_USE bool evaluation_cost(const struct evaluation *e,
                              struct evaluation_cost *out, struct err *err);

/*
 * Paired bootstrap of several evaluations of the same cases, columns
 * (evaluation * ACCURACY_METRICS + metric) * cut_count + cut. ERR_INVALID:
 * the cases differ.
 */
MUST_USE bool evaluation_bootstrap(const struct evaluation *const *all,
                                   uint32_t count, uint32_t resamples,
                                   struct bootstrap *out, struct err *err);
