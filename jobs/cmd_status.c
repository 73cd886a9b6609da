#include <stdio.h>

#include "base/clock.h"
#include "reco/model.h"
#include "store/posts.h"
#include "store/spool.h"
#include "web/json_write.h"

#include "cli.h"
#include "cli_db.h"

static const char help[] =
    "Usage: kith status [--json]\n\n"
    "Says how things are: whether the database answers and its schema is up "
    "to\n"
    "date, how many rows it holds (counted exactly), which model file is\n"
    "published, and what waits in the spool.\n\n"
    "In JSON: database \"up\" or \"down\", migrations_pending, users, posts,\n"
    "interactions, recommendations (null when they could not be counted), "
    "model\n"
    "(null when there is none, then model_reason says why) with path, "
    "version,\n"
    "age_s, users, posts, pairs; spool (null when there is none or it cannot "
    "be read)\n"
    "with records, events, bytes, oldest_age_s, bad_segments, bad_bytes.\n\n"
    "Exit codes: 0 all could be looked at, 1 the schema is not this "
    "program's,\n"
    "2 wrong command line, 3 the database is away. A missing model is no\n"
    "failure.\n";

enum { OUT_BYTES = 1 << 16, MS_PER_S = 1000, WAIT_S = 10, US_PER_S = 1000000 };

struct state {
    bool up, counted;
    bool spooling;
    struct err db_err, model_err, spool_err;
    size_t pending;
    struct store_sizes sizes;
    struct model model; /* bytes NULL: none */
    struct spool_depth spool;
    int64_t now_ms;
};

static void look_at_db(struct state *s, const struct config *config)
{
    /* Somebody waits for this answer: shorter than a job's own steps. */
    int64_t until_us = clock_mono_us() + (int64_t)WAIT_S * US_PER_S;
    struct db db;

    if (!db_init(&db, config->db_url, config->db_prepare, &s->db_err))
        return;
    s->up = db_ping(&db, until_us, &s->db_err);
    s->counted =
        s->up && cli_db_pending(&db, until_us, &s->pending, &s->db_err) &&
        !s->pending &&
        store_sizes_load(&db, cli_db_until_us(config), &s->sizes, &s->db_err);
    db_release(&db);
}

static void write_count(struct json_write *w, const struct state *s,
                        const char *key, int64_t count)
{
    if (s->counted)
        json_write_i64(w, key, count);
    else
        json_write_null(w, key);
}

static void write_model(struct json_write *w, const struct state *s,
                        const char *path)
{
    if (!s->model.bytes) {
        json_write_null(w, "model");
        json_write_word(w, "model_reason", s->model_err.what);
        return;
    }
    json_write_object(w, "model");
    json_write_word(w, "path", path);
    json_write_word(w, "version", s->model.meta->version);
    json_write_word(w, "algorithm", s->model.meta->algorithm);
    json_write_i64(w, "age_s",
                   (s->now_ms - s->model.meta->built_at_ms) / MS_PER_S);
    json_write_u64(w, "users", s->model.user_count);
    json_write_u64(w, "posts", s->model.post_count);
    json_write_u64(w, "pairs", s->model.meta->pair_count);
    json_write_end(w);
}

static int64_t oldest_age_s(const struct state *s)
{
    return s->spool.oldest_at_ms && s->now_ms > s->spool.oldest_at_ms
               ? (s->now_ms - s->spool.oldest_at_ms) / MS_PER_S
               : 0;
}

static void write_spool(struct json_write *w, const struct state *s)
{
    if (!s->spooling) {
        json_write_null(w, "spool");
        if (s->spool_err.code)
            json_write_word(w, "spool_reason", s->spool_err.what);
        return;
    }
    json_write_object(w, "spool");
    json_write_u64(w, "records", s->spool.records);
    json_write_u64(w, "events", s->spool.events);
    json_write_u64(w, "bytes", s->spool.bytes);
    json_write_i64(w, "oldest_age_s", oldest_age_s(s));
    json_write_u64(w, "bad_segments", s->spool.bad_segments);
    json_write_u64(w, "bad_bytes", s->spool.bad_bytes);
    json_write_end(w);
}

static void print_spool(struct buf *out, const struct state *s,
                        const struct config *config)
{
    const struct spool_depth *d = &s->spool;

    if (!s->spooling) {
        buf_fmt(out, "%-16s none%s%s\n", "spool", s->spool_err.code ? ": " : "",
                s->spool_err.what);
        return;
    }
    if (d->records)
        buf_fmt(out,
                "%-16s %llu events in %llu batches wait, %llu bytes, the "
                "oldest %lld s\n",
                "spool", (unsigned long long)d->events,
                (unsigned long long)d->records, (unsigned long long)d->bytes,
                (long long)oldest_age_s(s));
    else
        buf_fmt(out, "%-16s empty\n", "spool");
    if (d->bad_segments)
        buf_fmt(out, "%-16s %llu unreadable segments in %s/" SPOOL_BAD "\n", "",
                (unsigned long long)d->bad_segments, config->spool);
}

static void write_json(struct buf *out, const struct state *s,
                       const struct config *config)
{
    struct json_write w;

    json_write_init(&w, out);
    json_write_object(&w, NULL);
    json_write_word(&w, "database", s->up ? "up" : "down");
    if (s->db_err.code)
        json_write_word(&w, "database_reason", s->db_err.what);
    json_write_u64(&w, "migrations_pending", s->pending);
    write_count(&w, s, "users", s->sizes.users);
    write_count(&w, s, "posts", s->sizes.posts);
    write_count(&w, s, "posts_visible", s->sizes.posts_visible);
    write_count(&w, s, "interactions", s->sizes.interactions);
    write_count(&w, s, "recommendations", s->sizes.recommendations);
    write_count(&w, s, "newest_interaction_at",
                s->sizes.newest_interaction_at_ms);
    write_model(&w, s, config->model);
    write_spool(&w, s);
    json_write_end(&w);
}

static void print_rows(struct buf *out, const struct state *s)
{
    const struct {
        const char *what;
        int64_t count;
    } rows[] = {
        {"users", s->sizes.users},
        {"posts", s->sizes.posts},
        {"interactions", s->sizes.interactions},
        {"recommendations", s->sizes.recommendations},
    };

    for (size_t i = 0; s->counted && i < sizeof rows / sizeof rows[0]; i++)
        buf_fmt(out, "%-16s %lld\n", rows[i].what, (long long)rows[i].count);
}

static void print_text(struct buf *out, const struct state *s,
                       const struct config *config)
{
    buf_fmt(out, "%-16s %s\n", "database", s->up ? "up" : "down");
    if (s->db_err.code)
        buf_fmt(out, "%-16s %s\n", "", s->db_err.what);
    if (s->pending)
        buf_fmt(out, "%-16s %zu pending: run `kith migrate`\n", "migrations",
                s->pending);
    print_rows(out, s);
    print_spool(out, s, config);
    if (!s->model.bytes) {
        buf_fmt(out, "%-16s none: %s", "model", s->model_err.what);
        return;
    }
    buf_fmt(out, "%-16s %s, %lld s old, %u users, %u posts, %u pairs\n%-16s %s",
            "model", s->model.meta->version,
            (long long)((s->now_ms - s->model.meta->built_at_ms) / MS_PER_S),
            s->model.user_count, s->model.post_count, s->model.meta->pair_count,
            "", config->model);
}

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {
        {"json", no_argument, NULL, 'j'},
        {0},
    };
    struct state s = {.now_ms = clock_wall_ms(), .spool_err = {.what = ""}};
    struct buf out;
    bool json = false, printed;
    int got;

    while ((got = cli_option(&cmd_status, argc, argv, longs)) != -1) {
        if (got == '?')
            return CLI_USAGE;
        json |= got == 'j';
    }
    if (optind < argc)
        return cli_usage(&cmd_status, "takes no operand: %s", argv[optind]);
    look_at_db(&s, config);
    s.spooling = *config->spool &&
                 spool_depth_load(config->spool, &s.spool, &s.spool_err);
    /* What cannot be opened is told in the answer. */
    if (!model_open(config->model, &s.model, &s.model_err))
        s.model = (struct model){0};
    buf_init(&out, OUT_BYTES);
    if (json)
        write_json(&out, &s, config);
    else
        print_text(&out, &s, config);
    model_close(&s.model);
    printed = cli_print(&out);
    buf_release(&out);
    if (!printed)
        return CLI_FAILED;
    return !s.up ? CLI_DOWN : s.counted || s.pending ? CLI_DONE : CLI_FAILED;
}

const struct cli_command cmd_status = {
    .name = "status",
    .summary = "database, rows, model and spool at a glance",
    .help = help,
    .needs_config = true,
    .run = run,
};
