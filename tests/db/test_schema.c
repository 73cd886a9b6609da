/*
 * The tables: their rules, and that each index serves what its comment says,
 * proved on the plans of the real queries over 20,000 rows.
 */
#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/test_db.h"
#include "queries.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)
#define READER "'00000000-0000-4000-8000-000000000007'"
#define POST "'00000000-0000-4000-9000-000000000007'"

enum { SQL_BYTES = 16384 };

static struct db db;
static struct err err;

/* 1,000 readers, 2,000 posts, 20,000 interactions, 10,000 recommendations. */
static const char fill[] =
    "INSERT INTO users (id) SELECT ('00000000-0000-4000-8000-'"
    "    || lpad(i::text, 12, '0'))::uuid FROM generate_series(0, 999) AS g "
    "(i);"
    "INSERT INTO posts (id, title, published_at, updated_at, hidden_at)"
    "SELECT ('00000000-0000-4000-9000-' || lpad(i::text, 12, '0'))::uuid,"
    "       'title ' || i, '2023-01-01'::timestamptz + i * interval '1 hour',"
    "       '2023-01-01'::timestamptz + i * interval '1 hour',"
    "       CASE WHEN i % 10 = 0 THEN now() END "
    "FROM generate_series(0, 1999) AS g (i);"
    "INSERT INTO user_interactions"
    "    (id, user_id, post_id, interaction_type, created_at)"
    "SELECT gen_random_uuid(), ('00000000-0000-4000-8000-'"
    "           || lpad((i * 7919 % 1000)::text, 12, '0'))::uuid,"
    "       ('00000000-0000-4000-9000-'"
    "           || lpad((i * 104729 % 2000)::text, 12, '0'))::uuid,"
    "       'view', '2023-01-01'::timestamptz + i * interval '1 minute' "
    "FROM generate_series(0, 19999) AS g (i);"
    "INSERT INTO user_recommendations"
    "    (user_id, post_id, score, generated_at, expires_at)"
    "SELECT ('00000000-0000-4000-8000-' || lpad((i / 50)::text, 12, "
    "'0'))::uuid,"
    "       ('00000000-0000-4000-9000-' || lpad((i % 50)::text, 12, "
    "'0'))::uuid,"
    "       (i * 31 % 50) / 50.0, '2023-01-01',"
    "       CASE WHEN i % 100 = 0 THEN '2023-01-02'::timestamptz"
    "            ELSE '2999-01-01' END "
    "FROM generate_series(0, 9999) AS g (i)";

static void fill_tables(void)
{
    struct db one;

    test_db_open(&one);
    test_db_run(&one, fill);
    test_db_run(&one, "VACUUM (ANALYZE)");
    db_release(&one);
}

static void set_up(void)
{
    test_db_open(&db);
}

static void tear_down(void)
{
    db_release(&db);
}

/* The generic plan of a query: what a worker runs from the sixth time on. */
static const char *plan(const char *query, const char *arguments)
{
    char sql[SQL_BYTES];

    snprintf(sql, sizeof sql,
             "SET plan_cache_mode = force_generic_plan; PREPARE q AS %s",
             query);
    test_db_run(&db, sql);
    snprintf(sql, sizeof sql, "EXPLAIN (COSTS off) EXECUTE q (%s)", arguments);
    return test_db_text(&db, sql);
}

#define MUST_HAVE(plan, words) ck_assert_msg(strstr(plan, words), "%s", plan)
#define MUST_LACK(plan, words) ck_assert_msg(!strstr(plan, words), "%s", plan)

START_TEST(a_history_is_one_index_only_scan_without_a_sort)
{
    const char *p = plan(sql_load_history, READER ", 100");

    MUST_HAVE(p, "Index Only Scan using user_interactions_history");
    MUST_LACK(p, "Sort");
    MUST_LACK(p, "Filter");
}
END_TEST

START_TEST(a_history_of_vacuumed_pages_does_not_touch_the_table)
{
    const char *p =
        test_db_text(&db, "EXPLAIN (ANALYZE, COSTS off, TIMING off) "
                          "SELECT post_id, created_at, interaction_type "
                          "FROM user_interactions WHERE user_id = " READER
                          " ORDER BY created_at DESC, id DESC LIMIT 100");

    MUST_HAVE(p, "Heap Fetches: 0");
    MUST_HAVE(p, "rows=20");
}
END_TEST

START_TEST(training_can_read_readers_in_order_without_a_sort)
{
    const char *p;

    test_db_run(&db, "SET enable_sort = off");
    p = test_db_text(&db, "EXPLAIN (COSTS off) SELECT user_id, post_id, "
                          "interaction_type, created_at "
                          "FROM user_interactions "
                          "ORDER BY user_id DESC, created_at, id");
    MUST_HAVE(p, "Index Only Scan Backward using user_interactions_history");
    MUST_LACK(p, "Sort");
}
END_TEST

START_TEST(readers_of_a_post_come_from_their_index)
{
    const char *p = plan("SELECT DISTINCT user_id FROM user_interactions "
                         "WHERE post_id = $1",
                         POST);

    MUST_HAVE(p, "Index Only Scan using user_interactions_readers");
    MUST_LACK(p, "Sort");
}
END_TEST

START_TEST(newest_readers_of_a_post_come_in_order)
{
    const char *p = plan("SELECT user_id FROM user_interactions "
                         "WHERE post_id = $1 ORDER BY created_at DESC LIMIT 10",
                         POST);

    MUST_HAVE(p, "Index Only Scan Backward using user_interactions_readers");
    MUST_LACK(p, "Sort");
}
END_TEST

START_TEST(a_time_range_comes_from_its_index)
{
    MUST_HAVE(plan("SELECT count(*) FROM user_interactions "
                   "WHERE created_at >= $1 AND created_at < $2",
                   "'2023-01-02', '2023-01-03'"),
              "user_interactions_time");
}
END_TEST

START_TEST(newest_posts_come_in_order_from_their_index)
{
    const char *p = plan(sql_load_newest_posts, "20, 'infinity', " POST);

    MUST_HAVE(p, "Index Scan using posts_newest");
    MUST_LACK(p, "Sort");
    MUST_LACK(p, "Seq Scan on posts");
}
END_TEST

START_TEST(changed_posts_come_in_order_from_their_index)
{
    const char *p = plan(sql_load_changed_posts, "'2023-03-01', " POST ", 20");

    MUST_HAVE(p, "Merge Append");
    MUST_HAVE(p, "Index Scan using posts_changed");
    MUST_HAVE(p, "Index Scan Backward using posts_newest");
    MUST_LACK(p, "Seq Scan on posts ");
}
END_TEST

START_TEST(active_recommendations_come_by_score_without_a_sort)
{
    const char *p = plan(sql_load_batch, READER ", 20");

    MUST_HAVE(p, "Index Only Scan using user_recommendations_best");
    MUST_LACK(p, "Sort");
}
END_TEST

START_TEST(expired_recommendations_are_found_by_their_index)
{
    const char *p = plan(sql_delete_expired_batch, "100");

    MUST_HAVE(p, "Index Scan using user_recommendations_expiry");
    MUST_LACK(p, "Seq Scan on user_recommendations");
}
END_TEST

/* The first word behind the comments. */
static struct span first_word(const char *text)
{
    size_t bytes = 0;

    while (*text == '-')
        text += strcspn(text, "\n") + 1;
    while (isalpha((unsigned char)text[bytes]))
        bytes++;
    return (struct span){text, bytes};
}

START_TEST(every_query_fits_the_schema)
{
    char sql[SQL_BYTES];
    int count = 0;

    test_db_run(&db, "BEGIN");
    test_db_run(&db, sql_create_import);
    for (const struct sql_query *q = sql_queries; q->name; q++) {
        struct span word = first_word(q->text);

        if (span_is(word, "COPY") || span_is(word, "CREATE"))
            continue; /* run by the tests of import and training */
        snprintf(sql, sizeof sql, "PREPARE q%d AS %s", count++, q->text);
        ck_assert_msg(db_script(&db, sql, test_db_soon(), &err), "%s: %s",
                      q->name, err.what);
    }
    ck_assert_int_gt(count, 20);
}
END_TEST

START_TEST(every_query_opens_with_a_comment)
{
    for (const struct sql_query *q = sql_queries; q->name; q++)
        ck_assert_msg(!strncmp(q->text, "-- ", 3), "%s", q->name);
}
END_TEST

static const struct {
    const char *values, *rule;
} refused[] = {
    {"gen_random_uuid(), " READER ", " POST ", 'View', now(), '{}', NULL, NULL",
     "interaction_type_is_a_word"},
    {"gen_random_uuid(), " READER ", " POST ", '', now(), '{}', NULL, NULL",
     "interaction_type_is_a_word"},
    {"gen_random_uuid(), " READER ", " POST ", 'view', now(), '[]', NULL, NULL",
     "metadata_is_an_object"},
    {"gen_random_uuid(), " READER ", " POST ", 'view', now(), '{}', NULL, 'a'",
     "attribution_needs_a_request"},
    {"gen_random_uuid(), " READER ", gen_random_uuid(), 'view', now(), '{}', "
     "NULL, NULL",
     "user_interactions_post_fkey"},
    {"gen_random_uuid(), gen_random_uuid(), " POST ", 'view', now(), '{}', "
     "NULL, NULL",
     "user_interactions_user_fkey"},
};

START_TEST(an_interaction_must_keep_the_rules)
{
    char sql[SQL_BYTES];

    snprintf(sql, sizeof sql,
             "INSERT INTO user_interactions (id, user_id, post_id, "
             "interaction_type, created_at, metadata, request_id, arm) "
             "VALUES (%s)",
             refused[_i].values);
    ck_assert(!db_script(&db, sql, test_db_soon(), &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert_msg(strstr(err.what, refused[_i].rule), "%s", err.what);
}
END_TEST

START_TEST(a_new_type_needs_no_migration)
{
    test_db_run(&db,
                "INSERT INTO user_interactions (id, user_id, post_id, "
                "interaction_type, created_at) VALUES "
                "(gen_random_uuid(), " READER ", " POST ", 'bookmark', now())");
}
END_TEST

START_TEST(erasing_a_user_takes_the_events_and_leaves_the_posts)
{
    test_db_run(&db,
                "BEGIN; UPDATE posts SET author_id = " READER
                " WHERE id = " POST "; DELETE FROM users WHERE id = " READER);
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM "
                            "user_interactions WHERE user_id = " READER),
        0);
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM "
                            "user_recommendations WHERE user_id = " READER),
        0);
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM posts WHERE id = " POST
                            " AND author_id IS NULL"),
        1);
    test_db_run(&db, "ROLLBACK");
}
END_TEST

START_TEST(counts_are_rewritten_within_their_page)
{
    test_db_run(&db, "INSERT INTO post_counts (post_id, counted_at) "
                     "SELECT id, now() FROM posts LIMIT 100");
    test_db_run(&db, "UPDATE post_counts SET views = views + 1");
    test_db_run(&db, "SELECT pg_stat_force_next_flush()");
    ck_assert_int_eq(
        test_db_number(&db, "SELECT n_tup_hot_upd FROM pg_stat_user_tables "
                            "WHERE relname = 'post_counts'"),
        100);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("schema");
    Suite *s = suite_create("schema");
    SRunner *sr = srunner_create(s);
    int failed;

    test_db_create();
    fill_tables();
    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_history_is_one_index_only_scan_without_a_sort);
    tcase_add_test(tc, a_history_of_vacuumed_pages_does_not_touch_the_table);
    tcase_add_test(tc, training_can_read_readers_in_order_without_a_sort);
    tcase_add_test(tc, readers_of_a_post_come_from_their_index);
    tcase_add_test(tc, newest_readers_of_a_post_come_in_order);
    tcase_add_test(tc, a_time_range_comes_from_its_index);
    tcase_add_test(tc, newest_posts_come_in_order_from_their_index);
    tcase_add_test(tc, changed_posts_come_in_order_from_their_index);
    tcase_add_test(tc, active_recommendations_come_by_score_without_a_sort);
    tcase_add_test(tc, expired_recommendations_are_found_by_their_index);
    tcase_add_test(tc, every_query_fits_the_schema);
    tcase_add_test(tc, every_query_opens_with_a_comment);
    tcase_add_loop_test(tc, an_interaction_must_keep_the_rules, 0,
                        sizeof refused / sizeof *refused);
    tcase_add_test(tc, a_new_type_needs_no_migration);
    tcase_add_test(tc, erasing_a_user_takes_the_events_and_leaves_the_posts);
    tcase_add_test(tc, counts_are_rewritten_within_their_page);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
