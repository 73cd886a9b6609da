/* What POST /api/track stores, and what it says about it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/gate.h"
#include "../support/schema.h"
#include "../support/test_db.h"
#include "../support/worker.h"
#include "base/clock.h"
#include "web/json_write.h"

enum {
    READER = 200,
    BATCH = 20,
    BODY_MOST = 65536,
    SLACK_MS = 20 * 1000, /* between a clock read here and one in the worker */
    MINUTE_MS = 60 * 1000,
    DAY_MS = 24 * 60 * MINUTE_MS,
};

#define READER_ID "00000000-0000-4000-8000-000000000200"
#define POST_1 "00000000-0000-4000-8000-000000000001"
#define POST_2 "00000000-0000-4000-8000-000000000002"
#define EVENT_A "00000000-0000-4000-8000-00000000000a"
#define EVENT_B "00000000-0000-4000-8000-00000000000b"
#define GOOD_A                                                                 \
    "{\"event_id\":\"" EVENT_A "\",\"type\":\"like\",\"post_id\":\"" POST_1    \
    "\"}"

static struct stage stage;
static struct worker worker;
static char token[STAGE_TOKEN];

static void setup(void)
{
    stage_open(&stage);
    test_db_run(&stage.db, "INSERT INTO posts (id, title) VALUES ('" POST_1
                           "', 'one'), ('" POST_2 "', 'two')");
    stage_token(&stage, test_id(READER), token);
}

static void setup_worker(void)
{
    setup();
    worker_start(&worker, &stage, "track");
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&worker), 0);
    stage_close(&stage);
}

static int64_t rows(void)
{
    return stage_count(&stage, "SELECT count(*) FROM user_interactions");
}

/* A column of the only row, as text. */
static const char *stored(const char *column)
{
    char sql[256];

    ck_assert_int_eq(rows(), 1);
    snprintf(sql, sizeof sql,
             "SELECT coalesce((%s)::text, 'null') FROM user_interactions",
             column);
    return test_db_text(&stage.db, sql);
}

static int64_t stored_ms(const char *column)
{
    char sql[256];

    ck_assert_int_eq(rows(), 1);
    snprintf(sql, sizeof sql,
             "SELECT (extract(epoch FROM %s) * 1000)::bigint "
             "FROM user_interactions",
             column);
    return stage_count(&stage, sql);
}

static void send_as(const char *body, const char *bearer, struct answer *a)
{
    worker_ask(&worker, &(struct ask){.body = body, .bearer = bearer}, a);
    ck_assert_msg(a->status == 200, "%s: %.*s", body, SPAN_ARGS(a->raw.body));
}

static void counts_are(const struct answer *a, int64_t received, int64_t stored,
                       int64_t duplicates)
{
    ck_assert_int_eq(answer_i64(a, "received"), received);
    ck_assert_int_eq(answer_i64(a, "stored"), stored);
    ck_assert_int_eq(answer_i64(a, "duplicates"), duplicates);
}

/* Sends and compares the counts; everything else must be in order. */
static void stores(const char *body, int64_t received, int64_t stored,
                   int64_t duplicates)
{
    struct answer a;

    send_as(body, token, &a);
    counts_are(&a, received, stored, duplicates);
    answer_release(&a);
}

/* ---- One event ---- */

START_TEST(an_event_is_stored_as_it_was_sent)
{
    char body[512];
    int64_t at_ms = clock_wall_ms() - MINUTE_MS;

    snprintf(body, sizeof body,
             "{\"event_id\":\"" EVENT_A "\",\"type\":\"share\",\"post_id\":"
             "\"" POST_2 "\",\"ts\":%lld,\"metadata\":{\"dwell_ms\":1000,"
             "\"\xc3\xa9\":[null,true,{\"a\":\"\\u2028<\\/\"}],\"r\":0.25}}",
             (long long)at_ms);
    stores(body, 1, 1, 0);
    ck_assert_str_eq(stored("id"), EVENT_A);
    ck_assert_str_eq(stored("user_id"), READER_ID);
    ck_assert_str_eq(stored("post_id"), POST_2);
    ck_assert_str_eq(stored("interaction_type"), "share");
    ck_assert_str_eq(stored("metadata"),
                     "{\"r\": 0.25, \"\xc3\xa9\": [null, true, {\"a\": \"\xe2"
                     "\x80\xa8</\"}], \"dwell_ms\": 1000}");
    ck_assert_int_eq(stored_ms("created_at"), at_ms);
    ck_assert_int_eq(stored_ms("client_at"), at_ms);
    ck_assert_str_eq(stored("request_id"), "null");
    ck_assert_int_eq(stage_count(&stage, "SELECT count(*) FROM users WHERE id "
                                         "= '" READER_ID "'"),
                     1);
}
END_TEST

static const char *const types[] = {"view",  "click",  "like",
                                    "share", "unlike", "hide"};

START_TEST(every_type_is_stored_under_its_name)
{
    char body[256];

    snprintf(body, sizeof body, "{\"type\":\"%s\",\"post_id\":\"" POST_1 "\"}",
             types[_i]);
    stores(body, 1, 1, 0);
    ck_assert_str_eq(stored("interaction_type"), types[_i]);
}
END_TEST

START_TEST(an_event_without_time_happened_when_it_was_received)
{
    int64_t before_ms = clock_wall_ms();

    stores(GOOD_A, 1, 1, 0);
    ck_assert_str_eq(stored("client_at"), "null");
    ck_assert_str_eq(stored("created_at = received_at"), "true");
    ck_assert_int_ge(stored_ms("created_at"), before_ms);
    ck_assert_int_le(stored_ms("created_at"), clock_wall_ms());
    ck_assert_str_eq(stored("metadata"), "{}");
}
END_TEST

START_TEST(an_event_without_id_gets_one_and_the_client_is_told)
{
    struct answer a;
    struct json assigned, one;
    struct span id;
    struct err err;
    int64_t index;

    send_as("{\"events\":[" GOOD_A ",{\"type\":\"view\",\"post_id\":\"" POST_1
            "\"}]}",
            token, &a);
    counts_are(&a, 2, 2, 0);
    assigned = answer_array(&a, "assigned");
    ck_assert_uint_eq(json_count(&assigned), 1);
    one = json_at(&assigned, 0);
    ck_assert(json_find_i64(&one, "index", 0, 9, &index, NULL, &err));
    ck_assert_int_eq(index, 1);
    ck_assert(json_find_text(&one, "event_id", &id, NULL, &err));
    ck_assert_str_eq(test_db_text(&stage.db,
                                  "SELECT id::text FROM user_interactions "
                                  "WHERE interaction_type = 'view'"),
                     id.at);
    answer_release(&a);
}
END_TEST

START_TEST(null_members_count_as_absent)
{
    stores("{\"sent_at\":null,\"user_id\":null,\"events\":[{\"event_id\":null,"
           "\"type\":\"view\",\"post_id\":\"" POST_1
           "\",\"ts\":null,\"impression\":null,\"metadata\":null,"
           "\"user_id\":null}]}",
           1, 1, 0);
}
END_TEST

START_TEST(unknown_fields_are_ignored_and_counted)
{
    struct answer a;

    send_as("{\"events\":[{\"type\":\"view\",\"post_id\":\"" POST_1
            "\",\"x\":1,\"y\":[{}]}," GOOD_A "],\"z\":1}",
            token, &a);
    counts_are(&a, 2, 2, 0);
    ck_assert_int_eq(answer_i64(&a, "ignored_fields"), 2);
    answer_release(&a);
}
END_TEST

START_TEST(the_reader_may_name_himself)
{
    stores("{\"user_id\":\"" READER_ID "\",\"events\":[{\"user_id\":\""
           "00000000-0000-4000-8000-000000000200\",\"type\":\"view\","
           "\"post_id\":\"" POST_1 "\"}]}",
           1, 1, 0);
}
END_TEST

START_TEST(ids_may_be_written_in_capitals)
{
    stores("{\"events\":[{\"event_id\":\"00000000-0000-4000-8000-00000000000A"
           "\",\"type\":\"view\",\"post_id\":\"" POST_1 "\"}," GOOD_A "]}",
           2, 1, 1);
    ck_assert_str_eq(stored("id"), EVENT_A);
}
END_TEST

START_TEST(events_of_a_deleted_post_are_stored)
{
    test_db_run(&stage.db, "UPDATE posts SET deleted_at = now()");
    stores(GOOD_A, 1, 1, 0);
}
END_TEST

static const char *const media[] = {
    "application/json", "application/json; charset=utf-8", "application/json;",
    "Application/JSON", "text/plain;charset=UTF-8",        "text/plain",
};

START_TEST(json_comes_as_json_or_as_plain_text)
{
    struct answer a;

    worker_ask(
        &worker,
        &(struct ask){.body = GOOD_A, .type = media[_i], .bearer = token}, &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert_int_eq(rows(), 1);
    answer_release(&a);
}
END_TEST

/* ---- Batches ---- */

/* An event with the id and type, as text. */
static void add_event(struct buf *out, unsigned id, const char *type)
{
    buf_fmt(out,
            "{\"event_id\":\"00000000-0000-4000-8000-%012u\",\"type\":\"%s\","
            "\"post_id\":\"" POST_1 "\"}",
            id, type);
}

/* BATCH events with ids first, first + 1, ...; good until the next call. */
static const char *batch_from(unsigned first)
{
    static char text[BODY_MOST];
    struct buf body;

    buf_init(&body, BODY_MOST);
    buf_text(&body, "{\"events\":[");
    for (unsigned i = 0; i < BATCH; i++) {
        if (i)
            buf_char(&body, ',');
        add_event(&body, first + i, "view");
    }
    buf_text(&body, "]}");
    buf_char(&body, 0);
    ck_assert(!body.failed);
    memcpy(text, body.at, body.bytes);
    buf_release(&body);
    return text;
}

START_TEST(a_batch_of_twenty_is_stored)
{
    stores(batch_from(1), BATCH, BATCH, 0);
    ck_assert_int_eq(rows(), BATCH);
}
END_TEST

START_TEST(the_same_batch_again_is_all_duplicates)
{
    const char *body = batch_from(1);

    stores(body, BATCH, BATCH, 0);
    stores(body, BATCH, 0, BATCH);
    ck_assert_int_eq(rows(), BATCH);
}
END_TEST

START_TEST(an_overlapping_batch_is_stored_as_far_as_it_is_new)
{
    stores(batch_from(1), BATCH, BATCH, 0);
    stores(batch_from(11), BATCH, 10, 10);
    ck_assert_int_eq(rows(), 30);
}
END_TEST

START_TEST(an_id_three_times_in_a_batch_is_stored_once)
{
    stores("{\"events\":[" GOOD_A "," GOOD_A "," GOOD_A "]}", 3, 1, 2);
    ck_assert_int_eq(rows(), 1);
}
END_TEST

/* interface: 18 good ones, one of a bad type, one that repeats the first. */
START_TEST(a_mixed_batch_is_answered_in_full)
{
    static const char golden[] =
        "{\"received\":20,\"stored\":18,\"duplicates\":1,\"accepted\":["
        "\"00000000-0000-4000-8000-000000000001\",";
    static const char end[] =
        "\"00000000-0000-4000-8000-000000000018\","
        "\"00000000-0000-4000-8000-000000000001\"],\"rejected\":["
        "{\"index\":18,\"event_id\":\"00000000-0000-4000-8000-000000000019\","
        "\"code\":\"unknown_type\",\"detail\":\"type is view, click, like, "
        "share, unlike or hide\"}],\"retry\":[],\"server_time\":";
    struct buf body;
    struct answer a;

    buf_init(&body, BODY_MOST);
    buf_text(&body, "{\"events\":[");
    for (unsigned i = 1; i <= 18; i++) {
        add_event(&body, i, "view");
        buf_char(&body, ',');
    }
    add_event(&body, 19, "purchase");
    buf_char(&body, ',');
    add_event(&body, 1, "view");
    buf_text(&body, "]}");
    buf_char(&body, 0);
    send_as(body.at, token, &a);
    ck_assert_msg(span_starts(a.raw.body, golden) && span_has(a.raw.body, end),
                  "%.*s", SPAN_ARGS(a.raw.body));
    ck_assert_int_ge(answer_i64(&a, "server_time"), clock_wall_ms() - SLACK_MS);
    ck_assert_int_eq(rows(), 18);
    answer_release(&a);
    buf_release(&body);
}
END_TEST

static int64_t rejected_index(const struct answer *a)
{
    struct json rejected = answer_array(a, "rejected");
    struct json one;
    struct err err;
    int64_t index = -1;

    ck_assert_uint_eq(json_count(&rejected), 1);
    one = json_at(&rejected, 0);
    ck_assert(json_find_i64(&one, "index", 0, 99, &index, NULL, &err));
    return index;
}

/* A client that corrects an event and sends both under one id. */
#define BAD_A                                                                  \
    "{\"event_id\":\"" EVENT_A "\",\"type\":\"no\",\"post_id\":\"" POST_1 "\"" \
    "}"

START_TEST(a_bad_event_takes_no_good_one_of_the_same_id_with_it)
{
    struct answer a;

    send_as("{\"events\":[" BAD_A "," GOOD_A "," GOOD_A "]}", token, &a);
    counts_are(&a, 3, 1, 1);
    ck_assert_int_eq(rejected_index(&a), 0);
    ck_assert_int_eq(rows(), 1);
    answer_release(&a);
    send_as("{\"events\":[" BAD_A "," GOOD_A "]}", token, &a);
    counts_are(&a, 2, 0, 1);
    ck_assert_int_eq(rejected_index(&a), 0);
    answer_release(&a);
}
END_TEST

START_TEST(a_repeat_of_a_refused_event_is_refused_for_the_same_reason)
{
    static const char unknown[] =
        "{\"event_id\":\"" EVENT_B "\",\"type\":\"view\",\"post_id\":"
        "\"00000000-0000-4000-8000-000000000999\"}";
    char body[1024];
    struct json rejected, one;
    struct span code;
    struct answer a;
    struct err err;

    snprintf(body, sizeof body, "{\"events\":[%s," GOOD_A ",%s]}", unknown,
             unknown);
    send_as(body, token, &a);
    counts_are(&a, 3, 1, 0);
    rejected = answer_array(&a, "rejected");
    ck_assert_uint_eq(json_count(&rejected), 2);
    for (size_t i = 0; i < 2; i++) {
        one = json_at(&rejected, i);
        ck_assert(json_find_text(&one, "code", &code, NULL, &err));
        ck_assert_str_eq(code.at, "unknown_post");
    }
    answer_release(&a);
}
END_TEST

/* The client could not know an event by an id that we made. */
START_TEST(a_rejected_event_without_an_id_is_named_by_its_index_alone)
{
    struct json rejected, one, id;
    struct answer a;

    send_as("{\"events\":[" GOOD_A ",{\"type\":\"view\",\"post_id\":"
            "\"00000000-0000-4000-8000-000000000999\"},{\"type\":\"view\","
            "\"post_id\":\"" POST_1 "\",\"metadata\":7}]}",
            token, &a);
    rejected = answer_array(&a, "rejected");
    ck_assert_uint_eq(json_count(&rejected), 2);
    for (size_t i = 0; i < 2; i++) {
        one = json_at(&rejected, i);
        ck_assert(schema_find(&one, SPAN("event_id"), &id));
        ck_assert_int_eq(json_kind_of(&id), JSON_NULL);
    }
    answer_release(&a);
}
END_TEST

START_TEST(an_id_that_another_reader_used_is_a_duplicate)
{
    char other[STAGE_TOKEN];
    struct answer a;

    stage_token(&stage, test_id(READER + 1), other);
    stores(GOOD_A, 1, 1, 0);
    send_as(GOOD_A, other, &a);
    counts_are(&a, 1, 0, 1);
    ck_assert_str_eq(stored("user_id"), READER_ID);
    answer_release(&a);
}
END_TEST

/* ---- Many at once ---- */

START_TEST(the_same_batch_five_times_in_parallel_is_stored_once)
{
    enum { CALLS = 5 };
    struct ask ask = {.body = batch_from(1), .bearer = token};
    pid_t second = worker_more(&worker);
    int64_t stored_sum = 0, duplicates = 0;
    struct answer a;
    int fds[CALLS];

    for (int i = 0; i < CALLS; i++)
        fds[i] = worker_send(&worker, &ask);
    for (int i = 0; i < CALLS; i++) {
        worker_receive(&worker, fds[i], &ask, &a);
        ck_assert_int_eq(a.status, 200);
        stored_sum += answer_i64(&a, "stored");
        duplicates += answer_i64(&a, "duplicates");
        answer_release(&a);
    }
    ck_assert_int_eq(stored_sum, BATCH);
    ck_assert_int_eq(duplicates, (CALLS - 1) * BATCH);
    ck_assert_int_eq(rows(), BATCH);
    ck_assert_int_eq(worker_end(second), 0);
}
END_TEST

/* ---- Time ---- */

/* Stores a click of `ts`, sent at `sent_at`, both by the device's clock. */
static void store_at(int64_t sent_at_ms, int64_t at_ms)
{
    char body[256];

    snprintf(body, sizeof body,
             "{\"sent_at\":%lld,\"events\":[{\"type\":\"click\",\"post_id\":"
             "\"" POST_1 "\",\"ts\":%lld}]}",
             (long long)sent_at_ms, (long long)at_ms);
    stores(body, 1, 1, 0);
    ck_assert_int_eq(stored_ms("client_at"), at_ms);
}

/* Offsets of a device's clock: 3 days ahead, 3 days and 3 s behind. */
static const int64_t offsets[] = {3 * (int64_t)DAY_MS, -3 * (int64_t)DAY_MS,
                                  30000, -30000};

START_TEST(a_wrong_clock_is_corrected_and_kept)
{
    int64_t before_ms = clock_wall_ms();
    int64_t sent_ms = before_ms + offsets[_i];

    /* It happened a minute before it was sent, in real time too. */
    store_at(sent_ms, sent_ms - MINUTE_MS);
    ck_assert_int_ge(stored_ms("created_at"), before_ms - MINUTE_MS);
    ck_assert_int_le(stored_ms("created_at"), clock_wall_ms() - MINUTE_MS);
    ck_assert_str_eq(stored("received_at - created_at = interval '60 s'"),
                     "true");
}
END_TEST

START_TEST(a_clock_less_than_two_seconds_wrong_is_believed)
{
    int64_t sent_ms = clock_wall_ms() + 1000;

    store_at(sent_ms, sent_ms - MINUTE_MS);
    ck_assert_int_eq(stored_ms("created_at"), sent_ms - MINUTE_MS);
}
END_TEST

START_TEST(an_event_ahead_of_us_is_clamped_to_the_time_of_receipt)
{
    int64_t now_ms = clock_wall_ms();

    store_at(now_ms, now_ms + 120 * MINUTE_MS);
    ck_assert_str_eq(stored("created_at = received_at"), "true");
}
END_TEST

/* Two hours ahead of a clock that is itself three days wrong. */
START_TEST(an_event_ahead_after_correction_is_clamped_too)
{
    int64_t device_ms = clock_wall_ms() - 3 * (int64_t)DAY_MS;

    store_at(device_ms, device_ms + 120 * MINUTE_MS);
    ck_assert_str_eq(stored("created_at = received_at"), "true");
}
END_TEST

START_TEST(an_event_of_almost_seven_days_ago_is_stored)
{
    int64_t now_ms = clock_wall_ms();
    int64_t at_ms = now_ms - 7 * (int64_t)DAY_MS + MINUTE_MS;

    store_at(now_ms, at_ms);
    ck_assert_int_eq(stored_ms("created_at"), at_ms);
}
END_TEST

START_TEST(how_far_back_and_ahead_is_a_setting)
{
    char body[256];
    struct answer a;

    stage_set("KITH_TRACK_PAST_S", "60");
    stage_set("KITH_TRACK_FUTURE_S", "0");
    worker_start(&worker, &stage, "track");
    snprintf(body, sizeof body,
             "{\"events\":[{\"type\":\"click\",\"post_id\":\"" POST_1
             "\",\"ts\":%lld},{\"type\":\"click\",\"post_id\":\"" POST_1
             "\",\"ts\":%lld}]}",
             (long long)clock_wall_ms() - 2 * MINUTE_MS,
             (long long)clock_wall_ms() + MINUTE_MS);
    worker_ask(&worker, &(struct ask){.body = body, .bearer = token}, &a);
    ck_assert_int_eq(a.status, 422);
    ck_assert_int_eq(rows(), 0);
    answer_release(&a);
}
END_TEST

/* ---- The database away ---- */

static void start_behind_gate(void)
{
    gate_open(stage_folder());
    stage_set("KITH_DB_URL", gate_url());
    worker_start(&worker, &stage, "track");
}

static void is_unavailable(const char *body)
{
    struct answer a;

    worker_ask(&worker, &(struct ask){.body = body, .bearer = token}, &a);
    ck_assert_int_eq(a.status, 503);
    ck_assert(span_is(answer_code(&a), "unavailable"));
    ck_assert(span_is(answer_header(&a, "Retry-After"), "2"));
    ck_assert_int_eq(answer_i64(&a, "retry_after_s"), 2);
    answer_release(&a);
}

/* The worker leaves a lost database alone for a moment (at most 5 s). */
static void stores_soon(const char *body, int64_t stored, int64_t duplicates)
{
    struct ask ask = {.body = body, .bearer = token};
    struct answer a;
    int64_t until_us = test_db_soon();

    for (worker_ask(&worker, &ask, &a);
         a.status == 503 && clock_mono_us() < until_us;
         worker_ask(&worker, &ask, &a))
        answer_release(&a);
    ck_assert_int_eq(a.status, 200);
    counts_are(&a, BATCH, stored, duplicates);
    answer_release(&a);
}

START_TEST(without_a_database_nothing_is_stored_and_later_all_is)
{
    start_behind_gate();
    gate_shut();
    is_unavailable(batch_from(1));
    ck_assert_int_eq(rows(), 0);
    gate_reopen();
    stores_soon(batch_from(1), BATCH, 0);
    ck_assert_int_eq(rows(), BATCH);
}
END_TEST

START_TEST(a_database_lost_between_two_batches_comes_back)
{
    start_behind_gate();
    stores(batch_from(1), BATCH, BATCH, 0);
    gate_shut();
    is_unavailable(batch_from(21));
    gate_reopen();
    stores_soon(batch_from(21), BATCH, 0);
}
END_TEST

/* Committed, and nobody was told: the client has to send it again. */
START_TEST(a_connection_cut_after_commit_costs_no_event_and_doubles_none)
{
    start_behind_gate();
    stores(batch_from(1), BATCH, BATCH, 0);
    gate_cut_next();
    is_unavailable(batch_from(21));
    ck_assert_int_eq(rows(), 2 * BATCH);
    stores_soon(batch_from(21), 0, BATCH);
    ck_assert_int_eq(rows(), 2 * BATCH);
}
END_TEST

START_TEST(a_database_that_hangs_is_given_up_at_the_deadline)
{
    int64_t start_us;

    stage_set("KITH_TRACK_WAIT_MS", "300");
    start_behind_gate();
    stores(batch_from(1), BATCH, BATCH, 0);
    gate_freeze();
    start_us = clock_mono_us();
    is_unavailable(batch_from(21));
    ck_assert_int_ge(clock_mono_us() - start_us, 300 * 1000);
    ck_assert_int_lt(clock_mono_us() - start_us, 2000 * 1000);
    gate_thaw();
    stores_soon(batch_from(41), BATCH, 0);
}
END_TEST

START_TEST(a_database_without_tables_is_an_outage_not_a_crash)
{
    test_db_run(&stage.db, "ALTER TABLE user_interactions RENAME TO away");
    is_unavailable(batch_from(1));
    test_db_run(&stage.db, "ALTER TABLE away RENAME TO user_interactions");
    stores_soon(batch_from(1), BATCH, 0);
}
END_TEST

/* ---- What nobody may read ---- */

START_TEST(the_log_tells_neither_token_nor_reader_nor_content)
{
    char *log;

    stores("{\"type\":\"view\",\"post_id\":\"" POST_1
           "\",\"metadata\":{\"secret\":\"swordfish\"}}",
           1, 1, 0);
    ck_assert_int_eq(worker_stop(&worker), 0);
    log = worker_log(&worker);
    ck_assert_ptr_nonnull(strstr(log, "event=track"));
    ck_assert_ptr_null(strstr(log, READER_ID));
    ck_assert_ptr_null(strstr(log, token + strlen("v1.today.")));
    ck_assert_ptr_null(strstr(log, "swordfish"));
    free(log);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
    Suite *s = suite_create("track");
    TCase *tc = tcase_create("golden"), *cold = tcase_create("settings");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_set_timeout(cold, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup_worker, teardown);
    tcase_add_checked_fixture(cold, setup, teardown);
    tcase_add_test(tc, an_event_is_stored_as_it_was_sent);
    tcase_add_loop_test(tc, every_type_is_stored_under_its_name, 0,
                        ROWS(types));
    tcase_add_test(tc, an_event_without_time_happened_when_it_was_received);
    tcase_add_test(tc, an_event_without_id_gets_one_and_the_client_is_told);
    tcase_add_test(tc, null_members_count_as_absent);
    tcase_add_test(tc, unknown_fields_are_ignored_and_counted);
    tcase_add_test(tc, the_reader_may_name_himself);
    tcase_add_test(tc, ids_may_be_written_in_capitals);
    tcase_add_test(tc, events_of_a_deleted_post_are_stored);
    tcase_add_loop_test(tc, json_comes_as_json_or_as_plain_text, 0,
                        ROWS(media));
    tcase_add_test(tc, a_batch_of_twenty_is_stored);
    tcase_add_test(tc, the_same_batch_again_is_all_duplicates);
    tcase_add_test(tc, an_overlapping_batch_is_stored_as_far_as_it_is_new);
    tcase_add_test(tc, an_id_three_times_in_a_batch_is_stored_once);
    tcase_add_test(tc, a_mixed_batch_is_answered_in_full);
    tcase_add_test(tc, a_bad_event_takes_no_good_one_of_the_same_id_with_it);
    tcase_add_test(tc,
                   a_repeat_of_a_refused_event_is_refused_for_the_same_reason);
    tcase_add_test(tc,
                   a_rejected_event_without_an_id_is_named_by_its_index_alone);
    tcase_add_test(tc, an_id_that_another_reader_used_is_a_duplicate);
    tcase_add_test(tc, the_same_batch_five_times_in_parallel_is_stored_once);
    tcase_add_loop_test(tc, a_wrong_clock_is_corrected_and_kept, 0,
                        ROWS(offsets));
    tcase_add_test(tc, a_clock_less_than_two_seconds_wrong_is_believed);
    tcase_add_test(tc, an_event_ahead_of_us_is_clamped_to_the_time_of_receipt);
    tcase_add_test(tc, an_event_ahead_after_correction_is_clamped_too);
    tcase_add_test(tc, an_event_of_almost_seven_days_ago_is_stored);
    tcase_add_test(cold, how_far_back_and_ahead_is_a_setting);
    tcase_add_test(cold, without_a_database_nothing_is_stored_and_later_all_is);
    tcase_add_test(cold, a_database_lost_between_two_batches_comes_back);
    tcase_add_test(
        cold, a_connection_cut_after_commit_costs_no_event_and_doubles_none);
    tcase_add_test(cold, a_database_that_hangs_is_given_up_at_the_deadline);
    tcase_add_test(tc, a_database_without_tables_is_an_outage_not_a_crash);
    tcase_add_test(tc, the_log_tells_neither_token_nor_reader_nor_content);
    suite_add_tcase(s, tc);
    suite_add_tcase(s, cold);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
