#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/test_db.h"
#include "store/posts.h"
#include "store/training.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)

#define NOW_MS INT64_C(1700000000000)

enum { MANY = 100000 };

static struct db db;
static struct err err;
static struct import_counts counts;

static void set_up(void)
{
    test_db_open(&db);
    test_db_empty(&db);
    test_db_run(&db, "INSERT INTO posts (id, title) SELECT "
                     "('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))"
                     "::uuid, 'post' FROM generate_series(1, 100) AS g (i)");
}

static void tear_down(void)
{
    db_release(&db);
}

static struct import_row click(unsigned id, unsigned user, unsigned post,
                               int64_t at_ms)
{
    return (struct import_row){test_id(id), test_id(user), test_id(post),
                               EVENT_CLICK, at_ms};
}

static void import(const struct import_row *rows, size_t count)
{
    MUST(interactions_import(&db, rows, count, test_db_soon(), &counts, &err));
}

START_TEST(imported_rows_are_counted_by_their_fate)
{
    const struct import_row rows[] = {
        click(1000, 500, 1, NOW_MS), click(1001, 500, 2, NOW_MS),
        click(1000, 500, 1, NOW_MS), click(1002, 501, 999, NOW_MS)};

    import(rows, 4);
    ck_assert_uint_eq(counts.inserted, 2);
    ck_assert_uint_eq(counts.duplicates, 1);
    ck_assert_uint_eq(counts.unknown_posts, 1);
    import(rows, 4);
    ck_assert_uint_eq(counts.inserted, 0);
    ck_assert_uint_eq(counts.duplicates, 3);
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM users"), 1);
}
END_TEST

START_TEST(an_import_is_all_or_nothing)
{
    struct import_row rows[] = {click(1000, 500, 1, NOW_MS),
                                click(1001, 500, 2, INT64_MAX)};

    ck_assert(
        !interactions_import(&db, rows, 2, test_db_soon(), &counts, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM user_interactions"), 0);
    rows[1].at_ms = NOW_MS;
    import(rows, 2); /* the connection is as good as new */
    ck_assert_uint_eq(counts.inserted, 2);
    ck_assert_uint_eq(db.connects, 1);
}
END_TEST

START_TEST(an_empty_import_is_fine)
{
    import(NULL, 0);
    ck_assert_uint_eq(counts.inserted, 0);
}
END_TEST

START_TEST(a_hundred_thousand_rows_go_in_one_call)
{
    struct import_row *rows = calloc(MANY, sizeof *rows);

    ck_assert_ptr_nonnull(rows);
    for (unsigned i = 0; i < MANY; i++)
        rows[i] =
            click(1000000 + i, 5000 + i * 7 % 1000, 1 + i % 100, NOW_MS + i);
    import(rows, MANY);
    ck_assert_uint_eq(counts.inserted, MANY);
    free(rows);
}
END_TEST

/* "user post type at" of every row, last digits of the ids. */
static const char *read_all(uint64_t *skipped)
{
    static char text[4096];
    struct training_rows it = training_rows_of(&db, test_db_soon(), &err);
    struct training_row row;
    size_t used = 0;

    text[0] = '\0';
    while (training_rows_next(&it, &row)) {
        char user[UUID_TEXT + 1], p[UUID_TEXT + 1];

        uuid_text(row.user, user);
        uuid_text(row.post, p);
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s %s %s +%ld\n",
                             user + UUID_TEXT - 3, p + UUID_TEXT - 3,
                             event_name(row.type), (long)(row.at_ms - NOW_MS));
    }
    ck_assert_msg(!it.failed, "%s", err.what);
    *skipped = it.skipped;
    training_rows_end(&it);
    return text;
}

START_TEST(rows_come_by_reader_then_time_up_to_the_cutoff)
{
    const struct import_row rows[] = {
        click(1003, 501, 3, NOW_MS + 3), click(1002, 501, 2, NOW_MS + 1),
        click(1001, 502, 1, NOW_MS + 2), click(1004, 501, 4, NOW_MS + 4),
        click(1000, 501, 5, NOW_MS + 1)};
    uint64_t skipped;

    import(rows, 5);
    test_db_run(&db, "UPDATE user_interactions SET interaction_type = 'new' "
                     "WHERE id::text LIKE '%1000'");
    MUST(training_begin(&db, NOW_MS + 3, test_db_soon(), &err));
    ck_assert_str_eq(read_all(&skipped), "502 001 click +2\n"
                                         "501 002 click +1\n"
                                         "501 003 click +3\n");
    ck_assert_uint_eq(skipped, 1);
    MUST(training_end(&db, test_db_soon(), &err));
}
END_TEST

START_TEST(posts_and_interactions_are_of_one_moment)
{
    const struct import_row row = click(1000, 500, 1, NOW_MS);
    struct post_row post;
    struct posts it;
    struct db writer;
    uint64_t skipped;
    size_t count = 0;

    import(&row, 1);
    MUST(training_begin(&db, NOW_MS, test_db_soon(), &err));
    ck_assert_str_eq(read_all(&skipped), "500 001 click +0\n");
    test_db_open(&writer);
    test_db_run(&writer, "INSERT INTO posts (id, title) "
                         "VALUES (gen_random_uuid(), 'late')");
    test_db_run(&writer, "DELETE FROM user_interactions");
    db_release(&writer);
    it = posts_all(&db, test_db_soon(), &err);
    while (posts_next(&it, &post))
        count++;
    ck_assert_msg(!it.failed, "%s", err.what);
    posts_end(&it);
    ck_assert_uint_eq(count, 100);
    ck_assert_str_eq(read_all(&skipped), "500 001 click +0\n");
    MUST(training_end(&db, test_db_soon(), &err));
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM posts"), 101);
}
END_TEST

START_TEST(a_copy_that_breaks_half_way_is_not_the_end)
{
    struct import_row *rows = calloc(MANY, sizeof *rows);
    struct training_rows it;
    struct training_row row;
    struct db killer;
    size_t count = 0;

    ck_assert_ptr_nonnull(rows);
    for (unsigned i = 0; i < MANY; i++)
        rows[i] = click(1000000 + i, 5000, 1 + i % 100, NOW_MS);
    import(rows, MANY);
    free(rows);
    test_db_open(&killer);
    MUST(training_begin(&db, NOW_MS, test_db_soon(), &err));
    it = training_rows_of(&db, test_db_soon(), &err);
    ck_assert(training_rows_next(&it, &row));
    test_db_run(&killer, "SELECT pg_terminate_backend(pid) FROM "
                         "pg_stat_activity WHERE pid <> pg_backend_pid() "
                         "AND datname = current_database()");
    while (training_rows_next(&it, &row))
        count++;
    ck_assert(it.failed);
    ck_assert_int_eq(err.code, ERR_DOWN);
    ck_assert_uint_lt(count, MANY - 1);
    training_rows_end(&it);
    ck_assert(!training_end(&db, test_db_soon(), &err));
    MUST(db_ping(&db, test_db_soon(), &err));
    db_release(&killer);
}
END_TEST

START_TEST(one_training_follows_another_on_one_connection)
{
    uint64_t skipped;

    MUST(training_begin(&db, NOW_MS, test_db_soon(), &err));
    ck_assert_str_eq(read_all(&skipped), "");
    MUST(training_end(&db, test_db_soon(), &err));
    MUST(training_begin(&db, NOW_MS + 1, test_db_soon(), &err));
    ck_assert_str_eq(read_all(&skipped), "");
    MUST(training_end(&db, test_db_soon(), &err));
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("training");
    Suite *s = suite_create("training");
    SRunner *sr = srunner_create(s);
    int failed;

    test_db_create();
    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, imported_rows_are_counted_by_their_fate);
    tcase_add_test(tc, an_import_is_all_or_nothing);
    tcase_add_test(tc, an_empty_import_is_fine);
    tcase_add_test(tc, a_hundred_thousand_rows_go_in_one_call);
    tcase_add_test(tc, rows_come_by_reader_then_time_up_to_the_cutoff);
    tcase_add_test(tc, posts_and_interactions_are_of_one_moment);
    tcase_add_test(tc, a_copy_that_breaks_half_way_is_not_the_end);
    tcase_add_test(tc, one_training_follows_another_on_one_connection);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
