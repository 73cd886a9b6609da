#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "announce.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli.h"
#include "publish.h"

enum { US_PER_S = 1000000, US_PER_MS = 1000, MS_PER_S = 1000, TEXT_MOST = 512 };

static const char help[] =
    "Usage: kith announce\n\n"
    "Tells open pages of new posts and of another live model: looks once a\n"
    "second and publishes through nginx (KITH_PUBLISH_SOCKET) to everyone who\n"
    "listens at /api/live. Runs until SIGTERM, which says goodbye to them. One "
    "a\n"
    "stack; pages that find none ask /api/feeds/updates instead.\n";

/* Which file a path names now; zero when none. */
struct place {
    uint64_t device, inode;
    int64_t changed_s, changed_ns;
};

struct announcer {
    const struct config *config;
    struct db db;
    struct publish publish;
    struct announce what;
    struct place model;
    int64_t looked_at_ms; /* wall clock of the last look that succeeded */
    bool away;            /* the log knows that nginx does not answer */
};

static struct place place_of(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return (struct place){0};
    return (struct place){st.st_dev, st.st_ino, st.st_mtim.tv_sec,
                          st.st_mtim.tv_nsec};
}

/* True when the path names another file than the last time, and one at all. */
static bool has_moved(const char *path, struct place *last)
{
    struct place now = place_of(path);
    bool moved = now.inode && memcmp(&now, last, sizeof now) != 0;

    *last = now;
    return moved;
}

/* Logs when nginx goes away, once. */
static bool note(struct announcer *a, bool ok, const struct err *err)
{
    if (!ok && !a->away)
        log_failure(LOG_WARN, "jobs", "publish_failed", err);
    a->away = !ok;
    return ok;
}

static bool tell(struct announcer *a, const char *channel,
                 const struct buf *text)
{
    struct err err;
    bool ok = publish_send(&a->publish, channel, buf_view(text), &err);

    return note(a, ok, &err);
}

/* True when nginx answers and has no hello: it was started or reloaded. */
static bool has_forgotten(struct announcer *a)
{
    struct err err;
    bool kept;
    bool ok = publish_is_kept(&a->publish, PUBLISH_HELLO, &kept, &err);

    return note(a, ok, &err) && !kept;
}

/* The first look takes the newest there are; a later one begins where a late
 * transaction may still have put something. */
static void look(struct announcer *a)
{
    static struct arrival found[ARRIVALS_MOST];
    int64_t now_ms = clock_wall_ms();
    int64_t from_ms = a->looked_at_ms - (int64_t)ANNOUNCE_LATE_S * MS_PER_S;
    struct err err;
    size_t count;

    if (!arrivals_load(&a->db, from_ms, ARRIVALS_MOST,
                       clock_mono_us() + US_PER_S, found, &count, &err))
        return; /* the connection logs its own losses */
    announce_look(&a->what, found, count);
    a->looked_at_ms = now_ms;
}

static void round_of(struct announcer *a, struct buf *text)
{
    int64_t now_us;

    look(a);
    if (has_forgotten(a))
        announce_forgotten(&a->what);
    now_us = clock_mono_us();
    buf_reset(text);
    if (announce_hello_due(&a->what, now_us, clock_wall_ms(), text) &&
        tell(a, PUBLISH_HELLO, text))
        announce_greeted(&a->what, now_us);
    buf_reset(text);
    if (announce_posts_due(&a->what, now_us, text) &&
        tell(a, PUBLISH_NEWS, text))
        announce_told(&a->what, now_us);
    buf_reset(text);
    if (has_moved(a->config->model, &a->model)) {
        announce_model(text);
        if (!tell(a, PUBLISH_NEWS, text))
            a->model = (struct place){0}; /* again, once nginx is back */
    }
}

/* A signal that came during a round is found at its end. */
static bool is_over(const sigset_t *stop)
{
    return sigtimedwait(stop, NULL, &(struct timespec){.tv_sec = 1}) > 0;
}

static void log_state(const char *event)
{
    struct log_line line;

    log_begin(&line, LOG_INFO, "jobs", event);
    log_end(&line);
}

static void serve(struct announcer *a)
{
    struct buf text;
    sigset_t stop;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    buf_init(&text, TEXT_MOST);
    has_moved(a->config->model, &a->model);
    log_state("announcing");
    do
        round_of(a, &text);
    while (!is_over(&stop));
    buf_reset(&text);
    announce_bye(&text);
    tell(a, PUBLISH_NEWS, &text);
    buf_release(&text);
    log_state("stopped");
}

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {{0}};
    static struct announcer a; /* large */
    struct err err;

    if (cli_option(&cmd_announce, argc, argv, longs) != -1)
        return CLI_USAGE;
    if (optind < argc)
        return cli_usage(&cmd_announce, "takes no operand: %s", argv[optind]);
    a.config = config;
    announce_init(&a.what, (int64_t)config->announce_every_s * US_PER_S);
    if (!db_init(&a.db, config->db_url, config->db_prepare, &err))
        return cli_fail(&cmd_announce, &err);
    if (!publish_open(&a.publish, config->publish_socket, &err)) {
        db_release(&a.db);
        return cli_fail(&cmd_announce, &err);
    }
    serve(&a);
    publish_close(&a.publish);
    db_release(&a.db);
    return CLI_DONE;
}

const struct cli_command cmd_announce = {
    .name = "announce",
    .summary = "tell open pages of new posts and models, until SIGTERM",
    .help = help,
    .needs_config = true,
    .run = run,
};
