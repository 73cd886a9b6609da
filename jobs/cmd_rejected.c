#include <stdio.h>

#include "cli_db.h"
#include "cli_report.h"
#include "stamp.h"

#include "store/rejected.h"

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

static void add_code(struct cli_report *r, const struct rejected_row *row)
{
    char at[STAMP_BYTES];

    if (!r->json) {
        stamp_text(row->received_at_ms, at);
        buf_fmt(&r->text, "%8lld  %-16.*s  last %s\n", (long long)row->count,
                SPAN_ARGS(row->code), at);
        return;
    }
    json_write_object(r->json, NULL);
    json_write_text(r->json, "code", row->code);
    json_write_i64(r->json, "samples", row->count);
    json_write_i64(r->json, "last_at", row->received_at_ms);
    json_write_end(r->json);
}

static void add_event(struct cli_report *r, const struct rejected_row *row)
{
    char at[STAMP_BYTES];

    if (!r->json) {
        stamp_text(row->received_at_ms, at);
        buf_fmt(&r->text, "\n%s  %.*s\n  %.*s\n", at, SPAN_ARGS(row->code),
                SPAN_ARGS(row->event));
        return;
    }
    json_write_object(r->json, NULL);
    json_write_i64(r->json, "received_at", row->received_at_ms);
    json_write_text(r->json, "code", row->code);
    json_write_text(r->json, "event", row->event);
    json_write_end(r->json);
}

/* Ends the iterator; in JSON an array of that name. */
static bool add_all(struct cli_report *r, const char *name, struct rejected *it,
                    void (*add)(struct cli_report *r,
                                const struct rejected_row *row))
{
    struct rejected_row row;

    if (r->json)
        json_write_array(r->json, name);
    while (rejected_next(it, &row))
        add(r, &row);
    if (r->json)
        json_write_end(r->json);
    rejected_end(it);
    return !it->failed;
}

static bool report(struct db *db, const struct config *config, uint64_t most,
                   struct cli_report *r, struct err *err)
{
    struct rejected codes = rejected_by_code(db, cli_db_until_us(config), err);
    struct rejected events;

    if (!add_all(r, "codes", &codes, add_code))
        return false;
    if (!r->json && !r->text.bytes)
        buf_text(&r->text, "no event was rejected in the last seven days\n");
    events = rejected_newest(db, most, cli_db_until_us(config), err);
    return add_all(r, "events", &events, add_event);
}

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {CLI_LISTING, {0}};
    struct cli_listing listing = {.last = CLI_LAST_SHOWN};
    struct cli_report r;
    struct db db;
    struct err err;
    bool ok;
    int got;

    while ((got = cli_option(&cmd_rejected, argc, argv, longs)) != -1)
        if (!cli_listing_take(&cmd_rejected, got, &listing))
            return CLI_USAGE;
    if (optind < argc)
        return cli_usage(&cmd_rejected, "takes no operand: %s", argv[optind]);
    if (!cli_db_open(&db, config, &err))
        return cli_fail(&cmd_rejected, &err);
    cli_report_begin(&r, listing.json);
    ok = report(&db, config, listing.last, &r, &err);
    db_release(&db);
    return cli_report_end(&r, &cmd_rejected, ok, &err);
}

const struct cli_command cmd_rejected = {
    .name = "rejected",
    .summary = "events that were not taken: samples of the last days",
    .help = help,
    .needs_config = true,
    .run = run,
};
