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
    BACK_US = 2000000,   /* what is promised */
    START_US = 20000000, /* a worker's first connection on a busy machine */
};

static struct stage stage;
static struct worker feeds;
static char reader[STAGE_TOKEN];

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
    feed_await(&feeds, reader, "", feed_is_personal, START_US);
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&feeds), 0);
    stage_close(&stage);
}

static void is_recalled_in_time(void)
{
    ck_assert_int_le(feed_usual_us(&feeds, reader, "", feed_is_recalled),
                     (DEADLINE_MS + GRACE_MS) * US_PER_MS);
}

static void comes_back(void)
{
    feed_await(&feeds, reader, "", feed_is_personal, BACK_US);
}

START_TEST(a_stopped_server_costs_a_reader_neither_his_posts_nor_the_deadline)
{
    own_server_signal(SIGSTOP);
    is_recalled_in_time();
    own_server_signal(SIGCONT);
    comes_back();
}
END_TEST

START_TEST(a_killed_server_costs_a_reader_neither_his_posts_nor_the_deadline)
{
    own_server_kill();
    is_recalled_in_time();
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
        ck_assert(feed_is_recalled(&a));
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
