/*
 * What GET /api/feeds gives while its PostgreSQL server is stopped or killed,
 * and that the personal feed comes back by itself. Needs a server of its own:
 * starts itself again under with_pg.sh.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/feed_answer.h"
#include "../support/own_server.h"
#include "../support/test_db.h"
#include "base/clock.h"

enum {
    DEADLINE_MS = 200,
    DB_WAIT_MS = 150,
    GRACE_MS = 50,
    US_PER_MS = 1000,
    TRIES = 5,           /* the machine may be busy once, not five times */
    BACK_US = 2000000,   /* what is promised */
    START_US = 20000000, /* a worker's first connection on a busy machine */
};

static struct stage stage;
static struct worker feeds;
static char reader[STAGE_TOKEN];

static bool is_personal(const struct answer *a)
{
    return feed_says(a, NULL) && feed_is_from(a, "ml_recommendations") &&
           feed_number(a, 0) == CORPUS_LIKED + 1;
}

static bool is_recalled(const struct answer *a)
{
    return (feed_says(a, "timeout") || feed_says(a, "database_down")) &&
           feed_is_from(a, "random_fallback") &&
           feed_number(a, 0) == CORPUS_LIKED + 1 &&
           span_is(feed_rung(a, 0), "neighbours");
}

static void set_ms(const char *name, int ms)
{
    char text[16];

    snprintf(text, sizeof text, "%d", ms);
    stage_set(name, text);
}

static void setup(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
    stage_token(&stage, test_id(CORPUS_READER), reader);
    stage_train(&stage);
    set_ms("KITH_FEED_DEADLINE_MS", DEADLINE_MS);
    set_ms("KITH_DB_WAIT_MS", DB_WAIT_MS);
    worker_start(&feeds, &stage, "feeds");
    feed_await(&feeds, reader, "", is_personal, START_US);
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&feeds), 0);
    stage_close(&stage);
}

/* All answers are the reader's own; returns the time of the fastest. */
static int64_t fastest_recalled_us(void)
{
    int64_t best_us = INT64_MAX;

    for (int i = 0; i < TRIES; i++) {
        int64_t start_us = clock_mono_us(), took_us;
        struct answer a;

        feed_ask(&feeds, reader, "", &a);
        took_us = clock_mono_us() - start_us;
        ck_assert_msg(is_recalled(&a), "%.*s", SPAN_ARGS(a.raw.body));
        best_us = took_us < best_us ? took_us : best_us;
        answer_release(&a);
    }
    return best_us;
}

static void comes_back(void)
{
    feed_await(&feeds, reader, "", is_personal, BACK_US);
}

START_TEST(a_stopped_server_costs_a_reader_neither_his_posts_nor_the_deadline)
{
    own_server_signal(SIGSTOP);
    ck_assert_int_le(fastest_recalled_us(),
                     (DEADLINE_MS + GRACE_MS) * US_PER_MS);
    own_server_signal(SIGCONT);
    comes_back();
}
END_TEST

START_TEST(a_killed_server_costs_a_reader_neither_his_posts_nor_the_deadline)
{
    own_server_kill();
    ck_assert_int_le(fastest_recalled_us(),
                     (DEADLINE_MS + GRACE_MS) * US_PER_MS);
    own_server_start();
    comes_back();
}
END_TEST

START_TEST(a_long_outage_does_not_delay_the_way_back)
{
    int64_t until_us;
    struct answer a;

    own_server_kill();
    until_us = clock_mono_us() + 3 * BACK_US;
    while (clock_mono_us() < until_us) {
        feed_ask(&feeds, reader, "", &a);
        answer_release(&a);
    }
    own_server_start();
    comes_back();
}
END_TEST

int main(int count, char **args)
{
    Suite *s = suite_create("feeds_server");
    TCase *tc = tcase_create("server");
    SRunner *sr = srunner_create(s);
    int failed;

    (void)count;
    own_server_need(args);
    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 4);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(
        tc, a_stopped_server_costs_a_reader_neither_his_posts_nor_the_deadline);
    tcase_add_test(
        tc, a_killed_server_costs_a_reader_neither_his_posts_nor_the_deadline);
    tcase_add_test(tc, a_long_outage_does_not_delay_the_way_back);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
