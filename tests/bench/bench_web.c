/*
 * What the border costs a request: signatures, JSON in, JSON out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "app/event_wire.h"
#include "base/clock.h"
#include "web/cursor.h"
#include "web/impression.h"
#include "web/json.h"
#include "web/json_write.h"

#include "bench.h"

enum {
    ROUNDS = 9,
    EVENTS = 20,
    EVENTS_MOST_A_BATCH = 100,
    BODY_MOST = 65536,
    POSTS = 200,
    ARENA_BYTES = 4 << 20,
    WEEK_S = 604800,
    NS_PER_US = 1000,
};

#define NOW_MS INT64_C(1767323045678)

static struct token_keys keys;
static const struct uuid user = {{1}}, post = {{2}};
static struct buf out, batch;
static struct arena arena;
static const struct config config = {
    .track_event_bytes = 2048, .track_past_s = WEEK_S, .track_future_s = 3600};
static struct uuid ids[EVENTS], posts[EVENTS];
static char showings[EVENTS][IMPRESSION_TEXT];
static volatile size_t sink; /* keeps the work from being left out */

static void need(bool ok, const struct err *err)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", err->what);
    exit(EXIT_FAILURE);
}

static void sign_impression(void)
{
    struct impression imp = {.position = 1, .propensity = 0.5f};
    char text[IMPRESSION_TEXT];

    impression_sign(&keys, user, post, &imp, text);
    sink += (size_t)text[0];
}

static void check_impression(void)
{
    static char text[IMPRESSION_TEXT];
    struct impression imp = {.position = 1};
    struct err err;

    if (!text[0])
        impression_sign(&keys, user, post, &imp, text);
    need(impression_check(&keys, user, post, (struct span){text, sizeof text},
                          &imp, &err),
         &err);
}

static void check_token(void)
{
    struct token_claims claims;
    struct err err;

    if (!out.bytes)
        token_sign(&keys, user, 0, INT64_MAX, &out);
    need(token_check(&keys, buf_view(&out), 1, &claims, &err), &err);
}

static void turn_page(void)
{
    static struct cursor c;
    struct err err;

    for (c.key_count = 0; c.key_count < POSTS; c.key_count++)
        c.keys[c.key_count] = c.key_count;
    buf_reset(&out);
    cursor_sign(&keys, user, &c, &out);
    need(cursor_check(&keys, user, buf_view(&out), 0, 1, &c, &err), &err);
}

/* As static/tracker.js writes them: views, clicks and likes of one page. */
static void write_batch(void)
{
    static const char *const types[] = {"view", "view", "view", "click"};
    struct json_write w;

    buf_reset(&batch);
    json_write_init(&w, &batch);
    json_write_object(&w, NULL);
    json_write_i64(&w, "sent_at", NOW_MS);
    json_write_array(&w, "events");
    for (int i = 0; i < EVENTS; i++) {
        json_write_object(&w, NULL);
        json_write_uuid(&w, "event_id", ids[i]);
        json_write_word(&w, "type", types[i % 4]);
        json_write_uuid(&w, "post_id", posts[i]);
        json_write_i64(&w, "ts", NOW_MS - i);
        json_write_text(&w, "impression",
                        (struct span){showings[i], IMPRESSION_TEXT});
        json_write_object(&w, "metadata");
        json_write_i64(&w, "dwell_ms", 1200 + i);
        json_write_fixed(&w, "max_ratio", 0.83, 2);
        json_write_end(&w);
        json_write_end(&w);
    }
    json_write_end(&w);
    json_write_end(&w);
}

static void make_events(void)
{
    struct err err;

    for (int i = 0; i < EVENTS; i++) {
        struct impression imp = {.position = (uint16_t)(i + 1),
                                 .model_version = NOW_MS,
                                 .propensity = 0.5f,
                                 .served_at_ms = NOW_MS};

        need(uuid_v7(NOW_MS, &ids[i], &err) && uuid_v4(&posts[i], &err) &&
                 uuid_v4(&imp.request, &err),
             &err);
        impression_sign(&keys, user, posts[i], &imp, showings[i]);
    }
}

/* What json-c needs for the same: the way not taken. */
static void read_tree(void)
{
    struct json root, events, event;
    struct span type;
    struct err err;
    int64_t ts;

    need(json_parse(buf_view(&batch), BODY_MOST, JSON_DEPTH, &root, &err),
         &err);
    need(json_find_array(&root, "events", &events, NULL, &err), &err);
    for (size_t i = 0; i < json_count(&events); i++) {
        event = json_at(&events, i);
        need(json_find_text(&event, "type", &type, NULL, &err), &err);
        need(json_find_i64(&event, "ts", 0, INT64_MAX, &ts, NULL, &err), &err);
    }
    json_release(&root);
}

static void take_apart(void)
{
    struct event_body body;
    struct err err;

    arena_reset(&arena);
    need(event_body_read(buf_view(&batch), EVENTS_MOST_A_BATCH, &arena, &body,
                         &err),
         &err);
    sink += body.count;
}

/* From the body to rows: times, ids, signatures. */
static void read_and_check(void)
{
    static struct event_row rows[EVENTS];
    struct event_frame f = {.config = &config,
                            .keys = &keys,
                            .arena = &arena,
                            .user = user,
                            .received_at_ms = NOW_MS};
    struct event_verdict verdict;
    struct event_body body;
    struct err err;

    arena_reset(&arena);
    need(event_body_read(buf_view(&batch), EVENTS_MOST_A_BATCH, &arena, &body,
                         &err),
         &err);
    for (size_t i = 0; i < body.count; i++) {
        need(event_wire_read(&f, &body.list[i], &rows[i], &verdict, &err),
             &err);
        if (!verdict.ok || !rows[i].attributed)
            abort();
    }
}

static double best_us(void (*work)(void), int times)
{
    double best = 0;

    buf_reset(&out);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t from_us = clock_mono_us();
        double us;

        for (int i = 0; i < times; i++)
            work();
        us = (double)(clock_mono_us() - from_us) / times;
        if (!round || us < best)
            best = us;
    }
    return best;
}

static void time_it(const char *name, void (*work)(void), int times)
{
    bench_figure(name, best_us(work, times), "us");
}

/* The work does a whole batch; the figure is of one event. */
static void time_event(const char *name, void (*work)(void))
{
    bench_figure(name, best_us(work, 2000) * NS_PER_US / EVENTS, "ns");
}

int main(void)
{
    struct err err;

    need(token_keys_parse(SPAN("k 000102030405060708090a0b0c0d0e0f"
                               "101112131415161718191a1b1c1d1e1f\n"),
                          &keys, &err),
         &err);
    buf_init(&out, BODY_MOST);
    buf_init(&batch, BODY_MOST);
    need(arena_init(&arena, ARENA_BYTES, &err), &err);
    make_events();
    printf("web: best of %d rounds\n", ROUNDS);
    time_it("web.impression.sign", sign_impression, 50000);
    time_it("web.impression.check", check_impression, 50000);
    time_it("web.token.check", check_token, 50000);
    time_it("web.cursor_of_200", turn_page, 2000);
    time_it("web.batch_of_20.write", write_batch, 2000);
    printf("  (%zu bytes)\n", batch.bytes);
    time_event("track.event.json_c", read_tree);
    time_event("track.event.parse", take_apart);
    time_event("track.event.parse_and_check", read_and_check);
    arena_release(&arena);
    buf_release(&out);
    buf_release(&batch);
    return EXIT_SUCCESS;
}
