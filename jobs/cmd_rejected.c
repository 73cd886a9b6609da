#include <stdio.h>

#include "cli.h"
#include "cli_db.h"
#include "stamp.h"

#include "store/rejected.h"
#include "web/json_write.h"

enum { OUT_BYTES = 16 << 20, MOST = 10000, SHOWN = 20, OPTION_JSON = 256 };

static const char help[] =
    "Usage: kith rejected [--last N] [--json]\n\n"
    "Events that POST /api/track did not take: samples of the last seven days, "
    "by\n"
    "code, and the newest ones as they came (tokens and readers left out, cut "
    "at\n"
    "1 KiB). Each worker keeps up to five at once of a code and then one a "
    "minute,\n"
    "so the numbers say what occurs, not how often.\n\n"
    "  --last N  how many of the newest (20)\n"
    "  --json    one JSON object: codes[], events[]\n";

static bool list_codes(struct db *db, const struct config *config,
                       struct buf *out, struct json_write *w, struct err *err)
{
    struct rejected it = rejected_by_code(db, cli_db_until_us(config), err);
    struct rejected_row row;
    char at[STAMP_BYTES];

    if (w)
        json_write_array(w, "codes");
    while (rejected_next(&it, &row)) {
        stamp_text(row.received_at_ms, at);
        if (!w) {
            buf_fmt(out, "%8lld  %-16.*s  last %s\n", (long long)row.count,
                    SPAN_ARGS(row.code), at);
            continue;
        }
        json_write_object(w, NULL);
        json_write_text(w, "code", row.code);
        json_write_i64(w, "samples", row.count);
        json_write_i64(w, "last_at", row.received_at_ms);
        json_write_end(w);
    }
    if (w)
        json_write_end(w);
    else if (!it.failed && !it.next)
        buf_text(out, "no event was rejected in the last seven days\n");
    rejected_end(&it);
    return !it.failed;
}

static bool list_events(struct db *db, const struct config *config,
                        uint64_t most, struct buf *out, struct json_write *w,
                        struct err *err)
{
    struct rejected it =
        rejected_newest(db, most, cli_db_until_us(config), err);
    struct rejected_row row;
    char at[STAMP_BYTES];

    if (w)
        json_write_array(w, "events");
    while (rejected_next(&it, &row)) {
        stamp_text(row.received_at_ms, at);
        if (!w) {
            buf_fmt(out, "\n%s  %.*s\n  %.*s\n", at, SPAN_ARGS(row.code),
                    SPAN_ARGS(row.event));
            continue;
        }
        json_write_object(w, NULL);
        json_write_i64(w, "received_at", row.received_at_ms);
        json_write_text(w, "code", row.code);
        json_write_text(w, "event", row.event);
        json_write_end(w);
    }
    if (w)
        json_write_end(w);
    rejected_end(&it);
    return !it.failed;
}

static bool report(struct db *db, const struct config *config, uint64_t most,
                   bool json, struct err *err)
{
    struct json_write w;
    struct buf out;
    bool ok;

    buf_init(&out, OUT_BYTES);
    json_write_init(&w, &out);
    if (json)
        json_write_object(&w, NULL);
    ok = list_codes(db, config, &out, json ? &w : NULL, err) &&
         list_events(db, config, most, &out, json ? &w : NULL, err);
    if (json)
        json_write_end(&w);
    if (ok && !cli_print(&out))
        ok = err_set(err, ERR_DOWN, "standard output is closed");
    buf_release(&out);
    return ok;
}

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {
        {"last", required_argument, NULL, 'l'},
        {"json", no_argument, NULL, OPTION_JSON},
        {0}};
    uint64_t most = SHOWN;
    bool json = false, ok;
    struct db db;
    struct err err;
    int option;

    while ((option = cli_option(&cmd_rejected, argc, argv, "", longs)) != -1) {
        if (option == OPTION_JSON)
            json = true;
        else if (option != 'l' ||
                 !cli_number(&cmd_rejected, "--last", optarg, 0, MOST, &most))
            return CLI_USAGE;
    }
    if (optind < argc)
        return cli_usage(&cmd_rejected, "takes no operand: %s", argv[optind]);
    if (!cli_db_open(&db, config, &err))
        return cli_fail(&cmd_rejected, &err);
    ok = report(&db, config, most, json, &err);
    db_release(&db);
    return ok ? CLI_DONE : cli_fail(&cmd_rejected, &err);
}

const struct cli_command cmd_rejected = {
    .name = "rejected",
    .summary = "events that were not taken: samples of the last days",
    .help = help,
    .needs_config = true,
    .run = run,
};
