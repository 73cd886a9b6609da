#include <stdio.h>
#include <string.h>

#include "cli.h"

#include "app/feed_wire.h"
#include "base/clock.h"
#include "base/mem.h"
#include "web/json.h"

enum {
    OPTION_JSON = 256,
    OPTION_USER,
    OPTION_LIMIT,
    OPTION_FEED,
    OUT_BYTES = 16 << 20,
    WAIT_MS = 10000, /* a person waits longer than a page */
    US_PER_MS = 1000,
};

static const char help[] =
    "Usage: kith recommend --user UUID [--limit N] [--feed KIND] [--json]\n\n"
    "The feed of a reader as GET /api/feeds would answer it now: same model,\n"
    "same history, same rules, post for post.\n\n"
    "  --user UUID    the reader\n"
    "  --limit N      posts, 1 to 50 (default: KITH_FEED_ITEMS)\n"
    "  --feed KIND    for_you (default) or latest\n"
    "  --json         the JSON of the API, without cursor and impressions\n";

struct options {
    struct uuid user;
    bool has_user, json;
    uint64_t limit;
    enum cursor_feed kind;
};

static int read_option(int option, struct options *o)
{
    switch (option) {
    case OPTION_JSON:
        o->json = true;
        return CLI_DONE;
    case OPTION_USER:
        o->has_user = uuid_find(span_of(optarg), &o->user);
        return o->has_user
                   ? CLI_DONE
                   : cli_usage(&cmd_recommend, "--user %s: not a UUID", optarg);
    case OPTION_LIMIT:
        return cli_number(&cmd_recommend, "--limit", optarg, 1, FEED_MOST,
                          &o->limit)
                   ? CLI_DONE
                   : CLI_USAGE;
    case OPTION_FEED:
        o->kind = strcmp(optarg, "latest") ? CURSOR_FOR_YOU : CURSOR_LATEST;
        return o->kind == CURSOR_LATEST || !strcmp(optarg, "for_you")
                   ? CLI_DONE
                   : cli_usage(&cmd_recommend, "--feed %s: for_you or latest",
                               optarg);
    default:
        return CLI_USAGE;
    }
}

static int read_options(int argc, char **argv, const struct config *config,
                        struct options *o)
{
    static const struct option longs[] = {
        {"json", no_argument, NULL, OPTION_JSON},
        {"user", required_argument, NULL, OPTION_USER},
        {"limit", required_argument, NULL, OPTION_LIMIT},
        {"feed", required_argument, NULL, OPTION_FEED},
        {0}};
    int option, code;

    *o = (struct options){.limit = config->feed_items, .kind = CURSOR_FOR_YOU};
    while ((option = cli_option(&cmd_recommend, argc, argv, longs)) != -1) {
        code = read_option(option, o);
        if (code != CLI_DONE)
            return code;
    }
    if (optind < argc)
        return cli_usage(&cmd_recommend, "takes no operand: %s", argv[optind]);
    if (!o->has_user)
        return cli_usage(&cmd_recommend, "--user is needed");
    return CLI_DONE;
}

static bool print_json(const struct feed *feed, const struct feed_ask *ask,
                       int64_t started_us)
{
    struct feed_wire wire = {.feed = feed,
                             .user = ask->user,
                             .now_ms = ask->now_ms,
                             .started_us = started_us};
    struct buf out;
    bool ok;

    buf_init(&out, OUT_BYTES);
    feed_wire_write(&out, &wire);
    ok = cli_print(&out);
    buf_release(&out);
    return ok;
}

/* A member of the prepared text, which is an object without its braces. */
static void print_title(const struct feed_slot *slot)
{
    struct json root;
    struct span title;
    struct buf text;
    struct err err;

    buf_init(&text, OUT_BYTES);
    buf_char(&text, '{');
    buf_span(&text, slot->text);
    buf_char(&text, '}');
    if (json_parse(buf_view(&text), OUT_BYTES, JSON_DEPTH, &root, &err)) {
        if (json_find_text(&root, "title", &title, NULL, &err))
            printf("%.*s", SPAN_ARGS(title));
        json_release(&root);
    }
    buf_release(&text);
}

static void print_reasons(const struct feed_slot *slot)
{
    const char *before = "  (because of ";

    for (uint32_t r = 0; r < slot->reason_count; r++) {
        const struct feed_reason *why = &slot->reasons[r];
        if (why->code != REASON_READERS) {
            printf("%s%s %.0f %%", before, reason_name(why->code),
                   (double)why->share * 100);
            before = why->count ? ": " : ", ";
        }
        for (uint32_t i = 0; i < why->count; i++) {
            printf("%s%.*s %.0f %%", before, SPAN_ARGS(why->posts[i].title),
                   (double)why->posts[i].share * 100);
            before = ", ";
        }
    }
    puts(slot->reason_count ? ")" : "");
}

static void print_text(const struct feed *feed)
{
    char id[UUID_TEXT + 1];

    printf("%s%s%s\n", feed->source, feed->fallback_reason ? ": " : "",
           feed->fallback_reason ? feed->fallback_reason : "");
    for (uint32_t i = 0; i < feed->count; i++) {
        const struct feed_slot *slot = &feed->slots[i];
        uuid_text(slot->post, id);
        printf("%3u  %s  %-10s  ", feed->first_position + i, id,
               rung_name(slot->rung));
        if (slot->has_score)
            printf("%.4f  ", (double)slot->score);
        else
            printf("     -  ");
        print_title(slot);
        print_reasons(slot);
    }
}

static int recommend_for(const struct options *o, struct config *config,
                         struct feeder *feeder, struct feed *feed)
{
    int64_t started_us = clock_mono_us();
    struct feed_ask ask = {.user = o->user,
                           .kind = o->kind,
                           .want = (uint32_t)o->limit,
                           .now_ms = clock_wall_ms(),
                           .until_us =
                               started_us + (int64_t)WAIT_MS * US_PER_MS};
    struct db db;
    struct err err;
    int code = CLI_DONE;

    config->db_wait_ms = WAIT_MS;
    if (!db_init(&db, config->db_url, config->db_prepare, &err))
        return cli_fail(&cmd_recommend, &err);
    if (!feeder_init(feeder, config, &db, &err)) {
        db_release(&db);
        return cli_fail(&cmd_recommend, &err);
    }
    feed_make(feeder, &ask, feed);
    if (!o->json)
        print_text(feed);
    else if (!print_json(feed, &ask, started_us))
        code = CLI_FAILED;
    feeder_release(feeder);
    db_release(&db);
    return fflush(stdout) ? CLI_FAILED : code;
}

static int run(int argc, char **argv, const struct config *config)
{
    struct config patient = *config;
    struct options o;
    struct feeder *feeder = NULL; /* both are large */
    struct feed *feed = NULL;
    struct err err;
    int code = read_options(argc, argv, config, &o);

    if (code != CLI_DONE)
        return code;
    if (mem_take(1, sizeof *feeder, &feeder, &err) &&
        mem_take(1, sizeof *feed, &feed, &err))
        code = recommend_for(&o, &patient, feeder, feed);
    else
        code = cli_fail(&cmd_recommend, &err);
    mem_give(feeder);
    mem_give(feed);
    return code;
}

const struct cli_command cmd_recommend = {
    .name = "recommend",
    .summary = "the feed of one reader, as the API would answer it now",
    .help = help,
    .needs_config = true,
    .run = run,
};
