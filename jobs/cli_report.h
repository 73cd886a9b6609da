/*
 * cli_report.h -- what the commands that report share: --last and --json, and a
 * result that is lines for people or one JSON object.
 *
 * Use   options  a row CLI_LISTING in `longs`; cli_listing_take() for each step
 *       result   cli_report_begin(&r, json); ok = ..; what is to be said goes
 *                to r.text, or, where r.json is not NULL, into that object;
 *                return cli_report_end(&r, &cmd_x, ok, &err);
 */
#pragma once

#include "cli.h"

#include "web/json_write.h"

/* How many rows, newest first. */
struct cli_listing {
    uint64_t least, last; /* what --last may be at least; what it is */
    bool json;
};
enum { CLI_LAST_SHOWN = 20, CLI_LAST_MOST = 10000 };

/* Their values, apart from those of a command's own options, which are letters.
 */
enum { CLI_LAST = 256, CLI_JSON };

/* clang-format off */
#define CLI_LISTING                                                            \
    {"last", required_argument, NULL, CLI_LAST},                               \
    {"json", no_argument, NULL, CLI_JSON}
/* clang-format on */

/* One result of cli_option(); false when it was wrong, with the complaint made.
 * An option of the command's own is left to it: true. */
bool cli_listing_take(const struct cli_command *c, int option,
                      struct cli_listing *l);

struct cli_report {
    struct buf text;
    struct json_write *json; /* the object that is open; NULL: for people */
    struct json_write writer;
};

void cli_report_begin(struct cli_report *r, bool json);

/* Prints it, or says what went wrong; the exit code. */
int cli_report_end(struct cli_report *r, const struct cli_command *c, bool ok,
                   const struct err *err);

/* An instant, or null for DB_NONE_I64. */
void cli_json_ms(struct json_write *w, const char *key, int64_t at_ms);
