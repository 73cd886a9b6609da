/* Readers who want no profile: GPC, DNT, and the answer they gave the site. */
#include <check.h>
#include <stdlib.h>

#include "../support/corpus.h"
#include "../support/test_db.h"

#define EVENT                                                                  \
    "{\"type\":\"like\",\"post_id\":\"00000000-0000-4000-8000-000000000009\"}"

struct signals {
    const char *gpc, *dnt, *cookie;
};

static const struct signals declined[] = {
    {.gpc = "1"},
    {.dnt = "1"},
    {.gpc = "1", .dnt = "1"},
    {.cookie = "kith_consent=no"},
    {.cookie = "kith_consent="},
    {.cookie = "other=1; kith_consent=yes!", .gpc = "0"},
};
static const struct signals agreed[] = {
    {.gpc = "0", .dnt = "0"},
    {.dnt = "unspecified"},
    {.cookie = "kith_consent=yes"},
    {.gpc = "1", .dnt = "1", .cookie = "a=b; kith_consent=yes"},
};
enum {
    DECLINED_COUNT = sizeof declined / sizeof declined[0],
    AGREED_COUNT = sizeof agreed / sizeof agreed[0],
};

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

static void ask_with(const struct signals *s, const char *body,
                     const char *query, struct answer *a)
{
    struct ask ask = {
        .body = body, .query = query, .bearer = token, .cookie = s->cookie};
    size_t count = 0;

    if (s->gpc)
        ask.more[count++] = (struct fcgi_param){"HTTP_SEC_GPC", s->gpc};
    if (s->dnt)
        ask.more[count++] = (struct fcgi_param){"HTTP_DNT", s->dnt};
    worker_ask(&worker, &ask, a);
}

static int64_t recorded(void)
{
    return stage_count(&stage, "SELECT count(*) FROM user_interactions "
                               "WHERE post_id = "
                               "'00000000-0000-4000-8000-000000000009' AND "
                               "user_id = "
                               "'00000000-0000-4000-8000-000000000200'");
}

START_TEST(who_declines_is_not_recorded)
{
    struct answer a;

    worker_start(&worker, &stage, "track");
    ask_with(&declined[_i], EVENT, NULL, &a);
    ck_assert_int_eq(a.status, 403);
    ck_assert(span_is(answer_code(&a), "consent_withdrawn"));
    ck_assert_int_eq(recorded(), 0);
    answer_release(&a);
}
END_TEST

START_TEST(who_agrees_is_recorded)
{
    struct answer a;

    worker_start(&worker, &stage, "track");
    ask_with(&agreed[_i], EVENT, NULL, &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert_int_eq(recorded(), 1);
    answer_release(&a);
}
END_TEST

static void feed_is(const struct signals *s, const char *query,
                    const char *source, const char *reason)
{
    struct answer a;
    struct json posts;

    ask_with(s, NULL, query, &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert(span_is(answer_text(&a, "source"), source));
    if (reason)
        ck_assert(span_is(answer_text(&a, "fallback_reason"), reason));
    else
        ck_assert(answer_is_null(&a, "fallback_reason"));
    posts = answer_array(&a, "posts");
    ck_assert_uint_gt(json_count(&posts), 0);
    answer_release(&a);
}

START_TEST(who_declines_gets_a_feed_that_knows_nothing_of_him)
{
    stage_train(&stage);
    worker_start(&worker, &stage, "feeds");
    feed_is(&declined[_i], "limit=5", "random_fallback", "consent");
    feed_is(&declined[_i], "feed=latest", "latest", NULL);
}
END_TEST

START_TEST(who_agrees_gets_his_own_feed)
{
    stage_train(&stage);
    worker_start(&worker, &stage, "feeds");
    feed_is(&agreed[_i], "limit=5", "ml_recommendations", NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("consent");
    TCase *tc = tcase_create("consent");
    SRunner *runner;
    int failed;

    stage_create();
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, who_declines_is_not_recorded, 0, DECLINED_COUNT);
    tcase_add_loop_test(tc, who_agrees_is_recorded, 0, AGREED_COUNT);
    tcase_add_loop_test(tc, who_declines_gets_a_feed_that_knows_nothing_of_him,
                        0, DECLINED_COUNT);
    tcase_add_loop_test(tc, who_agrees_gets_his_own_feed, 0, AGREED_COUNT);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
