/*
 * Hosted mode: kith as a guest in a database whose users and posts belong to
 * another application, shown to it through two views. The recipe is that of
 * sql/migrations/0001_users_and_posts.sql, with a role that may only read.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../support/test_db.h"
#include "queries.h"
#include "store/batch.h"
#include "store/events.h"
#include "store/history.h"
#include "store/migrate.h"
#include "store/posts.h"
#include "store/training.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)

enum { SQL_BYTES = 4096, NAME_BYTES = 32, URL_BYTES = 512 };

static struct db db;
static struct err err;
static char role[NAME_BYTES];
static char url[URL_BYTES];
static pid_t owner;

static const char app[] =
    "CREATE SCHEMA app;"
    "CREATE TABLE app.members (id uuid PRIMARY KEY, display_name varchar(80),"
    "    joined_at timestamptz NOT NULL DEFAULT now());"
    "CREATE TABLE app.articles (id uuid PRIMARY KEY, member_id uuid,"
    "    headline text, content text, labels text[], published_at timestamptz,"
    "    changed_at timestamptz, hidden_at timestamptz,"
    "    removed_at timestamptz);"
    "INSERT INTO app.members (id, display_name) VALUES"
    "    ('00000000-0000-4000-8000-000000000001', 'Ada');"
    "INSERT INTO app.articles VALUES"
    "    ('00000000-0000-4000-8000-000000000010',"
    "     '00000000-0000-4000-8000-000000000001', 'Hello', 'World',"
    "     '{a,b}', '2024-01-01', '2024-01-01', NULL, NULL),"
    "    ('00000000-0000-4000-8000-000000000011', NULL, 'Draft', NULL, NULL,"
    "     NULL, '2024-01-02', NULL, NULL)";

static const char recipe[] =
    "CREATE ROLE %1$s LOGIN;"
    "CREATE SCHEMA kith AUTHORIZATION %1$s;"
    "ALTER ROLE %1$s SET search_path = kith;"
    "CREATE VIEW kith.users AS"
    "    SELECT m.id, m.display_name AS name, m.joined_at AS created_at"
    "    FROM app.members AS m;"
    "CREATE VIEW kith.posts AS"
    "    SELECT a.id, a.member_id AS author_id, a.headline AS title,"
    "           a.content AS body, a.labels AS tags, NULL::text AS language,"
    "           NULL::text AS image, NULL::text AS url, a.published_at,"
    "           a.changed_at AS updated_at, a.hidden_at,"
    "           a.removed_at AS deleted_at"
    "    FROM app.articles AS a;"
    "GRANT SELECT ON kith.users, kith.posts TO %1$s";

static void move_in(void)
{
    struct db host;
    char sql[SQL_BYTES];

    test_db_open(&host);
    test_db_run(&host, app);
    snprintf(sql, sizeof sql, recipe, role);
    test_db_run(&host, sql);
    db_release(&host);
}

/* Registered first, so it runs when the database is gone. */
static void drop_role(void)
{
    struct db server;
    char sql[SQL_BYTES];
    struct err ignored;

    if (getpid() != owner || !getenv("DB_URL"))
        return;
    snprintf(sql, sizeof sql, "DROP ROLE IF EXISTS %s", role);
    if (db_init(&server, getenv("DB_URL"), true, &ignored))
        (void)!db_script(&server, sql, test_db_soon(), &ignored);
    db_release(&server);
}

static void set_up(void)
{
    MUST(db_init(&db, url, true, &err));
}

static void tear_down(void)
{
    db_release(&db);
}

static void migrate(void)
{
    size_t applied;

    if (!db_init(&db, url, true, &err) ||
        !migrate_run(&db, sql_migrations, test_db_soon(), &applied, &err)) {
        fprintf(stderr, "migrate: %s\n", err.what);
        exit(EXIT_FAILURE);
    }
    db_release(&db);
}

START_TEST(the_hosts_tables_stay_the_only_ones)
{
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM pg_class "
                                         "WHERE relname IN ('users', 'posts') "
                                         "AND relkind = 'r'"),
                     0);
    ck_assert_int_eq(test_db_number(&db,
                                    "SELECT count(*) FROM pg_constraint AS c "
                                    "JOIN pg_class AS t ON t.oid = confrelid "
                                    "WHERE contype = 'f' AND "
                                    "relname IN ('users', 'posts')"),
                     0);
    ck_assert_int_eq(test_db_number(&db,
                                    "SELECT count(*) FROM pg_constraint WHERE "
                                    "contype = 'f' AND conrelid IN "
                                    "('kith.user_interactions'::regclass, "
                                    "'kith.user_recommendations'::regclass, "
                                    "'kith.post_counts'::regclass)"),
                     0);
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM pg_class WHERE relname = "
                            "'user_interactions' AND relnamespace = "
                            "'kith'::regnamespace"),
        1);
}
END_TEST

START_TEST(a_second_migration_changes_nothing)
{
    size_t applied;

    MUST(migrate_run(&db, sql_migrations, test_db_soon(), &applied, &err));
    ck_assert_uint_eq(applied, 0);
}
END_TEST

START_TEST(events_are_stored_and_users_are_left_alone)
{
    const struct event_row rows[] = {
        {.id = test_id(100),
         .post = test_id(10),
         .type = SPAN("like"),
         .at_ms = 1700000000000,
         .client_at_ms = DB_NONE_I64},
        {.id = test_id(101),
         .post = test_id(99),
         .type = SPAN("like"),
         .at_ms = 1700000000000,
         .client_at_ms = DB_NONE_I64},
    };
    enum event_fate fates[2];
    struct history_event history[4];
    size_t count;

    MUST(events_insert(&db, test_id(77), rows, 2, 1700000001000, test_db_soon(),
                       fates, &err));
    ck_assert_int_eq(fates[0], FATE_STORED);
    ck_assert_int_eq(fates[1], FATE_UNKNOWN_POST);
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM users"), 1);
    MUST(history_load(&db, test_id(77), 4, test_db_soon(), history, &count,
                      &err));
    ck_assert_uint_eq(count, 1);
}
END_TEST

START_TEST(the_hosts_posts_are_read)
{
    struct posts it = posts_all(&db, test_db_soon(), &err);
    struct post_row row;

    ck_assert(posts_next(&it, &row));
    ck_assert(span_is(row.title, "Hello"));
    ck_assert(span_is(row.author_name, "Ada"));
    ck_assert_uint_eq(row.tag_count, 2);
    ck_assert(row.visible);
    ck_assert(posts_next(&it, &row));
    ck_assert(span_is(row.title, "Draft"));
    ck_assert(!row.visible); /* never published */
    ck_assert(!posts_next(&it, &row));
    ck_assert_msg(!it.failed, "%s", err.what);
    posts_end(&it);
    it = posts_newest(&db, 10, INT64_MAX, (struct uuid){{0}}, test_db_soon(),
                      &err);
    ck_assert(posts_next(&it, &row));
    ck_assert(!posts_next(&it, &row));
    posts_end(&it);
}
END_TEST

START_TEST(users_and_posts_are_not_written)
{
    const struct user_row user = {
        .id = test_id(1), .name = SPAN("Eve"), .created_at_ms = DB_NONE_I64};
    const struct post_row post = {
        .id = test_id(10), .title = SPAN("x"), .visible = true};
    const struct uuid id = test_id(10);
    size_t changed;

    ck_assert(!users_upsert(&db, &user, 1, test_db_soon(), &changed, &err));
    ck_assert_int_eq(err.code, ERR_DENIED);
    ck_assert(!posts_upsert(&db, &post, 1, test_db_soon(), &changed, &err));
    ck_assert_int_eq(err.code, ERR_DENIED);
    ck_assert(!posts_delete(&db, &id, 1, test_db_soon(), &changed, &err));
    ck_assert_int_eq(err.code, ERR_DENIED);
}
END_TEST

START_TEST(import_training_counts_and_batch_rows_work)
{
    const struct import_row rows[] = {
        {test_id(200), test_id(78), test_id(10), EVENT_CLICK, 1600000000000},
        {test_id(201), test_id(78), test_id(98), EVENT_CLICK, 1600000000000},
    };
    const struct batch_row best = {test_id(78), test_id(10), 0.5f};
    const struct uuid post = test_id(10);
    const struct post_counts counts = {.likes = 3};
    struct import_counts got;
    struct training_rows it;
    struct training_row row;
    struct batch_pick pick;
    size_t found = 0;

    MUST(interactions_import(&db, rows, 2, test_db_soon(), &got, &err));
    ck_assert_uint_eq(got.inserted, 1);
    ck_assert_uint_eq(got.unknown_posts, 1);
    MUST(training_begin(&db, 1650000000000, test_db_soon(), &err));
    it = training_rows_of(&db, test_db_soon(), &err);
    while (training_rows_next(&it, &row))
        found++;
    ck_assert_msg(!it.failed, "%s", err.what);
    training_rows_end(&it);
    MUST(training_end(&db, test_db_soon(), &err));
    ck_assert_uint_eq(found, 1);
    MUST(post_counts_write(&db, &post, &counts, 1, 1700000000000,
                           test_db_soon(), &err));
    MUST(batch_write(&db, &best, 1, 1700000000000, 4000000000000,
                     test_db_soon(), &err));
    MUST(batch_load(&db, test_id(78), 1, test_db_soon(), &pick, &found, &err));
    ck_assert_uint_eq(found, 1);
}
END_TEST

START_TEST(one_view_without_the_other_is_refused)
{
    struct db host;

    test_db_open(&host);
    MUST(db_begin(&host, DB_SCOPE_READ_WRITE, test_db_soon(), &err));
    test_db_run(&host, "CREATE SCHEMA half; SET LOCAL search_path = half;"
                       "CREATE VIEW users AS SELECT * FROM kith.users");
    ck_assert(!db_script(&host, sql_migration_0001_users_and_posts,
                         test_db_soon(), &err));
    ck_assert_ptr_nonnull(strstr(err.what, "both views"));
    MUST(db_end(&host, false, test_db_soon(), &err));
    db_release(&host);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("hosted");
    Suite *s = suite_create("hosted");
    SRunner *sr = srunner_create(s);
    int failed;

    owner = getpid();
    atexit(drop_role);
    test_db_create_bare();
    snprintf(role, sizeof role, "kith_guest_%d", (int)getpid());
    snprintf(url, sizeof url, "%s&user=%s", test_db_url(), role);
    move_in();
    migrate();
    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, the_hosts_tables_stay_the_only_ones);
    tcase_add_test(tc, a_second_migration_changes_nothing);
    tcase_add_test(tc, events_are_stored_and_users_are_left_alone);
    tcase_add_test(tc, the_hosts_posts_are_read);
    tcase_add_test(tc, users_and_posts_are_not_written);
    tcase_add_test(tc, import_training_counts_and_batch_rows_work);
    tcase_add_test(tc, one_view_without_the_other_is_refused);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
