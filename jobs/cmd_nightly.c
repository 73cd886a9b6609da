#include <inttypes.h>
#include <stdio.h>

#include "cli.h"

#include "app/precompute.h"
#include "app/train.h"

enum { US_PER_S = 1000000 };

static const char help[] =
    "Usage: kith nightly\n\n"
    "The daily pipeline: train, write precomputed recommendations for every\n"
    "reader into user_recommendations, delete expired ones. A scheduler runs\n"
    "it at 02:00 UTC; running it at any other time does no harm.\n";

static void show(void *arg, uint64_t done, uint64_t total)
{
    cli_progress_at(arg, done, total);
}

static bool precompute(struct db *db, const struct config *config,
                       struct precompute_report *report, struct err *err)
{
    struct cli_progress progress;
    struct precompute_watch watch = {.at = show, .arg = &progress};
    struct model model;
    bool ok;

    if (!model_open(config->model, &model, err))
        return false;
    cli_progress_begin(&progress, "recommending");
    ok = precompute_run(db, config, &model, &watch, report, err);
    cli_progress_end(&progress);
    model_close(&model);
    return ok;
}

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {{0}};
    struct train_report trained;
    struct precompute_report report;
    struct db db;
    struct err err;
    bool ok;

    if (cli_option(&cmd_nightly, argc, argv, "", longs) == '?')
        return CLI_USAGE;
    if (optind < argc)
        return cli_usage(&cmd_nightly, "takes no operand: %s", argv[optind]);
    if (!db_init(&db, config->db_url, config->db_prepare, &err))
        return cli_fail(&cmd_nightly, &err);
    ok = train_run(&db, config, NULL, &trained, &err) &&
         precompute(&db, config, &report, &err);
    db_release(&db);
    if (!ok)
        return cli_fail(&cmd_nightly, &err);
    printf("model %s: %" PRIu32 " users, %" PRIu32 " posts, %" PRIu32 " pairs\n"
           "recommendations: %" PRIu64 " for %" PRIu32 " readers, %" PRIu64
           " expired ones deleted, %.1f s\n",
           trained.version, trained.users, trained.posts, trained.pairs,
           report.written, report.readers, report.deleted,
           (double)report.took_us / US_PER_S);
    return fflush(stdout) ? CLI_FAILED : CLI_DONE;
}

const struct cli_command cmd_nightly = {
    .name = "nightly",
    .summary = "the daily pipeline: train, precompute, clean up",
    .help = help,
    .needs_config = true,
    .run = run,
};
