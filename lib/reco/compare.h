/*
 * compare.h -- how sure we may be of a mean, and of the difference of two.
 *
 * Unit     what is drawn is a user. A user measured several times (one case a
 *          window) gives the sum of his values and their number; the mean is
 *          the ratio of sums, so his cases stay together.
 * Paired   every resample draws the same users for all columns; the difference
 *          of any two columns is then a paired comparison.
 * Chance   resample b draws from a generator of its own (seed, b): the same
 *          numbers whatever the number of threads.
 * from     Efron, Tibshirani 1993 (percentile interval); Davison, Hinkley 1997
 *          4.2 (p with +1); Holm 1979.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/metrics.h"

enum { COMPARE_RESAMPLES_LEAST = 1000 };

/*
 * Mean and standard error over units of the ratio sum(sums) / sum(counts):
 *
 *     error = sqrt(n / (n - 1) * sum (s_u - m * c_u)^2) / sum(c)
 *
 * which is s / sqrt(n) when every count is 1. Empty: zeros.
 */
struct estimate compare_mean(const double *sums, const double *counts,
                             size_t units);

struct bootstrap {
    uint32_t resamples, columns;
    double *means;    /* [resamples * columns] */
    double *observed; /* [columns] */
};

/*
 * sums[column * units + unit], counts[unit]. ERR_INVALID: no unit, or fewer
 * than COMPARE_RESAMPLES_LEAST resamples. O(resamples * units * columns).
 */
MUST_USE bool bootstrap_run(const double *sums, const double *counts,
                            size_t units, uint32_t columns, uint32_t resamples,
                            uint64_t seed, uint32_t threads,
                            struct bootstrap *out, struct err *err);
void bootstrap_release(struct bootstrap *b);

struct paired {
    double difference; /* observed mean of column b minus that of column a */
    double low, high;  /* 95 % percentile interval */
    double p;          /* two-sided */
};

/* p = 2 * min(1 + #{d <= 0}, 1 + #{d >= 0}) / (resamples + 1), at most 1. */
MUST_USE bool bootstrap_pair(const struct bootstrap *b, uint32_t column_a,
                             uint32_t column_b, struct paired *out,
                             struct err *err);

/* Holm's correction in place: adjusted p, in the order given. */
MUST_USE bool compare_holm(double *p, size_t count, struct err *err);
