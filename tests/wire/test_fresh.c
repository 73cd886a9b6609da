/* The overlay of one worker: where it goes on reading what has changed. */
#include <check.h>
#include <stdlib.h>

#include "../support/corpus.h"
#include "../support/test_db.h"
#include "app/feed_fresh.h"

enum { HOUR_MS = 3600 * 1000, US_PER_MS = 1000 };

static struct stage stage;
static struct config config;
static struct model model;
static struct fresh fresh;
static struct err err;

static void setup(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
    stage_train(&stage);
    config = stage_config();
    ck_assert_msg(model_open(stage.model_path, &model, &err), "%s", err.what);
    ck_assert(fresh_init(&fresh, &config, &err));
    ck_assert(fresh_begin(&fresh, &model, 1, &err));
}

static void teardown(void)
{
    fresh_release(&fresh);
    model_close(&model);
    stage_close(&stage);
}

/* One round to its end, however long the last one is ago. */
static void follow(void)
{
    do {
        fresh.next_look_us = fresh.midway ? 0 : 1;
        ck_assert_msg(fresh_follow(&fresh, &stage.db, &config, &model,
                                   test_db_soon(), &err),
                      "%s", err.what);
    } while (fresh.midway);
}

/* As if that much time had passed since the last change was read. */
static void an_hour_passes(void)
{
    fresh.newest_at_us -= (int64_t)HOUR_MS * US_PER_MS;
}

/* Else a large import would be read again twice a second until the next one. */
START_TEST(what_has_grown_old_is_not_read_again)
{
    int64_t newest_ms;

    test_db_run(&stage.db,
                "INSERT INTO posts (id, title) SELECT gen_random_uuid(), 'x'"
                " FROM generate_series(1, 250)");
    follow();
    newest_ms = fresh.newest_ms;
    ck_assert_uint_eq(fresh.newer.count, 250);
    ck_assert_int_lt(fresh.since_ms, newest_ms);
    an_hour_passes();
    follow();
    ck_assert_int_gt(fresh.since_ms, newest_ms);
    ck_assert_uint_eq(fresh.newer.count, 250);
}
END_TEST

/* It is stamped with its beginning: here four seconds before the newest. */
START_TEST(a_transaction_that_commits_late_is_noticed)
{
    follow();
    test_db_run(&stage.db, "UPDATE posts SET title = 'Now', updated_at = now()"
                           " WHERE title = 'Post 1'");
    follow();
    ck_assert_uint_eq(fresh.edits.count, 1);
    test_db_run(&stage.db, "UPDATE posts SET deleted_at = now(),"
                           " updated_at = now() - interval '4 s'"
                           " WHERE title = 'Post 2'");
    follow();
    ck_assert_uint_eq(fresh.gone_count, 1);
}
END_TEST

START_TEST(a_stamp_of_the_future_hides_no_other_change)
{
    test_db_run(&stage.db,
                "UPDATE posts SET updated_at = now() + interval '1 hour'"
                " WHERE title = 'Post 1'");
    follow();
    test_db_run(&stage.db, "UPDATE posts SET deleted_at = now(),"
                           " updated_at = now() WHERE title = 'Post 2'");
    follow();
    ck_assert_uint_eq(fresh.gone_count, 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("fresh");
    TCase *tc = tcase_create("fresh");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, what_has_grown_old_is_not_read_again);
    tcase_add_test(tc, a_transaction_that_commits_late_is_noticed);
    tcase_add_test(tc, a_stamp_of_the_future_hides_no_other_change);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
