/* What is kept of events that were not taken, and what never is. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/test_db.h"
#include "../support/worker.h"
#include "store/rejected.h"

enum { READER = 200, BODY_MOST = 1 << 15 };

#define READER_ID "00000000-0000-4000-8000-000000000200"
#define POST_1 "00000000-0000-4000-8000-000000000001"
#define EVENT_A "00000000-0000-4000-8000-00000000000a"

static struct stage stage;
static struct worker worker;
static char token[STAGE_TOKEN];
static struct err err;

static void setup(void)
{
    stage_open(&stage);
    test_db_run(&stage.db,
                "DELETE FROM rejected_events; "
                "INSERT INTO posts (id, title) VALUES ('" POST_1 "', 'one')");
    stage_token(&stage, test_id(READER), token);
    worker_start(&worker, &stage, "track");
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&worker), 0);
    stage_close(&stage);
}

static void sends(const char *body, int status)
{
    struct answer a;

    worker_ask(&worker, &(struct ask){.body = body, .bearer = token}, &a);
    ck_assert_msg(a.status == status, "%d: %.*s", a.status,
                  SPAN_ARGS(a.raw.body));
    answer_release(&a);
}

static int64_t samples(void)
{
    return stage_count(&stage, "SELECT count(*) FROM rejected_events");
}

static const char *sample(void)
{
    ck_assert_int_eq(samples(), 1);
    return test_db_text(&stage.db,
                        "SELECT code || ' ' || event FROM rejected_events");
}

START_TEST(a_rejected_event_is_kept_with_its_code)
{
    sends("{\"events\":[{\"event_id\":\"" EVENT_A "\",\"type\":\"none\","
          "\"post_id\":\"" POST_1 "\",\"ts\":1,\"metadata\":{\"a\": 1}},"
          "{\"type\":\"like\",\"post_id\":\"" POST_1 "\"}]}",
          200);
    ck_assert_str_eq(sample(), "unknown_type {\"event_id\":\"" EVENT_A "\","
                               "\"type\":\"none\",\"post_id\":\"" POST_1
                               "\",\"ts\":1,\"metadata\":{\"a\": 1}}");
}
END_TEST

START_TEST(what_the_database_refuses_is_kept_too)
{
    sends("{\"type\":\"like\",\"post_id\":\"" EVENT_A "\"}", 422);
    ck_assert_str_eq(sample(), "unknown_post {\"type\":\"like\","
                               "\"post_id\":\"" EVENT_A "\"}");
}
END_TEST

START_TEST(what_is_no_object_is_named_by_its_kind)
{
    sends("{\"events\":[\"" EVENT_A "\"]}", 422);
    ck_assert_str_eq(sample(), "bad_shape \"text\"");
}
END_TEST

/* Whatever member a token is put into, it is not to be found in a sample. */
START_TEST(no_token_and_no_reader_is_kept)
{
    static const char *const members[] = {
        "\"impression\":\"%s\",\"type\":\"none\"",
        "\"type\":\"%s\"",
        "\"type\":\"none\",\"event_id\":\"%s\"",
        "\"type\":\"none\",\"token\":\"%s\"",
        "\"type\":\"none\",\"%s\":1",
    };
    char body[BODY_MOST], member[BODY_MOST / 2];

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        /* One format each: the compiler cannot judge a table of them. */
        const char *mark = strstr(members[i], "%s");

        snprintf(member, sizeof member, "%.*s%s%s", (int)(mark - members[i]),
                 members[i], token, mark + 2);
        snprintf(body, sizeof body,
                 "{\"user_id\":\"" READER_ID "\",\"post_id\":\"" POST_1
                 "\",%s}",
                 member);
        sends(body, 422);
    }
    ck_assert_int_eq(samples(), 5);
    snprintf(body, sizeof body,
             "SELECT count(*) FROM rejected_events WHERE event LIKE '%%%s%%' "
             "OR event LIKE '%%\"user_id\":\"" READER_ID "%%' "
             "OR event LIKE '%%%s%%'",
             token, token + strlen(token) / 2);
    ck_assert_int_eq(stage_count(&stage, body), 0);
}
END_TEST

START_TEST(a_large_one_is_cut_between_two_characters)
{
    char body[BODY_MOST], many[BODY_MOST / 2];

    for (size_t i = 0; i + 1 < sizeof many; i += 2)
        memcpy(many + i, "\xc3\xa9", 2);
    snprintf(body, sizeof body,
             "{\"type\":\"like\",\"post_id\":\"" POST_1
             "\",\"metadata\":{\"a\":\"%.3000s\"}}",
             many);
    sends(body, 422);
    ck_assert_int_eq(stage_count(&stage, "SELECT octet_length(event) FROM "
                                         "rejected_events WHERE "
                                         "code = 'event_too_large'"),
                     REJECTED_BYTES - 1);
}
END_TEST

START_TEST(a_flood_leaves_a_few_samples_of_each_code)
{
    for (int i = 0; i < 30; i++)
        sends("{\"events\":[{\"type\":\"none\",\"post_id\":\"" POST_1 "\"},"
              "{\"type\":\"none\",\"post_id\":\"" POST_1 "\"},"
              "{\"type\":\"like\",\"post_id\":\"x\"}]}",
              422);
    ck_assert_int_eq(stage_count(&stage, "SELECT count(*) FROM rejected_events "
                                         "WHERE code = 'unknown_type'"),
                     5);
    ck_assert_int_eq(stage_count(&stage, "SELECT count(*) FROM rejected_events "
                                         "WHERE code = 'bad_post_id'"),
                     5);
}
END_TEST

START_TEST(they_are_deleted_after_seven_days)
{
    size_t deleted;

    test_db_run(&stage.db,
                "INSERT INTO rejected_events (received_at, code, event) "
                "SELECT now() - n * interval '1 day', 'too_old', '{}' "
                "FROM generate_series(0, 9) AS n");
    ck_assert(rejected_clean(&stage.db, 2, test_db_soon(), &deleted, &err));
    ck_assert_uint_eq(deleted, 2);
    ck_assert(rejected_clean(&stage.db, 2, test_db_soon(), &deleted, &err));
    ck_assert_uint_eq(deleted, 1);
    ck_assert_int_eq(samples(), 7);
}
END_TEST

START_TEST(they_are_listed_newest_first_and_counted_by_code)
{
    struct rejected it;
    struct rejected_row row;

    test_db_run(&stage.db,
                "INSERT INTO rejected_events (received_at, code, event) VALUES "
                "('2026-01-02', 'too_old', 'a'), ('2026-01-03', 'too_new', "
                "'b'), ('2026-01-01', 'too_old', 'c')");
    it = rejected_newest(&stage.db, 2, test_db_soon(), &err);
    ck_assert(rejected_next(&it, &row) && span_is(row.event, "b"));
    ck_assert(rejected_next(&it, &row) && span_is(row.event, "a"));
    ck_assert(!rejected_next(&it, &row) && !it.failed);
    rejected_end(&it);
    it = rejected_by_code(&stage.db, test_db_soon(), &err);
    ck_assert(rejected_next(&it, &row) && span_is(row.code, "too_old"));
    ck_assert_int_eq(row.count, 2);
    ck_assert_int_eq(row.received_at_ms, INT64_C(1767312000000));
    ck_assert(rejected_next(&it, &row) && span_is(row.code, "too_new"));
    ck_assert(!rejected_next(&it, &row) && !it.failed);
    rejected_end(&it);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rejected");
    TCase *tc = tcase_create("samples");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_rejected_event_is_kept_with_its_code);
    tcase_add_test(tc, what_the_database_refuses_is_kept_too);
    tcase_add_test(tc, what_is_no_object_is_named_by_its_kind);
    tcase_add_test(tc, no_token_and_no_reader_is_kept);
    tcase_add_test(tc, a_large_one_is_cut_between_two_characters);
    tcase_add_test(tc, a_flood_leaves_a_few_samples_of_each_code);
    tcase_add_test(tc, they_are_deleted_after_seven_days);
    tcase_add_test(tc, they_are_listed_newest_first_and_counted_by_code);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
