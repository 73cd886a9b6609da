/*
 * The rungs of a feed, each forced by taking away what the one above needs, and
 * the personal feed again when it is back. More of the same in
 * test_feeds_outage.c (hanging and absent databases), test_feeds_server.c (a
 * server stopped and killed) and test_feeds.c (trending, random).
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/feed_answer.h"
#include "../support/test_db.h"
#include "base/clock.h"
#include "web/cursor.h"

enum {
    DEADLINE_MS = 200,
    GRACE_MS = 50,
    US_PER_MS = 1000,
    BACK_US = 2000000,   /* what is promised */
    START_US = 20000000, /* a worker's first connection on a busy machine */
    COPY_BYTES = 1 << 20,
    URL_BYTES = 1024,
    SQL_BYTES = 1024,
};

static struct stage stage;
static struct worker feeds;
static char reader[STAGE_TOKEN], stranger[STAGE_TOKEN];
static char role[64]; /* roles belong to the whole server */

static void setup(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
    stage_token(&stage, test_id(CORPUS_READER), reader);
    stage_token(&stage, test_id(CORPUS_STRANGER), stranger);
    stage_train(&stage);
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&feeds), 0);
    stage_close(&stage);
}

static bool misses_model(const struct answer *a)
{
    return feed_says(a, "model_missing") &&
           feed_is_from(a, "random_fallback") && answer_is_null(a, "model");
}

static void set_deadline(void)
{
    char text[16];

    snprintf(text, sizeof text, "%d", DEADLINE_MS);
    stage_set("KITH_FEED_DEADLINE_MS", text);
}

static void start(void)
{
    worker_start(&feeds, &stage, "feeds");
    feed_await(&feeds, reader, "", feed_is_personal, START_US);
}

static void is_in_time(bool (*holds)(const struct answer *a))
{
    ck_assert_int_le(feed_usual_us(&feeds, reader, "", holds),
                     (DEADLINE_MS + GRACE_MS) * US_PER_MS);
}

/* The cause is gone. */
static void comes_back(void)
{
    feed_await(&feeds, reader, "", feed_is_personal, BACK_US);
}

static void lacks_model(void)
{
    feed_await(&feeds, reader, "", misses_model, BACK_US);
    is_in_time(misses_model);
}

/* ---- the model file ---- */

/* Another file in its place, as an operator's copy would come. */
static void publish(const char *bytes, ssize_t count)
{
    char path[STAGE_PATH];
    int fd;

    stage_path("copy", path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
    ck_assert_int_eq(write(fd, bytes, (size_t)count), count);
    close(fd);
    ck_assert_int_eq(rename(path, stage.model_path), 0);
}

static ssize_t read_model(char bytes[COPY_BYTES])
{
    int fd = open(stage.model_path, O_RDONLY);
    ssize_t size = read(fd, bytes, COPY_BYTES);

    close(fd);
    ck_assert_int_gt(size, 0);
    ck_assert_int_lt(size, COPY_BYTES);
    return size;
}

START_TEST(a_model_of_a_newer_version_is_refused_and_named)
{
    static char bytes[COPY_BYTES];
    ssize_t size = read_model(bytes);
    char *log;

    set_deadline();
    start();
    bytes[8]++; /* behind the magic word */
    publish(bytes, size);
    lacks_model();
    log = worker_log(&feeds);
    ck_assert_ptr_nonnull(strstr(log, "version 2, not 1"));
    free(log);
    bytes[8]--;
    publish(bytes, size);
    comes_back();
}
END_TEST

START_TEST(half_a_model_is_refused_and_the_whole_one_taken)
{
    static char bytes[COPY_BYTES];
    ssize_t size = read_model(bytes);

    set_deadline();
    start();
    publish(bytes, size / 2);
    lacks_model();
    publish(bytes, size);
    comes_back();
}
END_TEST

static void lose_model(void)
{
    char aside[STAGE_PATH];

    stage_path("aside", aside);
    ck_assert_int_eq(rename(stage.model_path, aside), 0);
    feed_await(&feeds, reader, "", misses_model, BACK_US);
}

static void find_model(void)
{
    char aside[STAGE_PATH];

    stage_path("aside", aside);
    ck_assert_int_eq(rename(aside, stage.model_path), 0);
}

START_TEST(a_model_taken_away_is_missed_and_found_again)
{
    set_deadline();
    start();
    lose_model();
    is_in_time(misses_model);
    find_model();
    comes_back();
}
END_TEST

/* ---- precomputed rows ---- */

static void precompute(unsigned post, const char *score, const char *expires)
{
    char sql[SQL_BYTES];

    snprintf(sql, sizeof sql,
             "INSERT INTO user_recommendations"
             " (user_id, post_id, score, generated_at, expires_at) VALUES"
             " ('00000000-0000-4000-8000-000000000200',"
             " '00000000-0000-4000-8000-%012u', %s,"
             " now() - interval '1 day', now() + interval '%s')",
             post, score, expires);
    test_db_run(&stage.db, sql);
}

/* Best first: 9, 12, 7, 5. */
static void precompute_some(void)
{
    precompute(5, "0.1", "1 day");
    precompute(9, "0.9", "1 day");
    precompute(7, "0.2", "1 day");
    precompute(12, "0.3", "1 day");
}

static const unsigned best[] = {9, 12, 7, 5};

START_TEST(without_a_model_a_reader_gets_what_was_computed_for_him)
{
    struct answer a;

    precompute_some();
    start();
    lose_model();
    feed_ask(&feeds, reader, "", &a);
    ck_assert(misses_model(&a));
    ck_assert_uint_eq(feed_count(&a), 20);
    for (size_t i = 0; i < 20; i++)
        ck_assert(span_is(feed_rung(&a, i), i < 4 ? "precomputed" : "random"));
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(feed_number(&a, i), best[i]);
    answer_release(&a);
    feed_ask(&feeds, stranger, "", &a);
    ck_assert(misses_model(&a) && span_is(feed_rung(&a, 0), "random"));
    answer_release(&a);
    find_model();
    comes_back();
}
END_TEST

START_TEST(a_precomputed_post_that_may_not_be_given_is_not)
{
    struct answer a;

    precompute_some();
    precompute(1, "0.95", "1 day"); /* liked */
    precompute(14, "0.95", "-1 s"); /* expired */
    corpus_event(&stage, CORPUS_READER, 12, "hide");
    test_db_run(&stage.db,
                "UPDATE posts SET deleted_at = now() WHERE title = 'Post 9';"
                "UPDATE posts SET author_id ="
                " '00000000-0000-4000-8000-000000000200'"
                " WHERE title = 'Post 7'");
    start();
    lose_model();
    feed_ask(&feeds, reader, "limit=50", &a);
    ck_assert_uint_eq(feed_number(&a, 0), 5);
    for (size_t i = 1; i < feed_count(&a); i++) {
        ck_assert(span_is(feed_rung(&a, i), "random"));
        ck_assert_uint_ne(feed_number(&a, i), 1);
    }
    ck_assert(!feed_gives(&a, 7) && !feed_gives(&a, 9) && !feed_gives(&a, 12));
    answer_release(&a);
}
END_TEST

START_TEST(pages_of_precomputed_posts_do_not_repeat)
{
    char query[CURSOR_TEXT_MOST + 64] = "limit=2";
    struct answer a;

    precompute_some();
    start();
    lose_model();
    for (size_t page = 0; page < 2; page++) {
        feed_ask(&feeds, reader, query, &a);
        for (size_t i = 0; i < 2; i++)
            ck_assert_uint_eq(feed_number(&a, i), best[2 * page + i]);
        snprintf(query, sizeof query, "limit=2&cursor=%.*s",
                 SPAN_ARGS(answer_text(&a, "next_cursor")));
        answer_release(&a);
    }
}
END_TEST

START_TEST(locked_rows_cost_no_more_than_the_deadline)
{
    precompute_some();
    set_deadline();
    start();
    lose_model();
    test_db_run(&stage.db, "BEGIN; LOCK TABLE user_recommendations");
    is_in_time(misses_model);
    test_db_run(&stage.db, "ROLLBACK");
    find_model();
    comes_back();
}
END_TEST

/* ---- the database ---- */

/* Three pieces of SQL with the role's name between them. */
static void run_for_role(const char *first, const char *second,
                         const char *third)
{
    char sql[SQL_BYTES];

    snprintf(sql, sizeof sql, "%s%s%s%s%s", first, role, second, role, third);
    test_db_run(&stage.db, sql);
}

static bool misses_database(const struct answer *a)
{
    return feed_says(a, "database_down") &&
           feed_is_from(a, "random_fallback") &&
           feed_number(a, 0) == CORPUS_LIKED + 1 &&
           span_is(feed_rung(a, 0), "neighbours");
}

/* A worker that is cut off and may not connect again. */
START_TEST(a_server_out_of_connections_is_an_outage)
{
    char url[URL_BYTES];

    snprintf(role, sizeof role, "kith_few_%d", (int)getpid());
    snprintf(url, sizeof url, "%s&user=%s", test_db_url(), role);
    stage_set("KITH_DB_URL", url);
    set_deadline();
    run_for_role("CREATE ROLE ",
                 " LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO ", "");
    start();
    run_for_role("ALTER ROLE ",
                 " CONNECTION LIMIT 0; SELECT pg_terminate_backend(pid)"
                 " FROM pg_stat_activity WHERE usename = '",
                 "'");
    feed_await(&feeds, reader, "", misses_database, BACK_US);
    is_in_time(misses_database);
    run_for_role("ALTER ROLE ", " CONNECTION LIMIT -1 -- ", "");
    comes_back();
    ck_assert_int_eq(worker_stop(&feeds), 0);
    run_for_role("DROP OWNED BY ", "; DROP ROLE ", "");
}
END_TEST

START_TEST(a_read_only_database_is_enough)
{
    test_db_run(&stage.db,
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET"
                " default_transaction_read_only = on', current_database());"
                " END $$");
    set_deadline();
    start();
    is_in_time(feed_is_personal);
    test_db_run(&stage.db,
                "SET default_transaction_read_only = off;"
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET"
                " default_transaction_read_only', current_database());"
                " END $$");
}
END_TEST

/* No byte can be written by the worker: not its log of answers, not its log. */
START_TEST(a_full_disk_costs_no_answer)
{
    struct rlimit none, before;
    char served[STAGE_PATH];

    stage_path("served", served);
    ck_assert_int_eq(mkdir(served, S_IRWXU), 0);
    stage_set("KITH_SERVED", served);
    set_deadline();
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = (struct rlimit){0, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN); /* inherited: EFBIG instead of death */
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    worker_start(&feeds, &stage, "feeds");
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    feed_await(&feeds, reader, "", feed_is_personal, START_US);
    is_in_time(feed_is_personal);
    ck_assert_int_eq(worker_stop(&feeds), 0);
    fcgi_folder_remove(served);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("feeds_rungs");
    TCase *tc = tcase_create("rungs");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_model_of_a_newer_version_is_refused_and_named);
    tcase_add_test(tc, half_a_model_is_refused_and_the_whole_one_taken);
    tcase_add_test(tc, a_model_taken_away_is_missed_and_found_again);
    tcase_add_test(tc, without_a_model_a_reader_gets_what_was_computed_for_him);
    tcase_add_test(tc, a_precomputed_post_that_may_not_be_given_is_not);
    tcase_add_test(tc, pages_of_precomputed_posts_do_not_repeat);
    tcase_add_test(tc, locked_rows_cost_no_more_than_the_deadline);
    tcase_add_test(tc, a_server_out_of_connections_is_an_outage);
    tcase_add_test(tc, a_read_only_database_is_enough);
    tcase_add_test(tc, a_full_disk_costs_no_answer);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
