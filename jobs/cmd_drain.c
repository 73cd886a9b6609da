#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/backoff.h"
#include "store/drain.h"

#include "cli_report.h"
#include "drain_samples.h"

static const char help[] =
    "Usage: kith drain [--once] [--json]\n\n"
    "Stores what waits in the spool (KITH_SPOOL): events that were accepted "
    "while\n"
    "PostgreSQL was away. Looks for more every second until SIGTERM; while "
    "the\n"
    "database is away it waits. One drain runs at a time. It may be killed at "
    "any\n"
    "moment: events are stored once per id, and a segment is deleted only "
    "after the\n"
    "COMMIT of all that is in it.\n\n"
    "What cannot be read goes to the folder bad/ of the spool, after the rest "
    "of its\n"
    "segment has been stored. Moved back, it is tried again.\n\n"
    "  --once    store what there is and end\n"
    "  --json    print the report as one JSON object\n\n"
    "Exit codes: 0 done, 1 damaged segments were kept aside (or another drain "
    "is at\n"
    "work), 2 wrong command line, 3 the database is away.\n";

enum {
    OPTION_JSON = 256,
    OPTION_ONCE,
    IDLE_US = 1000 * 1000,
    BUSY_US = 50 * 1000, /* a writer is done with a segment in milliseconds */
    BUSY_TRIES = 100,
    US_PER_S = 1000 * 1000,
    NS_PER_US = 1000,
};

/* Taken by sigtimedwait(), never delivered: no handler, no lost wake-up. */
static sigset_t stops;
static bool is_stopping;

static bool wait_us(int64_t pause_us)
{
    struct timespec pause = {pause_us / US_PER_S,
                             pause_us % US_PER_S * NS_PER_US};

    if (!is_stopping && pause_us >= 0)
        is_stopping = sigtimedwait(&stops, NULL, &pause) > 0;
    return !is_stopping;
}

static bool should_stop(void)
{
    return !wait_us(0);
}

static void take_signals(void)
{
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigprocmask(SIG_BLOCK, &stops, NULL);
}

static bool pass(struct drain *d, struct err *err)
{
    bool ok = drain_pass(d, err);

    drain_samples_write(d->refused_arg, d->db);
    return ok;
}

/* A segment in which a writer is at work is taken a moment later. */
static bool drain_once(struct drain *d, struct err *err)
{
    for (int tries = 0; tries < BUSY_TRIES; tries++) {
        if (!pass(d, err))
            return false;
        if (!d->report.busy || !wait_us(BUSY_US))
            break;
    }
    return true;
}

static void drain_on(struct drain *d)
{
    struct backoff backoff;
    struct err err;
    bool told = false;

    backoff_init(&backoff, (uint64_t)clock_mono_us());
    do {
        if (pass(d, &err)) {
            backoff_clear(&backoff);
            told = false;
            continue;
        }
        if (!told)
            log_failure(LOG_WARN, "jobs", "drain_waits", &err);
        told = true;
        backoff_failed(&backoff, clock_mono_us());
    } while (wait_us(backoff.pause_us ? backoff.pause_us : IDLE_US));
}

static void write_json(struct json_write *w, const struct drain_report *r)
{
    json_write_u64(w, "segments", r->segments);
    json_write_u64(w, "records", r->records);
    json_write_u64(w, "events", r->events);
    json_write_u64(w, "stored", r->stored);
    json_write_u64(w, "duplicates", r->duplicates);
    json_write_u64(w, "unknown_posts", r->unknown_posts);
    json_write_u64(w, "refused", r->refused);
    json_write_u64(w, "erased", r->erased);
    json_write_u64(w, "aside", r->aside);
    json_write_u64(w, "damaged", r->damaged);
    json_write_u64(w, "unfinished", r->unfinished);
    json_write_u64(w, "unknown", r->unknown);
    json_write_u64(w, "poison", r->poison);
    json_write_u64(w, "busy", r->busy);
}

static void write_text(struct buf *out, const struct drain_report *r)
{
    buf_fmt(out,
            "%" PRIu64 " events of %" PRIu64 " batches: %" PRIu64
            " stored, %" PRIu64 " were stored already, %" PRIu64
            " of unknown posts, %" PRIu64 " refused, %" PRIu64
            " of erased readers\n",
            r->events, r->records, r->stored, r->duplicates, r->unknown_posts,
            r->refused, r->erased);
    if (r->aside)
        buf_fmt(out,
                "%" PRIu64 " segments kept aside in " SPOOL_BAD "/: %" PRIu64
                " damaged places, %" PRIu64 " unfinished records, %" PRIu64
                " of another version, %" PRIu64 " refused as a whole\n",
                r->aside, r->damaged, r->unfinished, r->unknown, r->poison);
}

struct wish {
    bool once, json;
};

static int report(const struct drain *d, const struct wish *wish)
{
    struct cli_report r;
    int code;

    cli_report_begin(&r, wish->json);
    if (r.json)
        write_json(r.json, &d->report);
    else
        write_text(&r.text, &d->report);
    code = cli_report_end(&r, &cmd_drain, true, NULL);
    return drain_is_damaged(&d->report) ? CLI_FAILED : code;
}

static int drain(const struct config *config, struct db *db,
                 const struct wish *wish)
{
    struct drain_samples samples;
    struct drain d;
    struct err err;
    bool alone, ok = true;
    int code;

    if (!drain_open(&d, config->spool, db, &alone, &err)) {
        if (!alone)
            err_set(&err, ERR_LIMIT, "another drain is at work in %.150s",
                    config->spool);
        return cli_fail(&cmd_drain, &err);
    }
    drain_samples_init(&samples);
    d.should_stop = should_stop;
    d.refused = drain_samples_add;
    d.refused_arg = &samples;
    if (wish->once)
        ok = drain_once(&d, &err);
    else
        drain_on(&d);
    code = report(&d, wish);
    drain_close(&d);
    drain_samples_release(&samples);
    return ok ? code : cli_fail(&cmd_drain, &err);
}

/* Under supervision, ending at once would only start it again. */
static int idle(const struct wish *wish)
{
    static const struct drain none;

    while (!wish->once && wait_us(IDLE_US))
        ;
    return report(&none, wish);
}

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {
        {"once", no_argument, NULL, OPTION_ONCE},
        {"json", no_argument, NULL, OPTION_JSON},
        {0},
    };
    struct wish wish = {0};
    struct db db;
    struct err err;
    int option, code;

    while ((option = cli_option(&cmd_drain, argc, argv, longs)) != -1) {
        if (option == '?')
            return CLI_USAGE;
        wish.once |= option == OPTION_ONCE;
        wish.json |= option == OPTION_JSON;
    }
    if (optind < argc)
        return cli_usage(&cmd_drain, "takes no operand: %s", argv[optind]);
    take_signals();
    if (!*config->spool)
        return idle(&wish);
    if (!db_init(&db, config->db_url, config->db_prepare, &err))
        return cli_fail(&cmd_drain, &err);
    code = drain(config, &db, &wish);
    db_release(&db);
    return code;
}

const struct cli_command cmd_drain = {
    .name = "drain",
    .summary = "store what was accepted while PostgreSQL was away",
    .help = help,
    .needs_config = true,
    .run = run,
};
