/* What POST /api/track refuses, a row a case. After each nothing is stored. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/test_db.h"
#include "../support/worker.h"
#include "base/clock.h"
#include "web/json_write.h"

enum {
    READER = 200,
    OTHER = 201,
    POST_ID = 1,
    BODY_MOST = 65536,
    EVENTS_LIMIT = 100,
    HOUR_MS = 3600 * 1000,
    DAY_MS = 24 * HOUR_MS,
};

#define READER_ID "00000000-0000-4000-8000-000000000200"
#define OTHER_ID "00000000-0000-4000-8000-000000000201"
#define POST "\"post_id\":\"00000000-0000-4000-8000-000000000001\""
#define NO_POST "\"post_id\":\"00000000-0000-4000-8000-000000000999\""
#define TYPE "\"type\":\"view\""
#define GOOD "{" TYPE "," POST "}"
#define EVENT_ID "00000000-0000-4000-8000-00000000abcd"

static struct worker worker;
static struct stage stage;
static char good_token[STAGE_TOKEN];

/* One worker for all rows: what one row does to it, the next one sees. */
static void start_worker(void)
{
    stage_open(&stage);
    test_db_run(&stage.db, "INSERT INTO posts (id, title) VALUES "
                           "('00000000-0000-4000-8000-000000000001', 'one')");
    stage_token(&stage, test_id(READER), good_token);
    worker_start(&worker, &stage, "track");
    stage_close(&stage); /* each row's process has a connection of its own */
}

static void stop_worker(void)
{
    int status = worker_stop(&worker);

    if (status) {
        fprintf(stderr, "the worker ended with %d\n", status);
        abort();
    }
}

static void setup(void)
{
    test_db_open(&stage.db);
}

static void teardown(void)
{
    db_release(&stage.db);
}

static void nothing_is_stored(void)
{
    ck_assert_int_eq(
        stage_count(&stage, "SELECT (SELECT count(*) FROM user_interactions)"
                            " + (SELECT count(*) FROM users)"),
        0);
}

static void refused(const char *name, const struct ask *ask, int status,
                    const char *code)
{
    struct answer a;

    worker_ask(&worker, ask, &a);
    ck_assert_msg(a.status == status && span_is(answer_code(&a), code),
                  "%s: %d %.*s", name, a.status, SPAN_ARGS(a.raw.body));
    nothing_is_stored();
    answer_release(&a);
}

/* ---- Bodies ---- */

/* clang-format off */
static const struct {
    const char *body;
    int status;
    const char *code;
} bodies[] = {
    /* not JSON */
    {"",                                       400, "bad_json"},
    {" \t\r\n",                                400, "bad_json"},
    {"{",                                      400, "bad_json"},
    {"{\"events\":[" GOOD "]",                 400, "bad_json"},
    {"{\"events\":[" GOOD ",]}",               400, "bad_json"},
    {"{\"events\":[" GOOD "],}",               400, "bad_json"},
    {GOOD GOOD,                                400, "bad_json"},
    {GOOD "x",                                 400, "bad_json"},
    {"\xef\xbb\xbf" GOOD,                      400, "bad_json"},
    {"{'type':'view'}",                        400, "bad_json"},
    {"{type:\"view\"}",                        400, "bad_json"},
    {"/* */" GOOD,                             400, "bad_json"},
    {"nul",                                    400, "bad_json"},
    {"NaN",                                    400, "bad_json"},
    {"{" TYPE "," POST ",\"ts\":Infinity}",    400, "bad_json"},
    {"{" TYPE "," POST ",\"ts\":01}",          400, "bad_json"},
    {"{" TYPE "," POST ",\"ts\":1.}",          400, "bad_json"},
    {"{" TYPE "," POST ",\"ts\":.5}",          400, "bad_json"},
    {"{" TYPE "," POST ",\"ts\":+1}",          400, "bad_json"},
    {"{" TYPE "," POST ",\"ts\":0x10}",        400, "bad_json"},
    {"{" TYPE "," POST ",\"ts\":9223372036854775808}",  400, "bad_json"},
    {"{" TYPE "," POST ",\"ts\":-9223372036854775809}", 400, "bad_json"},
    {"{" TYPE "," POST ",\"x\":1e999}",        400, "bad_json"},
    {"{" TYPE "," POST "," POST "}",           400, "bad_json"},
    {"{" TYPE "," POST ",\"metadata\":{\"a\":1,\"a\":2}}", 400, "bad_json"},
    {"{" TYPE "," POST ",\"metadata\":{\"a\":\"\\u0000\"}}", 400, "bad_json"},
    {"{" TYPE "," POST ",\"metadata\":{\"\\u0000\":1}}", 400, "bad_json"},
    {"{" TYPE "," POST ",\"metadata\":{\"a\":\"\\x\"}}", 400, "bad_json"},
    {"{" TYPE "," POST ",\"metadata\":{\"a\":\"\n\"}}",  400, "bad_json"},
    {"{" TYPE "," POST ",\"metadata\":{\"a\":\"\xff\"}}", 400, "bad_json"},
    {"{" TYPE "," POST ",\"metadata\":{\"a\":\"\xc0\x80\"}}", 400, "bad_json"},
    {"{" TYPE "," POST ",\"metadata\":{\"a\":\"\xed\xa0\x80\"}}", 400, "bad_json"},
    {"[[[[[[[[[[1]]]]]]]]]]",                  400, "bad_json"},
    {"{" TYPE "," POST ",\"x\":[[[[[[[[1]]]]]]]]}", 400, "bad_json"},
    /* JSON of another shape */
    {"null",                                   400, "bad_shape"},
    {"true",                                   400, "bad_shape"},
    {"7",                                      400, "bad_shape"},
    {"\"view\"",                               400, "bad_shape"},
    {"[]",                                     400, "bad_shape"},
    {"[" GOOD "]",                             400, "bad_shape"},
    {"{\"events\":" GOOD "}",                  400, "bad_shape"},
    {"{\"events\":\"" EVENT_ID "\"}",          400, "bad_shape"},
    {"{\"events\":7}",                         400, "bad_shape"},
    {"{\"sent_at\":\"now\",\"events\":[" GOOD "]}", 400, "bad_shape"},
    {"{\"sent_at\":-1,\"events\":[" GOOD "]}", 400, "bad_shape"},
    {"{\"sent_at\":1.5,\"events\":[" GOOD "]}", 400, "bad_shape"},
    {"{\"sent_at\":1e12,\"events\":[" GOOD "]}", 400, "bad_shape"},
    {"{\"sent_at\":true,\"events\":[" GOOD "]}", 400, "bad_shape"},
    {"{\"sent_at\":253402300800000,\"events\":[" GOOD "]}", 400, "bad_shape"},
    {"{\"events\":[]}",                        400, "empty_batch"},
    {"{\"sent_at\":1,\"events\":[]}",          400, "empty_batch"},
    /* another reader */
    {"{\"user_id\":\"" OTHER_ID "\",\"events\":[" GOOD "]}", 403, "foreign_user"},
    {"{\"user_id\":\"me\",\"events\":[" GOOD "]}", 403, "foreign_user"},
    {"{\"user_id\":\"\",\"events\":[" GOOD "]}", 403, "foreign_user"},
    {"{\"user_id\":200,\"events\":[" GOOD "]}", 403, "foreign_user"},
    {"{" TYPE "," POST ",\"user_id\":\"" OTHER_ID "\"}", 403, "foreign_user"},
    {"{\"events\":[" GOOD ",{" TYPE "," POST ",\"user_id\":\"" OTHER_ID "\"}," GOOD "]}", 403, "foreign_user"},
    {"{\"events\":[" GOOD ",{\"type\":\"no\",\"user_id\":[]}]}", 403, "foreign_user"},
};
/* clang-format on */

START_TEST(a_bad_body_is_refused_as_a_whole)
{
    refused(bodies[_i].body,
            &(struct ask){.body = bodies[_i].body, .bearer = good_token},
            bodies[_i].status, bodies[_i].code);
}
END_TEST

/* ---- Single events: 422, and why ---- */

#define META_2K_PIECE                                                          \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define META_256 META_2K_PIECE META_2K_PIECE META_2K_PIECE META_2K_PIECE
#define META_2K                                                                \
    META_256 META_256 META_256 META_256 META_256 META_256 META_256 META_256

/* clang-format off */
static const struct {
    const char *event, *why;
} events[] = {
    {"1",                                       "bad_shape"},
    {"null",                                    "bad_shape"},
    {"\"view\"",                                "bad_shape"},
    {"[]",                                      "bad_shape"},
    {"[" GOOD "]",                              "bad_shape"},
    {"{" POST "}",                              "unknown_type"},
    {"{\"type\":null," POST "}",                "unknown_type"},
    {"{\"type\":\"\"," POST "}",                "unknown_type"},
    {"{\"type\":\"View\"," POST "}",            "unknown_type"},
    {"{\"type\":\"views\"," POST "}",           "unknown_type"},
    {"{\"type\":\"vie\"," POST "}",             "unknown_type"},
    {"{\"type\":\"purchase\"," POST "}",        "unknown_type"},
    {"{\"type\":1," POST "}",                   "unknown_type"},
    {"{\"type\":[\"view\"]," POST "}",          "unknown_type"},
    {"{" TYPE "," POST ",\"event_id\":1}",      "bad_event_id"},
    {"{" TYPE "," POST ",\"event_id\":\"\"}",   "bad_event_id"},
    {"{" TYPE "," POST ",\"event_id\":\"0\"}",  "bad_event_id"},
    {"{" TYPE "," POST ",\"event_id\":\"{" EVENT_ID "}\"}", "bad_event_id"},
    {"{" TYPE "," POST ",\"event_id\":\" " EVENT_ID "\"}", "bad_event_id"},
    {"{" TYPE "," POST ",\"event_id\":\"0000000000004000800000000000abcd\"}", "bad_event_id"},
    {"{" TYPE "," POST ",\"event_id\":\"00000000-0000-4000-8000-00000000abcg\"}", "bad_event_id"},
    {"{" TYPE "}",                              "bad_post_id"},
    {"{}",                                      "bad_post_id"},
    {"{" TYPE ",\"post_id\":null}",             "bad_post_id"},
    {"{" TYPE ",\"post_id\":1}",                "bad_post_id"},
    {"{" TYPE ",\"post_id\":\"one\"}",          "bad_post_id"},
    {"{" TYPE ",\"post_id\":{}}",               "bad_post_id"},
    {"{" TYPE "," NO_POST "}",                  "unknown_post"},
    {"{" TYPE ",\"post_id\":\"00000000-0000-0000-0000-000000000000\"}", "unknown_post"},
    {"{" TYPE "," POST ",\"ts\":\"1\"}",        "bad_ts"},
    {"{" TYPE "," POST ",\"ts\":-1}",           "bad_ts"},
    {"{" TYPE "," POST ",\"ts\":1.5}",          "bad_ts"},
    {"{" TYPE "," POST ",\"ts\":1e12}",         "bad_ts"},
    {"{" TYPE "," POST ",\"ts\":false}",        "bad_ts"},
    {"{" TYPE "," POST ",\"ts\":253402300800000}", "bad_ts"},
    {"{" TYPE "," POST ",\"ts\":9223372036854775807}", "bad_ts"},
    {"{" TYPE "," POST ",\"ts\":0}",            "too_old"},
    {"{" TYPE "," POST ",\"ts\":253402300799999}", "too_new"},
    {"{" TYPE "," POST ",\"impression\":1}",    "bad_impression"},
    {"{" TYPE "," POST ",\"impression\":{}}",   "bad_impression"},
    {"{" TYPE "," POST ",\"metadata\":1}",      "bad_metadata"},
    {"{" TYPE "," POST ",\"metadata\":\"{}\"}", "bad_metadata"},
    {"{" TYPE "," POST ",\"metadata\":[]}",     "bad_metadata"},
    {"{" TYPE "," POST ",\"metadata\":true}",   "bad_metadata"},
    {"{" TYPE "," POST ",\"metadata\":{\"a\":\"" META_2K "\"}}", "event_too_large"},
    {"{" TYPE "," POST ",\"x\":\"" META_2K "\"}", "event_too_large"},
    {"{" TYPE "," POST ",\"impression\":\"" META_2K "\"}", "event_too_large"},
};
/* clang-format on */

/* 422, and the one fault at `pointer`. */
static void rejected(const char *body, const char *pointer, const char *why)
{
    struct ask ask = {.body = body, .bearer = good_token};
    struct json errors, fault;
    struct span text;
    struct answer a;
    struct err err;

    worker_ask(&worker, &ask, &a);
    ck_assert_msg(a.status == 422, "%s: %d %.*s", body, a.status,
                  SPAN_ARGS(a.raw.body));
    errors = answer_array(&a, "errors");
    ck_assert_uint_eq(json_count(&errors), 1);
    fault = json_at(&errors, 0);
    ck_assert(json_find_text(&fault, "code", &text, NULL, &err));
    ck_assert_msg(span_is(text, why), "%s: %.*s", body, SPAN_ARGS(text));
    ck_assert(json_find_text(&fault, "pointer", &text, NULL, &err));
    ck_assert_str_eq(text.at, pointer);
    nothing_is_stored();
    answer_release(&a);
}

START_TEST(a_batch_of_one_bad_event_says_why)
{
    char body[4096];

    snprintf(body, sizeof body, "{\"events\":[%s]}", events[_i].event);
    rejected(body, "/events/0", events[_i].why);
}
END_TEST

START_TEST(a_bad_event_alone_says_why_at_the_top)
{
    if (events[_i].event[0] == '{') /* other shapes are no event at all */
        rejected(events[_i].event, "", events[_i].why);
}
END_TEST

static void rejected_at(int64_t ts, const char *why)
{
    char body[256];

    snprintf(body, sizeof body,
             "{\"events\":[{" TYPE "," POST ",\"ts\":%lld}]}", (long long)ts);
    rejected(body, "/events/0", why);
}

START_TEST(an_event_eight_days_old_is_too_old)
{
    rejected_at(clock_wall_ms() - (int64_t)8 * DAY_MS, "too_old");
}
END_TEST

START_TEST(an_event_two_days_ahead_is_too_new)
{
    rejected_at(clock_wall_ms() + (int64_t)2 * DAY_MS, "too_new");
}
END_TEST

START_TEST(an_event_two_days_ahead_of_a_wrong_clock_is_too_new)
{
    char body[256];
    int64_t device_ms = clock_wall_ms() + (int64_t)3 * DAY_MS;

    snprintf(body, sizeof body,
             "{\"sent_at\":%lld,\"events\":[{" TYPE "," POST ",\"ts\":%lld}]}",
             (long long)device_ms,
             (long long)(device_ms + 2 * (int64_t)DAY_MS));
    rejected(body, "/events/0", "too_new");
}
END_TEST

START_TEST(every_fault_of_a_batch_is_told_in_its_order)
{
    struct ask ask = {.bearer = good_token,
                      .body = "{\"events\":[{" TYPE "," NO_POST "},7,{" POST
                              "},{" TYPE "," NO_POST "}]}"};
    static const char *const whys[] = {"unknown_post", "bad_shape",
                                       "unknown_type", "unknown_post"};
    struct json errors, fault;
    struct span text;
    struct answer a;
    struct err err;
    char pointer[32];

    worker_ask(&worker, &ask, &a);
    ck_assert_int_eq(a.status, 422);
    errors = answer_array(&a, "errors");
    ck_assert_uint_eq(json_count(&errors), 4);
    for (size_t i = 0; i < 4; i++) {
        fault = json_at(&errors, i);
        ck_assert(json_find_text(&fault, "code", &text, NULL, &err));
        ck_assert_str_eq(text.at, whys[i]);
        ck_assert(json_find_text(&fault, "pointer", &text, NULL, &err));
        snprintf(pointer, sizeof pointer, "/events/%zu", i);
        ck_assert_str_eq(text.at, pointer);
    }
    nothing_is_stored();
    answer_release(&a);
}
END_TEST

/* ---- Headers ---- */

/* clang-format off */
static const struct {
    const char *name;
    struct ask ask; /* body: a good event unless the row says otherwise */
    int status;
    const char *code;
} heads[] = {
    {"GET",              {.method = "GET"},                  405, "method_not_allowed"},
    {"PUT",              {.method = "PUT"},                  405, "method_not_allowed"},
    {"DELETE",           {.method = "DELETE"},               405, "method_not_allowed"},
    {"PATCH",            {.method = "PATCH"},                405, "method_not_allowed"},
    {"post",             {.method = "post"},                 405, "method_not_allowed"},
    {"no method",        {.method = ""},                     405, "method_not_allowed"},
    {"TRACE",            {.method = "TRACE"},                405, "method_not_allowed"},
    {"no type",          {.type = ""},                       415, "unsupported_media_type"},
    {"form",             {.type = "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"},
    {"multipart",        {.type = "multipart/form-data; boundary=x"}, 415, "unsupported_media_type"},
    {"html",             {.type = "text/html"},              415, "unsupported_media_type"},
    {"jsonx",            {.type = "application/jsonx"},      415, "unsupported_media_type"},
    {"patch+json",       {.type = "application/json-patch+json"}, 415, "unsupported_media_type"},
    {"any",              {.type = "*/*"},                    415, "unsupported_media_type"},
    {"parameter first",  {.type = ";application/json"},      415, "unsupported_media_type"},
    {"cross-site",       {.site = "cross-site"},             403, "cross_site"},
    {"own origin, cross-site", {.site = "cross-site", .origin = "http://kith.test"}, 403, "cross_site"},
    {"other origin",     {.origin = "http://evil.example"},  403, "cross_site"},
    {"null origin",      {.origin = "null"},                 403, "cross_site"},
    {"other scheme",     {.origin = "https://kith.test"},    403, "cross_site"},
    {"other port",       {.origin = "http://kith.test:8080"}, 403, "cross_site"},
    {"sub-domain",       {.origin = "http://a.kith.test"},   403, "cross_site"},
    {"longer domain",    {.origin = "http://kith.test.evil.example"}, 403, "cross_site"},
    {"sibling",          {.origin = "http://b.test", .site = "same-site"}, 403, "cross_site"},
    {"length too large", {.more = {{"CONTENT_LENGTH", "9999"}}}, 400, "bad_body"},
    {"length too small", {.more = {{"CONTENT_LENGTH", "3"}}}, 400, "bad_body"},
    {"length no number", {.more = {{"CONTENT_LENGTH", "-1"}}}, 400, "bad_body"},
    {"other address",    {.path = "/api/track/"},            404, "not_found"},
    {"feeds here",       {.path = "/api/feeds"},             404, "not_found"},
    {"longer address",   {.path = "/api/track.php"},         404, "not_found"},
    {"no address",       {.path = ""},                       404, "not_found"},
    /* Method before site before type before body before token. */
    {"all wrong",        {.method = "PUT", .site = "cross-site", .type = "x/y", .bearer = "x"}, 405, "method_not_allowed"},
    {"site and on",      {.site = "cross-site", .type = "x/y", .bearer = "x"}, 403, "cross_site"},
    {"type and on",      {.type = "x/y", .body = "?", .bearer = "x"}, 415, "unsupported_media_type"},
    {"body and on",      {.body = "?", .bearer = "x"},       400, "bad_json"},
};
/* clang-format on */

START_TEST(a_bad_head_is_refused)
{
    struct ask ask = heads[_i].ask;

    if (!ask.bearer)
        ask.bearer = good_token;
    if (!ask.body)
        ask.body = GOOD;
    refused(heads[_i].name, &ask, heads[_i].status, heads[_i].code);
}
END_TEST

/* ---- Tokens ---- */

#define BROKEN(token)                                                          \
    {.bearer = token},                                                         \
    {                                                                          \
        .cookie = "kith=" token                                                \
    }
#define SIGNATURE "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq"

/* clang-format off */
static const struct ask forged[] = {
    BROKEN("x"),
    BROKEN("v1"),
    BROKEN("....."),
    BROKEN("v1.today." READER_ID ".0.253402300799999." SIGNATURE),
    BROKEN("v1.today." READER_ID ".0.253402300799999."),
    BROKEN("v1.today." READER_ID ".0.253402300799999"),
    BROKEN("v1.other." READER_ID ".0.253402300799999." SIGNATURE),
    BROKEN("v1.." READER_ID ".0.253402300799999." SIGNATURE),
    BROKEN("v2.today." READER_ID ".0.253402300799999." SIGNATURE),
    BROKEN("v1.today." READER_ID ".-1.253402300799999." SIGNATURE),
    BROKEN("v1.today." READER_ID ".9.1." SIGNATURE),
    BROKEN("v1.today.me.0.253402300799999." SIGNATURE),
    BROKEN("v1.today." READER_ID ".0.253402300799999." SIGNATURE "." SIGNATURE),
    BROKEN(SIGNATURE SIGNATURE SIGNATURE SIGNATURE SIGNATURE),
    {.cookie = "kith="},
    {.cookie = "a=b; kith=x; c=d"},
    {.cookie = "kith=\"x\""},
};
/* clang-format on */

START_TEST(a_forged_token_is_refused)
{
    struct ask ask = forged[_i];

    ask.body = GOOD;
    refused(ask.bearer ? ask.bearer : ask.cookie, &ask, 401, "bad_token");
}
END_TEST

START_TEST(a_token_with_any_character_changed_is_refused)
{
    char altered[STAGE_TOKEN];
    struct ask ask = {.body = GOOD, .bearer = altered};
    struct answer a;

    for (size_t i = 0; i < strlen(good_token); i++) {
        snprintf(altered, sizeof altered, "%s", good_token);
        altered[i] = altered[i] == '1' ? '2' : '1';
        worker_ask(&worker, &ask, &a);
        ck_assert_msg(span_is(answer_code(&a), "bad_token"), "%s", altered);
        answer_release(&a);
    }
    nothing_is_stored();
}
END_TEST

START_TEST(an_expired_token_is_refused_and_named_so)
{
    char token[STAGE_TOKEN];
    struct ask ask = {.body = GOOD, .bearer = token};
    int64_t now_ms = clock_wall_ms();

    stage_token_at(&stage, test_id(READER), now_ms - 2, now_ms - 1, token);
    refused("expired", &ask, 401, "token_expired");
}
END_TEST

START_TEST(a_bad_cookie_is_taken_away)
{
    struct ask ask = {.body = GOOD, .cookie = "kith=x"};
    struct answer a;

    worker_ask(&worker, &ask, &a);
    ck_assert_int_eq(a.status, 401);
    ck_assert(span_is(answer_header(&a, "Set-Cookie"),
                      "kith=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
    answer_release(&a);
}
END_TEST

START_TEST(a_bad_bearer_token_is_not_saved_by_a_good_cookie)
{
    char cookie[STAGE_COOKIE];
    struct ask ask = {.body = GOOD, .cookie = cookie, .bearer = "x"};

    snprintf(cookie, sizeof cookie, "kith=%s", good_token);
    refused("both", &ask, 401, "bad_token");
}
END_TEST

START_TEST(a_visitor_cannot_name_a_reader_in_the_body)
{
    refused("anonymous",
            &(struct ask){.body = "{\"user_id\":\"" READER_ID
                                  "\",\"events\":[" GOOD "]}"},
            403, "foreign_user");
}
END_TEST

/* ---- Limits ---- */

static char large[BODY_MOST + 2];

/* A good event behind so many spaces that all is `bytes` long. */
static void fill_large(size_t bytes)
{
    size_t event = strlen(GOOD);

    memset(large, ' ', bytes - event);
    memcpy(large + bytes - event, GOOD, event);
}

START_TEST(a_body_one_byte_over_the_limit_is_refused_with_the_limit)
{
    struct ask ask = {
        .body = large, .body_bytes = BODY_MOST + 1, .bearer = good_token};
    struct answer a;

    fill_large(BODY_MOST + 1);
    worker_ask(&worker, &ask, &a);
    ck_assert_int_eq(a.status, 413);
    ck_assert(span_is(answer_code(&a), "too_large"));
    ck_assert_int_eq(answer_i64(&a, "most_bytes"), BODY_MOST);
    nothing_is_stored();
    answer_release(&a);
}
END_TEST

START_TEST(a_batch_of_one_event_too_many_is_refused_with_the_limits)
{
    struct buf body;
    struct ask ask = {.bearer = good_token};
    struct answer a;

    buf_init(&body, BODY_MOST);
    buf_text(&body, "{\"events\":[" GOOD);
    for (int i = 0; i < EVENTS_LIMIT; i++)
        buf_text(&body, "," GOOD);
    buf_text(&body, "]}");
    buf_char(&body, 0);
    ask.body = body.at;
    worker_ask(&worker, &ask, &a);
    ck_assert_int_eq(a.status, 413);
    ck_assert(span_is(answer_code(&a), "too_many_events"));
    ck_assert_int_eq(answer_i64(&a, "most_events"), EVENTS_LIMIT);
    ck_assert_int_eq(answer_i64(&a, "most_bytes"), BODY_MOST);
    nothing_is_stored();
    answer_release(&a);
    buf_release(&body);
}
END_TEST

START_TEST(what_is_refused_says_what_would_do)
{
    struct answer a;

    worker_ask(&worker, &(struct ask){.method = "GET"}, &a);
    ck_assert(span_is(answer_header(&a, "Allow"), "POST"));
    answer_release(&a);
    worker_ask(&worker, &(struct ask){.body = GOOD, .type = "x/y"}, &a);
    ck_assert(span_is(answer_header(&a, "Accept-Post"),
                      "application/json, text/plain"));
    answer_release(&a);
    worker_ask(&worker, &(struct ask){.body = GOOD, .bearer = "x"}, &a);
    ck_assert(span_is(answer_header(&a, "WWW-Authenticate"), "Bearer"));
    answer_release(&a);
}
END_TEST

/* Last: the same worker that saw all of the above still stores. */
START_TEST(after_all_that_the_worker_stores_a_good_event)
{
    struct ask ask = {
        .body = large, .body_bytes = BODY_MOST, .bearer = good_token};
    struct answer a;

    fill_large(BODY_MOST); /* the largest body there may be */
    worker_ask(&worker, &ask, &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert_int_eq(answer_i64(&a, "stored"), 1);
    ck_assert_int_eq(
        stage_count(&stage, "SELECT count(*) FROM user_interactions"), 1);
    answer_release(&a);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
    Suite *s = suite_create("track_bad");
    TCase *tc = tcase_create("refusals");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_unchecked_fixture(tc, start_worker, stop_worker);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_bad_body_is_refused_as_a_whole, 0, ROWS(bodies));
    tcase_add_loop_test(tc, a_batch_of_one_bad_event_says_why, 0, ROWS(events));
    tcase_add_loop_test(tc, a_bad_event_alone_says_why_at_the_top, 0,
                        ROWS(events));
    tcase_add_test(tc, an_event_eight_days_old_is_too_old);
    tcase_add_test(tc, an_event_two_days_ahead_is_too_new);
    tcase_add_test(tc, an_event_two_days_ahead_of_a_wrong_clock_is_too_new);
    tcase_add_test(tc, every_fault_of_a_batch_is_told_in_its_order);
    tcase_add_loop_test(tc, a_bad_head_is_refused, 0, ROWS(heads));
    tcase_add_loop_test(tc, a_forged_token_is_refused, 0, ROWS(forged));
    tcase_add_test(tc, a_token_with_any_character_changed_is_refused);
    tcase_add_test(tc, an_expired_token_is_refused_and_named_so);
    tcase_add_test(tc, a_bad_cookie_is_taken_away);
    tcase_add_test(tc, a_bad_bearer_token_is_not_saved_by_a_good_cookie);
    tcase_add_test(tc, a_visitor_cannot_name_a_reader_in_the_body);
    tcase_add_test(tc,
                   a_body_one_byte_over_the_limit_is_refused_with_the_limit);
    tcase_add_test(tc,
                   a_batch_of_one_event_too_many_is_refused_with_the_limits);
    tcase_add_test(tc, what_is_refused_says_what_would_do);
    tcase_add_test(tc, after_all_that_the_worker_stores_a_good_event);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
