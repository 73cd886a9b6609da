#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "../support/test_db.h"
#include "store/batch.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)

#define THEN_MS INT64_C(1600000000000)
#define NEVER_MS INT64_C(4000000000000) /* year 2096 */

static struct db db;
static struct err err;

/* Readers 1 to 3 have an event each, posts are 1 to 100. */
static void set_up(void)
{
    test_db_open(&db);
    test_db_empty(&db);
    test_db_run(
        &db,
        "INSERT INTO posts (id, title) SELECT ('00000000-0000-4000-8000-' || "
        "lpad(i::text, 12, '0'))::uuid, 'p' FROM generate_series(1, 100) "
        "AS g (i);"
        "INSERT INTO users (id) SELECT id FROM posts ORDER BY id LIMIT 3;"
        "INSERT INTO user_interactions (id, user_id, post_id, "
        "interaction_type, created_at) SELECT id, id, id, 'view', now() "
        "FROM users");
}

static void tear_down(void)
{
    db_release(&db);
}

static void put(const struct batch_row *rows, size_t count, int64_t until_ms)
{
    MUST(
        batch_write(&db, rows, count, THEN_MS, until_ms, test_db_soon(), &err));
}

static size_t load(unsigned user, struct batch_pick *out, size_t most)
{
    size_t count;

    MUST(batch_load(&db, test_id(user), most, test_db_soon(), out, &count,
                    &err));
    return count;
}

START_TEST(rows_come_best_first_and_ties_by_the_smaller_post)
{
    const struct batch_row rows[] = {{test_id(1), test_id(12), 0.5f},
                                     {test_id(1), test_id(11), 0.5f},
                                     {test_id(1), test_id(13), 0.75f},
                                     {test_id(2), test_id(14), 0.9f}};
    struct batch_pick out[4];

    put(rows, 4, NEVER_MS);
    ck_assert_uint_eq(load(1, out, 4), 3);
    ck_assert(uuid_equal(out[0].post, test_id(13)));
    ck_assert_float_eq(out[0].score, 0.75f);
    ck_assert_int_eq(out[0].generated_at_ms, THEN_MS);
    ck_assert(uuid_equal(out[1].post, test_id(11)));
    ck_assert(uuid_equal(out[2].post, test_id(12)));
    ck_assert_uint_eq(load(1, out, 1), 1);
}
END_TEST

START_TEST(a_run_replaces_what_its_readers_had_and_only_theirs)
{
    const struct batch_row first[] = {{test_id(1), test_id(11), 0.1f},
                                      {test_id(1), test_id(12), 0.2f},
                                      {test_id(2), test_id(13), 0.3f}};
    const struct batch_row second[] = {{test_id(1), test_id(12), 0.9f},
                                       {test_id(1), test_id(14), 0.8f}};
    struct batch_pick out[4];

    put(first, 3, NEVER_MS);
    put(second, 2, NEVER_MS);
    ck_assert_uint_eq(load(1, out, 4), 2);
    ck_assert(uuid_equal(out[0].post, test_id(12)));
    ck_assert_float_eq(out[0].score, 0.9f);
    ck_assert(uuid_equal(out[1].post, test_id(14)));
    ck_assert_uint_eq(load(2, out, 4), 1);
}
END_TEST

START_TEST(erased_readers_and_posts_that_are_gone_are_left_out)
{
    const struct batch_row rows[] = {{test_id(99), test_id(11), 0.1f},
                                     {test_id(1), test_id(999), 0.2f},
                                     {test_id(1), test_id(12), 0.3f}};

    put(rows, 3, NEVER_MS);
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM user_recommendations"), 1);
}
END_TEST

START_TEST(expired_rows_are_neither_read_nor_kept)
{
    const struct batch_row old[] = {{test_id(1), test_id(11), 0.1f},
                                    {test_id(1), test_id(12), 0.2f},
                                    {test_id(1), test_id(13), 0.3f}};
    const struct batch_row fresh = {test_id(2), test_id(11), 0.1f};
    struct batch_pick out[4];
    int64_t active, expired;
    size_t deleted;

    put(old, 3, THEN_MS + 1);
    put(&fresh, 1, NEVER_MS);
    ck_assert_uint_eq(load(1, out, 4), 0);
    MUST(batch_count(&db, test_db_soon(), &active, &expired, &err));
    ck_assert_int_eq(active, 1);
    ck_assert_int_eq(expired, 3);
    MUST(batch_clean(&db, 2, test_db_soon(), &deleted, &err));
    ck_assert_uint_eq(deleted, 2);
    MUST(batch_clean(&db, 2, test_db_soon(), &deleted, &err));
    ck_assert_uint_eq(deleted, 1);
    ck_assert_uint_eq(load(2, out, 4), 1);
}
END_TEST

START_TEST(a_pair_named_twice_or_a_score_that_is_no_number_is_refused)
{
    const struct batch_row twice[] = {{test_id(1), test_id(11), 0.1f},
                                      {test_id(1), test_id(11), 0.2f}};
    const struct batch_row nan = {test_id(1), test_id(12), NAN};

    ck_assert(
        !batch_write(&db, twice, 2, THEN_MS, NEVER_MS, test_db_soon(), &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert(
        !batch_write(&db, &nan, 1, THEN_MS, NEVER_MS, test_db_soon(), &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(an_empty_run_is_fine_and_too_large_a_one_is_not)
{
    put(NULL, 0, NEVER_MS);
    ck_assert(!batch_write(&db, NULL, BATCH_WRITE_MOST + 1, THEN_MS, NEVER_MS,
                           test_db_soon(), &err));
    ck_assert_int_eq(err.code, ERR_LIMIT);
}
END_TEST

START_TEST(ten_thousand_rows_go_in_one_statement)
{
    enum { READERS = 200, EACH = 50 };
    struct batch_row *rows = calloc(READERS * EACH, sizeof *rows);
    struct batch_pick out[EACH];

    ck_assert_ptr_nonnull(rows);
    test_db_run(&db,
                "INSERT INTO users (id) SELECT ('00000000-0000-4000-8000-' || "
                "lpad(i::text, 12, '0'))::uuid FROM generate_series(1000, "
                "1199) AS g (i);"
                "INSERT INTO user_interactions (id, user_id, post_id, "
                "interaction_type, created_at) SELECT gen_random_uuid(), u.id, "
                "p.id, 'view', now() FROM users AS u, posts AS p "
                "WHERE u.id::text LIKE '%-000000001%'");
    for (unsigned i = 0; i < READERS * EACH; i++)
        rows[i] = (struct batch_row){test_id(1000 + i / EACH),
                                     test_id(1 + i % EACH), (float)(i % EACH)};
    put(rows, READERS * EACH, NEVER_MS);
    put(rows, READERS * EACH, NEVER_MS);
    ck_assert_uint_eq(load(1199, out, EACH), 50);
    free(rows);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("batch");
    Suite *s = suite_create("batch");
    SRunner *sr = srunner_create(s);
    int failed;

    test_db_create();
    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, rows_come_best_first_and_ties_by_the_smaller_post);
    tcase_add_test(tc, a_run_replaces_what_its_readers_had_and_only_theirs);
    tcase_add_test(tc, erased_readers_and_posts_that_are_gone_are_left_out);
    tcase_add_test(tc, expired_rows_are_neither_read_nor_kept);
    tcase_add_test(tc,
                   a_pair_named_twice_or_a_score_that_is_no_number_is_refused);
    tcase_add_test(tc, an_empty_run_is_fine_and_too_large_a_one_is_not);
    tcase_add_test(tc, ten_thousand_rows_go_in_one_statement);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
