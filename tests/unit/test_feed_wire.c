#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/feed_wire.h"
#include "base/clock.h"
#include "web/impression.h"
#include "web/json.h"

enum { TEXT_MOST = 1 << 18, DEPTH = 16 };

#define USER "00000000-0000-4000-8000-0000000000a1"
#define POST_1 "00000000-0000-4000-8000-0000000000b1"
#define POST_2 "00000000-0000-4000-8000-0000000000b2"
#define POST_3 "00000000-0000-4000-8000-0000000000b3"
#define REQUEST "00000000-0000-4000-8000-0000000000d1"
#define NOW INT64_C(1767323045678)

static struct feed feed; /* large */
static struct feed_wire wire;
static struct model_meta meta;
static struct token_keys keys;
static struct buf out;
static struct err err;

static struct uuid id_of(const char *text)
{
    struct uuid id;

    ck_assert(uuid_find(span_of(text), &id));
    return id;
}

static void setup(void)
{
    ck_assert(token_keys_parse(SPAN("k 0011223344556677889900112233445566778899"
                                    "001122334455667788990011\n"),
                               &keys, &err));
    buf_init(&out, TEXT_MOST);
    meta = (struct model_meta){.built_at_ms = NOW - 812999,
                               .algorithm = MODEL_ALGORITHM,
                               .version = "20260102T025032.679Z"};
    feed = (struct feed){.algorithm = MODEL_ALGORITHM,
                         .source = "random_fallback",
                         .fallback_reason = "model_missing",
                         .first_position = 1};
    wire = (struct feed_wire){.feed = &feed,
                              .user = id_of(USER),
                              .request = id_of(REQUEST),
                              .request_text = REQUEST,
                              .now_ms = NOW,
                              .started_us = clock_mono_us()};
}

static void teardown(void)
{
    buf_release(&out);
}

/* What was written, up to the last member, which is a duration. */
static const char *written(void)
{
    static const char took[] = ",\"took_us\":";
    char *at;

    buf_reset(&out);
    feed_wire_write(&out, &wire);
    ck_assert(!out.failed);
    ck_assert_int_eq(out.at[out.bytes - 1], '}');
    buf_char(&out, 0);
    at = strstr(out.at, took);
    ck_assert_ptr_nonnull(at);
    ck_assert_uint_eq(strspn(at + strlen(took), "0123456789"),
                      strlen(at + strlen(took)) - 1);
    *at = 0;
    return out.at;
}

#define HEAD                                                                   \
    "{\"request_id\":\"" REQUEST "\",\"source\":\"random_fallback\","          \
    "\"fallback_reason\":\"model_missing\",\"model\":null,\"experiment\":"     \
    "null,"                                                                    \
    "\"generated_at\":1767323045678,"

START_TEST(an_empty_feed_is_whole)
{
    wire.keys = &keys;
    ck_assert_str_eq(written(), HEAD "\"posts\":[],\"next_cursor\":null,"
                                     "\"has_more\":false");
}
END_TEST

/* As `kith recommend --json` prints it. */
START_TEST(without_keys_there_is_neither_cursor_nor_impression)
{
    feed.count = 1;
    feed.has_more = true;
    feed.slots[0] = (struct feed_slot){.post = id_of(POST_1),
                                       .text = SPAN("\"id\":\"" POST_1 "\""),
                                       .rung = RUNG_RANDOM};
    ck_assert_str_eq(written(),
                     HEAD "\"posts\":[{\"position\":1,\"id\":\"" POST_1
                          "\",\"source\":\"random\",\"score\":null,"
                          "\"reasons\":[]}],\"has_more\":true");
}
END_TEST

static void add_reason(struct feed_slot *slot, const char *post,
                       const char *title, float share)
{
    struct feed_reason *r = &slot->reasons[0];

    slot->reason_count = 1;
    r->posts[r->count].post = id_of(post);
    r->posts[r->count].title = span_of(title);
    r->posts[r->count++].share = share;
}

START_TEST(a_personal_post_has_score_and_reasons)
{
    struct feed_slot *slot = &feed.slots[0];

    feed.source = "ml_recommendations";
    feed.fallback_reason = NULL;
    feed.model = &meta;
    feed.count = 1;
    feed.first_position = 21;
    *slot = (struct feed_slot){.post = id_of(POST_1),
                               .text = SPAN("\"id\":1,\"title\":\"t\""),
                               .rung = RUNG_NEIGHBOURS,
                               .has_score = true,
                               .score = 0.8312505f,
                               .reasons = {{.readers = 14}}};
    add_reason(slot, POST_2, "\"Say \\\"x\\\"\"", 0.5f);
    add_reason(slot, POST_3, "\"\"", 0.25f);
    ck_assert_str_eq(
        written(),
        "{\"request_id\":\"" REQUEST "\",\"source\":\"ml_recommendations\","
        "\"fallback_reason\":null,\"model\":{\"name\":"
        "\"collaborative_filtering_v1\",\"version\":\"20260102T025032.679Z\","
        "\"age_s\":812},\"experiment\":null,\"generated_at\":1767323045678,"
        "\"posts\":[{\"position\":21,\"id\":1,\"title\":\"t\",\"source\":"
        "\"neighbours\",\"score\":0.83125,\"reasons\":[{\"code\":"
        "\"similar_readers\",\"share\":0.75,\"readers\":14,\"post_ids\":["
        "\"" POST_2 "\",\"" POST_3 "\"],\"titles\":[\"Say \\\"x\\\"\",\"\"],"
        "\"shares\":[0.5,0.25]}]}],\"has_more\":false");
}
END_TEST

START_TEST(positions_go_on_from_the_first)
{
    feed.count = 3;
    feed.first_position = 100;
    for (uint32_t i = 0; i < 3; i++)
        feed.slots[i] =
            (struct feed_slot){.text = SPAN("\"id\":0"), .rung = RUNG_LATEST};
    ck_assert_ptr_nonnull(strstr(written(), "{\"position\":100,"));
    ck_assert_ptr_nonnull(strstr(out.at, "{\"position\":101,"));
    ck_assert_ptr_nonnull(strstr(out.at, "{\"position\":102,"));
}
END_TEST

/* ---- What is signed ---- */

static struct json parsed(void)
{
    struct json root;

    buf_reset(&out);
    feed_wire_write(&out, &wire);
    ck_assert_msg(json_parse(buf_view(&out), TEXT_MOST, DEPTH, &root, &err),
                  "%s", err.what);
    return root;
}

START_TEST(the_impression_says_what_the_feed_says)
{
    struct json root, posts, post;
    struct impression imp;
    struct span text;

    wire.keys = &keys;
    feed.model = &meta;
    feed.count = 2;
    feed.first_position = 6;
    feed.slots[1] = (struct feed_slot){.post = id_of(POST_2),
                                       .text = SPAN("\"id\":0"),
                                       .rung = RUNG_NEIGHBOURS,
                                       .propensity = 0.25f};
    feed.slots[0] = (struct feed_slot){.text = SPAN("\"id\":0")};
    root = parsed();
    ck_assert(json_find_array(&root, "posts", &posts, NULL, &err));
    post = json_at(&posts, 1);
    ck_assert(json_find_text(&post, "impression", &text, NULL, &err));
    ck_assert(
        impression_check(&keys, id_of(USER), id_of(POST_2), text, &imp, &err));
    ck_assert(uuid_equal(imp.request, id_of(REQUEST)));
    ck_assert_uint_eq(imp.position, 7);
    ck_assert_uint_eq(imp.rung, RUNG_NEIGHBOURS);
    ck_assert_uint_eq(imp.arm, 0);
    ck_assert_uint_eq(imp.model_version, (uint64_t)NOW - 812999);
    ck_assert_float_eq(imp.propensity, 0.25f);
    ck_assert_int_eq(imp.served_at_ms, NOW);
    json_release(&root);
}
END_TEST

START_TEST(the_cursor_says_where_the_feed_stands)
{
    struct json root;
    struct cursor cursor;
    struct span text;

    wire.keys = &keys;
    feed.has_more = true;
    feed.cursor = (struct cursor){
        .feed = CURSOR_FOR_YOU, .issued_at_ms = NOW - 5, .seed = 42};
    ck_assert(cursor_add(&feed.cursor, id_of(POST_1)));
    root = parsed();
    ck_assert(json_find_text(&root, "next_cursor", &text, NULL, &err));
    ck_assert(cursor_check(&keys, id_of(USER), text, NOW, 10, &cursor, &err));
    ck_assert_uint_eq(cursor.seed, 42);
    ck_assert_uint_eq(cursor.served_count, 1);
    ck_assert(cursor_has(&cursor, id_of(POST_1)));
    ck_assert(
        !cursor_check(&keys, id_of(POST_1), text, NOW, 10, &cursor, &err));
    json_release(&root);
}
END_TEST

/* ---- Server-Timing ---- */

START_TEST(timing_names_the_stages_that_took_part)
{
    feed.history_us = 412;
    feed.neighbours_us = 93;
    feed.reasons_us = 20;
    feed.fill_us = 1;
    feed_wire_timing(&out, &feed, 12345678);
    ck_assert(span_is(buf_view(&out),
                      "history;dur=0.412, neighbours;dur=0.093, "
                      "reasons;dur=0.020, fill;dur=0.001, "
                      "total;dur=12345.678"));
}
END_TEST

START_TEST(timing_is_never_empty)
{
    feed_wire_timing(&out, &feed, 0);
    ck_assert(span_is(buf_view(&out), "total;dur=0.000"));
}
END_TEST

START_TEST(a_full_buffer_is_remembered_not_overrun)
{
    struct buf small;

    wire.keys = &keys;
    feed.count = 1;
    feed.has_more = true;
    feed.slots[0] =
        (struct feed_slot){.text = SPAN("\"id\":0"), .rung = RUNG_NEIGHBOURS};
    add_reason(&feed.slots[0], POST_2, "\"t\"", 1);
    for (size_t most = 0; most < strlen(written()); most += 7) {
        buf_init(&small, most);
        feed_wire_write(&small, &wire);
        ck_assert(small.failed);
        ck_assert_uint_le(small.bytes, most);
        buf_release(&small);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("feed_wire");
    TCase *tc = tcase_create("feed");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, an_empty_feed_is_whole);
    tcase_add_test(tc, without_keys_there_is_neither_cursor_nor_impression);
    tcase_add_test(tc, a_personal_post_has_score_and_reasons);
    tcase_add_test(tc, positions_go_on_from_the_first);
    tcase_add_test(tc, the_impression_says_what_the_feed_says);
    tcase_add_test(tc, the_cursor_says_where_the_feed_stands);
    tcase_add_test(tc, timing_names_the_stages_that_took_part);
    tcase_add_test(tc, timing_is_never_empty);
    tcase_add_test(tc, a_full_buffer_is_remembered_not_overrun);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
