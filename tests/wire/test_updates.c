/* What is new, and who may listen. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/corpus.h"
#include "../support/gate.h"
#include "../support/test_db.h"
#include "base/clock.h"

#define UPDATES "/api/feeds/updates"

enum { HOUR_MS = 3600 * 1000, QUERY_BYTES = 64, PARAMS_MOST = 8 };

static struct stage stage;
static struct worker worker;
static char token[STAGE_TOKEN];

static void setup(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
    stage_token(&stage, test_id(CORPUS_READER), token);
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&worker), 0);
    stage_close(&stage);
}

static void start(void)
{
    worker_start(&worker, &stage, "feeds");
}

static void ask_since(int64_t since_ms, struct answer *a)
{
    char query[QUERY_BYTES];

    snprintf(query, sizeof query, "since=%" PRId64, since_ms);
    worker_ask(&worker,
               &(struct ask){.path = UPDATES, .query = query, .bearer = token},
               a);
}

static void refused(const struct ask *ask, int status, const char *code)
{
    char cookie[STAGE_COOKIE];
    struct answer a;

    worker_ask(&worker, ask, &a);
    ck_assert_msg(a.status == status && span_is(answer_code(&a), code),
                  "%d %.*s", a.status, SPAN_ARGS(a.raw.body));
    ck_assert(!answer_cookie(&a, cookie));
    answer_release(&a);
}

/* ---- Updates ---- */

/* Post n of the corpus is n hours old. */
START_TEST(posts_since_a_moment_are_counted)
{
    struct answer a;

    start();
    ask_since(clock_wall_ms() - (int64_t)3 * HOUR_MS - HOUR_MS / 2, &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert_int_eq(answer_i64(&a, "new_posts"), 3);
    ck_assert_int_ge(answer_i64(&a, "newest_post_at"),
                     clock_wall_ms() - (int64_t)2 * HOUR_MS);
    answer_release(&a);
}
END_TEST

START_TEST(what_nobody_may_see_is_no_news)
{
    struct answer a;

    test_db_run(&stage.db,
                "UPDATE posts SET hidden_at = now() WHERE title = 'Post 1';"
                "UPDATE posts SET deleted_at = now() WHERE title = 'Post 2';"
                "UPDATE posts SET published_at = now() + interval '1 hour' "
                "WHERE title = 'Post 3'");
    start();
    ask_since(clock_wall_ms() - (int64_t)3 * HOUR_MS - HOUR_MS / 2, &a);
    ck_assert_int_eq(answer_i64(&a, "new_posts"), 0);
    ck_assert(answer_is_null(&a, "newest_post_at"));
    answer_release(&a);
}
END_TEST

START_TEST(more_than_a_hundred_are_a_hundred)
{
    struct answer a;

    test_db_run(&stage.db,
                "INSERT INTO posts (id, title) SELECT gen_random_uuid(), 'x' "
                "FROM generate_series(1, 120)");
    start();
    ask_since(0, &a);
    ck_assert_int_eq(answer_i64(&a, "new_posts"), 100);
    answer_release(&a);
}
END_TEST

START_TEST(a_model_made_since_then_is_told)
{
    int64_t before_ms = clock_wall_ms() - 1;
    struct answer a;

    stage_train(&stage);
    start();
    ask_since(before_ms, &a);
    ck_assert(answer_bool(&a, "recommendations_ready"));
    answer_release(&a);
    ask_since(clock_wall_ms() + HOUR_MS, &a);
    ck_assert(!answer_bool(&a, "recommendations_ready"));
    answer_release(&a);
}
END_TEST

static const char *const bad_since[] = {
    "",
    "since=",
    "since=-1",
    "since=x",
    "since=1&since=2",
    "since=99999999999999999999",
    "since=253402300800000",
};

START_TEST(a_moment_must_be_given_once_and_be_one)
{
    start();
    refused(
        &(struct ask){.path = UPDATES, .query = bad_since[_i], .bearer = token},
        400, "bad_query");
}
END_TEST

START_TEST(a_database_that_is_away_is_told)
{
    gate_open(stage_folder());
    stage_set("KITH_DB_URL", gate_url());
    gate_shut();
    start();
    refused(&(struct ask){.path = UPDATES, .query = "since=0", .bearer = token},
            503, "unavailable");
}
END_TEST

/* ---- Who may listen ---- */

/* No address of the API: only nginx asks there, so the reference has no say. */
static void listen_as(const struct fcgi_param *who, int status)
{
    struct fcgi_param params[PARAMS_MOST] = {
        {"REQUEST_METHOD", "GET"},
        {"DOCUMENT_URI", "/_live/allow"},
        {"HTTP_HOST", "kith.example"},
    };
    struct fcgi_answer a;
    struct span value;
    size_t count = 3;

    while (who->name)
        params[count++] = *who++;
    fcgi_call(worker.socket_path, params, SPAN(""), &a);
    ck_assert_msg(a.whole && a.status == status, "%.*s",
                  SPAN_ARGS(buf_view(&a.text)));
    if (status == 204)
        ck_assert_uint_eq(a.body.bytes, 0);
    ck_assert(!fcgi_answer_header(&a, "Set-Cookie", &value));
    fcgi_answer_release(&a);
}

START_TEST(a_reader_with_a_token_may_listen_without_a_database)
{
    char bearer[STAGE_TOKEN + sizeof "Bearer "], cookie[STAGE_COOKIE];

    snprintf(bearer, sizeof bearer, "Bearer %s", token);
    snprintf(cookie, sizeof cookie, "kith=%s", token);
    gate_open(stage_folder());
    stage_set("KITH_DB_URL", gate_url());
    gate_shut();
    start();
    listen_as((struct fcgi_param[]){{"HTTP_AUTHORIZATION", bearer}, {0}}, 204);
    listen_as((struct fcgi_param[]){{"HTTP_COOKIE", cookie},
                                    {"HTTP_ORIGIN", "http://kith.example"},
                                    {0}},
              204);
}
END_TEST

START_TEST(nobody_becomes_a_reader_by_asking)
{
    start();
    listen_as((struct fcgi_param[]){{0}}, 401);
    listen_as(
        (struct fcgi_param[]){{"HTTP_AUTHORIZATION", "Bearer v1.k.x"}, {0}},
        401);
    refused(&(struct ask){.path = UPDATES, .query = "since=0"}, 401,
            "token_missing");
}
END_TEST

START_TEST(pages_of_another_site_may_not_listen_even_one_that_may_call)
{
    char bearer[STAGE_TOKEN + sizeof "Bearer "];

    snprintf(bearer, sizeof bearer, "Bearer %s", token);
    stage_set("KITH_ORIGINS", "http://friend.example");
    start();
    listen_as((struct fcgi_param[]){{"HTTP_AUTHORIZATION", bearer},
                                    {"HTTP_ORIGIN", "http://friend.example"},
                                    {0}},
              403);
    listen_as((struct fcgi_param[]){{"HTTP_AUTHORIZATION", bearer},
                                    {"HTTP_SEC_FETCH_SITE", "cross-site"},
                                    {0}},
              403);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("updates");
    TCase *tc = tcase_create("updates");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, posts_since_a_moment_are_counted);
    tcase_add_test(tc, what_nobody_may_see_is_no_news);
    tcase_add_test(tc, more_than_a_hundred_are_a_hundred);
    tcase_add_test(tc, a_model_made_since_then_is_told);
    tcase_add_loop_test(tc, a_moment_must_be_given_once_and_be_one, 0,
                        sizeof bad_since / sizeof *bad_since);
    tcase_add_test(tc, a_database_that_is_away_is_told);
    tcase_add_test(tc, a_reader_with_a_token_may_listen_without_a_database);
    tcase_add_test(tc, nobody_becomes_a_reader_by_asking);
    tcase_add_test(tc,
                   pages_of_another_site_may_not_listen_even_one_that_may_call);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
