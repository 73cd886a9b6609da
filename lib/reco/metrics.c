#include "reco/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const struct metric_info metric_infos[METRICS] = {
#define METRIC(id, name, title, formula) [METRIC_##id] = {name, title, formula},
#include "reco/metrics.def"
#undef METRIC
};

int metric_find(const char *name)
{
    for (int i = 0; i < METRICS; i++)
        if (!strcmp(metric_infos[i].name, name))
            return i;
    return -1;
}

static int ordinal_order(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static double gain(uint32_t rank)
{
    return 1 / log2(rank + 1.0);
}

void metrics_accuracy(const uint32_t *list, uint32_t count, uint32_t k,
                      const uint32_t *test, uint32_t test_count, double *out)
{
    uint32_t hits = 0, first = 0, ideal = k < test_count ? k : test_count;
    double precisions = 0, gains = 0, ideal_gains = 0;

    for (uint32_t rank = 1; rank <= count && rank <= k; rank++) {
        if (!bsearch(&list[rank - 1], test, test_count, sizeof *test,
                     ordinal_order))
            continue;
        first = first ? first : rank;
        precisions += ++hits / (double)rank;
        gains += gain(rank);
    }
    for (uint32_t rank = 1; rank <= ideal; rank++)
        ideal_gains += gain(rank);
    out[METRIC_RECALL] = hits / (double)test_count;
    out[METRIC_RECALL_MIN] = hits / (double)ideal;
    out[METRIC_PRECISION] = hits / (double)k;
    out[METRIC_HIT] = hits > 0;
    out[METRIC_MRR] = first ? 1 / (double)first : 0;
    out[METRIC_MAP] = precisions / ideal;
    out[METRIC_NDCG] = gains / ideal_gains;
}

/* ---- all lists together ---- */

static uint32_t length_of(const struct metric_lists *in, size_t list,
                          uint32_t k)
{
    return in->counts[list] < k ? in->counts[list] : k;
}

/* How often each post is shown. */
static bool count_posts(const struct metric_lists *in, uint32_t k,
                        uint32_t **out, struct err *err)
{
    uint32_t *shown;

    if (!mem_take(in->post_count, sizeof *shown, &shown, err))
        return false;
    for (size_t l = 0; l < in->count; l++)
        for (uint32_t r = 0; r < length_of(in, l, k); r++)
            shown[in->lists[l * in->room + r]]++;
    *out = shown;
    return true;
}

bool metrics_coverage(const struct metric_lists *in, uint32_t k,
                      struct estimate *out, struct err *err)
{
    uint32_t *shown, covered = 0;
    double sum = 0, squares = 0, n = (double)in->count;

    *out = (struct estimate){0};
    if (!count_posts(in, k, &shown, err))
        return false;
    for (uint32_t i = 0; i < in->post_count; i++)
        covered += shown[i] > 0;
    /* Without a list the posts that only it shows are lost. */
    for (size_t l = 0; l < in->count; l++) {
        uint32_t alone = 0;
        for (uint32_t r = 0; r < length_of(in, l, k); r++)
            alone += shown[in->lists[l * in->room + r]] == 1;
        sum += alone;
        squares += (double)alone * alone;
    }
    if (in->post_count)
        out->value = covered / (double)in->post_count;
    if (in->count > 1)
        out->error = sqrt((n - 1) / n * fmax(0, squares - sum * sum / n)) /
                     in->post_count;
    mem_give(shown);
    return true;
}

/* weight[c]: the mean of 2j - n - 1 over the posts shown c times. */
static double gini_weights(const uint32_t *sorted, uint32_t n, double *weight)
{
    double total = 0;

    for (uint32_t from = 0, to; from < n; from = to) {
        for (to = from; to < n && sorted[to] == sorted[from]; to++)
            ;
        weight[sorted[from]] = (double)from + to - n;
        total += weight[sorted[from]] * sorted[from] * (to - from);
    }
    return total;
}

bool metrics_gini(const struct metric_lists *in, uint32_t k,
                  struct estimate *out, struct err *err)
{
    bool ok = false;
    uint32_t n = in->post_count, *shown = NULL, *sorted = NULL;
    double *weight = NULL, exposure = 0, squares = 0, gini;

    *out = (struct estimate){0};
    if (!count_posts(in, k, &shown, err) ||
        !mem_take(n, sizeof *sorted, &sorted, err) ||
        !mem_take(in->count + 1, sizeof *weight, &weight, err))
        goto out;
    for (uint32_t i = 0; i < n; i++)
        exposure += sorted[i] = shown[i];
    ok = true;
    if (exposure <= 0)
        goto out;
    qsort(sorted, n, sizeof *sorted, ordinal_order);
    gini = gini_weights(sorted, n, weight) / (n * exposure);
    for (size_t l = 0; l < in->count; l++) {
        double influence = 0; /* sum of the derivatives of gini by c_i */
        for (uint32_t r = 0; r < length_of(in, l, k); r++)
            influence += weight[shown[in->lists[l * in->room + r]]] / n - gini;
        influence /= exposure;
        squares += influence * influence;
    }
    *out = (struct estimate){gini, sqrt(squares)};
out:
    mem_give(shown);
    mem_give(sorted);
    mem_give(weight);
    return ok;
}
