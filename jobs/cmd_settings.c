#include <stdio.h>

#include "cli.h"

static const char help[] =
    "Usage: kith settings\n\n"
    "Lists every setting: the environment variable, its default, its range\n"
    "and what it bounds.\n";

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {{0}};

    (void)config;
    if (cli_option(&cmd_settings, argc, argv, longs) == '?')
        return CLI_USAGE;
    if (optind < argc)
        return cli_usage(&cmd_settings, "takes no operand: %s", argv[optind]);
    config_print_help(stdout);
    return fflush(stdout) ? CLI_FAILED : CLI_DONE;
}

const struct cli_command cmd_settings = {
    .name = "settings",
    .summary = "list every setting with default, range and reason",
    .help = help,
    .run = run,
};
