/* The slots that hybrid_v2 gives to chance, and the newer posts it keeps, in
 * the world of corpus.h: posts 21 to 30 have no reader. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/corpus.h"
#include "../support/test_db.h"
#include "base/clock.h"
#include "web/impression.h"

enum {
    READERS = 300,
    FIRST_READER = 5000,
    LIMIT = 10,
    PERCENT = 20,
    DRAWN = LIMIT * PERCENT / 100,
    UNREAD = CORPUS_POSTS - 20,
    NUMBERS = 400,
    SECONDS = 20,
};

static struct stage stage;
static struct worker feeds;
static unsigned shown[NUMBERS]; /* as exploration, by number of the post */

static void setup(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
    stage_set("KITH_ALGORITHM", "hybrid_v2");
    stage_set("KITH_FRESH_CHECK_MS", "100");
    stage_set("KITH_EXPLORE_PERCENT", "20");
    memset(shown, 0, sizeof shown);
}

/* A minute ago: the training of this moment has to see it. */
static void view(unsigned reader, unsigned from, unsigned to, unsigned without)
{
    char sql[512];

    snprintf(sql, sizeof sql,
             "INSERT INTO user_interactions"
             " (id, user_id, post_id, interaction_type, created_at)"
             " SELECT gen_random_uuid(), '00000000-0000-4000-8000-%012u',"
             " ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,"
             " 'view', now() - interval '1 minute'"
             " FROM generate_series(%u, %u) AS g (n) WHERE n <> %u",
             reader, from, to, without);
    test_db_run(&stage.db, sql);
}

static void start(void)
{
    stage_train(&stage);
    worker_start(&feeds, &stage, "feeds");
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&feeds), 0);
    stage_close(&stage);
}

static void ask_as(unsigned reader, const char *query, struct answer *a)
{
    char bearer[STAGE_TOKEN];

    stage_token(&stage, test_id(reader), bearer);
    worker_ask(&feeds, &(struct ask){.query = query, .bearer = bearer}, a);
    ck_assert_int_eq(a->status, 200);
}

static struct span text_in(const struct json *object, const char *key)
{
    struct span text = {NULL, 0};
    struct err err;

    ck_assert(json_find_text(object, key, &text, NULL, &err));
    return text;
}

static unsigned number_of(const struct json *post, struct uuid *id)
{
    ck_assert(uuid_find(text_in(post, "id"), id));
    return test_number(*id);
}

/* What was signed beside the post: who shows it says with which chance. */
static double propensity_of(unsigned reader, const struct json *post)
{
    struct impression imp;
    struct uuid id;
    struct err err;

    number_of(post, &id);
    ck_assert_msg(impression_check(&stage.keys, test_id(reader), id,
                                   text_in(post, "impression"), &imp, &err),
                  "%s", err.what);
    return (double)imp.propensity;
}

/* Counts into shown[]; returns how many slots chance has filled. */
static unsigned count_shown(const struct answer *a)
{
    struct json posts = answer_array(a, "posts");
    unsigned drawn = 0;
    struct uuid id;

    for (size_t i = 0; i < json_count(&posts); i++) {
        struct json post = json_at(&posts, i);
        unsigned number = number_of(&post, &id);
        if (!span_is(text_in(&post, "source"), "explore"))
            continue;
        ck_assert_uint_gt(i, 0); /* never the first slot */
        ck_assert_uint_lt(number, NUMBERS);
        shown[number]++;
        drawn++;
    }
    return drawn;
}

static void ask_many(void)
{
    for (unsigned r = 0; r < READERS; r++) {
        struct answer a;
        ask_as(FIRST_READER + r, "limit=10", &a);
        ck_assert_uint_le(count_shown(&a), DRAWN); /* a bounded share */
        answer_release(&a);
    }
}

/* 300 answers, 600 draws among 10: 60 +- 7 each. */
START_TEST(every_new_post_gets_its_first_impressions)
{
    start();
    ask_many();
    for (unsigned post = 1; post <= CORPUS_POSTS; post++)
        if (post <= CORPUS_POSTS - UNREAD)
            ck_assert_msg(!shown[post], "%u is not new", post);
        else
            ck_assert_msg(shown[post] >= 20, "%u: %u times", post, shown[post]);
}
END_TEST

START_TEST(the_post_with_fewest_readers_waits_behind_no_other)
{
    view(101, 22, CORPUS_POSTS, 0);
    start();
    ask_many();
    ck_assert_uint_gt(shown[21], READERS / 2);
    for (unsigned post = 22; post <= CORPUS_POSTS; post++)
        ck_assert_msg(!shown[post], "%u before 21", post);
}
END_TEST

START_TEST(a_post_newer_than_the_model_waits_for_no_training)
{
    view(101, 21, CORPUS_POSTS, 0);
    start();
    test_db_run(&stage.db,
                "INSERT INTO posts (id, title, body) VALUES"
                " ('00000000-0000-4000-8000-000000000200', 'New', 'News')");
    ask_many();
    ck_assert_uint_gt(shown[200], READERS / 2);
}
END_TEST

START_TEST(a_post_that_was_read_enough_is_not_new_any_more)
{
    stage_set("KITH_EXPLORE_READERS", "2");
    view(101, 21, CORPUS_POSTS, 25);
    view(102, 21, CORPUS_POSTS, 25);
    start();
    ask_many();
    ck_assert_uint_gt(shown[25], READERS / 2);
    for (unsigned post = 21; post <= CORPUS_POSTS; post++)
        ck_assert_msg(post == 25 || !shown[post], "%u", post);
}
END_TEST

/* Of 9 slots 2 are drawn; each post of the pool of 10 has a tenth of that. */
START_TEST(the_chance_of_every_slot_is_signed_into_its_impression)
{
    const double drawn = 2.0 / 9;

    start();
    for (unsigned r = 0; r < 20; r++) {
        struct answer a;
        struct json posts;
        ask_as(CORPUS_READER, "limit=10", &a);
        posts = answer_array(&a, "posts");
        for (size_t i = 0; i < json_count(&posts); i++) {
            struct json post = json_at(&posts, i);
            bool chance = span_is(text_in(&post, "source"), "explore");
            double wanted = chance ? drawn / UNREAD : i ? 1 - drawn : 1;
            if (!chance && !span_is(text_in(&post, "source"), "neighbours") &&
                !span_is(text_in(&post, "source"), "trending"))
                continue; /* filled up by chance, see the fallback */
            ck_assert_double_eq_tol(propensity_of(CORPUS_READER, &post), wanted,
                                    1e-6);
        }
        answer_release(&a);
        corpus_event(&stage, CORPUS_READER, 1, "view"); /* another seed */
    }
}
END_TEST

/* ---- newer posts that are kept ---- */

/* Says what post 1 says, which 200 likes; `hours` old. */
static void publish(unsigned number, unsigned hours)
{
    char sql[512];

    snprintf(sql, sizeof sql,
             "INSERT INTO posts (id, title, body, tags, published_at)"
             " SELECT '00000000-0000-4000-8000-%012u', title, body, tags,"
             " now() - %u * interval '1 hour' FROM posts ORDER BY id LIMIT 1",
             number, hours);
    test_db_run(&stage.db, sql);
}

static bool is_given(unsigned number)
{
    struct answer a;
    struct json posts;
    struct uuid id;
    bool found = false;

    ask_as(CORPUS_READER, "limit=50", &a);
    posts = answer_array(&a, "posts");
    for (size_t i = 0; i < json_count(&posts); i++) {
        struct json post = json_at(&posts, i);
        found = found || number_of(&post, &id) == number;
    }
    answer_release(&a);
    return found;
}

START_TEST(of_more_newer_posts_than_are_kept_the_oldest_leave)
{
    int64_t until_us = clock_mono_us() + SECONDS * INT64_C(1000000);

    stage_set("KITH_EXPLORE_PERCENT", "0");
    stage_set("KITH_BLEND", "0:0/0/100/0");
    stage_set("KITH_FRESH_POSTS", "2");
    start();
    publish(301, 3);
    publish(302, 2);
    publish(303, 1);
    ck_assert(is_given(303));
    ck_assert(is_given(302));
    ck_assert(!is_given(301));
    publish(304, 0);
    publish(300, 4); /* older than what is kept */
    while (!is_given(304))
        ck_assert_int_lt(clock_mono_us(), until_us);
    ck_assert(is_given(303));
    ck_assert(!is_given(302));
    ck_assert(!is_given(300));
}
END_TEST

START_TEST(a_worker_that_keeps_none_gives_none)
{
    stage_set("KITH_EXPLORE_PERCENT", "0");
    stage_set("KITH_BLEND", "0:0/0/100/0");
    stage_set("KITH_FRESH_POSTS", "0");
    start();
    publish(301, 1);
    ck_assert(!is_given(301));
}
END_TEST

int main(void)
{
    enum { LIMIT_S = 120 };
    Suite *suite = suite_create("explore");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    stage_create();
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, LIMIT_S);
    tcase_add_test(tc, every_new_post_gets_its_first_impressions);
    tcase_add_test(tc, the_post_with_fewest_readers_waits_behind_no_other);
    tcase_add_test(tc, a_post_newer_than_the_model_waits_for_no_training);
    tcase_add_test(tc, a_post_that_was_read_enough_is_not_new_any_more);
    tcase_add_test(tc, the_chance_of_every_slot_is_signed_into_its_impression);
    tcase_add_test(tc, of_more_newer_posts_than_are_kept_the_oldest_leave);
    tcase_add_test(tc, a_worker_that_keeps_none_gives_none);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
