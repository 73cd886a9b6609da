#include <inttypes.h>
#include <stdio.h>

#include "cli_report.h"

#include "train_job.h"

enum { US_PER_MS = 1000 };

static const char help[] =
    "Usage: kith train [--force] [--json]\n\n"
    "Reads every interaction and post of the database in one snapshot, builds\n"
    "the model of collaborative_filtering_v1 and, if it is no worse than the "
    "live\n"
    "one, publishes it by rename at KITH_MODEL. Running workers use it from\n"
    "their next request on.\n\n"
    "No worse means: readers, posts and pairs have not collapsed\n"
    "(KITH_GATE_COUNTS_LEAST), and for the readers of the last KITH_GATE_DAYS\n"
    "days, from what was known before them, NDCG@20 and coverage@20 of what "
    "is\n"
    "served (KITH_ALGORITHM) are within KITH_GATE_NDCG_MARGIN and\n"
    "KITH_GATE_COVERAGE_MARGIN percent of what the live model would have\n"
    "reached. A refused model is kept beside the live one; exit code 1 and a\n"
    "sentence say why; `kith models promote VERSION` makes it live.\n\n"
    "Weights, the trend's half life, similar posts and other settings that\n"
    "`kith settings` calls recorded go with the model. Every run is recorded\n"
    "(`kith runs`), with MLFLOW_TRACKING_URI set also in that MLflow "
    "server.\n\n"
    "  --force   publish a worse model, too; recorded as forced\n"
    "  --json    print the report as one JSON object\n";

static void show(void *arg, enum train_stage stage, uint64_t done,
                 uint64_t total)
{
    static const char *const words[] = {
        [TRAIN_POSTS] = "reading posts",
        [TRAIN_INTERACTIONS] = "reading interactions",
        [TRAIN_WRITE] = "writing posts",
        [TRAIN_COMPARE] = "comparing with the live model",
    };
    struct cli_progress *p = arg;

    p->what = words[stage];
    cli_progress_at(p, done, total);
}

static void write_verdict(struct json_write *w, const struct candidate *c)
{
    json_write_i64(w, "run", c->run_id);
    json_write_word(w, "verdict", model_verdict_name(c->verdict));
    json_write_bool(w, "live", c->is_live);
    json_write_word(w, "reason", c->reason);
    json_write_object(w, "gate");
    json_write_i64(w, "took_us", c->judge_us);
    json_write_u64(w, "readers", c->gate.readers);
    if (c->gate.compared) {
        json_write_f64(w, "ndcg", c->gate.candidate.ndcg);
        json_write_f64(w, "live_ndcg", c->gate.live.ndcg);
        json_write_f64(w, "coverage", c->gate.candidate.coverage);
        json_write_f64(w, "live_coverage", c->gate.live.coverage);
    }
    json_write_end(w);
}

static void write_json(struct json_write *w, const struct train_report *r,
                       const char *path)
{
    char hash[sizeof "0123456789abcdef"];

    snprintf(hash, sizeof hash, "%016" PRIx64, r->data_hash);
    json_write_word(w, "model", path);
    json_write_word(w, "version", r->version);
    json_write_word(w, "data_hash", hash);
    json_write_u64(w, "users", r->users);
    json_write_u64(w, "posts", r->posts);
    json_write_u64(w, "events", r->events);
    json_write_u64(w, "pairs", r->pairs);
    json_write_u64(w, "skipped", r->skipped);
    json_write_i64(w, "trained_until_ms", r->trained_until_ms);
    json_write_i64(w, "read_us", r->read_us);
    json_write_i64(w, "fold_us", r->fold_us);
    json_write_i64(w, "write_us", r->write_us);
    write_verdict(w, &r->candidate);
}

static void write_text(struct buf *out, const struct train_report *r,
                       const char *path)
{
    const struct candidate *c = &r->candidate;

    buf_fmt(out,
            "model %s: %" PRIu32 " users, %" PRIu32 " posts, %" PRIu32
            " pairs from %" PRIu64 " events\n",
            r->version, r->users, r->posts, r->pairs, r->events);
    if (r->skipped)
        buf_fmt(out, "skipped %" PRIu64 " events of unknown types or posts\n",
                r->skipped);
    buf_fmt(out,
            "read %.1f ms, folded %.1f ms, wrote %.1f ms, judged %.1f ms\n",
            (double)r->read_us / US_PER_MS, (double)r->fold_us / US_PER_MS,
            (double)r->write_us / US_PER_MS, (double)c->judge_us / US_PER_MS);
    if (c->is_live)
        buf_fmt(out, "%s: %s\nlive: %s (run %lld)\n",
                model_verdict_name(c->verdict), c->reason, path,
                (long long)c->run_id);
}

static int answer(const struct train_report *r, const struct config *config,
                  bool json)
{
    const struct candidate *c = &r->candidate;

    struct cli_report report;
    int code;

    cli_report_begin(&report, json);
    if (report.json)
        write_json(report.json, r, config->model);
    else
        write_text(&report.text, r, config->model);
    code = cli_report_end(&report, &cmd_train, true, NULL);
    if (c->is_live || code != CLI_DONE)
        return code;
    fprintf(stderr,
            "kith train: refused, %s stays live: %s\n"
            "Run %lld. To use it all the same: kith models promote %s\n",
            c->before[0] ? c->before : "nothing", c->reason,
            (long long)c->run_id, r->version);
    return CLI_FAILED;
}

static int train(const struct config *config, bool force, bool json)
{
    struct cli_progress progress;
    struct train_watch watch = {.at = show, .arg = &progress};
    struct train_report report;
    struct db db;
    struct err err;
    bool ok;

    if (!db_init(&db, config->db_url, config->db_prepare, &err))
        return cli_fail(&cmd_train, &err);
    cli_progress_begin(&progress, "reading posts");
    ok = train_job(&db, config, &watch, force, &report, &err);
    cli_progress_end(&progress);
    db_release(&db);
    return ok ? answer(&report, config, json) : cli_fail(&cmd_train, &err);
}

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {
        {"force", no_argument, NULL, 'f'},
        {"json", no_argument, NULL, 'j'},
        {0},
    };
    bool json = false, force = false;
    int option;

    while ((option = cli_option(&cmd_train, argc, argv, longs)) != -1) {
        if (option == '?')
            return CLI_USAGE;
        json |= option == 'j';
        force |= option == 'f';
    }
    if (optind < argc)
        return cli_usage(&cmd_train, "takes no operand: %s", argv[optind]);
    return train(config, force, json);
}

const struct cli_command cmd_train = {
    .name = "train",
    .summary = "build the model, publish it if it is no worse",
    .help = help,
    .needs_config = true,
    .run = run,
};
