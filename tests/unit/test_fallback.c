#include <check.h>

#include "../support/model_fixture.h"
#include "reco/fallback.h"

enum { POSTS = 50 };

static struct fixture f;
static struct profile p;
static struct reader reader;
static struct err err;
static uint32_t got[POSTS * 2];

static void teardown(void)
{
    profile_release(&p);
    fixture_close(&f);
}

static void make(uint32_t posts, const uint8_t *masks)
{
    fixture_init(&f, 1, posts);
    fixture_open(&f);
    fixture_profile(&f, &p, masks);
    ck_assert(
        reader_make(&reader, &f.model, &p, fixture_user(5), NULL, 0, &err));
}

static const uint8_t nothing[POSTS];

START_TEST(a_sample_has_no_post_twice)
{
    bool seen[POSTS] = {false};
    uint32_t count;

    make(POSTS, nothing);
    count = fallback_random(&reader, (uint64_t)_i, 20, got);
    ck_assert_uint_eq(count, 20);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_uint_lt(got[i], POSTS);
        ck_assert(!seen[got[i]]);
        seen[got[i]] = true;
    }
}
END_TEST

START_TEST(asked_for_all_it_gives_all)
{
    make((uint32_t)_i, nothing);
    ck_assert_uint_eq(fallback_random(&reader, 7, POSTS * 2, got),
                      (uint32_t)_i);
}
END_TEST

START_TEST(one_seed_gives_one_order_and_another_another)
{
    uint32_t again[POSTS], other[POSTS];

    make(POSTS, nothing);
    fallback_random(&reader, 1, POSTS, got);
    fallback_random(&reader, 1, POSTS, again);
    fallback_random(&reader, 2, POSTS, other);
    ck_assert_mem_eq(got, again, sizeof again);
    ck_assert_mem_ne(got, other, sizeof other);
}
END_TEST

START_TEST(every_post_has_the_same_chance_to_come_first)
{
    /*
     * 50 posts, 20,000 seeds: 400 expected each. Chi-square with 49 degrees
     * of freedom stays under 94.6 with probability .9999.
     */
    enum { SEEDS = 20000, EXPECTED = SEEDS / POSTS };
    uint32_t first[POSTS] = {0};
    double chi = 0;

    make(POSTS, nothing);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ck_assert_uint_eq(fallback_random(&reader, seed, 1, got), 1);
        first[got[0]]++;
    }
    for (uint32_t i = 0; i < POSTS; i++)
        chi += ((double)first[i] - EXPECTED) * ((double)first[i] - EXPECTED) /
               EXPECTED;
    ck_assert_double_lt(chi, 94.6);
}
END_TEST

START_TEST(the_last_post_left_is_found)
{
    static uint8_t masks[POSTS];

    memset(masks, MASK_VIEW, sizeof masks);
    masks[31] = 0;
    make(POSTS, masks);
    ck_assert_uint_eq(fallback_random(&reader, (uint64_t)_i, 10, got), 1);
    ck_assert_uint_eq(got[0], 31);
}
END_TEST

START_TEST(when_all_is_seen_nothing_is_left_to_chance)
{
    static uint8_t masks[POSTS];

    memset(masks, MASK_VIEW, sizeof masks);
    make(POSTS, masks);
    ck_assert_uint_eq(fallback_random(&reader, 1, 10, got), 0);
}
END_TEST

START_TEST(seen_posts_come_back_oldest_first)
{
    struct history_event events[] = {
        {.post = fixture_post(4), .type = EVENT_VIEW},
        {.post = fixture_post(1), .type = EVENT_HIDE},
        {.post = fixture_post(2), .type = EVENT_LIKE},
        {.post = fixture_post(4), .type = EVENT_VIEW},
        {.post = fixture_post(0), .type = EVENT_VIEW},
    };

    make(POSTS, nothing);
    profile_release(&p);
    ck_assert(profile_init(&p, 8, &err));
    profile_make(&p, &f.model, events, 5);
    ck_assert_uint_eq(fallback_seen_oldest(&reader, 10, got), 3);
    ck_assert_uint_eq(got[0], 0);
    ck_assert_uint_eq(got[1], 2);
    ck_assert_uint_eq(got[2], 4); /* seen again just now */
    ck_assert_uint_eq(fallback_seen_oldest(&reader, 1, got), 1);
    ck_assert_uint_eq(got[0], 0);
}
END_TEST

/* Posts 5 and 7 are in his row alone, 3 in both. */
START_TEST(what_only_the_row_remembers_is_the_oldest)
{
    struct history_event event = {.post = fixture_post(3), .type = EVENT_VIEW};

    fixture_init(&f, 1, POSTS);
    fixture_event(&f, 0, 7, EVENT_LIKE);
    fixture_event(&f, 0, 3, EVENT_LIKE);
    fixture_event(&f, 0, 5, EVENT_LIKE);
    fixture_open(&f);
    ck_assert(profile_init(&p, 8, &err));
    profile_make(&p, &f.model, &event, 1);
    ck_assert(
        reader_make(&reader, &f.model, &p, fixture_user(0), NULL, 0, &err));
    ck_assert_uint_eq(fallback_seen_oldest(&reader, 10, got), 3);
    ck_assert_uint_eq(got[0], 5);
    ck_assert_uint_eq(got[1], 7);
    ck_assert_uint_eq(got[2], 3);
}
END_TEST

START_TEST(posts_newer_than_the_model_take_part)
{
    static const uint8_t may[] = {1, 0, 1};
    static const uint64_t newer_keys[3];

    make(POSTS, nothing);
    reader.newer = may;
    reader.newer_keys = newer_keys;
    reader.newer_count = 3;
    ck_assert_uint_eq(fallback_random(&reader, (uint64_t)_i, POSTS * 2, got),
                      POSTS + 2);
    for (uint32_t i = 0; i < POSTS + 2; i++)
        ck_assert_uint_ne(got[i], POSTS + 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fallback");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_loop_test(tc, a_sample_has_no_post_twice, 0, 20);
    tcase_add_loop_test(tc, asked_for_all_it_gives_all, 0, POSTS + 1);
    tcase_add_test(tc, one_seed_gives_one_order_and_another_another);
    tcase_add_test(tc, every_post_has_the_same_chance_to_come_first);
    tcase_add_loop_test(tc, the_last_post_left_is_found, 0, 20);
    tcase_add_test(tc, when_all_is_seen_nothing_is_left_to_chance);
    tcase_add_test(tc, seen_posts_come_back_oldest_first);
    tcase_add_test(tc, what_only_the_row_remembers_is_the_oldest);
    tcase_add_loop_test(tc, posts_newer_than_the_model_take_part, 0, 5);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
