/* The newest posts kept in memory: what a worker without a model lives on. */
#include <check.h>
#include <stdlib.h>

#include "../support/corpus.h"
#include "../support/test_db.h"
#include "app/shelf.h"

static struct stage stage;
static struct shelf shelf;
static struct config config;
static struct err err;

static void setup(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
    config = stage_config();
    shelf_init(&shelf);
}

static void teardown(void)
{
    shelf_release(&shelf);
    stage_close(&stage);
}

static bool follow(void)
{
    return shelf_follow(&shelf, &stage.db, &config, test_db_soon(), &err);
}

/* As if SHELF_LIFE_MS had passed. */
static void grow_old(void)
{
    shelf.read_at_us = 1;
}

static void holds_all(void)
{
    ck_assert_uint_eq(shelf.count, CORPUS_POSTS);
    for (uint32_t i = 0; i < shelf.count; i++) {
        ck_assert_uint_eq(test_number(shelf.posts[i].id), i + 1);
        ck_assert(span_starts(shelf_text(&shelf, i),
                              "\"id\":\"00000000-0000-4000-8000-0000000000"));
        ck_assert(span_has(shelf_text(&shelf, i), ",\"url\":null"));
    }
}

START_TEST(it_holds_the_newest_posts_in_order)
{
    ck_assert_uint_eq(shelf.count, 0);
    ck_assert(follow());
    holds_all();
}
END_TEST

START_TEST(it_is_not_read_again_while_it_is_young)
{
    ck_assert(follow());
    test_db_run(&stage.db, "UPDATE posts SET hidden_at = now()");
    ck_assert(follow());
    holds_all();
}
END_TEST

START_TEST(it_is_read_again_when_it_is_old)
{
    ck_assert(follow());
    test_db_run(&stage.db,
                "UPDATE posts SET hidden_at = now() WHERE title <> 'Post 9'");
    grow_old();
    ck_assert(follow());
    ck_assert_uint_eq(shelf.count, 1);
    ck_assert_uint_eq(test_number(shelf.posts[0].id), 9);
}
END_TEST

START_TEST(a_database_that_answers_but_cannot_read_leaves_it_as_it_was)
{
    ck_assert(follow());
    test_db_run(&stage.db, "ALTER TABLE posts RENAME TO away");
    grow_old();
    ck_assert(!follow());
    test_db_run(&stage.db, "ALTER TABLE away RENAME TO posts");
    holds_all();
    ck_assert(follow()); /* it is still due */
    holds_all();
}
END_TEST

START_TEST(a_deadline_that_has_passed_leaves_it_as_it_was)
{
    ck_assert(follow());
    grow_old();
    ck_assert(!shelf_follow(&shelf, &stage.db, &config, 1, &err));
    holds_all();
}
END_TEST

START_TEST(a_page_begins_behind_a_post)
{
    struct shelf_post last;

    ck_assert(follow());
    last = shelf.posts[9];
    ck_assert(shelf_read(&shelf, &stage.db, &config, 3, last.published_at_ms,
                         last.id, test_db_soon(), &err));
    ck_assert_uint_eq(shelf.count, 3);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq(test_number(shelf.posts[i].id), 11 + i);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("shelf");
    TCase *tc = tcase_create("shelf");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, it_holds_the_newest_posts_in_order);
    tcase_add_test(tc, it_is_not_read_again_while_it_is_young);
    tcase_add_test(tc, it_is_read_again_when_it_is_old);
    tcase_add_test(tc,
                   a_database_that_answers_but_cannot_read_leaves_it_as_it_was);
    tcase_add_test(tc, a_deadline_that_has_passed_leaves_it_as_it_was);
    tcase_add_test(tc, a_page_begins_behind_a_post);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
