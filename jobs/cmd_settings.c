#include <inttypes.h>

#include "cli_report.h"

static const char help[] =
    "Usage: kith settings [--json]\n\n"
    "Lists every setting: the environment variable, its default, its range\n"
    "and what it bounds.\n\n"
    "  --json    print one JSON object\n";

enum { OPTION_JSON = 256 };

static void write_text(struct buf *out, const struct config_setting *s)
{
    if (s->text)
        buf_fmt(out, "%-24s \"%s\"\n", s->variable, s->text);
    else
        buf_fmt(out, "%-24s %" PRIu32 " (%" PRIu32 " to %" PRIu32 ")\n",
                s->variable, s->count, s->least, s->most);
    buf_fmt(out, "    %s\n", s->why);
}

static void write_json(struct json_write *w, const struct config_setting *s)
{
    json_write_object(w, s->variable);
    if (s->text) {
        json_write_word(w, "default", s->text);
    } else {
        json_write_u64(w, "default", s->count);
        json_write_u64(w, "least", s->least);
        json_write_u64(w, "most", s->most);
    }
    json_write_word(w, "why", s->why);
    json_write_end(w);
}

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {
        {"json", no_argument, NULL, OPTION_JSON}, {0}};
    struct config_setting setting;
    struct cli_report r;
    bool json = false;
    int option;

    (void)config;
    while ((option = cli_option(&cmd_settings, argc, argv, longs)) != -1) {
        if (option == '?')
            return CLI_USAGE;
        json = true;
    }
    if (optind < argc)
        return cli_usage(&cmd_settings, "takes no operand: %s", argv[optind]);
    cli_report_begin(&r, json);
    for (size_t i = 0; config_setting_at(i, &setting); i++)
        if (r.json)
            write_json(r.json, &setting);
        else
            write_text(&r.text, &setting);
    return cli_report_end(&r, &cmd_settings, true, NULL);
}

const struct cli_command cmd_settings = {
    .name = "settings",
    .summary = "list every setting with default, range and reason",
    .help = help,
    .run = run,
};
