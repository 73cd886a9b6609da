/* What GET /api/feeds refuses, a row a case. A refusal stores nothing. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/corpus.h"
#include "../support/test_db.h"
#include "base/clock.h"
#include "web/cursor.h"

enum { CURSOR_LIFE_MS = 1800 * 1000, QUERY_BYTES = CURSOR_TEXT_MOST + 64 };

static struct worker worker;
static struct stage stage;
static char good_token[STAGE_TOKEN];

/* One worker for all rows: what one row does to it, the next one sees. */
static void start_worker(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
    stage_train(&stage);
    stage_token(&stage, test_id(CORPUS_READER), good_token);
    worker_start(&worker, &stage, "feeds");
    stage_close(&stage);
}

static void stop_worker(void)
{
    int status = worker_stop(&worker);

    if (status) {
        fprintf(stderr, "the worker ended with %d\n", status);
        abort();
    }
}

static void ask_as_reader(const char *query, struct answer *a)
{
    worker_ask(&worker, &(struct ask){.query = query, .bearer = good_token}, a);
}

static void refused(const char *query, int status, const char *code)
{
    struct answer a;

    ask_as_reader(query, &a);
    ck_assert_msg(a.status == status && span_is(answer_code(&a), code),
                  "%s: %d %.*s", query, a.status, SPAN_ARGS(a.raw.body));
    answer_release(&a);
}

/* ---- Queries ---- */

/* clang-format off */
static const char *const bad_queries[] = {
    "limit=0", "limit=51", "limit=-1", "limit=-0", "limit=", "limit",
    "limit=ten", "limit=1.5", "limit=1e1", "limit=0x10", "limit=+5",
    "limit=%205", "limit=5%20", "limit=5;", "limit=5,6", "limit=%D9%A5",
    "limit=99999999999999999999", "limit=18446744073709551636",
    "limit=5&limit=5", "limit=5&feed=latest&limit=6", "limit=5&%6Cimit=6",
    "feed=", "feed", "feed=best", "feed=FOR_YOU", "feed=for_you%20",
    "feed=latest%00", "feed=latest&feed=latest",
    "cursor=a&cursor=b", "cursor=&cursor=",
    "%", "%2", "%zz=1", "a=%", "a=%g0", "a=%00", "a=%0a", "a=%7f", "a=%ff",
    "a=%c0%80", "a=%ed%a0%80", "a=\xff", "a\x01=1", "limit=5&a=%zz",
};

static const struct {
    const char *query;
    size_t posts;
} good_queries[] = {
    {"",                     20}, {"limit=1",            1},
    {"limit=27",             27}, {"limit=50",           27},
    {"limit=%35",             5}, {"limit=05",           5},
    {"%6cimit=5",             5}, {"limit=5&",           5},
    {"&&limit=5",             5}, {"limit=5&limits=900", 5},
    {"limit=5&utm=%C3%A9+x",  5}, {"limit=5&x",          5},
    {"limit=5&x=1&x=2",       5}, {"limit=5&=",          5},
    {"feed=for_you&limit=5",  5}, {"feed=latest&limit=5", 5},
    {"Limit=900",            20},
};
/* clang-format on */

START_TEST(a_bad_query_is_refused)
{
    refused(bad_queries[_i], 400, "bad_query");
}
END_TEST

START_TEST(a_good_query_is_answered_with_as_many_posts_as_there_are)
{
    struct json posts;
    struct answer a;

    ask_as_reader(good_queries[_i].query, &a);
    ck_assert_msg(a.status == 200, "%s: %.*s", good_queries[_i].query,
                  SPAN_ARGS(a.raw.body));
    posts = answer_array(&a, "posts");
    ck_assert_uint_eq(json_count(&posts), good_queries[_i].posts);
    answer_release(&a);
}
END_TEST

/* ---- Cursors ---- */

static void cursor_query(const char *prefix, struct span cursor,
                         char out[QUERY_BYTES])
{
    snprintf(out, QUERY_BYTES, "%scursor=%.*s", prefix, SPAN_ARGS(cursor));
}

/* The query for the second page of the reader's feed. */
static void second_page(const char *query, char out[QUERY_BYTES])
{
    struct answer a;

    ask_as_reader(query, &a);
    ck_assert_int_eq(a.status, 200);
    cursor_query("", answer_text(&a, "next_cursor"), out);
    answer_release(&a);
}

/* clang-format off */
static const char *const bad_cursors[] = {
    "cursor=", "cursor", "cursor=x", "cursor=AAAA", "cursor=*",
    "cursor=AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "cursor=null", "cursor=%20", "cursor=..%2f..%2f", "limit=5&cursor=1",
};
/* clang-format on */

START_TEST(what_is_no_cursor_is_refused)
{
    refused(bad_cursors[_i], 400, "bad_cursor");
}
END_TEST

START_TEST(a_cursor_with_any_character_changed_is_refused)
{
    char query[QUERY_BYTES], altered[QUERY_BYTES];

    second_page("limit=3", query);
    for (size_t i = strlen("cursor="); i < strlen(query); i++) {
        snprintf(altered, sizeof altered, "%s", query);
        altered[i] = altered[i] == 'A' ? 'B' : 'A';
        refused(altered, 400, "bad_cursor");
    }
}
END_TEST

START_TEST(a_cursor_cut_anywhere_is_refused)
{
    char query[QUERY_BYTES];

    second_page("limit=3", query);
    for (size_t bytes = strlen(query) - 1; bytes > strlen("cursor=");
         bytes -= 3) {
        query[bytes] = 0;
        refused(query, 400, "bad_cursor");
        if (bytes < strlen("cursor=") + 3)
            break;
    }
}
END_TEST

START_TEST(a_cursor_longer_than_any_of_ours_is_refused)
{
    char query[QUERY_BYTES * 2];

    memset(query, 'A', sizeof query - 1);
    query[sizeof query - 1] = 0;
    memcpy(query, "cursor=", strlen("cursor="));
    refused(query, 400, "bad_cursor");
}
END_TEST

START_TEST(the_cursor_of_another_reader_is_refused)
{
    char query[QUERY_BYTES], other[STAGE_TOKEN];
    struct ask ask = {.query = query, .bearer = other};
    struct answer a;

    stage_token(&stage, test_id(CORPUS_STRANGER), other);
    second_page("limit=3", query);
    worker_ask(&worker, &ask, &a);
    ck_assert_int_eq(a.status, 400);
    ck_assert(span_is(answer_code(&a), "bad_cursor"));
    answer_release(&a);
}
END_TEST

START_TEST(a_cursor_does_not_work_for_a_visitor)
{
    char query[QUERY_BYTES];
    struct answer a;

    second_page("limit=3", query);
    worker_ask(&worker, &(struct ask){.query = query}, &a);
    ck_assert_int_eq(a.status, 400);
    answer_release(&a);
}
END_TEST

START_TEST(a_cursor_does_not_change_the_kind_of_feed)
{
    char query[QUERY_BYTES], both[QUERY_BYTES + 32];

    second_page("limit=3", query);
    snprintf(both, sizeof both, "feed=latest&%s", query);
    refused(both, 400, "bad_cursor");
    second_page("limit=3&feed=latest", query);
    snprintf(both, sizeof both, "feed=for_you&%s", query);
    refused(both, 400, "bad_cursor");
}
END_TEST

/* Signs a cursor of its own age. */
static void aged(int64_t age_ms, char out[QUERY_BYTES])
{
    struct cursor c = {.feed = CURSOR_FOR_YOU,
                       .issued_at_ms = clock_wall_ms() - age_ms};
    struct buf text;

    buf_init(&text, CURSOR_TEXT_MOST);
    cursor_sign(&stage.keys, test_id(CORPUS_READER), &c, &text);
    cursor_query("", buf_view(&text), out);
    buf_release(&text);
}

START_TEST(a_cursor_expires_after_half_an_hour)
{
    char query[QUERY_BYTES];
    struct answer a;

    aged(CURSOR_LIFE_MS, query);
    refused(query, 410, "cursor_expired");
    aged(CURSOR_LIFE_MS - 60 * 1000, query);
    ask_as_reader(query, &a);
    ck_assert_int_eq(a.status, 200);
    answer_release(&a);
}
END_TEST

/* ---- Heads ---- */

/* clang-format off */
static const struct {
    struct ask ask;
    int status;
    const char *code;
} heads[] = {
    {{.method = "POST"},                        405, "method_not_allowed"},
    {{.method = "POST", .body = "{}"},          405, "method_not_allowed"},
    {{.method = "PUT", .body = "{}"},           405, "method_not_allowed"},
    {{.method = "DELETE"},                      405, "method_not_allowed"},
    {{.method = "get"},                         405, "method_not_allowed"},
    {{.method = ""},                            405, "method_not_allowed"},
    {{.path = "/api/feeds/"},                   404, "not_found"},
    {{.path = "/api/feed"},                     404, "not_found"},
    {{.path = "/api/track"},                    404, "not_found"},
    {{.path = "/"},                             404, "not_found"},
    {{.bearer = "x"},                           401, "bad_token"},
    {{.cookie = "kith=x"},                      401, "bad_token"},
    {{.bearer = "x", .query = "limit=0"},       401, "bad_token"},
    /* Reading harms nobody: CORS decides in the browser. */
    {{.site = "cross-site"},                    200, ""},
    {{.origin = "http://evil.example"},         200, ""},
    {{.authorization = "Basic eDp5"},           200, ""},
    {{.cookie = "theme=dark"},                  200, ""},
};
/* clang-format on */

START_TEST(a_head_is_judged)
{
    struct answer a;

    worker_ask(&worker, &heads[_i].ask, &a);
    ck_assert_msg(a.status == heads[_i].status &&
                      span_is(answer_code(&a), heads[_i].code),
                  "row %d: %d %.*s", _i, a.status, SPAN_ARGS(a.raw.body));
    answer_release(&a);
}
END_TEST

START_TEST(a_wrong_method_is_told_the_right_ones)
{
    struct answer a;

    worker_ask(&worker, &(struct ask){.method = "POST"}, &a);
    ck_assert(span_is(answer_header(&a, "Allow"), "GET, HEAD"));
    answer_release(&a);
}
END_TEST

START_TEST(an_expired_token_is_refused_and_its_cookie_taken_away)
{
    char token[STAGE_TOKEN], cookie[STAGE_COOKIE];
    int64_t now_ms = clock_wall_ms();
    struct answer a;

    stage_token_at(&stage, test_id(CORPUS_READER), now_ms - 2, now_ms - 1,
                   token);
    snprintf(cookie, sizeof cookie, "kith=%s", token);
    worker_ask(&worker, &(struct ask){.cookie = cookie}, &a);
    ck_assert_int_eq(a.status, 401);
    ck_assert(span_is(answer_code(&a), "token_expired"));
    ck_assert(span_is(answer_header(&a, "Set-Cookie"),
                      "kith=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
    answer_release(&a);
}
END_TEST

START_TEST(after_all_that_reading_has_stored_nothing)
{
    test_db_open(&stage.db);
    ck_assert_int_eq(
        stage_count(&stage, "SELECT count(*) FROM user_interactions"), 183);
    ck_assert_int_eq(stage_count(&stage, "SELECT count(*) FROM users"), 24);
    db_release(&stage.db);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
    Suite *s = suite_create("feeds_bad");
    TCase *tc = tcase_create("refusals");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_unchecked_fixture(tc, start_worker, stop_worker);
    tcase_add_loop_test(tc, a_bad_query_is_refused, 0, ROWS(bad_queries));
    tcase_add_loop_test(
        tc, a_good_query_is_answered_with_as_many_posts_as_there_are, 0,
        ROWS(good_queries));
    tcase_add_loop_test(tc, what_is_no_cursor_is_refused, 0, ROWS(bad_cursors));
    tcase_add_test(tc, a_cursor_with_any_character_changed_is_refused);
    tcase_add_test(tc, a_cursor_cut_anywhere_is_refused);
    tcase_add_test(tc, a_cursor_longer_than_any_of_ours_is_refused);
    tcase_add_test(tc, the_cursor_of_another_reader_is_refused);
    tcase_add_test(tc, a_cursor_does_not_work_for_a_visitor);
    tcase_add_test(tc, a_cursor_does_not_change_the_kind_of_feed);
    tcase_add_test(tc, a_cursor_expires_after_half_an_hour);
    tcase_add_loop_test(tc, a_head_is_judged, 0, ROWS(heads));
    tcase_add_test(tc, a_wrong_method_is_told_the_right_ones);
    tcase_add_test(tc, an_expired_token_is_refused_and_its_cookie_taken_away);
    tcase_add_test(tc, after_all_that_reading_has_stored_nothing);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
