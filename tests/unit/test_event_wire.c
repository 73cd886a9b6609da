#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/event_wire.h"
#include "app/feed.h"
#include "web/impression.h"

enum {
    ARENA_BYTES = 1 << 16,
    EVENT_MOST = 256,
    PAST_S = 1000,
    FUTURE_S = 100,
    MS_PER_S = 1000,
};

#define USER "00000000-0000-4000-8000-0000000000a1"
#define OTHER "00000000-0000-4000-8000-0000000000a2"
#define POST "00000000-0000-4000-8000-0000000000b1"
#define EVENT "00000000-0000-4000-8000-0000000000c1"
#define REQUEST "00000000-0000-4000-8000-0000000000d1"
#define BASE "\"type\":\"view\",\"post_id\":\"" POST "\""
#define NOW INT64_C(1767323045678) /* 20260102T030405.678Z */

static struct config config;
static struct token_keys keys;
static struct arena arena;
static struct event_frame frame;
static struct event_row row;
static struct event_verdict verdict;
static struct event_body body;
static struct err err;

static struct uuid id_of(const char *id_text)
{
    struct uuid id;

    ck_assert(uuid_find(span_of(id_text), &id));
    return id;
}

static void setup(void)
{
    config = (struct config){.track_event_bytes = EVENT_MOST,
                             .track_past_s = PAST_S,
                             .track_future_s = FUTURE_S};
    ck_assert(token_keys_parse(SPAN("k 0011223344556677889900112233445566778899"
                                    "001122334455667788990011\n"),
                               &keys, &err));
    ck_assert(arena_init(&arena, ARENA_BYTES, &err));
    frame = (struct event_frame){.config = &config,
                                 .keys = &keys,
                                 .arena = &arena,
                                 .user = id_of(USER),
                                 .received_at_ms = NOW};
}

static void teardown(void)
{
    arena_release(&arena);
}

static void read_event(const char *json)
{
    ck_assert_msg(event_body_read(span_of(json), 1, &arena, &body, &err),
                  "%s: %s", json, err.what);
    ck_assert(event_wire_read(&frame, &body.whole, &row, &verdict, &err));
}

static void accepts(const char *json)
{
    read_event(json);
    ck_assert_msg(verdict.ok, "%s: %s", json, rejection_word(verdict.why));
}

static void rejects(const char *json, enum rejection why)
{
    read_event(json);
    ck_assert_msg(!verdict.ok && verdict.why == why, "%s: %s, not %s", json,
                  verdict.ok ? "ok" : rejection_word(verdict.why),
                  rejection_word(why));
}

/* ---- The clock ---- */

/* clang-format off */
static const struct {
    int64_t received, sent, offset;
} clocks[] = {
    {NOW, NOW,            0},
    {NOW, NOW - 2000,     0},
    {NOW, NOW + 2000,     0},
    {NOW, NOW - 2001,  2001},
    {NOW, NOW + 2001, -2001},
    {NOW, 0,            NOW},
    {0,   NOW,         -NOW},
    {NOW, INT64_C(253402300799999), NOW - INT64_C(253402300799999)},
};
/* clang-format on */

START_TEST(a_clock_over_two_seconds_off_is_corrected)
{
    ck_assert_int_eq(event_clock_offset(clocks[_i].received, clocks[_i].sent),
                     clocks[_i].offset);
}
END_TEST

/* clang-format off */
static const struct {
    int64_t ts, offset, at; /* ms; at -1: too old, -2: too new */
} times[] = {
    {NOW,                            0, NOW},
    {NOW - 1,                        0, NOW - 1},
    {NOW + 1,                        0, NOW},
    {NOW - PAST_S * MS_PER_S,        0, NOW - PAST_S * MS_PER_S},
    {NOW - PAST_S * MS_PER_S - 1,    0, -1},
    {NOW + FUTURE_S * MS_PER_S,      0, NOW},
    {NOW + FUTURE_S * MS_PER_S + 1,  0, -2},
    {NOW + 259200000,       -259200000, NOW},
    {NOW + 259200000 - 5,   -259200000, NOW - 5},
    {NOW - 259200000 - 5,    259200000, NOW - 5},
    {NOW,                   -PAST_S * MS_PER_S - 1, -1},
    {NOW,                    FUTURE_S * MS_PER_S + 1, -2},
    {0,                                          NOW, NOW},
    {0,                                            0, -1},
    {INT64_C(253402300799999),                     0, -2},
    {INT64_C(253402300799999), NOW - INT64_C(253402300799999), NOW},
};
/* clang-format on */

START_TEST(the_time_is_corrected_judged_and_clamped)
{
    char json[256];

    snprintf(json, sizeof json, "{" BASE ",\"ts\":%lld}",
             (long long)times[_i].ts);
    frame.offset_ms = times[_i].offset;
    if (times[_i].at == -1) {
        rejects(json, REJECTION_too_old);
    } else if (times[_i].at == -2) {
        rejects(json, REJECTION_too_new);
    } else {
        accepts(json);
        ck_assert_int_eq(row.at_ms, times[_i].at);
        ck_assert_int_eq(row.client_at_ms, times[_i].ts);
    }
}
END_TEST

START_TEST(without_a_time_it_is_that_of_receipt_and_no_offset_applies)
{
    frame.offset_ms = 259200000;
    accepts("{" BASE "}");
    ck_assert_int_eq(row.at_ms, NOW);
    ck_assert_int_eq(row.client_at_ms, DB_NONE_I64);
}
END_TEST

/* ---- Fields ---- */

START_TEST(a_whole_event_becomes_a_row)
{
    accepts("{\"event_id\":\"" EVENT "\",\"type\":\"share\",\"post_id\":\"" POST
            "\",\"metadata\": { \"b\":[1,2.50,null],\"a\":\"\\u00e9/\"} }");
    ck_assert(uuid_equal(row.id, id_of(EVENT)));
    ck_assert(uuid_equal(row.post, id_of(POST)));
    ck_assert(span_is(row.type, "share"));
    ck_assert_msg(
        span_is(row.metadata, "{ \"b\":[1,2.50,null],\"a\":\"\\u00e9/\"}"),
        "%.*s", SPAN_ARGS(row.metadata));
    ck_assert(!row.attributed);
    ck_assert(verdict.id_known && !verdict.id_made && !verdict.foreign);
    ck_assert_uint_eq(frame.ignored_count, 0);
}
END_TEST

START_TEST(without_an_id_a_time_ordered_one_is_made)
{
    char made[UUID_TEXT + 1], other[UUID_TEXT + 1];

    accepts("{" BASE "}");
    ck_assert(verdict.id_known && verdict.id_made);
    uuid_text(row.id, made);
    /* 1767323045678 = 0x19b7ca98f2e, version 7 */
    ck_assert_msg(!strncmp(made, "019b7ca9-8f2e-7", 15), "%s", made);
    accepts("{" BASE "}");
    uuid_text(row.id, other);
    ck_assert_str_ne(made, other);
}
END_TEST

/* clang-format off */
static const struct {
    const char *json;
    enum rejection why;
    bool id_known;
} faults[] = {
    {"7",                                     REJECTION_bad_shape,    false},
    {"[]",                                    REJECTION_bad_shape,    false},
    {"null",                                  REJECTION_bad_shape,    false},
    {"{}",                                    REJECTION_bad_post_id,  false},
    {"{\"event_id\":\"x\"," BASE "}",         REJECTION_bad_event_id, false},
    {"{\"event_id\":7," BASE "}",             REJECTION_bad_event_id, false},
    {"{\"event_id\":\"" EVENT "\"}",          REJECTION_bad_post_id,  true},
    {"{\"event_id\":\"" EVENT "\",\"post_id\":\"" POST "\"}", REJECTION_unknown_type, true},
    {"{\"post_id\":\"" POST "\",\"type\":\"x\"}", REJECTION_unknown_type, false},
    {"{" BASE ",\"ts\":\"x\"}",               REJECTION_bad_ts,       false},
    {"{" BASE ",\"ts\":-1}",                  REJECTION_bad_ts,       false},
    {"{" BASE ",\"impression\":7}",           REJECTION_bad_impression, false},
    {"{" BASE ",\"metadata\":[]}",            REJECTION_bad_metadata, false},
    {"{" BASE ",\"event_id\":\"" EVENT "\",\"metadata\":7}", REJECTION_bad_metadata, true},
    {"{" BASE ",\"user_id\":\"" OTHER "\"}",  REJECTION_foreign_user, false},
    {"{" BASE ",\"user_id\":7}",              REJECTION_foreign_user, false},
    /* The reader is judged before anything else could reject the event. */
    {"{\"user_id\":\"" OTHER "\",\"type\":\"x\"}", REJECTION_foreign_user, false},
};
/* clang-format on */

START_TEST(a_fault_is_named)
{
    rejects(faults[_i].json, faults[_i].why);
    ck_assert_int_eq(verdict.foreign, faults[_i].why == REJECTION_foreign_user);
    ck_assert_int_eq(verdict.id_known, faults[_i].id_known);
}
END_TEST

START_TEST(unknown_fields_are_counted_over_the_batch)
{
    accepts("{" BASE ",\"x\":1,\"Type\":2,\"\":3}");
    accepts("{" BASE ",\"user_id\":\"" USER "\",\"sent_at\":1,\"y\":{}}");
    ck_assert_uint_eq(frame.ignored_count, 4);
}
END_TEST

/* An event of `bytes` bytes as compact JSON. */
static const char *event_of(size_t bytes)
{
    static char json[EVENT_MOST * 2];
    static const char head[] = "{" BASE ",\"x\":\"", tail[] = "\"}";
    size_t fill = bytes - strlen(head) - strlen(tail);

    memcpy(json, head, strlen(head));
    memset(json + strlen(head), 'a', fill);
    memcpy(json + strlen(head) + fill, tail, sizeof tail);
    ck_assert_uint_eq(strlen(json), bytes);
    return json;
}

START_TEST(an_event_may_be_as_large_as_the_setting_says)
{
    accepts(event_of(EVENT_MOST));
    rejects(event_of(EVENT_MOST + 1), REJECTION_event_too_large);
}
END_TEST

START_TEST(half_a_surrogate_pair_becomes_what_jsonb_takes)
{
    accepts("{" BASE
            ",\"metadata\":{\"\\udc00\":\"\\\\\\ud83d\\ude00\\ud83d\"}}");
    ck_assert_msg(
        span_is(row.metadata, "{\"\\ufffd\":\"\\\\\\ud83d\\ude00\\ufffd\"}"),
        "%.*s", SPAN_ARGS(row.metadata));
}
END_TEST

START_TEST(names_and_values_may_be_written_with_escapes)
{
    accepts("{\"t\\u0079pe\":\"vie\\u0077\",\"post_id\":\"" POST "\"}");
    ck_assert(span_is(row.type, "view"));
    ck_assert_uint_eq(frame.ignored_count, 0);
}
END_TEST

START_TEST(blanks_do_not_make_an_event_larger)
{
    char json[EVENT_MOST * 2];

    memset(json, ' ', sizeof json);
    snprintf(json + EVENT_MOST, sizeof json - EVENT_MOST, "{" BASE "}");
    accepts(json);
}
END_TEST

/* ---- Impressions ---- */

static const char *signed_for(const char *user, const char *post,
                              const struct impression *imp)
{
    static char json[512];
    char token[IMPRESSION_TEXT];

    impression_sign(&keys, id_of(user), id_of(post), imp, token);
    snprintf(json, sizeof json, "{" BASE ",\"impression\":\"%.*s\"}",
             IMPRESSION_TEXT, token);
    return json;
}

static struct impression imp;

static void showing(void)
{
    imp = (struct impression){.request = id_of(REQUEST),
                              .position = 7,
                              .rung = RUNG_NEIGHBOURS,
                              .model_version = NOW,
                              .propensity = 0.5f,
                              .served_at_ms = NOW - 1};
}

START_TEST(a_genuine_impression_attributes_the_event)
{
    showing();
    accepts(signed_for(USER, POST, &imp));
    ck_assert(row.attributed);
    ck_assert(uuid_equal(row.shown.request, id_of(REQUEST)));
    ck_assert_int_eq(row.shown.position, 7);
    ck_assert(span_is(row.shown.source, "neighbours"));
    ck_assert(span_is(row.shown.model_version, "20260102T030405.678Z"));
    ck_assert_uint_eq(row.shown.arm.bytes, 0);
    ck_assert_float_eq(row.shown.propensity, 0.5f);
}
END_TEST

START_TEST(a_showing_without_model_has_no_version)
{
    showing();
    imp.rung = RUNG_RANDOM;
    imp.model_version = 0;
    accepts(signed_for(USER, POST, &imp));
    ck_assert(row.attributed);
    ck_assert(span_is(row.shown.source, "random"));
    ck_assert_uint_eq(row.shown.model_version.bytes, 0);
}
END_TEST

START_TEST(a_propensity_that_is_none_is_unknown)
{
    showing();
    imp.propensity = 0;
    accepts(signed_for(USER, POST, &imp));
    ck_assert(isnan(row.shown.propensity));
}
END_TEST

START_TEST(a_rung_of_another_version_is_unknown_not_a_fault)
{
    showing();
    imp.rung = 200;
    accepts(signed_for(USER, POST, &imp));
    ck_assert(span_is(row.shown.source, "unknown"));
}
END_TEST

START_TEST(a_showing_to_another_reader_or_of_another_post_proves_nothing)
{
    showing();
    accepts(signed_for(OTHER, POST, &imp));
    ck_assert(!row.attributed);
    accepts(signed_for(USER, EVENT, &imp));
    ck_assert(!row.attributed);
    accepts("{" BASE ",\"impression\":\"\"}");
    ck_assert(!row.attributed);
}
END_TEST

/* ---- Memory ---- */

START_TEST(an_arena_that_is_full_is_an_error_not_a_verdict)
{
    void *rest;

    /* Half a surrogate pair is the one metadata that needs a copy. */
    ck_assert(
        event_body_read(SPAN("{" BASE ",\"metadata\":{\"a\":\"\\ud800"
                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                             "\"}}"),
                        1, &arena, &body, &err));
    ck_assert(arena_take(&arena, arena.cap_bytes - arena.used_bytes - 64, 1,
                         &rest, &err));
    ck_assert(!event_wire_read(&frame, &body.whole, &row, &verdict, &err));
    ck_assert_int_eq(err.code, ERR_MEMORY);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
    Suite *s = suite_create("event_wire");
    TCase *tc = tcase_create("event");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_clock_over_two_seconds_off_is_corrected, 0,
                        ROWS(clocks));
    tcase_add_loop_test(tc, the_time_is_corrected_judged_and_clamped, 0,
                        ROWS(times));
    tcase_add_test(tc,
                   without_a_time_it_is_that_of_receipt_and_no_offset_applies);
    tcase_add_test(tc, a_whole_event_becomes_a_row);
    tcase_add_test(tc, without_an_id_a_time_ordered_one_is_made);
    tcase_add_loop_test(tc, a_fault_is_named, 0, ROWS(faults));
    tcase_add_test(tc, unknown_fields_are_counted_over_the_batch);
    tcase_add_test(tc, an_event_may_be_as_large_as_the_setting_says);
    tcase_add_test(tc, half_a_surrogate_pair_becomes_what_jsonb_takes);
    tcase_add_test(tc, names_and_values_may_be_written_with_escapes);
    tcase_add_test(tc, blanks_do_not_make_an_event_larger);
    tcase_add_test(tc, a_genuine_impression_attributes_the_event);
    tcase_add_test(tc, a_showing_without_model_has_no_version);
    tcase_add_test(tc, a_propensity_that_is_none_is_unknown);
    tcase_add_test(tc, a_rung_of_another_version_is_unknown_not_a_fault);
    tcase_add_test(
        tc, a_showing_to_another_reader_or_of_another_post_proves_nothing);
    tcase_add_test(tc, an_arena_that_is_full_is_an_error_not_a_verdict);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
