/*
 * bench_track.c -- CPU time of POST /api/track in a worker, an event: from the
 * body to the answer (track_post), with a real database behind it.
 *
 *     bench_track BATCHES    settings from the environment, as for a worker;
 *                            see tests/bench/track_cpu.sh
 *
 * Not in it  FastCGI, nginx, and the server's side of PostgreSQL.
 * user       parse, check, encode, libpq, answer
 * system     what the kernel does to send and receive
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/track.h"
#include "base/clock.h"
#include "base/log.h"

#include "batch_body.h"
#include "bench.h"

enum {
    POSTS = 5000,
    READERS = 20000,
    WARM_BATCHES = 50,
    ARENA_BYTES = 4 << 20,
    BODY_MOST = 1 << 16,
    SOON_US = 60 * 1000 * 1000,
    TOKEN_LIFE_MS = 3600 * 1000,
    TEN = 10,
};

static struct app app;
static struct uuid posts[POSTS];
static struct buf body, cookie;
static struct err err;

static void must(bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "bench_track: %s\n", err.what);
    exit(EXIT_FAILURE);
}

static void make_posts(void)
{
    const struct db_sql sql = {
        "bench_posts",
        "INSERT INTO posts (id, title) SELECT id, 'post' FROM unnest($1) "
        "AS g (id)",
        ""};
    struct db_param in = db_param_array(DB_UUID, posts, POSTS);
    struct rng rng = rng_of(1);

    for (int i = 0; i < POSTS; i++)
        posts[i] = batch_id(&rng);
    must(db_query(&app.db, sql, &in, 1, clock_mono_us() + SOON_US, NULL, &err));
}

static void prepare(struct http_request *r, struct rng *rng)
{
    struct rng reader = rng_of(rng_below(rng, READERS));
    struct batch_of b = {.keys = &app.keys,
                         .user = batch_id(&reader),
                         .posts = posts,
                         .post_count = POSTS,
                         .at_ms = clock_wall_ms()};

    buf_reset(&body);
    batch_body(&body, &b, rng);
    buf_reset(&cookie);
    buf_text(&cookie, "kith=");
    token_sign(&app.keys, b.user, b.at_ms, b.at_ms + TOKEN_LIFE_MS, &cookie);
    *r = (struct http_request){.method = HTTP_POST,
                               .path = SPAN("/api/track"),
                               .body = buf_view(&body),
                               .content_type = SPAN("application/json"),
                               .cookie = buf_view(&cookie),
                               .host = SPAN("127.0.0.1"),
                               .request_id = batch_id(rng),
                               .received_at_ms = b.at_ms,
                               .started_us = clock_mono_us()};
    uuid_text(r->request_id, r->request_text);
}

static void add_cpu(double sign, double *user_us, double *system_us)
{
    double user, system;

    bench_cpu_us(&user, &system);
    *user_us += sign * user;
    *system_us += sign * system;
}

/* Sums over the calls alone. */
static void post_batches(long count, double *user_us, double *system_us)
{
    struct rng rng = rng_of((uint64_t)clock_mono_us());
    struct http_request request;

    for (long i = 0; i < count; i++) {
        prepare(&request, &rng);
        add_cpu(-1, user_us, system_us);
        track_post(&app, &request);
        add_cpu(1, user_us, system_us);
        if (app.reply.status != 200 ||
            !strstr(app.reply.body.at, "\"stored\":20,")) {
            fprintf(stderr, "bench_track: status %d, not all stored\n",
                    app.reply.status);
            exit(EXIT_FAILURE);
        }
        http_reply_reset(&app.reply);
        arena_reset(&app.arena);
    }
}

int main(int argc, char **argv)
{
    long batches = argc > 1 ? strtol(argv[1], NULL, TEN) : 0;
    double user_us = 0, system_us = 0, warm = 0;

    if (batches < 1) {
        fprintf(stderr, "usage: bench_track BATCHES\n");
        return EXIT_FAILURE;
    }
    must(app_open(&app, APP_PLAIN, &err));
    must(arena_init(&app.arena, ARENA_BYTES, &err));
    http_reply_init(&app.reply, BODY_MOST);
    buf_init(&body, BODY_MOST);
    buf_init(&cookie, BODY_MOST);
    make_posts();
    post_batches(WARM_BATCHES, &warm, &warm);
    post_batches(batches, &user_us, &system_us);
    bench_figure("track.cpu.user", user_us / (double)(batches * BATCH_EVENTS),
                 "us/event");
    bench_figure("track.cpu.system",
                 system_us / (double)(batches * BATCH_EVENTS), "us/event");
    buf_release(&cookie);
    buf_release(&body);
    app_close(&app);
    return EXIT_SUCCESS;
}
