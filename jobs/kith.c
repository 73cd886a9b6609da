/* kith -- every program of kith that runs and ends, as sub-commands. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

#include "base/log.h"

#ifndef KITH_REVISION
#define KITH_REVISION "unknown"
#endif

const char cli_revision[] = KITH_REVISION;

static const struct cli_command *const commands[] = {
    &cmd_migrate,  &cmd_import,   &cmd_demo,   &cmd_train,    &cmd_recommend,
    &cmd_nightly,  &cmd_status,   &cmd_token,  &cmd_settings, &cmd_evaluate,
    &cmd_tune,     &cmd_runs,     &cmd_models, &cmd_replay,   &cmd_drain,
    &cmd_announce, &cmd_rejected,
};

enum {
    COMMAND_COUNT = sizeof commands / sizeof commands[0],
    NAME_MOST = 16, /* longest name that is compared for a suggestion */
    NEAR_MOST = 3,  /* edits up to which a suggestion is plausible */
};

static const char exit_codes[] =
    "Exit codes: 0 done, 1 failed or refused, 2 wrong command line or "
    "setting,\n3 a dependency (PostgreSQL) is away.\n";

static void print_help(FILE *out)
{
    fputs("Usage: kith COMMAND [OPTION]...\n\n"
          "A self-hosted personalised feed: its jobs.\n\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n  kith COMMAND --help   what a command does, and its options\n"
          "  kith --version        the revision this program was built from\n"
          "\n"
          "Settings come from the environment (KITH_...); `kith settings` "
          "lists them.\n\n",
          out);
    fputs(exit_codes, out);
}

/* Edits (insert, delete, replace) from a to b; from Levenshtein 1965. */
static unsigned edits(const char *a, const char *b)
{
    unsigned row[NAME_MOST + 1];
    size_t bytes = strlen(b);

    if (strlen(a) > NAME_MOST || bytes > NAME_MOST)
        return NAME_MOST;
    for (unsigned j = 0; j <= bytes; j++)
        row[j] = j;
    for (unsigned i = 1; *a; a++, i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= bytes; j++) {
            unsigned best = diagonal + (*a != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[bytes];
}

static const struct cli_command *nearest(const char *name)
{
    const struct cli_command *best = NULL;
    unsigned best_edits = NEAR_MOST + 1;

    /* Half of the letters typed must stand. */
    if (strlen(name) / 2 < NEAR_MOST)
        best_edits = (unsigned)strlen(name) / 2 + 1;

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        unsigned n = edits(name, commands[i]->name);
        if (n < best_edits) {
            best = commands[i];
            best_edits = n;
        }
    }
    return best;
}

static const struct cli_command *command_of(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    return NULL;
}

static int refuse(const char *name)
{
    const struct cli_command *near = nearest(name);

    fprintf(stderr, "kith: no command '%s'", name);
    if (near)
        fprintf(stderr, "; did you mean '%s'?", near->name);
    fputs("\nTry `kith --help`.\n", stderr);
    return CLI_USAGE;
}

static int explain(const struct cli_command *c)
{
    fputs(c->help, stdout);
    if (!strstr(c->help, "Exit codes"))
        printf("\n%s", exit_codes);
    return CLI_DONE;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return true;
    return false;
}

static int run(const struct cli_command *c, int argc, char **argv)
{
    struct config config;
    struct err err = {0};

    if (wants_help(argc, argv))
        return explain(c);
    if (!c->needs_config)
        return c->run(argc, argv, NULL);
    if (!config_load(&config, &err)) {
        cli_fail(c, &err);
        return CLI_USAGE;
    }
    log_setup((enum log_level)config.log_level, 0);
    return c->run(argc, argv, &config);
}

int main(int argc, char **argv)
{
    const struct cli_command *c;

    /* A reader that goes away makes writes fail, which every command checks. */
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
        (!strcmp(argv[1], "help") && argc == 2)) {
        print_help(stdout);
        return CLI_DONE;
    }
    if (!strcmp(argv[1], "help")) {
        c = command_of(argv[2]);
        return c ? explain(c) : refuse(argv[2]);
    }
    if (!strcmp(argv[1], "--version")) {
        printf("kith %s\n", cli_revision);
        return CLI_DONE;
    }
    c = command_of(argv[1]);
    if (!c)
        return refuse(argv[1]);
    return run(c, argc - 1, argv + 1);
}
