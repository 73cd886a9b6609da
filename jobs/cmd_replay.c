#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "cli_db.h"

#include "app/feed_replay.h"
#include "base/mem.h"
#include "web/token.h"

enum { OPTION_REQUEST = 256, OPTION_LOG, OPTION_MODEL, OUT_BYTES = 16 << 20 };

static const char help[] =
    "Usage: kith replay --request UUID [--log DIR] [--model FILE]\n\n"
    "Makes a past answer of GET /api/feeds again: same reader, same moment,\n"
    "same page. Prints its JSON, byte for byte what was sent, and says so; or\n"
    "names which input is not what it was: model, history, newer posts,\n"
    "settings, signing key, program. Answers are kept where KITH_SERVED names\n"
    "a folder: for_you, made with a model.\n\n"
    "  --request UUID  X-Request-Id of the answer\n"
    "  --log DIR       the folder of the log (default: KITH_SERVED)\n"
    "  --model FILE    the model of that time, if it has been replaced "
    "since\n\n"
    "Exit codes: 0 the same bytes, 1 not the same, or not found.\n";

struct options {
    struct uuid request;
    bool has_request;
    const char *log, *model;
};

static int read_options(int argc, char **argv, const struct config *config,
                        struct options *o)
{
    static const struct option longs[] = {
        {"request", required_argument, NULL, OPTION_REQUEST},
        {"log", required_argument, NULL, OPTION_LOG},
        {"model", required_argument, NULL, OPTION_MODEL},
        {0}};
    int option;

    *o = (struct options){.log = config->served, .model = config->model};
    while ((option = cli_option(&cmd_replay, argc, argv, longs)) != -1) {
        if (option == OPTION_REQUEST)
            o->has_request = uuid_find(span_of(optarg), &o->request);
        else if (option == OPTION_LOG)
            o->log = optarg;
        else if (option == OPTION_MODEL)
            o->model = optarg;
        else
            return CLI_USAGE;
        if (option == OPTION_REQUEST && !o->has_request)
            return cli_usage(&cmd_replay, "--request %s: not a UUID", optarg);
    }
    if (optind < argc)
        return cli_usage(&cmd_replay, "takes no operand: %s", argv[optind]);
    if (!o->has_request)
        return cli_usage(&cmd_replay, "--request is needed");
    if (!*o->log)
        return cli_usage(&cmd_replay,
                         "no log: name one with --log or KITH_SERVED");
    return CLI_DONE;
}

static void say(const struct replay_verdict *v,
                const struct served_record *record)
{
    const struct {
        bool differs;
        const char *what;
    } rows[] = {
        {v->model, "another model is live; give the one of then with --model"},
        {v->history, "the reader's history was erased or changed since"},
        {v->newer, "posts newer than the model were changed since"},
        {v->settings, "settings are not what they were"},
        {v->key, "another key signs impressions and cursors"},
        {v->cursor, "the cursor's key is gone, or cursors live shorter now"},
        {v->program, "all inputs are the same: the program has changed"},
    };

    if (v->same)
        fprintf(stderr, "same: %u bytes\n", record->answer_bytes);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].differs)
            fprintf(stderr, "differs: %s\n", rows[i].what);
    if (v->model)
        fprintf(stderr, "served by model %.*s\n", (int)sizeof record->version,
                record->version);
}

static int replay(const struct options *o, const struct config *config,
                  struct feeder *feeder, struct err *err)
{
    struct replay_verdict verdict = {0};
    struct served_found found;
    struct token_keys keys;
    struct buf body;
    int code = CLI_FAILED;

    buf_init(&body, OUT_BYTES);
    if (!served_find(o->log, o->request, &found, err) ||
        !token_keys_load(config->token_keys_file, &keys, err) ||
        !feed_replay(feeder, &keys, &found, cli_db_until_us(config), &body,
                     &verdict, err)) {
        code = cli_fail(&cmd_replay, err);
    } else {
        if (!body.bytes || cli_print(&body))
            code = verdict.same ? CLI_DONE : CLI_FAILED;
        say(&verdict, &found.record);
    }
    buf_release(&body);
    return code;
}

static int run(int argc, char **argv, const struct config *config)
{
    struct config then = *config;
    struct feeder *feeder = NULL; /* large */
    struct options o;
    struct db db;
    struct err err;
    int code = read_options(argc, argv, config, &o);

    if (code != CLI_DONE)
        return code;
    then.model = o.model;
    if (!cli_db_open(&db, &then, &err))
        return cli_fail(&cmd_replay, &err);
    if (mem_take(1, sizeof *feeder, &feeder, &err) &&
        feeder_init(feeder, &then, &db, &err)) {
        code = replay(&o, &then, feeder, &err);
        feeder_release(feeder);
    } else {
        code = cli_fail(&cmd_replay, &err);
    }
    mem_give(feeder);
    db_release(&db);
    return code;
}

const struct cli_command cmd_replay = {
    .name = "replay",
    .summary = "a past answer again, byte for byte, or what has changed",
    .help = help,
    .needs_config = true,
    .run = run,
};
