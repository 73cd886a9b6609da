/*
 * diversity.h -- how alike two posts are by their contents, for measuring
 * lists.
 *
 *     x(i, t)      = (1 + ln tf) * ln(N / n_t)
 *     cosine(i, j) = sum over t of x(i, t) * x(j, t) / (|x_i| * |x_j|)
 *
 * with N posts, n_t of them with term t. A post without a term that tells it
 * from others is like none: cosine 0.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "reco/algorithm.h"

struct diversity {
    const struct contents *contents; /* borrowed */
    float *values;                   /* beside contents->terms, norm 1 a row */
};

MUST_USE bool diversity_init(struct diversity *d,
                             const struct contents *contents,
                             uint32_t post_count, struct err *err);
/* Accepts a zeroed one. */
void diversity_release(struct diversity *d);

/* 0..1; O(terms of both). */
double diversity_cosine(const struct diversity *d, uint32_t a, uint32_t b);
