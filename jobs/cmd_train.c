#include <inttypes.h>
#include <stdio.h>

#include "cli.h"

#include "app/train.h"
#include "base/log.h"
#include "web/json_write.h"

enum { US_PER_MS = 1000, OPTION_JSON = 256, OUT_BYTES = 4096 };

static const char help[] =
    "Usage: kith train [--json]\n\n"
    "Reads every interaction and post of the database in one snapshot, builds\n"
    "the model of collaborative_filtering_v1 and publishes it by rename at\n"
    "KITH_MODEL. Running workers use it from their next request on.\n\n"
    "Settings recorded with the model: KITH_WEIGHT_VIEW, _CLICK, _LIKE,\n"
    "_SHARE, KITH_WEIGHT_MAX, KITH_NEIGHBOURS.\n\n"
    "  --json    print the report as one JSON object\n";

static void show(void *arg, enum train_stage stage, uint64_t done,
                 uint64_t total)
{
    static const char *const words[] = {
        [TRAIN_POSTS] = "reading posts",
        [TRAIN_INTERACTIONS] = "reading interactions",
        [TRAIN_WRITE] = "writing posts",
    };
    struct cli_progress *p = arg;

    p->what = words[stage];
    cli_progress_at(p, done, total);
}

static bool print_json(const struct train_report *r, const char *path)
{
    struct json_write w;
    struct buf out;
    char hash[sizeof "0123456789abcdef"];
    bool ok;

    buf_init(&out, OUT_BYTES);
    snprintf(hash, sizeof hash, "%016" PRIx64, r->data_hash);
    json_write_init(&w, &out);
    json_write_object(&w, NULL);
    json_write_word(&w, "model", path);
    json_write_word(&w, "version", r->version);
    json_write_word(&w, "data_hash", hash);
    json_write_u64(&w, "users", r->users);
    json_write_u64(&w, "posts", r->posts);
    json_write_u64(&w, "events", r->events);
    json_write_u64(&w, "pairs", r->pairs);
    json_write_u64(&w, "skipped", r->skipped);
    json_write_i64(&w, "trained_until_ms", r->trained_until_ms);
    json_write_i64(&w, "read_us", r->read_us);
    json_write_i64(&w, "fold_us", r->fold_us);
    json_write_i64(&w, "write_us", r->write_us);
    json_write_end(&w);
    ok = cli_print(&out);
    buf_release(&out);
    return ok;
}

static void print_text(const struct train_report *r, const char *path)
{
    printf("model %s: %" PRIu32 " users, %" PRIu32 " posts, %" PRIu32
           " pairs from %" PRIu64 " events\n",
           r->version, r->users, r->posts, r->pairs, r->events);
    if (r->skipped)
        printf("skipped %" PRIu64 " events of unknown types or posts\n",
               r->skipped);
    printf("read %.1f ms, folded %.1f ms, wrote %.1f ms: %s\n",
           (double)r->read_us / US_PER_MS, (double)r->fold_us / US_PER_MS,
           (double)r->write_us / US_PER_MS, path);
}

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {
        {"json", no_argument, NULL, OPTION_JSON}, {0}};
    struct cli_progress progress;
    struct train_watch watch = {.at = show, .arg = &progress};
    struct train_report report;
    struct db db;
    struct err err;
    bool json = false, ok;
    int option;

    while ((option = cli_option(&cmd_train, argc, argv, "", longs)) != -1) {
        if (option == '?')
            return CLI_USAGE;
        json = true;
    }
    if (optind < argc)
        return cli_usage(&cmd_train, "takes no operand: %s", argv[optind]);
    if (!db_init(&db, config->db_url, config->db_prepare, &err))
        return cli_fail(&cmd_train, &err);
    cli_progress_begin(&progress, "reading posts");
    ok = train_run(&db, config, &watch, &report, &err);
    cli_progress_end(&progress);
    db_release(&db);
    if (!ok)
        return cli_fail(&cmd_train, &err);
    if (json)
        return print_json(&report, config->model) ? CLI_DONE : CLI_FAILED;
    print_text(&report, config->model);
    return fflush(stdout) ? CLI_FAILED : CLI_DONE;
}

const struct cli_command cmd_train = {
    .name = "train",
    .summary = "build the model from the database and publish it",
    .help = help,
    .needs_config = true,
    .run = run,
};
