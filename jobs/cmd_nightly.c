#include <inttypes.h>
#include <stdio.h>

#include "app/precompute.h"
#include "base/log.h"
#include "cli_db.h"
#include "cli_report.h"
#include "store/rejected.h"
#include "train_job.h"

enum {
    US_PER_S = 1000000,
    OPTION_JSON = 256,
    CLEAN_ROWS = 10000, /* deleted in one statement */
};

static const char help[] =
    "Usage: kith nightly [--json]\n\n"
    "The daily pipeline: train (see `kith train --help`), write precomputed\n"
    "recommendations for every reader into user_recommendations, delete\n"
    "expired ones and samples of rejected events older than seven days. A\n"
    "scheduler runs it at 02:00 UTC; running it at any other time does no "
    "harm.\n"
    "When the new model is refused, the rest is done with the live one, a\n"
    "warning says why, and the exit code is 0: doing it again would not "
    "help.\n\n"
    "  --json    print the report as one JSON object\n";

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

static bool clean(struct db *db, const struct config *config, struct err *err)
{
    size_t deleted;

    do
        if (!rejected_clean(db, CLEAN_ROWS, cli_db_until_us(config), &deleted,
                            err))
            return false;
    while (deleted == CLEAN_ROWS);
    return true;
}

static void write_json(struct json_write *w, const struct train_report *t,
                       const struct precompute_report *p)
{
    json_write_word(w, "version", t->version);
    json_write_word(w, "verdict", model_verdict_name(t->candidate.verdict));
    json_write_bool(w, "live", t->candidate.is_live);
    json_write_word(w, "reason", t->candidate.reason);
    json_write_u64(w, "users", t->users);
    json_write_u64(w, "posts", t->posts);
    json_write_u64(w, "pairs", t->pairs);
    json_write_u64(w, "recommendations", p->written);
    json_write_u64(w, "readers", p->readers);
    json_write_u64(w, "expired_deleted", p->deleted);
    json_write_i64(w, "took_us", p->took_us);
}

static void write_text(struct buf *out, const struct train_report *t,
                       const struct precompute_report *p)
{
    buf_fmt(out,
            "model %s: %" PRIu32 " users, %" PRIu32 " posts, %" PRIu32
            " pairs\n"
            "recommendations: %" PRIu64 " for %" PRIu32 " readers, %" PRIu64
            " expired ones deleted, %.1f s\n",
            t->version, t->users, t->posts, t->pairs, p->written, p->readers,
            p->deleted, (double)p->took_us / US_PER_S);
}

static int report(const struct train_report *t,
                  const struct precompute_report *p, bool json)
{
    struct cli_report r;

    cli_report_begin(&r, json);
    if (r.json)
        write_json(r.json, t, p);
    else
        write_text(&r.text, t, p);
    return cli_report_end(&r, &cmd_nightly, true, NULL);
}

static void warn(const struct train_report *t)
{
    struct log_line line;

    log_begin(&line, LOG_WARN, "jobs", "model_refused");
    log_value(&line, "version", span_of(t->version));
    log_value(&line, "live", span_of(t->candidate.before));
    log_value(&line, "reason", span_of(t->candidate.reason));
    log_end(&line);
}

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {
        {"json", no_argument, NULL, OPTION_JSON}, {0}};
    struct train_report trained;
    struct precompute_report written;
    struct db db;
    struct err err;
    bool json = false, ok;
    int option;

    while ((option = cli_option(&cmd_nightly, argc, argv, longs)) != -1) {
        if (option == '?')
            return CLI_USAGE;
        json = true;
    }
    if (optind < argc)
        return cli_usage(&cmd_nightly, "takes no operand: %s", argv[optind]);
    if (!db_init(&db, config->db_url, config->db_prepare, &err))
        return cli_fail(&cmd_nightly, &err);
    ok = train_job(&db, config, NULL, false, &trained, &err) &&
         precompute(&db, config, &written, &err) && clean(&db, config, &err);
    db_release(&db);
    if (!ok)
        return cli_fail(&cmd_nightly, &err);
    if (!trained.candidate.is_live)
        warn(&trained);
    return report(&trained, &written, json);
}

const struct cli_command cmd_nightly = {
    .name = "nightly",
    .summary = "the daily pipeline: train, precompute, clean up",
    .help = help,
    .needs_config = true,
    .run = run,
};
