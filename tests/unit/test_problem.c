#include <check.h>
#include <stdlib.h>

#include "web/problem.h"

static struct http_reply reply;

static void setup(void)
{
    http_reply_init(&reply, 4096);
}

static void teardown(void)
{
    http_reply_release(&reply);
}

static void body_is(const char *expected)
{
    ck_assert_msg(span_is(buf_view(&reply.body), expected), "%.*s",
                  SPAN_ARGS(buf_view(&reply.body)));
}

static void headers_are(const char *expected)
{
    ck_assert_msg(span_is(buf_view(&reply.headers), expected), "%.*s",
                  SPAN_ARGS(buf_view(&reply.headers)));
}

START_TEST(a_bare_problem_has_type_title_status_and_code)
{
    problem_write(&reply, &(struct problem){.code = PROBLEM_bad_cursor});
    ck_assert_int_eq(reply.status, 400);
    ck_assert_str_eq(reply.content_type, "application/problem+json");
    headers_are("Cache-Control: no-store\r\n");
    body_is("{\"type\":\"/problems/bad_cursor\","
            "\"title\":\"The cursor is not valid for this reader\","
            "\"status\":400,\"code\":\"bad_cursor\"}");
}
END_TEST

START_TEST(a_full_problem_has_every_extension)
{
    const struct problem_fault faults[] = {
        {SPAN("/events/0/ts"), "bad_ts", "ts is <odd>"},
        {SPAN(""), "bad_shape", NULL},
    };

    problem_write(&reply, &(struct problem){.code = PROBLEM_too_large,
                                            .detail = "make it smaller",
                                            .request_id = "r-1",
                                            .faults = faults,
                                            .fault_count = 2,
                                            .most_bytes = 65536,
                                            .most_events = 100});
    body_is("{\"type\":\"/problems/too_large\","
            "\"title\":\"The body is too large\",\"status\":413,"
            "\"detail\":\"make it smaller\",\"code\":\"too_large\","
            "\"request_id\":\"r-1\",\"errors\":["
            "{\"pointer\":\"/events/0/ts\",\"code\":\"bad_ts\","
            "\"detail\":\"ts is \\u003codd>\"},"
            "{\"pointer\":\"\",\"code\":\"bad_shape\"}],"
            "\"most_bytes\":65536,\"most_events\":100}");
}
END_TEST

START_TEST(a_problem_names_when_to_come_back)
{
    problem_write(&reply, &(struct problem){.code = PROBLEM_rate_limited,
                                            .retry_after_s = 7});
    ck_assert_int_eq(reply.status, 429);
    headers_are("Cache-Control: no-store\r\nRetry-After: 7\r\n");
    body_is("{\"type\":\"/problems/rate_limited\","
            "\"title\":\"Too many requests\",\"status\":429,"
            "\"code\":\"rate_limited\",\"retry_after_s\":7}");
}
END_TEST

START_TEST(a_problem_names_what_would_have_been_right)
{
    problem_write(&reply, &(struct problem){.code = PROBLEM_method_not_allowed,
                                            .allow = "GET, HEAD"});
    headers_are("Cache-Control: no-store\r\nAllow: GET, HEAD\r\n");
    problem_write(&reply,
                  &(struct problem){.code = PROBLEM_unsupported_media_type,
                                    .accept_post = "application/json"});
    headers_are("Cache-Control: no-store\r\nAccept-Post: application/json\r\n");
    problem_write(&reply, &(struct problem){.code = PROBLEM_bad_token});
    headers_are("Cache-Control: no-store\r\nWWW-Authenticate: Bearer\r\n");
}
END_TEST

START_TEST(nothing_of_a_half_written_answer_remains)
{
    http_header(&reply, "X-Old", SPAN("1"));
    buf_text(&reply.body, "{\"half\":");
    reply.body.failed = true;
    problem_write(&reply, &(struct problem){.code = PROBLEM_internal});
    ck_assert(!reply.body.failed);
    headers_are("Cache-Control: no-store\r\n");
    body_is("{\"type\":\"/problems/internal\","
            "\"title\":\"Something went wrong on our side\",\"status\":500,"
            "\"code\":\"internal\"}");
}
END_TEST

START_TEST(every_code_has_a_word_a_title_and_an_error_status)
{
    for (int i = 0; i < PROBLEM_CODES; i++) {
        enum problem_code code = (enum problem_code)i;

        ck_assert_uint_gt(strlen(problem_word(code)), 0);
        ck_assert_uint_gt(strlen(problem_title(code)), 0);
        ck_assert_int_ge(problem_status(code), 400);
        ck_assert_str_ne(http_status_text(problem_status(code)), "");
    }
    for (int i = 0; i < REJECTIONS; i++) {
        ck_assert_uint_gt(strlen(rejection_word((enum rejection)i)), 0);
        ck_assert_uint_gt(strlen(rejection_detail((enum rejection)i)), 0);
    }
    ck_assert_str_eq(rejection_word(REJECTION_unknown_type), "unknown_type");
    ck_assert_str_eq(problem_word(PROBLEM_cross_site), "cross_site");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("problem");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_bare_problem_has_type_title_status_and_code);
    tcase_add_test(tc, a_full_problem_has_every_extension);
    tcase_add_test(tc, a_problem_names_when_to_come_back);
    tcase_add_test(tc, a_problem_names_what_would_have_been_right);
    tcase_add_test(tc, nothing_of_a_half_written_answer_remains);
    tcase_add_test(tc, every_code_has_a_word_a_title_and_an_error_status);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
