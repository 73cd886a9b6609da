/*
 * What changes after a training is in the feeds of every worker within two
 * seconds, with either algorithm, without another training.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../support/feed_answer.h"
#include "../support/gate.h"
#include "../support/test_db.h"
#include "base/clock.h"

enum {
    WITHIN_US = 2000000, /* what is promised, to every worker */
    START_US = 20000000, /* two workers up on a busy machine */
    NEW_POST = 100,
    ALL = CORPUS_POSTS,
};

static const char *const algorithms[] = {"collaborative_filtering_v1",
                                         "hybrid_v2"};

static struct stage stage;
static struct worker feeds;
static pid_t other; /* a second worker on the same socket */
static char reader[STAGE_TOKEN], stranger[STAGE_TOKEN];

static void setup(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
    stage_token(&stage, test_id(CORPUS_READER), reader);
    stage_token(&stage, test_id(CORPUS_STRANGER), stranger);
    other = 0;
}

static void teardown(void)
{
    if (other)
        worker_end(other);
    ck_assert_int_eq(worker_stop(&feeds), 0);
    stage_close(&stage);
}

static void stop_one(pid_t pid)
{
    int status;

    kill(pid, SIGSTOP);
    ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
}

/* Asks each worker while the other one stands still; all are within the time
 * that begins now. */
static void everywhere_within(int64_t within_us, const char *bearer,
                              bool (*holds)(const struct answer *a))
{
    const pid_t pids[] = {feeds.pid, other};
    int64_t until_us = clock_mono_us() + within_us;

    for (int i = 0; i < 2; i++) {
        stop_one(pids[1 - i]);
        feed_await(&feeds, bearer, "limit=50", holds,
                   until_us - clock_mono_us());
        kill(pids[1 - i], SIGCONT);
    }
}

static bool answers(const struct answer *a)
{
    return feed_count(a) > 0;
}

/* Trained now, so that what comes later is a change. */
static void start(int algorithm)
{
    stage_train(&stage);
    stage_set("KITH_ALGORITHM", algorithms[algorithm]);
    worker_start(&feeds, &stage, "feeds");
    other = worker_more(&feeds);
    everywhere_within(START_US, stranger, answers);
}

/* After a change. */
static void soon_everywhere(const char *bearer,
                            bool (*holds)(const struct answer *a))
{
    everywhere_within(WITHIN_US, bearer, holds);
}

static bool gives_all(const struct answer *a)
{
    return feed_count(a) == ALL;
}

/* ---- posts ---- */

static bool gives_new(const struct answer *a)
{
    return feed_gives(a, NEW_POST);
}

START_TEST(a_new_post_is_given)
{
    start(_i);
    soon_everywhere(stranger, gives_all);
    test_db_run(&stage.db,
                "INSERT INTO posts (id, title) VALUES"
                " ('00000000-0000-4000-8000-000000000100', 'A new one')");
    soon_everywhere(stranger, gives_new);
}
END_TEST

static bool reads_anew(const struct answer *a)
{
    return span_has(a->raw.body, "\"title\":\"Better words\"") &&
           !span_has(a->raw.body, "\"title\":\"Post 4\"");
}

START_TEST(an_edited_post_reads_anew)
{
    start(_i);
    soon_everywhere(stranger, gives_all);
    test_db_run(&stage.db, "UPDATE posts SET title = 'Better words',"
                           " updated_at = now() WHERE title = 'Post 4'");
    soon_everywhere(reader, reads_anew);
}
END_TEST

static bool explains_anew(const struct answer *a)
{
    return span_has(a->raw.body, "\"Liked before\"") &&
           !span_has(a->raw.body, "\"Post 1\"");
}

START_TEST(an_edited_post_is_named_anew_as_a_reason)
{
    start(_i);
    test_db_run(&stage.db, "UPDATE posts SET title = 'Liked before',"
                           " updated_at = now() WHERE title = 'Post 1'");
    soon_everywhere(reader, explains_anew);
}
END_TEST

static bool explains_without(const struct answer *a)
{
    return feed_gives(a, 4) && !span_has(a->raw.body, "\"Post 1\"");
}

START_TEST(a_deleted_post_is_no_reason_any_more)
{
    start(_i);
    test_db_run(&stage.db, "UPDATE posts SET deleted_at = now(),"
                           " updated_at = now() WHERE title = 'Post 1'");
    soon_everywhere(reader, explains_without);
}
END_TEST

static bool lacks_both(const struct answer *a)
{
    return !feed_gives(a, 4) && !feed_gives(a, 25) &&
           feed_count(a) == ALL - CORPUS_LIKED - 2;
}

START_TEST(hidden_and_deleted_posts_leave)
{
    start(_i);
    soon_everywhere(stranger, gives_all);
    test_db_run(&stage.db,
                "UPDATE posts SET hidden_at = now(), updated_at = now()"
                " WHERE title = 'Post 4';"
                "UPDATE posts SET deleted_at = now(), updated_at = now()"
                " WHERE title = 'Post 25'");
    soon_everywhere(reader, lacks_both);
}
END_TEST

START_TEST(a_post_that_was_hidden_at_the_training_comes_back)
{
    test_db_run(&stage.db, "UPDATE posts SET hidden_at = now(),"
                           " updated_at = now() WHERE title = 'Post 25'");
    start(_i);
    test_db_run(&stage.db, "UPDATE posts SET hidden_at = NULL,"
                           " updated_at = now() WHERE title = 'Post 25'");
    soon_everywhere(stranger, gives_all);
}
END_TEST

/* As time does it: its stamp of change stays. */
START_TEST(a_post_is_given_when_its_time_of_publication_comes)
{
    test_db_run(&stage.db,
                "INSERT INTO posts (id, title, published_at) VALUES"
                " ('00000000-0000-4000-8000-000000000100', 'A new one',"
                " now() + interval '1 hour')");
    start(_i);
    soon_everywhere(stranger, gives_all);
    test_db_run(&stage.db, "UPDATE posts SET published_at = now()"
                           " WHERE title = 'A new one'");
    soon_everywhere(stranger, gives_new);
}
END_TEST

static bool lacks_new(const struct answer *a)
{
    return !feed_gives(a, NEW_POST);
}

START_TEST(a_new_post_that_was_seen_hidden_or_written_is_not_given)
{
    static const char *const ways[] = {
        "INSERT INTO user_interactions"
        " (id, user_id, post_id, interaction_type, created_at)"
        " VALUES (gen_random_uuid(), '00000000-0000-4000-8000-000000000200',"
        " '00000000-0000-4000-8000-000000000100', 'view', now())",
        "UPDATE posts SET hidden_at = now(), updated_at = now()"
        " WHERE title = 'A new one'",
        "UPDATE posts SET author_id = '00000000-0000-4000-8000-000000000200',"
        " updated_at = now() WHERE title = 'A new one'",
    };

    start(_i % 2);
    test_db_run(&stage.db,
                "INSERT INTO posts (id, title) VALUES"
                " ('00000000-0000-4000-8000-000000000100', 'A new one')");
    soon_everywhere(reader, gives_new);
    test_db_run(&stage.db, ways[_i / 2]);
    soon_everywhere(reader, lacks_new);
}
END_TEST

/* ---- readers ---- */

static bool has_nine(const struct answer *a)
{
    return feed_gives(a, 5) && span_has(a->raw.body, "\"readers\":9");
}

static bool has_eight(const struct answer *a)
{
    return feed_gives(a, 5) && !span_has(a->raw.body, "\"readers\":9");
}

/* Of the ten who share his likes, each of 4..10 is known to nine; 101 to 108
 * leave, and what was known to nine is known to one or two. */
START_TEST(an_erased_reader_is_nobodys_neighbour)
{
    stage_set("KITH_EXPLORE_PERCENT", "0");
    start(_i);
    soon_everywhere(reader, has_nine);
    test_db_run(&stage.db, "DELETE FROM users WHERE id::text LIKE '%10_'"
                           " AND id < '00000000-0000-4000-8000-000000000109'");
    soon_everywhere(reader, has_eight);
}
END_TEST

static bool is_unknown(const struct answer *a)
{
    return feed_says(a, "cold_start") && feed_count(a) == ALL;
}

START_TEST(an_erased_reader_has_no_history_also_without_a_database)
{
    struct answer a;

    gate_open(stage_folder());
    stage_set("KITH_DB_URL", gate_url());
    start(_i);
    test_db_run(&stage.db, "DELETE FROM users WHERE id ="
                           " '00000000-0000-4000-8000-000000000200'");
    soon_everywhere(reader, is_unknown);
    gate_shut();
    feed_ask(&feeds, reader, "limit=50", &a);
    ck_assert(feed_says(&a, "database_down"));
    ck_assert_uint_eq(feed_count(&a), ALL);
    for (size_t i = 0; i < feed_count(&a); i++)
        ck_assert(!span_is(feed_rung(&a, i), "neighbours"));
    answer_release(&a);
}
END_TEST

static bool has_no_author(const struct answer *a)
{
    return feed_gives(a, 4) && !span_has(a->raw.body, "Author 902");
}

START_TEST(an_erased_author_leaves_no_name_on_his_posts)
{
    start(_i);
    soon_everywhere(stranger, gives_all);
    test_db_run(&stage.db, "DELETE FROM users WHERE name = 'Author 902'");
    soon_everywhere(stranger, has_no_author);
}
END_TEST

/* ---- its size ---- */

static bool gives_the_newest_two(const struct answer *a)
{
    return feed_count(a) == ALL + 2 - 2 && feed_gives(a, 104) &&
           feed_gives(a, 105) && !feed_gives(a, 20) && !feed_gives(a, 21);
}

START_TEST(the_overlay_keeps_its_bounds_and_tells_its_size)
{
    char *log;

    stage_set("KITH_FRESH_POSTS", "2");
    start(_i);
    soon_everywhere(stranger, gives_all);
    test_db_run(&stage.db,
                "INSERT INTO posts (id, title, published_at)"
                " SELECT ('00000000-0000-4000-8000-000000000' || n)::uuid,"
                " 'New ' || n, now() - (200 - n) * interval '1 s'"
                " FROM generate_series(101, 105) n;"
                "UPDATE posts SET title = 'Edited ' || title,"
                " updated_at = now() WHERE title LIKE 'Post 1_';"
                "UPDATE posts SET deleted_at = now(), updated_at = now()"
                " WHERE title IN ('Post 20', 'Post 21')");
    soon_everywhere(stranger, gives_the_newest_two);
    ck_assert_int_eq(worker_stop(&feeds), 0); /* it holds lines for a second */
    log = worker_log(&feeds);
    ck_assert_ptr_nonnull(
        strstr(log, "event=overlay new=2 edited=2 gone=2 erased=0 bytes="));
    ck_assert_ptr_nonnull(strstr(log, " most_bytes="));
    free(log);
}
END_TEST

static bool lacks_20(const struct answer *a)
{
    return !feed_gives(a, 20) && feed_count(a) == ALL - 1;
}

START_TEST(removals_need_no_room)
{
    stage_set("KITH_FRESH_POSTS", "0");
    start(_i);
    soon_everywhere(stranger, gives_all);
    test_db_run(&stage.db, "UPDATE posts SET deleted_at = now(),"
                           " updated_at = now() WHERE title = 'Post 20'");
    soon_everywhere(stranger, lacks_20);
}
END_TEST

/* ---- what does not wait for it ---- */

/* The overlay asks for posts, the reader's history does not. */
START_TEST(a_lock_on_the_posts_costs_no_more_than_the_deadline)
{
    enum { DEADLINE_MS = 200, GRACE_MS = 50, TRIES = 5, US_PER_MS = 1000 };
    int64_t best_us = INT64_MAX, start_us, took_us;
    struct answer a;

    stage_set("KITH_FEED_DEADLINE_MS", "200");
    stage_set("KITH_FRESH_CHECK_MS", "100");
    start(_i);
    feed_await(&feeds, reader, "", has_nine, test_db_soon());
    test_db_run(&stage.db, "BEGIN; LOCK TABLE posts");
    for (int i = 0; i < TRIES; i++) {
        start_us = clock_mono_us();
        feed_ask(&feeds, reader, "", &a);
        took_us = clock_mono_us() - start_us;
        best_us = took_us < best_us ? took_us : best_us;
        ck_assert(feed_says(&a, NULL) && has_nine(&a));
        answer_release(&a);
    }
    test_db_run(&stage.db, "ROLLBACK");
    ck_assert_int_le(best_us, (DEADLINE_MS + GRACE_MS) * US_PER_MS);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("overlay");
    TCase *tc = tcase_create("overlay");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_new_post_is_given, 0, 2);
    tcase_add_loop_test(tc, a_post_is_given_when_its_time_of_publication_comes,
                        0, 2);
    tcase_add_loop_test(tc, an_edited_post_reads_anew, 0, 2);
    tcase_add_loop_test(tc, an_edited_post_is_named_anew_as_a_reason, 0, 2);
    tcase_add_loop_test(tc, a_deleted_post_is_no_reason_any_more, 0, 2);
    tcase_add_loop_test(tc, hidden_and_deleted_posts_leave, 0, 2);
    tcase_add_loop_test(tc, a_post_that_was_hidden_at_the_training_comes_back,
                        0, 2);
    tcase_add_loop_test(
        tc, a_new_post_that_was_seen_hidden_or_written_is_not_given, 0, 6);
    tcase_add_loop_test(tc, an_erased_reader_is_nobodys_neighbour, 0, 2);
    tcase_add_loop_test(
        tc, an_erased_reader_has_no_history_also_without_a_database, 0, 2);
    tcase_add_loop_test(tc, an_erased_author_leaves_no_name_on_his_posts, 0, 2);
    tcase_add_loop_test(tc, the_overlay_keeps_its_bounds_and_tells_its_size, 0,
                        2);
    tcase_add_loop_test(tc, removals_need_no_room, 0, 2);
    tcase_add_loop_test(tc, a_lock_on_the_posts_costs_no_more_than_the_deadline,
                        0, 2);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
