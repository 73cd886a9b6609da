#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../support/test_db.h"
#include "queries.h"
#include "store/migrate.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)

static const struct sql_migration two[] = {
    {"0001_a", "CREATE TABLE a (n int); INSERT INTO a VALUES (1);"},
    {"0002_b", "CREATE TABLE b (n int);"},
    {NULL, NULL},
};

static struct db db;
static struct err err;
static size_t applied;

/* Each test has a schema of its own in the program's database. */
static void set_up(void)
{
    char schema[32];
    char sql[512];

    test_db_open(&db);
    snprintf(schema, sizeof schema, "s%d", (int)getpid());
    snprintf(sql, sizeof sql,
             "CREATE SCHEMA %s; SET search_path = %s;"
             "ALTER ROLE CURRENT_USER IN DATABASE %s SET search_path = %s",
             schema, schema, strstr(test_db_url(), "dbname=") + 7, schema);
    test_db_run(&db, sql);
}

static void tear_down(void)
{
    db_release(&db);
}

static bool run(const struct sql_migration *list)
{
    return migrate_run(&db, list, test_db_soon(), &applied, &err);
}

START_TEST(an_empty_database_gets_every_migration)
{
    size_t listed = 0;

    while (sql_migrations[listed].name)
        listed++;
    MUST(run(sql_migrations));
    ck_assert_uint_eq(applied, listed);
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM posts"), 0);
}
END_TEST

START_TEST(a_second_run_changes_nothing)
{
    MUST(run(two));
    MUST(run(two));
    ck_assert_uint_eq(applied, 0);
    ck_assert_int_eq(test_db_number(&db, "SELECT sum(n) FROM a"), 1);
}
END_TEST

START_TEST(only_what_is_new_is_applied)
{
    const struct sql_migration one[] = {two[0], {NULL, NULL}};

    MUST(run(one));
    ck_assert_uint_eq(applied, 1);
    MUST(run(two));
    ck_assert_uint_eq(applied, 1);
}
END_TEST

START_TEST(a_changed_text_is_refused_and_nothing_is_applied)
{
    const struct sql_migration tampered[] = {
        {"0001_a", "CREATE TABLE a (n bigint);"},
        two[1],
        {"0003_c", "CREATE TABLE c (n int);"},
        {NULL, NULL},
    };

    MUST(run(two));
    ck_assert(!run(tampered));
    ck_assert_int_eq(err.code, ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.what, "0001_a was changed"));
    ck_assert_int_eq(
        test_db_number(&db, "SELECT (to_regclass('c') IS NULL)::int"), 1);
}
END_TEST

START_TEST(a_migration_of_a_newer_program_is_refused)
{
    const struct sql_migration older[] = {two[0], {NULL, NULL}};

    MUST(run(two));
    ck_assert(!run(older));
    ck_assert_int_eq(err.code, ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.what, "0002_b"));
    ck_assert_ptr_nonnull(strstr(err.what, "older"));
}
END_TEST

START_TEST(a_migration_put_in_between_is_refused)
{
    const struct sql_migration gap[] = {
        two[0], {"0001_z", "SELECT 1;"}, two[1], {NULL, NULL}};

    MUST(run(two));
    ck_assert(!run(gap));
    ck_assert_int_eq(err.code, ERR_CORRUPT);
}
END_TEST

START_TEST(a_migration_that_fails_half_way_leaves_nothing)
{
    const struct sql_migration broken[] = {
        two[0],
        {"0002_half", "CREATE TABLE half (n int); SELECT 1/0;"},
        {NULL, NULL},
    };

    ck_assert(!run(broken));
    ck_assert_uint_eq(applied, 1);
    ck_assert_ptr_nonnull(strstr(err.what, "0002_half"));
    ck_assert_int_eq(
        test_db_number(&db, "SELECT (to_regclass('half') IS NULL)::int"), 1);
    MUST(run(two)); /* mended */
    ck_assert_uint_eq(applied, 1);
}
END_TEST

struct migrator {
    pthread_t thread;
    bool ok;
    size_t applied;
    struct err err;
};

static void *migrate(void *arg)
{
    struct migrator *m = arg;
    struct db own;

    test_db_open(&own);
    m->ok =
        migrate_run(&own, sql_migrations, test_db_soon(), &m->applied, &m->err);
    db_release(&own);
    return NULL;
}

START_TEST(four_migrators_at_once_apply_each_migration_once)
{
    struct migrator all[4] = {0};
    size_t listed = 0, sum = 0;

    for (int i = 0; i < 4; i++)
        ck_assert(!pthread_create(&all[i].thread, NULL, migrate, &all[i]));
    for (int i = 0; i < 4; i++) {
        pthread_join(all[i].thread, NULL);
        ck_assert_msg(all[i].ok, "%s", all[i].err.what);
        sum += all[i].applied;
    }
    while (sql_migrations[listed].name)
        listed++;
    ck_assert_uint_eq(sum, listed);
}
END_TEST

/* "name state" of every row. */
static const char *status(const struct sql_migration *list)
{
    static const char *const words[] = {"applied", "pending", "changed",
                                        "unknown"};
    static char text[512];
    struct migrate_status it =
        migrate_status_of(&db, list, test_db_soon(), &err);
    struct migrate_row row;
    size_t used = 0;

    text[0] = '\0';
    while (migrate_status_next(&it, &row))
        used += (size_t)snprintf(text + used, sizeof text - used, "%.*s %s\n",
                                 SPAN_ARGS(row.name), words[row.state]);
    ck_assert_msg(!it.failed, "%s", err.what);
    migrate_status_end(&it);
    return text;
}

START_TEST(the_status_of_an_empty_database_is_all_pending)
{
    ck_assert_str_eq(status(two), "0001_a pending\n0002_b pending\n");
    ck_assert_int_eq(
        test_db_number(
            &db, "SELECT (to_regclass('schema_migrations') IS NULL)::int"),
        1);
}
END_TEST

START_TEST(the_status_names_changed_unknown_and_pending_ones)
{
    const struct sql_migration list[] = {
        {"0001_a", "SELECT 1;"}, {"0003_c", "SELECT 1;"}, {NULL, NULL}};

    MUST(run(two));
    ck_assert_str_eq(status(two), "0001_a applied\n0002_b applied\n");
    ck_assert_str_eq(status(list),
                     "0001_a changed\n0002_b unknown\n0003_c pending\n");
}
END_TEST

START_TEST(a_search_path_without_a_schema_is_told)
{
    test_db_run(&db, "SET search_path = nowhere");
    ck_assert(!run(two));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.what, "search_path"));
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("migrate");
    Suite *s = suite_create("migrate");
    SRunner *sr = srunner_create(s);
    int failed;

    test_db_create_bare();
    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, an_empty_database_gets_every_migration);
    tcase_add_test(tc, a_second_run_changes_nothing);
    tcase_add_test(tc, only_what_is_new_is_applied);
    tcase_add_test(tc, a_changed_text_is_refused_and_nothing_is_applied);
    tcase_add_test(tc, a_migration_of_a_newer_program_is_refused);
    tcase_add_test(tc, a_migration_put_in_between_is_refused);
    tcase_add_test(tc, a_migration_that_fails_half_way_leaves_nothing);
    tcase_add_test(tc, four_migrators_at_once_apply_each_migration_once);
    tcase_add_test(tc, the_status_of_an_empty_database_is_all_pending);
    tcase_add_test(tc, the_status_names_changed_unknown_and_pending_ones);
    tcase_add_test(tc, a_search_path_without_a_schema_is_told);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
