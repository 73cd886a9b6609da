#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"

#include "contest_options.h"
#include "contest_record.h"

enum {
    GRID_MOST = 64, /* values of one setting */
    DEFAULT_K = 20,
    TRIALS_MOST = 10000,
    LINE_BYTES = 1 << 16,
};

static const char help[] =
    "Usage: kith tune --protocol NAME --data PATH --algorithm A\n"
    "                 --grid NAME=V1,V2,.. [--grid ...] [OPTION]...\n\n"
    "Tries every combination of the values and keeps the best; with "
    "--in-turn the\n"
    "values of one --grid after the other, each with the best of those before. "
    "Judged\n"
    "on a part held out of the training data, never on what is tested: a "
    "hashed tenth of "
    "the\n"
    "training pairs (lightgcn, movielens-ua), the last but one item\n"
    "(sequence-loo), the validation rows (ml100k-loo), the validation users "
    "(vae),\n"
    "or the training time cut once more (temporal).\n\n" CONTEST_DATA_HELP
    "  --algorithm A       one; settings may follow: user_knn:reverse=1\n"
    "  --grid NAME=V1,..   values to try; every combination of several --grid\n"
    "  --set A.NAME=VALUE  a setting that stays; --settings FILE: many\n"
    "  --in-turn           one grid after the other, in the order given\n"
    "  --metric NAME       what to maximise: recall, ndcg, map, mrr, .. "
    "(ndcg)\n"
    "  --k K               where lists are cut (20)\n"
    "  --out FILE          where the choice goes, for kith evaluate "
    "--settings\n\n"
    "  kith tune --protocol lightgcn --data gowalla --algorithm user_knn \\\n"
    "      --grid k=50,100,200 --out user_knn.settings\n";

struct grid {
    int setting;
    double values[GRID_MOST];
    uint32_t count, at;
};

struct tune {
    struct contest_options options;
    const char *grids[ALGORITHM_SETTINGS_MOST];
    uint32_t grid_count;
    enum metric metric;
    bool in_turn;
    const char *out;
    struct grid grid[ALGORITHM_SETTINGS_MOST];
    const struct algorithm *algorithm;
    double fixed[ALGORITHM_SETTINGS_MOST], best[ALGORITHM_SETTINGS_MOST];
    struct estimate best_mean;
    bool has_best;
    uint32_t trials;
    struct dataset data;
    struct run_record run;
};

static struct tune tune;
static struct contest contest;

/* "NAME=V1,V2": each value is judged as if it were set. */
static bool parse_grid(const struct algorithm *a, const char *text,
                       struct grid *g, struct err *err)
{
    struct span rest = span_of(text), name, value;
    char one[CONTEST_LABEL_BYTES];
    double values[ALGORITHM_SETTINGS_MOST];

    if (!span_cut(&rest, '=', &name) || !rest.bytes)
        return err_set(err, ERR_INVALID, "--grid %s: not name=values", text);
    while (rest.bytes && span_cut(&rest, ',', &value)) {
        if (g->count == GRID_MOST)
            return err_set(err, ERR_LIMIT, "--grid %s: more than %d values",
                           text, GRID_MOST);
        snprintf(one, sizeof one, "%.*s=%.*s", SPAN_ARGS(name),
                 SPAN_ARGS(value));
        if (!contest_value(a, span_of(one), values, err))
            return false;
        g->setting = contest_setting_find(a, name);
        g->values[g->count++] = values[g->setting];
    }
    return true;
}

/* One entry more in the contest to come. */
static bool enter(const struct tune *t, const double *values, struct err *err)
{
    if (!contest_enter(&contest, span_of(t->algorithm->name), err))
        return false;
    memcpy(contest.entries[contest.count - 1].values, values,
           sizeof contest.entries->values);
    return true;
}

static void tell(const struct tune *t, const double *values,
                 const struct estimate *mean, bool better)
{
    for (uint32_t i = 0; i < t->grid_count; i++)
        printf("%s=%g ", t->algorithm->settings[t->grid[i].setting].name,
               values[t->grid[i].setting]);
    printf(" %s@%u %.5f\302\261%.5f%s\n", metric_infos[t->metric].name,
           t->options.plan.cuts[0], mean->value, mean->error,
           better ? "  best so far" : "");
    fflush(stdout);
}

/* Whether it is the best so far, and what it reached. */
static bool judge(struct tune *t, const struct contest_entry *e,
                  struct err *err)
{
    struct estimate mean;
    bool better;

    if (e->refused) {
        *err = e->why;
        return false;
    }
    if (!evaluation_mean(&e->groups[SPLIT_MAIN], t->metric, 0, &mean, err))
        return false;
    t->trials++;
    better = !t->has_best || mean.value > t->best_mean.value;
    if (better) {
        t->has_best = true;
        t->best_mean = mean;
        memcpy(t->best, e->values, sizeof t->best);
    }
    tell(t, e->values, &mean, better);
    return true;
}

/* Runs, judges and tells what has been entered. */
static bool try_all(struct tune *t, struct err *err)
{
    struct cli_progress progress;
    bool ok;

    if (!contest.count)
        return true;
    contest.plan = t->options.plan;
    contest.reuse = true;
    cli_progress_begin(&progress, "tuning");
    ok = contest_run(&contest, &t->data, &progress, err);
    cli_progress_end(&progress);
    for (uint32_t i = 0; ok && i < contest.count; i++)
        ok = judge(t, &contest.entries[i], err);
    contest_release(&contest);
    return ok;
}

/* The next combination, the last grid fastest; false after the last one. */
static bool step(struct tune *t)
{
    for (uint32_t i = t->grid_count; i-- > 0;) {
        if (++t->grid[i].at < t->grid[i].count)
            return true;
        t->grid[i].at = 0;
    }
    return false;
}

static bool search_all(struct tune *t, struct err *err)
{
    bool more;

    do {
        double values[ALGORITHM_SETTINGS_MOST];

        memcpy(values, t->fixed, sizeof values);
        for (uint32_t i = 0; i < t->grid_count; i++)
            values[t->grid[i].setting] = t->grid[i].values[t->grid[i].at];
        more = step(t);
        if (!enter(t, values, err) ||
            ((!more || contest.count == CONTEST_MOST) && !try_all(t, err)))
            return false;
    } while (more);
    return true;
}

/* The values of one grid, all else as the best so far has it, whose own value
 * has been tried by then. */
static bool search_grid(struct tune *t, const struct grid *g, struct err *err)
{
    double values[ALGORITHM_SETTINGS_MOST];

    for (uint32_t i = 0; i < g->count; i++) {
        memcpy(values, t->has_best ? t->best : t->fixed, sizeof values);
        if (t->has_best && values[g->setting] == g->values[i])
            continue;
        values[g->setting] = g->values[i];
        if (!enter(t, values, err) ||
            (contest.count == CONTEST_MOST && !try_all(t, err)))
            return false;
    }
    return try_all(t, err);
}

static bool search(struct tune *t, struct err *err)
{
    bool ok = true;

    if (!t->in_turn)
        return search_all(t, err);
    for (uint32_t i = 0; ok && i < t->grid_count; i++)
        ok = search_grid(t, &t->grid[i], err);
    return ok;
}

static bool write_choice(const struct tune *t, struct err *err)
{
    struct file_writer file;
    struct buf text;
    bool ok;

    buf_init(&text, LINE_BYTES);
    buf_fmt(&text, "# %s@%u %.5f +- %.5f on the held-out part of %s\n",
            metric_infos[t->metric].name, t->options.plan.cuts[0],
            t->best_mean.value, t->best_mean.error, t->options.protocol->name);
    for (int i = 0;
         i < ALGORITHM_SETTINGS_MOST && t->algorithm->settings[i].name; i++)
        buf_fmt(&text, "%s.%s=%.17g\n", t->algorithm->name,
                t->algorithm->settings[i].name, t->best[i]);
    printf("%.*s", SPAN_ARGS(buf_view(&text)));
    ok = !text.failed && !fflush(stdout);
    if (ok && t->out) {
        ok = file_begin(&file, t->out, err);
        if (ok) {
            ok = file_add(&file, text.at, text.bytes, err) &&
                 file_publish(&file, err);
            file_drop(&file);
        }
    }
    buf_release(&text);
    return ok;
}

/* Entries, settings and grids; ERR_INVALID is a wrong command line. */
static bool prepare(struct tune *t, struct err *err)
{
    uint64_t trials = 1;

    if (!contest_options_enter(&t->options, &contest, err))
        return false;
    if (contest.count != 1)
        return err_set(err, ERR_INVALID, "needs one --algorithm");
    t->algorithm = contest.entries[0].algorithm;
    memcpy(t->fixed, contest.entries[0].values, sizeof t->fixed);
    if (!t->grid_count)
        return err_set(err, ERR_INVALID, "needs a --grid");
    contest_release(&contest);
    for (uint32_t i = 0; i < t->grid_count; i++) {
        if (!parse_grid(t->algorithm, t->grids[i], &t->grid[i], err))
            return false;
        trials *= t->in_turn ? 1 : t->grid[i].count;
        if (trials > TRIALS_MOST)
            return err_set(err, ERR_INVALID, "more than %d combinations",
                           TRIALS_MOST);
    }
    return true;
}

/* What was tried and what was chosen, for the record. */
static void note_choice(struct tune *t)
{
    const struct algorithm_setting *s = t->algorithm->settings;
    char name[RUN_NAME_BYTES + 1];

    for (uint32_t i = 0; i < t->grid_count; i++) {
        snprintf(name, sizeof name, "grid/%s", s[t->grid[i].setting].name);
        run_param(&t->run, name, "%s", strchr(t->grids[i], '=') + 1);
    }
    for (int i = 0; i < ALGORITHM_SETTINGS_MOST && s[i].name; i++) {
        snprintf(name, sizeof name, "%s/%s", t->algorithm->name, s[i].name);
        run_param(&t->run, name, "%.17g", t->best[i]);
    }
    run_metric(&t->run, "trials", t->trials);
    snprintf(name, sizeof name, "%s@%u", metric_infos[t->metric].name,
             t->options.plan.cuts[0]);
    run_metric(&t->run, name, t->best_mean.value);
    run_note(&t->run, "%s of %s by %s, %u combinations", t->algorithm->name,
             t->options.protocol->name, name, t->trials);
}

static int run_tune(struct tune *t)
{
    int64_t begin_us = clock_mono_us();
    struct err err;
    bool ok;

    if (!prepare(t, &err))
        return err.code == ERR_INVALID ? cli_usage(&cmd_tune, "%s", err.what)
                                       : cli_fail(&cmd_tune, &err);
    t->options.data.tuning = true;
    run_record_init(&t->run, "tune");
    ok = dataset_load(&t->data, t->options.protocol, &t->options.data, &err);
    if (ok)
        contest_record_input(&t->run, &t->options, &t->data);
    ok = ok && search(t, &err) && write_choice(t, &err);
    if (ok)
        note_choice(t);
    contest_record_end(&t->run, begin_us, ok ? NULL : &err, ok ? t->out : NULL);
    dataset_release(&t->data);
    return ok ? CLI_DONE : cli_fail(&cmd_tune, &err);
}

static bool take(struct tune *t, int option, const char *text)
{
    int metric;

    switch (option) {
    case OPTION_GRID:
        if (t->grid_count == ALGORITHM_SETTINGS_MOST) {
            cli_usage(&cmd_tune, "too many --grid");
            return false;
        }
        t->grids[t->grid_count++] = text;
        return true;
    case OPTION_METRIC:
        metric = metric_find(text);
        if (metric < 0 || metric >= ACCURACY_METRICS) {
            cli_usage(&cmd_tune,
                      "--metric %s: recall, recall_min, precision, "
                      "hit_rate, mrr, map or ndcg",
                      text);
            return false;
        }
        t->metric = (enum metric)metric;
        return true;
    case OPTION_IN_TURN:
        t->in_turn = true;
        return true;
    case OPTION_OUT:
        t->out = text;
        return true;
    default:
        return contest_options_take(&t->options, option, text);
    }
}

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {
        CONTEST_LONGS,
        {"grid", required_argument, NULL, OPTION_GRID},
        {"in-turn", no_argument, NULL, OPTION_IN_TURN},
        {"metric", required_argument, NULL, OPTION_METRIC},
        {"out", required_argument, NULL, OPTION_OUT},
        {0}};
    struct evaluate_plan *plan = &tune.options.plan;
    int option;

    (void)config;
    contest_options_init(&tune.options, &cmd_tune);
    plan->cuts[0] = DEFAULT_K;
    plan->cut_count = 1;
    tune.metric = METRIC_NDCG;
    while ((option = cli_option(&cmd_tune, argc, argv, longs)) != -1)
        if (option == '?' || !take(&tune, option, optarg))
            return CLI_USAGE;
    if (plan->cut_count != 1)
        return cli_usage(&cmd_tune, "--k: one number");
    return contest_options_end(&tune.options, argc, argv) ? run_tune(&tune)
                                                          : CLI_USAGE;
}

const struct cli_command cmd_tune = {
    .name = "tune",
    .summary = "find settings of an algorithm, without touching the test part",
    .help = help,
    .run = run,
};
