#include <stdio.h>

#include "contest.h"

enum { REPORT_BYTES = 1 << 18, LABEL_LEAST = 9, US_PER_S = 1000000 };
#define BYTES_PER_MIB 1048576.0

/* Recall and NDCG at the largest k; a dash for a group that nobody is in. */
static bool add_group(struct buf *out, const struct contest_entry *e,
                      enum split_group g, struct err *err)
{
    const struct evaluation *of = &e->groups[g];
    uint32_t last = of->plan.cut_count - 1;
    struct estimate recall, ndcg;

    if (!of->count) {
        buf_fmt(out, " | %-15s", "-");
        return true;
    }
    if (!evaluation_mean(of, METRIC_RECALL, last, &recall, err) ||
        !evaluation_mean(of, METRIC_NDCG, last, &ndcg, err))
        return false;
    buf_fmt(out, " | %.4f / %.4f", recall.value, ndcg.value);
    return true;
}

static bool add_entry(struct buf *out, const struct contest *c,
                      const struct contest_entry *e, int label, struct err *err)
{
    struct evaluation_cost cost;

    buf_fmt(out, "| %-*s", label, e->label);
    if (e->refused) {
        buf_fmt(out, " | refused: %s |\n", e->why.what);
        return true;
    }
    for (int g = 0; g < SPLIT_GROUPS; g++)
        if ((!g || c->data->temporal) &&
            !add_group(out, e, (enum split_group)g, err))
            return false;
    if (!evaluation_cost(&e->groups[SPLIT_MAIN], &cost, err))
        return false;
    buf_fmt(out, " | %8.2f | %8.1f | %7.0f | %7u | %7u |\n",
            (double)e->fit_cpu_us / US_PER_S,
            (double)e->state_bytes / BYTES_PER_MIB, cost.mean_us, cost.half_us,
            cost.most_us);
    return true;
}

static void add_head(struct buf *out, const struct contest *c, int label)
{
    static const char *const groups[SPLIT_GROUPS] = {
        [SPLIT_MAIN] = "recall / NDCG",
        [SPLIT_COLD_USERS] = "cold users",
        [SPLIT_COLD_POSTS] = "cold posts",
    };
    uint32_t k = c->plan.cuts[c->plan.cut_count - 1];
    size_t cases[SPLIT_GROUPS] = {0};

    for (uint32_t w = 0; w < c->data->window_count; w++)
        for (int g = 0; g < SPLIT_GROUPS; g++)
            cases[g] += c->cases[w][g];
    buf_fmt(out, "protocol %s, k = %u, asked: %zu", c->data->protocol, k,
            cases[SPLIT_MAIN]);
    if (c->data->temporal)
        buf_fmt(out, ", cold users %zu, for cold posts %zu; %u windows",
                cases[SPLIT_COLD_USERS], cases[SPLIT_COLD_POSTS],
                c->data->window_count);
    buf_fmt(out, "\n\n| %-*s", label, "algorithm");
    for (int g = 0; g < SPLIT_GROUPS; g++)
        if (!g || c->data->temporal)
            buf_fmt(out, " | %-15s", groups[g]);
    buf_fmt(out, " | %8s | %8s | %7s | %7s | %7s |\n|---", "fit s", "MiB",
            "us mean", "us p50", "us p99");
    for (int g = 0; g < SPLIT_GROUPS; g++)
        if (!g || c->data->temporal)
            buf_text(out, "|---");
    buf_text(out, "|--:|--:|--:|--:|--:|\n");
}

bool contest_print_brief(const struct contest *c, struct err *err)
{
    int label = LABEL_LEAST;
    struct buf out;
    bool ok = true;

    buf_init(&out, REPORT_BYTES);
    for (uint32_t i = 0; i < c->count; i++)
        if ((int)strlen(c->entries[i].label) > label)
            label = (int)strlen(c->entries[i].label);
    add_head(&out, c, label);
    for (uint32_t i = 0; ok && i < c->count; i++)
        ok = add_entry(&out, c, &c->entries[i], label, err);
    if (out.bytes && !out.failed)
        out.bytes--; /* cli_print ends the last line */
    ok = ok && (cli_print(&out) ||
                err_set(err, ERR_LIMIT, "the report could not be written"));
    buf_release(&out);
    return ok;
}
