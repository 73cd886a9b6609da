#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/test_db.h"
#include "store/posts.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)

#define NOW_MS INT64_C(1700000000000)

static struct db db;
static struct err err;
static size_t changed;

static void set_up(void)
{
    test_db_open(&db);
    test_db_empty(&db);
}

static void tear_down(void)
{
    db_release(&db);
}

static struct post_row post(unsigned id)
{
    return (struct post_row){.id = test_id(id),
                             .author = test_id(900),
                             .title = SPAN("A title"),
                             .body = SPAN("Some words"),
                             .language = SPAN("en"),
                             .tags = {SPAN("red"), SPAN("dark blue")},
                             .tag_count = 2,
                             .published_at_ms = NOW_MS + id,
                             .visible = true};
}

static void put(const struct post_row *rows, size_t count)
{
    MUST(posts_upsert(&db, rows, count, test_db_soon(), &changed, &err));
}

/* The last digits of the ids, in the order of the iterator. */
static const char *ids(struct posts it)
{
    static char text[1024];
    struct post_row row;
    size_t used = 0;

    text[0] = '\0';
    while (posts_next(&it, &row)) {
        char id[UUID_TEXT + 1];

        uuid_text(row.id, id);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%ld",
                                 used ? " " : "",
                                 strtol(id + UUID_TEXT - 12, NULL, 10));
    }
    ck_assert_msg(!it.failed, "%s", err.what);
    posts_end(&it);
    return text;
}

static const char *newest(size_t most, int64_t before_ms, unsigned before)
{
    return ids(posts_newest(&db, most, before_ms, test_id(before),
                            test_db_soon(), &err));
}

START_TEST(a_post_comes_back_as_it_was_put)
{
    struct post_row row = post(1), got;
    const struct user_row author = {
        .id = test_id(900), .name = SPAN("Ada"), .created_at_ms = NOW_MS};
    const struct uuid id = test_id(1);
    const struct post_counts counts = {5, 4, 3, 2};
    struct posts it;

    MUST(users_upsert(&db, &author, 1, test_db_soon(), &changed, &err));
    put(&row, 1);
    MUST(post_counts_write(&db, &id, &counts, 1, NOW_MS, test_db_soon(), &err));
    it = posts_by_ids(&db, &id, 1, test_db_soon(), &err);
    ck_assert(posts_next(&it, &got));
    ck_assert(uuid_equal(got.id, row.id));
    ck_assert(uuid_equal(got.author, test_id(900)));
    ck_assert(span_is(got.author_name, "Ada"));
    ck_assert(span_is(got.title, "A title"));
    ck_assert(span_is(got.body, "Some words"));
    ck_assert(span_is(got.language, "en"));
    ck_assert_uint_eq(got.image.bytes + got.url.bytes, 0);
    ck_assert_uint_eq(got.tag_count, 2);
    ck_assert(span_is(got.tags[0], "red"));
    ck_assert(span_is(got.tags[1], "dark blue"));
    ck_assert_int_eq(got.published_at_ms, NOW_MS + 1);
    ck_assert(got.visible);
    ck_assert_int_eq(got.counts.views, 5);
    ck_assert_int_eq(got.counts.clicks, 4);
    ck_assert_int_eq(got.counts.likes, 3);
    ck_assert_int_eq(got.counts.shares, 2);
    ck_assert(!posts_next(&it, &got));
    posts_end(&it);
}
END_TEST

START_TEST(a_bare_post_reads_as_empty)
{
    const struct post_row bare = {
        .id = test_id(1), .published_at_ms = NOW_MS, .visible = true};
    const struct uuid id = test_id(1);
    struct post_row got;
    struct posts it;

    put(&bare, 1);
    it = posts_by_ids(&db, &id, 1, test_db_soon(), &err);
    ck_assert(posts_next(&it, &got));
    ck_assert(uuid_equal(got.author, (struct uuid){{0}}));
    ck_assert_uint_eq(got.author_name.bytes + got.title.bytes + got.body.bytes +
                          got.tag_count,
                      0);
    ck_assert_int_eq(got.counts.views, 0);
    posts_end(&it);
}
END_TEST

START_TEST(the_same_post_again_changes_nothing)
{
    struct post_row rows[] = {post(1), post(2)};
    int64_t before;

    put(rows, 2);
    ck_assert_uint_eq(changed, 2);
    before = test_db_number(
        &db, "SELECT sum(xmin::text::bigint)::bigint FROM posts");
    put(rows, 2);
    ck_assert_uint_eq(changed, 0);
    ck_assert_int_eq(
        test_db_number(&db,
                       "SELECT sum(xmin::text::bigint)::bigint FROM posts"),
        before);
    rows[1].title = SPAN("Another");
    put(rows, 2);
    ck_assert_uint_eq(changed, 1);
}
END_TEST

START_TEST(an_unknown_author_gets_a_row_without_a_name)
{
    const struct post_row row = post(1);

    put(&row, 1);
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM users "
                                         "WHERE name IS NULL"),
                     1);
}
END_TEST

START_TEST(a_hidden_or_deleted_post_is_not_newest_until_it_is_put_again)
{
    struct post_row rows[] = {post(1), post(2), post(3)};
    const struct uuid id = test_id(3);

    put(rows, 3);
    rows[1].visible = false;
    put(&rows[1], 1);
    ck_assert_uint_eq(changed, 1);
    put(&rows[1], 1);
    ck_assert_uint_eq(changed, 0);
    MUST(posts_delete(&db, &id, 1, test_db_soon(), &changed, &err));
    ck_assert_uint_eq(changed, 1);
    MUST(posts_delete(&db, &id, 1, test_db_soon(), &changed, &err));
    ck_assert_uint_eq(changed, 0);
    ck_assert_str_eq(newest(10, INT64_MAX, 0), "1");
    rows[1].visible = true;
    put(rows, 3);
    ck_assert_uint_eq(changed, 2);
    ck_assert_str_eq(newest(10, INT64_MAX, 0), "3 2 1");
}
END_TEST

START_TEST(a_post_of_tomorrow_is_not_visible_yet)
{
    struct post_row row = post(1);

    row.published_at_ms = INT64_C(32000000000000); /* year 2984 */
    put(&row, 1);
    ck_assert_str_eq(newest(10, INT64_MAX, 0), "");
}
END_TEST

START_TEST(pages_of_newest_posts_neither_repeat_nor_skip)
{
    struct post_row rows[7];

    for (unsigned i = 0; i < 7; i++) {
        rows[i] = post(1 + i);
        rows[i].published_at_ms = NOW_MS + i / 3; /* several at one instant */
    }
    put(rows, 7);
    ck_assert_str_eq(newest(3, INT64_MAX, 0), "7 6 5");
    ck_assert_str_eq(newest(3, NOW_MS + 1, 5), "4 3 2");
    ck_assert_str_eq(newest(3, NOW_MS, 2), "1");
    ck_assert_str_eq(newest(3, NOW_MS, 1), "");
}
END_TEST

START_TEST(every_post_is_read_by_id)
{
    struct post_row rows[] = {post(3), post(1), post(2)};

    rows[0].visible = false;
    put(rows, 3);
    ck_assert_str_eq(ids(posts_all(&db, test_db_soon(), &err)), "1 2 3");
}
END_TEST

START_TEST(absent_ids_are_left_out)
{
    const struct post_row row = post(2);
    const struct uuid wanted[] = {test_id(9), test_id(2), test_id(2)};

    put(&row, 1);
    ck_assert_str_eq(ids(posts_by_ids(&db, wanted, 3, test_db_soon(), &err)),
                     "2");
}
END_TEST

START_TEST(changes_are_paged_in_order_of_their_stamp)
{
    struct post_row rows[] = {post(1), post(2), post(3)};

    put(rows, 3);
    test_db_run(&db,
                "UPDATE posts SET published_at = '2019-01-01';"
                "UPDATE posts SET updated_at = '2020-01-01' WHERE id::text "
                "LIKE '%3'; UPDATE posts SET updated_at = '2020-01-02' "
                "WHERE NOT id::text LIKE '%3'");
    ck_assert_str_eq(
        ids(posts_changed(&db, 0, (struct uuid){{0}}, 2, test_db_soon(), &err)),
        "3 1");
    ck_assert_str_eq(ids(posts_changed(&db, 1577923200000, test_id(1), 2,
                                       test_db_soon(), &err)),
                     "2");
    ck_assert_str_eq(ids(posts_changed(&db, 1577923200000, (struct uuid){{0}},
                                       9, test_db_soon(), &err)),
                     "1 2");
}
END_TEST

START_TEST(a_publication_is_a_change_when_its_time_has_come)
{
    struct post_row rows[] = {post(1), post(2), post(3)};

    put(rows, 3);
    test_db_run(&db, "UPDATE posts SET updated_at = '2020-01-01',"
                     " published_at = '2020-01-03' WHERE id::text LIKE '%1';"
                     "UPDATE posts SET updated_at = '2020-01-02',"
                     " published_at = now() + interval '1 hour'"
                     " WHERE id::text LIKE '%2';"
                     "UPDATE posts SET updated_at = '2020-01-02',"
                     " published_at = '2020-01-04', hidden_at = now()"
                     " WHERE id::text LIKE '%3'");
    ck_assert_str_eq(
        ids(posts_changed(&db, 0, (struct uuid){{0}}, 9, test_db_soon(), &err)),
        "1 2 3 1");
}
END_TEST

START_TEST(a_stamp_of_the_future_is_no_change_yet)
{
    struct post_row rows[] = {post(1), post(2)};

    put(rows, 2);
    test_db_run(&db, "UPDATE posts SET published_at = '2019-01-01';"
                     "UPDATE posts SET updated_at = now() + interval '1 hour'"
                     " WHERE id::text LIKE '%1'");
    ck_assert_str_eq(
        ids(posts_changed(&db, 0, (struct uuid){{0}}, 9, test_db_soon(), &err)),
        "2");
}
END_TEST

START_TEST(a_change_moves_the_stamp_and_a_deletion_too)
{
    struct post_row row = post(1);
    const struct uuid id = test_id(1);
    static const char stamp[] = "SELECT count(*) FROM posts "
                                "WHERE updated_at > now() - interval '1 hour'";

    put(&row, 1);
    test_db_run(&db, "UPDATE posts SET updated_at = '2020-01-01'");
    put(&row, 1);
    ck_assert_int_eq(test_db_number(&db, stamp), 0);
    row.body = SPAN("edited");
    put(&row, 1);
    ck_assert_int_eq(test_db_number(&db, stamp), 1);
    test_db_run(&db, "UPDATE posts SET updated_at = '2020-01-01'");
    MUST(posts_delete(&db, &id, 1, test_db_soon(), &changed, &err));
    ck_assert_int_eq(test_db_number(&db, stamp), 1);
}
END_TEST

START_TEST(a_tag_with_a_control_character_is_refused)
{
    struct post_row row = post(1);

    row.tags[1] = SPAN("a\x1f"
                       "b");
    ck_assert(!posts_upsert(&db, &row, 1, test_db_soon(), &changed, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    row.tags[1] = SPAN("");
    ck_assert(!posts_upsert(&db, &row, 1, test_db_soon(), &changed, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(a_post_named_twice_in_one_call_is_refused)
{
    const struct post_row rows[] = {post(1), post(1)};

    ck_assert(!posts_upsert(&db, rows, 2, test_db_soon(), &changed, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(counts_of_unknown_posts_are_left_out)
{
    const struct post_row row = post(1);
    const struct uuid both[] = {test_id(1), test_id(99)};
    const struct post_counts counts[2] = {{1, 1, 1, 1}, {2, 2, 2, 2}};

    put(&row, 1);
    MUST(post_counts_write(&db, both, counts, 2, NOW_MS, test_db_soon(), &err));
    MUST(post_counts_write(&db, both, counts, 2, NOW_MS, test_db_soon(), &err));
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM post_counts"),
                     1);
}
END_TEST

START_TEST(ten_thousand_posts_go_in_one_statement)
{
    struct post_row *rows = calloc(POSTS_BATCH, sizeof *rows);
    struct store_sizes sizes;

    ck_assert_ptr_nonnull(rows);
    for (unsigned i = 0; i < POSTS_BATCH; i++) {
        rows[i] = post(1 + i);
        rows[i].tag_count = i % 3; /* lists of every length, and none */
    }
    put(rows, POSTS_BATCH);
    ck_assert_uint_eq(changed, POSTS_BATCH);
    put(rows, POSTS_BATCH);
    ck_assert_uint_eq(changed, 0);
    MUST(store_sizes_load(&db, test_db_soon(), &sizes, &err));
    ck_assert_int_eq(sizes.posts, POSTS_BATCH);
    ck_assert_int_eq(sizes.posts_visible, POSTS_BATCH);
    ck_assert_int_eq(sizes.users, 1);
    ck_assert_int_eq(sizes.interactions, 0);
    ck_assert_int_eq(sizes.newest_interaction_at_ms, 0);
    ck_assert(!posts_upsert(&db, rows, POSTS_BATCH + 1, test_db_soon(),
                            &changed, &err));
    ck_assert_int_eq(err.code, ERR_LIMIT);
    free(rows);
}
END_TEST

START_TEST(a_user_keeps_id_and_start_and_takes_the_new_name)
{
    struct user_row user = {
        .id = test_id(5), .name = SPAN("Ada"), .created_at_ms = NOW_MS};

    MUST(users_upsert(&db, &user, 1, test_db_soon(), &changed, &err));
    MUST(users_upsert(&db, &user, 1, test_db_soon(), &changed, &err));
    ck_assert_uint_eq(changed, 0);
    user.name = SPAN("Ada L.");
    user.created_at_ms = DB_NONE_I64;
    MUST(users_upsert(&db, &user, 1, test_db_soon(), &changed, &err));
    ck_assert_uint_eq(changed, 1);
    ck_assert_str_eq(test_db_text(&db, "SELECT name || ' ' || extract(epoch "
                                       "FROM created_at)::bigint FROM users"),
                     "Ada L. 1700000000");
}
END_TEST

START_TEST(a_failed_read_is_not_an_empty_one)
{
    struct post_row row;
    struct posts it = posts_by_ids(&db, NULL, 0, 0, &err);

    ck_assert(!posts_next(&it, &row));
    ck_assert(it.failed);
    ck_assert_int_eq(err.code, ERR_TIMEOUT);
    posts_end(&it);
    it = posts_all(&db, 0, &err);
    ck_assert(!posts_next(&it, &row));
    ck_assert(it.failed);
    posts_end(&it);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("posts");
    Suite *s = suite_create("posts");
    SRunner *sr = srunner_create(s);
    int failed;

    test_db_create();
    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_post_comes_back_as_it_was_put);
    tcase_add_test(tc, a_bare_post_reads_as_empty);
    tcase_add_test(tc, the_same_post_again_changes_nothing);
    tcase_add_test(tc, an_unknown_author_gets_a_row_without_a_name);
    tcase_add_test(
        tc, a_hidden_or_deleted_post_is_not_newest_until_it_is_put_again);
    tcase_add_test(tc, a_post_of_tomorrow_is_not_visible_yet);
    tcase_add_test(tc, pages_of_newest_posts_neither_repeat_nor_skip);
    tcase_add_test(tc, every_post_is_read_by_id);
    tcase_add_test(tc, absent_ids_are_left_out);
    tcase_add_test(tc, changes_are_paged_in_order_of_their_stamp);
    tcase_add_test(tc, a_publication_is_a_change_when_its_time_has_come);
    tcase_add_test(tc, a_stamp_of_the_future_is_no_change_yet);
    tcase_add_test(tc, a_change_moves_the_stamp_and_a_deletion_too);
    tcase_add_test(tc, a_tag_with_a_control_character_is_refused);
    tcase_add_test(tc, a_post_named_twice_in_one_call_is_refused);
    tcase_add_test(tc, counts_of_unknown_posts_are_left_out);
    tcase_add_test(tc, ten_thousand_posts_go_in_one_statement);
    tcase_add_test(tc, a_user_keeps_id_and_start_and_takes_the_new_name);
    tcase_add_test(tc, a_failed_read_is_not_an_empty_one);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
