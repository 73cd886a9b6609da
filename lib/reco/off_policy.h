/*
 * off_policy.h -- what a policy would have earned, from the log of another
 * one that says with which probability it chose what it showed.
 *
 * With r reward, p logged probability, q probability under the new policy of
 * the logged choice, w = q / p, n impressions:
 *
 *     IPS      sum(w r) / n                        unbiased, wild
 *     clipped  sum(min(w, M) r) / n                biased down
 *     SNIPS    sum(w r) / sum(w)                   bounded by the rewards
 *     DR       sum(m + w (r - g)) / n              g = modelled reward of what
 *              was shown, m = of what the new policy would show; right when
 *              either probabilities or model are
 *     ESS      (sum w)^2 / sum(w^2)                effective sample size
 *
 * Health    sum(w) / n should be near 1; far from it, support is missing or
 *           the probabilities are not those that were used.
 * Interval  95 % percentile bootstrap over impressions, seeded: the same rows
 *           and seed give the same numbers.
 * Refuses   below `least_sample` of effective sample nothing but ESS and
 *           weights is reported: the estimates are NaN.
 * from      Horvitz, Thompson 1952; Ionides 2008 (clipping); Swaminathan,
 *           Joachims 2015 (SNIPS); Dudik et al. 2011 (DR); Kish 1965 (ESS).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct off_policy_row {
    double reward;  /* finite */
    double logged;  /* p in (0, 1] */
    double wanted;  /* q in [0, 1] */
    double shown;   /* g, finite; 0 everywhere makes DR the IPS */
    double average; /* m, finite */
};

enum off_policy_kind {
    OFF_POLICY_IPS,
    OFF_POLICY_CLIPPED,
    OFF_POLICY_SNIPS,
    OFF_POLICY_DR,
    OFF_POLICY_KINDS,
};

/* "ips", "clipped_ips", "snips", "dr". */
const char *off_policy_name(enum off_policy_kind kind);

struct off_policy_plan {
    double clip;         /* M, above 0 */
    double least_sample; /* of ESS, at least 1 */
    uint32_t resamples;  /* at least 100 */
    uint64_t seed;
};

struct off_policy_estimate {
    double value, low, high;
};

struct off_policy {
    size_t count;
    double logged_mean; /* reward of the log itself */
    double effective_sample, mean_weight, largest_weight;
    double clipped_ratio; /* share of rows with w above M */
    bool reported;        /* effective_sample >= least_sample */
    struct off_policy_estimate estimates[OFF_POLICY_KINDS];
};

/*
 * ERR_INVALID: no row, a row or plan outside the ranges above.
 * O(count * resamples).
 */
MUST_USE bool off_policy_run(const struct off_policy_row *rows, size_t count,
                             const struct off_policy_plan *plan,
                             struct off_policy *out, struct err *err);
