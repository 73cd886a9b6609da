/*
 * What the border costs a request: signatures, JSON in, JSON out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "web/cursor.h"
#include "web/impression.h"
#include "web/json.h"
#include "web/json_write.h"

#include "bench.h"

enum { ROUNDS = 5, EVENTS = 20, BODY_MOST = 65536, POSTS = 200 };

static struct token_keys keys;
static const struct uuid user = {{1}}, post = {{2}};
static struct buf out, batch;
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

static void write_batch(void)
{
    struct json_write w;

    buf_reset(&batch);
    json_write_init(&w, &batch);
    json_write_object(&w, NULL);
    json_write_i64(&w, "sent_at", 1767323045678);
    json_write_array(&w, "events");
    for (int i = 0; i < EVENTS; i++) {
        json_write_object(&w, NULL);
        json_write_uuid(&w, "event_id", user);
        json_write_word(&w, "type", "view");
        json_write_uuid(&w, "post_id", post);
        json_write_i64(&w, "ts", 1767323045678 + i);
        json_write_word(&w, "impression",
                        "AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJ"
                        "icoKSorLC0uLzAxMjM0");
        json_write_object(&w, "metadata");
        json_write_i64(&w, "dwell_ms", 1200);
        json_write_fixed(&w, "max_ratio", 0.83, 2);
        json_write_end(&w);
        json_write_end(&w);
    }
    json_write_end(&w);
    json_write_end(&w);
}

static void read_batch(void)
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

static void time_it(const char *name, void (*work)(void), int times)
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
    bench_figure(name, best, "us");
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
    printf("web: best of %d rounds\n", ROUNDS);
    time_it("web.impression.sign", sign_impression, 50000);
    time_it("web.impression.check", check_impression, 50000);
    time_it("web.token.check", check_token, 50000);
    time_it("web.cursor_of_200", turn_page, 2000);
    time_it("web.batch_of_20.write", write_batch, 2000);
    printf("  (%zu bytes)\n", batch.bytes);
    time_it("web.batch_of_20.read", read_batch, 1000);
    buf_release(&out);
    buf_release(&batch);
    return EXIT_SUCCESS;
}
