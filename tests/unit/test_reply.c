#include <check.h>
#include <stdlib.h>

#include "app/reply.h"

enum { REPLY_MOST = 4096, LIMIT = 65536 };

static struct http_reply reply;
static struct http_request request;

static void setup(void)
{
    http_reply_init(&reply, REPLY_MOST);
    request = (struct http_request){
        .method = HTTP_POST,
        .host = SPAN("kith.test"),
        .request_text = "00112233-4455-6677-8899-aabbccddeeff",
    };
}

static void teardown(void)
{
    http_reply_release(&reply);
}

static void is(int status, const char *headers, const char *body)
{
    ck_assert_int_eq(reply.status, status);
    ck_assert_msg(span_is(buf_view(&reply.headers), headers), "%.*s",
                  SPAN_ARGS(buf_view(&reply.headers)));
    ck_assert_msg(span_is(buf_view(&reply.body), body), "%.*s",
                  SPAN_ARGS(buf_view(&reply.body)));
}

#define ID "\"request_id\":\"00112233-4455-6677-8899-aabbccddeeff\""

START_TEST(a_problem_names_code_and_request)
{
    reply_problem(&reply, &request, PROBLEM_bad_query, "limit is a number");
    is(400, "Cache-Control: no-store\r\n",
       "{\"type\":\"/problems/bad_query\",\"title\":\"A query parameter is not "
       "valid\",\"status\":400,\"detail\":\"limit is a number\",\"code\":"
       "\"bad_query\"," ID "}");
}
END_TEST

START_TEST(a_problem_without_detail_has_none)
{
    reply_problem(&reply, &request, PROBLEM_not_found, NULL);
    is(404, "Cache-Control: no-store\r\n",
       "{\"type\":\"/problems/not_found\",\"title\":\"There is nothing at this "
       "address\",\"status\":404,\"code\":\"not_found\"," ID "}");
}
END_TEST

START_TEST(every_503_says_when_to_come_again)
{
    reply_problem(&reply, &request, PROBLEM_unavailable, NULL);
    is(503, "Cache-Control: no-store\r\nRetry-After: 2\r\n",
       "{\"type\":\"/problems/unavailable\",\"title\":\"Not available at the "
       "moment\",\"status\":503,\"code\":\"unavailable\"," ID
       ",\"retry_after_s\":2}");
}
END_TEST

START_TEST(a_problem_takes_away_what_was_written_before)
{
    http_header(&reply, "Set-Cookie", SPAN("a=b"));
    buf_text(&reply.body, "half an ans");
    reply_problem(&reply, &request, PROBLEM_internal, NULL);
    is(500, "Cache-Control: no-store\r\n",
       "{\"type\":\"/problems/internal\",\"title\":\"Something went wrong on "
       "our side\",\"status\":500,\"code\":\"internal\"," ID "}");
}
END_TEST

/* clang-format off */
static const struct {
    enum http_method method;
    const char *allow;
    int status; /* 200: allowed, nothing written */
} methods[] = {
    {HTTP_GET,     "GET, HEAD",  200},
    {HTTP_HEAD,    "GET, HEAD",  200},
    {HTTP_HEAD,    "GET,HEAD",   200},
    {HTTP_POST,    "POST",       200},
    {HTTP_GET,     "POST",       405},
    {HTTP_HEAD,    "GET",        405},
    {HTTP_PUT,     "GET, POST",  405},
    {HTTP_DELETE,  "GET, POST",  405},
    {HTTP_OTHER,   "GET, POST",  405},
    {HTTP_OPTIONS, "GET, POST",  204},
};
/* clang-format on */

START_TEST(a_method_is_allowed_or_told_the_right_ones)
{
    struct span headers;

    request.method = methods[_i].method;
    ck_assert_int_eq(reply_method(&reply, &request, "", methods[_i].allow),
                     methods[_i].status == 200);
    ck_assert_int_eq(reply.status, methods[_i].status);
    headers = buf_view(&reply.headers);
    if (methods[_i].status == 200)
        ck_assert_uint_eq(headers.bytes + reply.body.bytes, 0);
    if (methods[_i].status == 204)
        ck_assert(span_is(headers, "Allow: GET, POST\r\n"));
}
END_TEST

START_TEST(a_405_names_the_methods)
{
    request.method = HTTP_PUT;
    ck_assert(!reply_method(&reply, &request, "", "GET, HEAD"));
    is(405, "Cache-Control: no-store\r\nAllow: GET, HEAD\r\n",
       "{\"type\":\"/problems/method_not_allowed\",\"title\":\"This address "
       "does not support the method\",\"status\":405,\"code\":"
       "\"method_not_allowed\"," ID "}");
}
END_TEST

START_TEST(another_site_is_refused_and_our_own_is_not)
{
    ck_assert(reply_same_site(&reply, &request, ""));
    request.origin = SPAN("http://kith.test");
    ck_assert(reply_same_site(&reply, &request, ""));
    ck_assert_int_eq(reply.status, 200);
    request.origin = SPAN("http://evil.example");
    ck_assert(!reply_same_site(&reply, &request, ""));
    ck_assert_int_eq(reply.status, 403);
    http_reply_reset(&reply);
    ck_assert(reply_same_site(&reply, &request, "http://evil.example"));
    ck_assert_int_eq(reply.status, 200);
}
END_TEST

START_TEST(a_body_is_whole_too_large_or_short)
{
    request.body_state = HTTP_BODY_OK;
    ck_assert(reply_body(&reply, &request, LIMIT));
    ck_assert_int_eq(reply.status, 200);
    request.body_state = HTTP_BODY_SHORT;
    ck_assert(!reply_body(&reply, &request, LIMIT));
    ck_assert_int_eq(reply.status, 400);
    request.body_state = HTTP_BODY_TOO_LARGE;
    ck_assert(!reply_body(&reply, &request, LIMIT));
    is(413, "Cache-Control: no-store\r\n",
       "{\"type\":\"/problems/too_large\",\"title\":\"The body is too large\","
       "\"status\":413,\"code\":\"too_large\"," ID ",\"most_bytes\":65536}");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("reply");
    TCase *tc = tcase_create("reply");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_problem_names_code_and_request);
    tcase_add_test(tc, a_problem_without_detail_has_none);
    tcase_add_test(tc, every_503_says_when_to_come_again);
    tcase_add_test(tc, a_problem_takes_away_what_was_written_before);
    tcase_add_loop_test(tc, a_method_is_allowed_or_told_the_right_ones, 0,
                        sizeof methods / sizeof methods[0]);
    tcase_add_test(tc, a_405_names_the_methods);
    tcase_add_test(tc, another_site_is_refused_and_our_own_is_not);
    tcase_add_test(tc, a_body_is_whole_too_large_or_short);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
