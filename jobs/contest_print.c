#include <stdio.h>

#include "contest.h"

enum {
    REPORT_BYTES = 1 << 20,
    LABEL_LEAST = 9, /* "algorithm" */
    US_PER_S = 1000000,
    CELL_BYTES = 32,
};
#define BYTES_PER_MIB 1048576.0

struct table {
    const struct contest *c;
    struct buf out;
    int label; /* width of the first column */
    struct err *err;
};

static const char *const group_titles[SPLIT_GROUPS] = {
    [SPLIT_MAIN] = "readers with a history",
    [SPLIT_COLD_USERS] = "cold users (no history before the cut)",
    [SPLIT_COLD_POSTS] = "cold posts (asked only for what nobody had before)",
};

static void print_counts(struct table *t)
{
    const struct dataset *d = t->c->data;

    for (uint32_t w = 0; w < d->window_count; w++) {
        const struct split_counts *n = &t->c->counts[w];
        if (d->window_count > 1)
            buf_fmt(&t->out, "window %u: ", w + 1);
        buf_fmt(
            &t->out,
            "trained on %llu events, %u users, %u posts; tested on %llu "
            "pairs of %u users",
            (unsigned long long)n->train_events, n->train_users, n->train_posts,
            (unsigned long long)(n->test_pairs - n->seen_pairs - n->late_pairs),
            n->test_users);
        if (d->temporal)
            buf_fmt(&t->out,
                    "\n  left out: %llu pairs seen before the cut, %llu on "
                    "posts that did not exist then; cold: %u users, %llu pairs",
                    (unsigned long long)n->seen_pairs,
                    (unsigned long long)n->late_pairs, n->cold_users,
                    (unsigned long long)n->cold_pairs);
        buf_char(&t->out, '\n');
    }
    if (d->bad_lines)
        buf_fmt(
            &t->out, "%llu lines could not be read, the first is line %llu\n",
            (unsigned long long)d->bad_lines, (unsigned long long)d->first_bad);
}

static void add_cell(struct table *t, const struct estimate *x)
{
    char cell[CELL_BYTES];

    snprintf(cell, sizeof cell, "%.4f\302\261%.4f", x->value, x->error);
    buf_fmt(&t->out, "  %-14s", cell);
}

/* The two tables of a group: what T says, and what the lists are like. */
enum part { ACCURACY, BEYOND };

static bool has_column(const struct evaluation *e, enum part part,
                       enum metric metric)
{
    if (metric == METRIC_DIVERSITY && !e->has_diversity)
        return false;
    return (metric < ACCURACY_METRICS) == (part == ACCURACY);
}

static bool print_row(struct table *t, const struct contest_entry *entry,
                      enum split_group g, enum part part, uint32_t cut)
{
    const struct evaluation *e = &entry->groups[g];
    struct estimate x;

    buf_fmt(&t->out, "%-*s %4u", t->label, entry->label, e->plan.cuts[cut]);
    for (unsigned m = 0; m < METRICS; m++) {
        if (!has_column(e, part, (enum metric)m))
            continue;
        if (!evaluation_mean(e, (enum metric)m, cut, &x, t->err))
            return false;
        add_cell(t, &x);
    }
    if (part == BEYOND) {
        if (!evaluation_coverage(e, cut, &x, t->err))
            return false;
        add_cell(t, &x);
        if (!evaluation_gini(e, cut, &x, t->err))
            return false;
        add_cell(t, &x);
    }
    buf_char(&t->out, '\n');
    return true;
}

static bool print_part(struct table *t, const struct evaluation *like,
                       enum split_group g, enum part part)
{
    const struct contest *c = t->c;

    buf_fmt(&t->out, "%-*s %4s", t->label, "algorithm", "k");
    for (unsigned m = 0; m < METRICS; m++)
        if (has_column(like, part, (enum metric)m))
            buf_fmt(&t->out, "  %-13s", metric_infos[m].title);
    if (part == BEYOND)
        buf_fmt(&t->out, "  %-13s  %-13s", "coverage", "Gini");
    buf_char(&t->out, '\n');
    for (uint32_t i = 0; i < c->count; i++)
        for (uint32_t k = 0; !c->entries[i].refused && k < c->plan.cut_count;
             k++)
            if (!print_row(t, &c->entries[i], g, part, k))
                return false;
    return true;
}

static bool print_group(struct table *t, enum split_group g)
{
    const struct contest *c = t->c;
    const struct evaluation *like = NULL;
    size_t cases = 0;

    for (uint32_t w = 0; w < c->data->window_count; w++)
        cases += c->cases[w][g];
    for (uint32_t i = 0; !like && i < c->count; i++)
        if (!c->entries[i].refused)
            like = &c->entries[i].groups[g];
    if (!cases || !like || (g != SPLIT_MAIN && !c->data->temporal))
        return true;
    buf_fmt(&t->out, "\n%s: %zu\n", group_titles[g], cases);
    if (!print_part(t, like, g, ACCURACY))
        return false;
    buf_char(&t->out, '\n');
    return print_part(t, like, g, BEYOND);
}

/* One window of an evaluation, without a copy. */
static struct evaluation window_of(const struct evaluation *e, size_t from,
                                   size_t count)
{
    struct evaluation w = *e;

    w.users += from;
    w.values += from * METRICS * e->plan.cut_count;
    w.count = count;
    return w;
}

/* Recall and NDCG at the largest k over time. */
static bool print_windows(struct table *t)
{
    const struct contest *c = t->c;
    uint32_t last = c->plan.cut_count - 1;
    size_t from = 0;

    if (c->data->window_count < 2)
        return true;
    buf_fmt(&t->out, "\nby window, k = %u\n%-*s %6s %6s  %-13s  %-13s\n",
            c->plan.cuts[last], t->label, "algorithm", "window", "cases",
            metric_infos[METRIC_RECALL].title, metric_infos[METRIC_NDCG].title);
    for (uint32_t w = 0; w < c->data->window_count; w++) {
        size_t count = c->cases[w][SPLIT_MAIN];
        for (uint32_t i = 0; i < c->count; i++) {
            const struct contest_entry *e = &c->entries[i];
            struct evaluation part =
                window_of(&e->groups[SPLIT_MAIN], from, count);
            struct estimate recall, ndcg;
            if (e->refused)
                continue;
            if (!evaluation_mean(&part, METRIC_RECALL, last, &recall, t->err) ||
                !evaluation_mean(&part, METRIC_NDCG, last, &ndcg, t->err))
                return false;
            buf_fmt(&t->out, "%-*s %6u %6zu", t->label, e->label, w + 1, count);
            add_cell(t, &recall);
            add_cell(t, &ndcg);
            buf_char(&t->out, '\n');
        }
        from += count;
    }
    return true;
}

static bool print_cost(struct table *t, const struct contest_entry *e,
                       size_t cases)
{
    double score_s = (double)e->score_us / US_PER_S;
    struct evaluation_cost cost;

    if (e->refused) {
        buf_fmt(&t->out, "%-*s refused: %s\n", t->label, e->label, e->why.what);
        return true;
    }
    if (!evaluation_cost(&e->groups[SPLIT_MAIN], &cost, t->err))
        return false;
    buf_fmt(&t->out, "%-*s %9.2f %9.1f %9.2f %9.0f %9.0f %9u %9u\n", t->label,
            e->label, (double)e->fit_us / US_PER_S,
            (double)e->state_bytes / BYTES_PER_MIB, score_s,
            score_s > 0 ? (double)cases / score_s : 0, cost.mean_us,
            cost.half_us, cost.most_us);
    return true;
}

/* Both sides of the clock: how long it took, and what one request costs. */
static bool print_costs(struct table *t)
{
    const struct contest *c = t->c;
    size_t cases = 0;

    for (uint32_t w = 0; w < c->data->window_count; w++)
        for (int g = 0; g < SPLIT_GROUPS; g++)
            cases += c->cases[w][g];
    buf_fmt(&t->out,
            "\ncost: wall time with %u threads; us of processor for one "
            "request, history to list\n"
            "%-*s %9s %9s %9s %9s %9s %9s %9s\n",
            c->plan.threads, t->label, "algorithm", "fit s", "model MiB",
            "score s", "users/s", "us mean", "us p50", "us p99");
    for (uint32_t i = 0; i < c->count; i++)
        if (!print_cost(t, &c->entries[i], cases))
            return false;
    return true;
}

/* The best one against each other: differences of one metric at one k. */
static bool print_against(struct table *t, const struct contest_entry *best,
                          enum metric metric, uint32_t cut)
{
    const struct contest *c = t->c;
    struct paired pairs[CONTEST_MOST];
    double p[CONTEST_MOST];
    uint32_t each = ACCURACY_METRICS * c->plan.cut_count, of_best = 0, n = 0;
    uint32_t column = metric * c->plan.cut_count + cut;

    for (uint32_t i = 0, run = 0; i < c->count; i++) {
        if (&c->entries[i] == best)
            of_best = run;
        run += !c->entries[i].refused;
    }
    for (uint32_t run = 0; run < c->bootstrap.columns / each; run++) {
        if (run == of_best)
            continue;
        if (!bootstrap_pair(&c->bootstrap, run * each + column,
                            of_best * each + column, &pairs[n], t->err))
            return false;
        p[n] = pairs[n].p;
        n++;
    }
    if (!compare_holm(p, n, t->err))
        return false;
    for (uint32_t i = 0, at = 0; i < c->count; i++) {
        if (c->entries[i].refused || &c->entries[i] == best)
            continue;
        buf_fmt(&t->out, "%-*s  %-9s %4u  %+.4f  [%+.4f, %+.4f]  %.4f  %.4f\n",
                t->label, c->entries[i].label, metric_infos[metric].title,
                c->plan.cuts[cut], pairs[at].difference, pairs[at].low,
                pairs[at].high, pairs[at].p, p[at]);
        at++;
    }
    return true;
}

static bool print_comparison(struct table *t)
{
    const struct contest *c = t->c;
    uint32_t last = c->plan.cut_count - 1;
    const struct contest_entry *best = contest_best(c, METRIC_NDCG, last);

    if (!c->has_bootstrap || !best)
        return true;
    buf_fmt(&t->out,
            "\n%s minus each other, paired bootstrap over users, %u resamples, "
            "seed %llu\n%-*s  %-9s %4s  %-7s  %-18s  %-6s  %s\n",
            best->label, c->bootstrap.resamples,
            (unsigned long long)c->plan.seed, t->label, "against", "metric",
            "k", "differ.", "95 % interval", "p", "p (Holm)");
    return print_against(t, best, METRIC_RECALL, last) &&
           print_against(t, best, METRIC_NDCG, last);
}

bool contest_print(const struct contest *c, struct err *err)
{
    struct table t = {.c = c, .label = LABEL_LEAST, .err = err};
    bool ok = true;

    buf_init(&t.out, REPORT_BYTES);
    for (uint32_t i = 0; i < c->count; i++)
        if ((int)strlen(c->entries[i].label) > t.label)
            t.label = (int)strlen(c->entries[i].label);
    buf_fmt(&t.out, "protocol %s: %u users, %u posts\n", c->data->protocol,
            c->data->log.user_count, c->data->log.post_count);
    print_counts(&t);
    for (int g = 0; ok && g < SPLIT_GROUPS; g++)
        ok = print_group(&t, (enum split_group)g);
    ok = ok && print_windows(&t) && print_comparison(&t) && print_costs(&t);
    if (t.out.bytes && !t.out.failed)
        t.out.bytes--; /* cli_print ends the last line */
    ok = ok && (cli_print(&t.out) ||
                err_set(err, ERR_LIMIT, "the report could not be written"));
    buf_release(&t.out);
    return ok;
}
