/* How much one reader may send to POST /api/track. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/test_db.h"
#include "../support/worker.h"

enum { READER = 200, OTHER = 201, EVENTS = 10, BODY_MOST = 4096 };

#define POST_1 "00000000-0000-4000-8000-000000000001"

static struct stage stage;
static struct worker worker;
static char token[STAGE_TOKEN], other[STAGE_TOKEN];

static void setup(void)
{
    stage_open(&stage);
    test_db_run(&stage.db,
                "INSERT INTO posts (id, title) VALUES ('" POST_1 "', 'one')");
    stage_token(&stage, test_id(READER), token);
    stage_token(&stage, test_id(OTHER), other);
    /* So slow that no test refills a bucket; bursts of two batches. */
    stage_set("KITH_TRACK_RATE", "1");
    stage_set("KITH_TRACK_BURST", "20");
    worker_start(&worker, &stage, "track");
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&worker), 0);
    stage_close(&stage);
}

/* Ten events; their ids say which batch. */
static int send_batch(int batch, const char *type, const char *bearer,
                      struct answer *a)
{
    char body[BODY_MOST];
    int bytes = snprintf(body, sizeof body, "{\"events\":[");

    for (int i = 0; i < EVENTS; i++)
        bytes +=
            snprintf(body + bytes, sizeof body - (size_t)bytes,
                     "%s{\"event_id\":\"00000000-0000-4000-8000-"
                     "%06d%06d\",\"type\":\"%s\",\"post_id\":\"" POST_1 "\"}",
                     i ? "," : "", batch, i, type);
    snprintf(body + bytes, sizeof body - (size_t)bytes, "]}");
    worker_ask(&worker, &(struct ask){.body = body, .bearer = bearer}, a);
    return a->status;
}

static void sends(int batch, const char *type, const char *bearer, int status)
{
    struct answer a;

    ck_assert_int_eq(send_batch(batch, type, bearer, &a), status);
    answer_release(&a);
}

START_TEST(a_reader_over_his_rate_is_told_when_to_come_back)
{
    struct answer a;
    uint64_t header;

    sends(1, "like", token, 200);
    sends(2, "like", token, 200);
    ck_assert_int_eq(send_batch(3, "like", token, &a), 429);
    ck_assert(span_is(answer_code(&a), "rate_limited"));
    /* Ten events at one a second, less what the test itself took. */
    ck_assert_int_ge(answer_i64(&a, "retry_after_s"), 1);
    ck_assert_int_le(answer_i64(&a, "retry_after_s"), 10);
    ck_assert(span_u64(answer_header(&a, "Retry-After"), &header));
    ck_assert_int_eq((int64_t)header, answer_i64(&a, "retry_after_s"));
    answer_release(&a);
    ck_assert_int_eq(
        stage_count(&stage, "SELECT count(*) FROM user_interactions"), 20);
}
END_TEST

START_TEST(another_reader_is_not_hindered)
{
    sends(1, "like", token, 200);
    sends(2, "like", token, 200);
    sends(3, "like", token, 429);
    sends(3, "like", other, 200);
}
END_TEST

START_TEST(duplicates_and_rejected_events_count_too)
{
    sends(1, "like", token, 200);
    sends(1, "like", token, 200);
    sends(1, "like", token, 429);
    sends(2, "none", other, 422);
    sends(2, "none", other, 422);
    sends(2, "none", other, 429);
}
END_TEST

START_TEST(a_forged_token_uses_up_nobodys_share)
{
    char forged[STAGE_TOKEN];
    size_t bytes = strlen(token);

    memcpy(forged, token, bytes + 1);
    forged[bytes - 2] = forged[bytes - 2] == 'A' ? 'B' : 'A';
    for (int i = 0; i < 5; i++)
        sends(i, "like", forged, 401);
    sends(1, "like", token, 200);
}
END_TEST

START_TEST(a_rate_of_none_limits_nobody)
{
    ck_assert_int_eq(worker_stop(&worker), 0);
    stage_set("KITH_TRACK_RATE", "0");
    worker_start(&worker, &stage, "track");
    for (int i = 0; i < 5; i++)
        sends(i, "like", token, 200);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("track_rate");
    TCase *tc = tcase_create("rate");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_reader_over_his_rate_is_told_when_to_come_back);
    tcase_add_test(tc, another_reader_is_not_hindered);
    tcase_add_test(tc, duplicates_and_rejected_events_count_too);
    tcase_add_test(tc, a_forged_token_uses_up_nobodys_share);
    tcase_add_test(tc, a_rate_of_none_limits_nobody);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
