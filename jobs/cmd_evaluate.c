#include "base/clock.h"

#include "contest_options.h"
#include "contest_record.h"
#include "off_policy.h"

static const char help[] =
    "Usage: kith evaluate --protocol NAME --data PATH [OPTION]...\n\n"
    "Fits algorithms on the training part of a data set, ranks every post "
    "that\n"
    "a reader does not have for every reader with something to find, and "
    "measures\n"
    "the lists. Needs no database; where KITH_DB_URL or MLFLOW_TRACKING_URI is "
    "set,\n"
    "the run is recorded there (`kith runs`).\n\n" CONTEST_DATA_HELP
    "  --algorithm A,B,..  which, in this order (all); settings may follow "
    "the\n"
    "                      name: user_knn:k=146:reverse=1\n"
    "  --set A.NAME=VALUE  a setting of all of that name; may be repeated\n"
    "  --settings FILE     lines A.NAME=VALUE, as `kith tune` writes them\n"
    "  --k K1,K2,..        where lists are cut (5,10,20)\n"
    "  --resamples N       of the bootstrap, at least 1000 (2000)\n"
    "  --brief             one table: recall and NDCG at the largest k, cold "
    "users\n"
    "                      and posts apart, time to fit, memory, cost of a "
    "request\n\n"
    "Ranking: larger score first, equal scores by the id, which no protocol\n"
    "chooses by what is tested. Masked is what the reader has in training or "
    "in\n"
    "his query. Means are over readers with at least one post to find; L is "
    "the\n"
    "list cut at k, T what was to be found, h = #(L and T):\n\n"
#define METRIC(id, name, title, formula) "  " title "\n      " formula "\n"
#include "reco/metrics.def"
#undef METRIC
    "  coverage\n      posts in at least one list / all posts\n"
    "  Gini\n      sum of (2j - n - 1) c_j / (n sum of c) over the counts c "
    "of\n"
    "      all n posts, ascending: 0 all alike, 1 one post takes all\n\n"
    "Errors (\302\261) are standard errors over users: s / sqrt(n), with "
    "several\n"
    "windows of the ratio of sums a user; of coverage and Gini by jackknife.\n"
    "Comparisons: the same users are drawn for all algorithms; 95 % "
    "percentile\n"
    "interval of the difference; p = 2 min(#{d <= 0} + 1, #{d >= 0} + 1) /\n"
    "(resamples + 1), also after Holm for all in one table.\n"
    "Cold users and cold posts are measured apart, where time splits the "
    "data.\n"
    "Costs: wall time to fit and to score, users/s; and of one request, from "
    "the\n"
    "history to the ranked list, microseconds of processor (mean, 50th and "
    "99th\n"
    "percentile). --brief: seconds to fit of processor, all threads "
    "together.\n\n"
    "One protocol more has a command line of its own:\n" OFF_POLICY_HELP "\n"
    "Everything but the times is the same for any number of threads.\n\n"
    "  kith evaluate --protocol lightgcn --data gowalla \\\n"
    "      --algorithm popular,user_knn --set user_knn.k=146\n"
    "  kith evaluate --protocol temporal --data deskdrop --windows 4 --json\n";

/* Static for its size; a command runs once. */
static struct contest contest;

/* Loads, runs, tells and records. */
static bool work(const struct contest_options *o, struct dataset *data,
                 struct run_record *run, struct err *err)
{
    struct cli_progress progress;
    bool ok;

    cli_progress_begin(&progress, "evaluating");
    ok = dataset_load(data, o->protocol, &o->data, err);
    if (ok)
        contest_record_input(run, o, data);
    ok = ok && contest_run(&contest, data, &progress, err);
    cli_progress_end(&progress);
    ok = ok && contest_record_result(run, &contest, err);
    if (!ok)
        return false;
    return o->json    ? contest_json(&contest, o->data.path, err)
           : o->brief ? contest_print_brief(&contest, err)
                      : contest_print(&contest, err);
}

static int evaluate(const struct contest_options *o)
{
    int64_t begin_us = clock_mono_us();
    struct dataset data = {0};
    struct run_record run;
    struct err err;
    bool ok;

    if (!contest_options_enter(o, &contest, &err))
        return err.code == ERR_INVALID
                   ? cli_usage(&cmd_evaluate, "%s", err.what)
                   : cli_fail(&cmd_evaluate, &err);
    run_record_init(&run, "evaluate");
    ok = work(o, &data, &run, &err);
    contest_record_end(&run, begin_us, ok ? NULL : &err, NULL);
    contest_release(&contest);
    dataset_release(&data);
    return ok ? CLI_DONE : cli_fail(&cmd_evaluate, &err);
}

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {
        CONTEST_LONGS, {"brief", no_argument, NULL, OPTION_BRIEF}, {0}};
    struct contest_options o;
    int option;

    (void)config;
    if (off_policy_wanted(argc, argv))
        return off_policy_command(&cmd_evaluate, argc, argv);
    contest_options_init(&o, &cmd_evaluate);
    while ((option = cli_option(&cmd_evaluate, argc, argv, longs)) != -1)
        if (option == '?' || !contest_options_take(&o, option, optarg))
            return CLI_USAGE;
    return contest_options_end(&o, argc, argv) ? evaluate(&o) : CLI_USAGE;
}

const struct cli_command cmd_evaluate = {
    .name = "evaluate",
    .summary = "measure algorithms on a data set, without a database",
    .help = help,
    .run = run,
};
