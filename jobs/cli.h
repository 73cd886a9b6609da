/*
 * cli.h -- what the sub-commands of `kith` share: the table, options,
 * messages, progress, exit codes.
 *
 * A command is one file jobs/cmd_<name>.c that defines one
 * `const struct cli_command cmd_<name>` and a row of the table in kith.c.
 *
 * Output   results go to stdout, everything else to stderr; with --json stdout
 *          is exactly one JSON object and a newline.
 * Help     `kith NAME --help` is answered by kith.c from `help`, to which it
 * adds the usual exit codes where `help` names none; a command never sees it.
 * Errors   a command returns an exit code; cli_fail() prints the message and
 *          chooses the code, cli_usage() does so for a wrong command line.
 */
#pragma once

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/err.h"

enum cli_exit {
    CLI_DONE = 0,
    CLI_FAILED = 1, /* refused or broken; the message says what to do */
    CLI_USAGE = 2,  /* the command line or a setting is wrong */
    CLI_DOWN = 3,   /* a dependency (PostgreSQL) is away: try again later */
};

struct cli_command {
    const char *name;
    const char *summary; /* one line for `kith --help` */
    const char *help;    /* whole text of `kith NAME --help` */
    bool needs_config;   /* the settings must be valid before it runs */
    /* argv[0] is the command's name; config is NULL without needs_config. */
    int (*run)(int argc, char **argv, const struct config *config);
};

extern const struct cli_command cmd_migrate, cmd_import, cmd_demo, cmd_train,
    cmd_recommend, cmd_nightly, cmd_token, cmd_settings, cmd_status,
    cmd_evaluate, cmd_tune, cmd_runs, cmd_models, cmd_replay, cmd_drain,
    cmd_announce, cmd_rejected;

/* The git revision this program was built from. */
extern const char cli_revision[];

/*
 * One step of getopt_long over long options: the option's `val`, -1 at the end,
 * '?' after a complaint on stderr. A command answers '?' with `return
 * CLI_USAGE`. Operands start at optind.
 */
int cli_option(const struct cli_command *c, int argc, char **argv,
               const struct option *longs);

/* "kith NAME: message" and where help is found; returns CLI_USAGE. */
int cli_usage(const struct cli_command *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* "kith NAME: what went wrong"; CLI_DOWN for ERR_DOWN and ERR_TIMEOUT, else
 * CLI_FAILED. */
int cli_fail(const struct cli_command *c, const struct err *err);

/* A whole number within [least, most]; complains like cli_usage if not. */
bool cli_number(const struct cli_command *c, const char *option,
                const char *text, uint64_t least, uint64_t most, uint64_t *out);

/* Writes the text and a newline to stdout; false when stdout is broken. */
bool cli_print(const struct buf *text);

/*
 * Progress of anything that may last over a second: on a terminal one line
 * that is rewritten in place, otherwise a log line every ten seconds. Nothing
 * at all when the work is done before the first second has passed.
 */
struct cli_progress {
    const char *what; /* constant words: "reading", "training" */
    int64_t started_us, shown_us;
    bool terminal, drawn;
};
void cli_progress_begin(struct cli_progress *p, const char *what);
/* total 0: not known. Cheap; call it as often as convenient. */
void cli_progress_at(struct cli_progress *p, uint64_t done, uint64_t total);
/* Clears the line. */
void cli_progress_end(struct cli_progress *p);
