/*
 * The nightly rows: the same whoever computes them, and all or an error.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/program.h"
#include "../support/test_db.h"
#include "app/precompute.h"
#include "app/train.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)

enum { TEXT = 1024, READERS = 300, POSTS_EACH = 7 };

static struct db db;
static struct config config;
static struct model model;
static struct err err;
static char model_path[TEXT];

/* Reader u likes 8 of the 40 posts, from post u % 40 on. */
static const char fill[] =
    "INSERT INTO users (id) SELECT ('00000000-0000-4000-8000-'"
    "    || lpad(i::text, 12, '0'))::uuid FROM generate_series(1, 300) AS g "
    "(i);"
    "INSERT INTO posts (id, title) SELECT ('00000000-0000-4000-9000-'"
    "    || lpad(i::text, 12, '0'))::uuid, 't' "
    "FROM generate_series(0, 39) AS g (i);"
    "INSERT INTO user_interactions"
    "    (id, user_id, post_id, interaction_type, created_at)"
    "SELECT gen_random_uuid(), u.id, ('00000000-0000-4000-9000-' || lpad("
    "           ((row_number() OVER (PARTITION BY n ORDER BY u.id) + n * n) "
    "            % 40)::text, 12, '0'))::uuid, 'like',"
    "       now() - interval '1 day' "
    "FROM users AS u, generate_series(0, 7) AS b (n)";

static void set_up(void)
{
    char folder[TEXT];

    snprintf(folder, sizeof folder, "%s/%d", program_folder(), (int)getpid());
    ck_assert_int_eq(mkdir(folder, S_IRWXU), 0);
    snprintf(model_path, sizeof model_path, "%.900s/current.kith", folder);
    setenv("KITH_DB_URL", test_db_url(), true);
    setenv("KITH_MODEL", model_path, true);
    setenv("KITH_BATCH_POSTS", "7", true);
    MUST(config_load(&config, &err));
    test_db_open(&db);
    test_db_empty(&db);
    test_db_run(&db, fill);
}

static void tear_down(void)
{
    model_close(&model);
    db_release(&db);
}

static void train(void)
{
    struct train_report report;

    MUST(train_run(&db, &config, NULL, &report, &err));
    MUST(model_open(model_path, &model, &err));
    ck_assert_uint_eq(model.user_count, READERS);
}

/* A number made of all rows but their times and ids. */
static int64_t rows(void)
{
    return test_db_number(
        &db, "SELECT sum(hashtextextended(user_id::text || post_id || score, 0)"
             "::numeric % 1000000007)::bigint FROM user_recommendations");
}

struct watched {
    uint64_t done, total;
};

static void watch(void *arg, uint64_t done, uint64_t total)
{
    *(struct watched *)arg = (struct watched){done, total};
}

static int64_t rows_of(unsigned threads)
{
    struct precompute_report report;

    test_db_run(&db, "TRUNCATE user_recommendations");
    config.job_threads = threads;
    MUST(precompute_run(&db, &config, &model, NULL, &report, &err));
    ck_assert_uint_eq(report.readers, READERS);
    ck_assert_uint_eq(report.written, READERS * POSTS_EACH);
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM user_recommendations"),
        READERS * POSTS_EACH);
    return rows();
}

START_TEST(rows_are_the_same_for_any_number_of_threads)
{
    int64_t alone;

    train();
    alone = rows_of(1);
    ck_assert_int_ne(alone, 0);
    ck_assert_int_eq(rows_of(2), alone);
    ck_assert_int_eq(rows_of(200), alone); /* more than there is to do */
    ck_assert_int_eq(rows_of(0), alone);
}
END_TEST

START_TEST(progress_reaches_every_reader)
{
    struct watched seen = {0};
    const struct precompute_watch watcher = {watch, &seen};
    struct precompute_report report;

    train();
    config.job_threads = 1;
    MUST(precompute_run(&db, &config, &model, &watcher, &report, &err));
    ck_assert_uint_eq(seen.done, READERS);
    ck_assert_uint_eq(seen.total, READERS);
}
END_TEST

START_TEST(a_thread_without_a_database_fails_the_whole)
{
    struct precompute_report report;
    char away[] = "postgresql:///x?host=/nonexistent";

    train();
    config.job_threads = 2;
    config.db_url = away;
    ck_assert(!precompute_run(&db, &config, &model, NULL, &report, &err));
    ck_assert_int_eq(err.code, ERR_DOWN);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("precompute");
    Suite *s = suite_create("precompute");
    SRunner *sr = srunner_create(s);
    int failed;

    test_db_create();
    program_folder(); /* makes the folder of all tests */
    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, rows_are_the_same_for_any_number_of_threads);
    tcase_add_test(tc, progress_reaches_every_reader);
    tcase_add_test(tc, a_thread_without_a_database_fails_the_whole);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
