/*
 * metrics.h -- what a ranked list is worth to one user, and what all lists
 * together do to the posts.
 *
 * Terms   L ranked list cut at k, T relevant posts of the user, #T >= 1,
 *         h = #(L and T), rel_r = 1 when the post at rank r (from 1) is in T.
 * Short   a list shorter than k counts its missing ranks as misses:
 *         precision divides by k all the same.
 * Exact   formulas are those of metrics.def, printed by `kith evaluate --help`.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Measures of one user's list; the first ACCURACY_METRICS look at T. */
enum metric {
#define METRIC(id, name, title, formula) METRIC_##id,
#include "reco/metrics.def"
#undef METRIC
    METRICS,
    ACCURACY_METRICS = METRIC_NOVELTY,
};

struct metric_info {
    const char *name;    /* "recall_min", as in JSON */
    const char *title;   /* "recall-min", a column's head */
    const char *formula; /* one line */
};

extern const struct metric_info metric_infos[METRICS];

/* -1 when there is none of that name. */
int metric_find(const char *name);

/*
 * Writes out[0..ACCURACY_METRICS) for the first k of list[0..count). test is
 * ascending, test_count >= 1, k >= 1. O(min(k, count) * log test_count).
 */
void metrics_accuracy(const uint32_t *list, uint32_t count, uint32_t k,
                      const uint32_t *test, uint32_t test_count, double *out);

struct estimate {
    double value, error; /* error: standard error */
};

/*
 * Lists of many users as one array: list u is lists[u * room ..], of which
 * the first min(counts[u], k) stand.
 */
struct metric_lists {
    const uint32_t *lists;
    const uint32_t *counts;
    size_t count;
    uint32_t room;
    uint32_t post_count;
};

/*
 * Item coverage = posts in at least one list / all posts. Standard error by
 * the jackknife over lists.
 */
MUST_USE bool metrics_coverage(const struct metric_lists *in, uint32_t k,
                               struct estimate *out, struct err *err);

/*
 * Gini index of exposure: with the counts c of all n posts ascending,
 *
 *     sum over j of (2j - n - 1) * c_j / (n * sum of c)
 *
 * 0: all posts are shown equally often; near 1: one post takes all. Standard
 * error by the infinitesimal jackknife over lists. No list: 0.
 */
MUST_USE bool metrics_gini(const struct metric_lists *in, uint32_t k,
                           struct estimate *out, struct err *err);
