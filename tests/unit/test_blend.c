/* Blend, diversity, exploration, trend and contents: formulas worked out by
 * hand. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reco/blend.h"
#include "reco/content.h"
#include "reco/diversify.h"
#include "reco/explore.h"
#include "reco/similar.h"
#include "reco/trending.h"

static struct blend b;
static struct err err;

/* ---- blend ---- */

START_TEST(a_table_has_the_row_of_the_longest_history_reached)
{
    struct blend_table t;

    ck_assert(blend_table_read("0:0/0/0/100 1:1/2/3/4  5:9/8/7/6", &t, &err));
    ck_assert_uint_eq(t.band_count, 3);
    ck_assert_uint_eq(blend_band_of(&t, 0)->weights[BLEND_TRENDING], 100);
    ck_assert_uint_eq(blend_band_of(&t, 4)->weights[BLEND_ITEMS], 2);
    ck_assert_uint_eq(blend_band_of(&t, 5)->weights[BLEND_NEIGHBOURS], 9);
    ck_assert_uint_eq(blend_band_of(&t, 5000)->weights[BLEND_CONTENT], 7);
}
END_TEST

START_TEST(a_wrong_table_is_refused)
{
    /* clang-format off */
    static const char *const wrong[] = {
        "",
        "1:0/0/0/1",
        "0:1/2/3",
        "0:1/2/3/4/5",
        "0:1/2/3/1001",
        "0:1/2/3/4 0:1/2/3/4",
        "0:1/2/3/4 5:1/2/3/4 3:1/2/3/4",
        "0:-1/2/3/4",
        "x",
        "0:1/1/1/1 1:1/1/1/1 2:1/1/1/1 3:1/1/1/1 4:1/1/1/1 5:1/1/1/1 6:1/1/1/1 7:1/1/1/1 8:1/1/1/1",
    };
    /* clang-format on */
    struct blend_table t;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_msg(!blend_table_read(wrong[i], &t, &err), "%s", wrong[i]);
        ck_assert_int_eq(err.code, ERR_INVALID);
    }
}
END_TEST

/*
 * weights 30 and 10; neighbours: post 1 with 8, post 2 with 4; trend: post 2
 * with 100, post 3 with 50.
 *     1: 30/40 * 8/8 = .75     2: 30/40 * 4/8 + 10/40 * 1 = .625
 *     3: 10/40 * 50/100 = .125
 */
START_TEST(scores_are_weighted_sums_of_what_parts_say)
{
    static struct part near = {.count = 2, .posts = {{8, 1}, {4, 2}}};
    static struct part hot = {.count = 2, .posts = {{100, 2}, {50, 3}}};
    const struct part *parts[BLEND_PARTS] = {
        [BLEND_NEIGHBOURS] = &near, [BLEND_TRENDING] = &hot};
    const uint32_t weights[BLEND_PARTS] = {
        [BLEND_NEIGHBOURS] = 30, [BLEND_ITEMS] = 99, [BLEND_TRENDING] = 10};

    blend_make(&b, parts, weights);
    ck_assert_uint_eq(b.count, 3);
    ck_assert_uint_eq(b.posts[0].post, 1);
    ck_assert_float_eq(b.posts[0].score, .75f);
    ck_assert_uint_eq(b.posts[1].post, 2);
    ck_assert_float_eq(b.posts[1].score, .625f);
    ck_assert_float_eq(b.posts[1].gives[BLEND_NEIGHBOURS], .375f);
    ck_assert_float_eq(b.posts[1].gives[BLEND_TRENDING], .25f);
    ck_assert_int_eq(blend_leader(&b.posts[1]), BLEND_NEIGHBOURS);
    ck_assert_uint_eq(b.posts[2].post, 3);
    ck_assert_float_eq(b.posts[2].score, .125f);
}
END_TEST

START_TEST(a_full_blend_keeps_every_post_once_and_in_order)
{
    static struct part parts[BLEND_PARTS];
    const struct part *all[BLEND_PARTS];
    const uint32_t weights[BLEND_PARTS] = {1, 1, 1, 1};

    for (uint32_t p = 0; p < BLEND_PARTS; p++) {
        parts[p].count = PART_MOST;
        for (uint32_t i = 0; i < PART_MOST; i++)
            parts[p].posts[i] = (struct part_post){
                PART_MOST - i, p * PART_MOST + i * 7 % PART_MOST};
        all[p] = &parts[p];
    }
    blend_make(&b, all, weights);
    ck_assert_uint_eq(b.count, BLEND_MOST);
    for (uint32_t i = 1; i < b.count; i++)
        ck_assert(b.posts[i - 1].score > b.posts[i].score ||
                  (b.posts[i - 1].score == b.posts[i].score &&
                   b.posts[i - 1].post < b.posts[i].post));
}
END_TEST

/* ---- diversity ---- */

static const struct diversity off = {
    .author_percent = 100, .tag_percent = 100, .score_percent = 100};

/* One author has the three best; half each time: 1.0, then .9 * .5 = .45 is
 * behind .6; after that .9 * .5 is ahead of .4. */
START_TEST(an_author_who_was_just_shown_steps_back)
{
    const struct diverse_post posts[] = {
        {1.0f, 7, 0, {0}}, {.9f, 7, 0, {0}}, {.8f, 7, 0, {0}},
        {.6f, 8, 0, {0}},  {.4f, 9, 0, {0}},
    };
    struct diversity d = off;
    uint32_t order[5];

    d.author_percent = 50;
    d.window = 10;
    ck_assert_uint_eq(diversify(posts, 5, 5, &d, order), 5);
    ck_assert_uint_eq(order[0], 0);
    ck_assert_uint_eq(order[1], 3);
    ck_assert_uint_eq(order[2], 1);
    ck_assert_uint_eq(order[3], 4);
    ck_assert_uint_eq(order[4], 2);
}
END_TEST

START_TEST(a_tag_outside_the_window_is_forgotten)
{
    const struct diverse_post posts[] = {
        {1.0f, 0, 1, {5}}, {.9f, 0, 1, {5}}, {.8f, 0, 1, {6}}};
    struct diversity d = off;
    uint32_t order[3];

    d.tag_percent = 50;
    d.window = 1;
    ck_assert_uint_eq(diversify(posts, 3, 3, &d, order), 3);
    ck_assert_uint_eq(order[0], 0);
    ck_assert_uint_eq(order[1], 2);
    ck_assert_uint_eq(order[2], 1);
}
END_TEST

static double alike(void *arg, uint32_t x, uint32_t y)
{
    (void)arg;
    return x / 2 == y / 2; /* 0 with 1, 2 with 3 */
}

/* .5 * .9 - .5 * 1.0 * 1 = -.05 is behind .5 * .5 = .25. */
START_TEST(marginal_relevance_prefers_what_is_unlike)
{
    const struct diverse_post posts[] = {
        {1.0f, 0, 0, {0}}, {.9f, 0, 0, {0}}, {.5f, 0, 0, {0}}};
    struct diversity d = off;
    uint32_t order[3];

    d.score_percent = 50;
    d.likeness = alike;
    ck_assert_uint_eq(diversify(posts, 3, 3, &d, order), 3);
    ck_assert_uint_eq(order[1], 2);
    ck_assert_uint_eq(order[2], 1);
}
END_TEST

START_TEST(switched_off_it_leaves_the_order)
{
    struct diverse_post posts[DIVERSE_CHOSEN_MOST];
    uint32_t order[DIVERSE_CHOSEN_MOST];

    for (uint32_t i = 0; i < DIVERSE_CHOSEN_MOST; i++)
        posts[i] = (struct diverse_post){1.0f / (float)(i / 3 + 1), 1, 0, {0}};
    ck_assert_uint_eq(diversify(posts, DIVERSE_CHOSEN_MOST, 9, &off, order), 9);
    for (uint32_t i = 0; i < 9; i++)
        ck_assert_uint_eq(order[i], i);
    ck_assert_uint_eq(diversify(posts, 0, 9, &off, order), 0);
}
END_TEST

/* ---- exploration ---- */

START_TEST(draws_are_bounded_and_never_take_the_first_slot)
{
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct explore_plan plan = explore_slots(20, 12, seed); /* 2.4 */
        uint32_t drawn = 0;
        ck_assert(!plan.is_drawn[0]);
        for (uint32_t i = 0; i < 20; i++)
            drawn += plan.is_drawn[i];
        ck_assert_uint_eq(drawn, plan.count);
        ck_assert_uint_ge(drawn, 2);
        ck_assert_uint_le(drawn, 3);
    }
}
END_TEST

/* 2.4 of 19 slots: each with .1263; 20,000 tries, 5 standard errors. */
START_TEST(each_slot_is_drawn_as_often_as_its_propensity_says)
{
    enum { TRIES = 20000, WANT = 20 };
    uint32_t drawn[WANT] = {0};
    double chance = 0;

    for (uint64_t seed = 0; seed < TRIES; seed++) {
        struct explore_plan plan = explore_slots(WANT, 12, seed);
        chance = plan.chance;
        for (uint32_t i = 0; i < WANT; i++)
            drawn[i] += plan.is_drawn[i];
    }
    ck_assert_double_eq_tol(chance, 2.4 / 19, 1e-12);
    for (uint32_t i = 1; i < WANT; i++)
        ck_assert_double_eq_tol(drawn[i] / (double)TRIES, chance, .012);
}
END_TEST

START_TEST(the_same_seed_draws_the_same)
{
    uint32_t a[] = {1, 2, 3, 4, 5, 6}, z[] = {1, 2, 3, 4, 5, 6};

    ck_assert_uint_eq(explore_draw(a, 6, 4, 9), 4);
    ck_assert_uint_eq(explore_draw(z, 6, 4, 9), 4);
    ck_assert_mem_eq(a, z, sizeof a);
    ck_assert_uint_eq(explore_draw(a, 6, 10, 9), 6);
    ck_assert_uint_eq(explore_draw(a, 0, 3, 9), 0);
    ck_assert_uint_eq(explore_slots(1, 50, 1).count, 0);
    ck_assert_uint_eq(explore_slots(20, 0, 1).count, 0);
    ck_assert_uint_eq(explore_slots(4, 100, 1).count, 3);
}
END_TEST

/* ---- trend, similarity ---- */

/* p = .5, n = 10: (.5 + .19208 - 1.96 sqrt((.25 + .09604) / 10)) / 1.38416 */
START_TEST(wilson_is_the_published_lower_bound)
{
    ck_assert_double_eq_tol(trending_wilson(5, 10), .236590, 1e-6);
    ck_assert_double_eq_tol(trending_wilson(0, 10), 0, 1e-12);
    ck_assert_double_eq(trending_wilson(0, 0), 0);
    ck_assert_double_eq_tol(trending_wilson(10, 10), .722460, 1e-5);
}
END_TEST

START_TEST(an_event_counts_half_after_each_half_life)
{
    const uint64_t unit = (uint64_t)1 << 30;

    ck_assert_uint_eq(trending_add(8, 0, 1000), 8 * unit);
    ck_assert_uint_eq(trending_add(8, 1000, 1000), 4 * unit);
    ck_assert_uint_eq(trending_add(8, 3000, 1000), unit);
    ck_assert_uint_eq(trending_add(8, 3000, 0), 8 * unit);
    ck_assert_uint_eq(trending_add(8, -5, 1000), 8 * unit);
    ck_assert_uint_eq(trending_add(8, 100000, 1000), 0);
}
END_TEST

/* Ten view, five of them like: S = 10 * 1 + 5 * 7, times the bound for 5 of 10;
 * half a life later the sum is half of that for all posts alike. */
START_TEST(heat_is_the_decayed_sum_times_the_bound_of_the_rate)
{
    static const struct weights plain = {1, 3, 7, 10, false};
    uint8_t weight_of[2 * MASK_COUNT];
    struct interactions events;
    struct trending t = {0};
    struct matrix m;

    weights_table(&plain, weight_of);
    interactions_init(&events);
    for (uint32_t u = 0; u < 10; u++) {
        ck_assert(interactions_add(&events, u, 0, EVENT_VIEW, 5000, &err));
        ck_assert(u % 2 ||
                  interactions_add(&events, u, 0, EVENT_LIKE, 5000, &err));
    }
    ck_assert(trending_build(&events, weight_of, 2, 6000, 1000, &t, &err));
    ck_assert(interactions_fold(&events, &plain, 10, 2, &m, &err));
    ck_assert(trending_end(&t, &m, &err));
    ck_assert_double_eq_tol((double)t.heats[0], log2(45 / 2.0 * .236590), 1e-5);
    ck_assert(isinf(t.heats[1]));
    ck_assert_uint_eq(t.count, 1);
    trending_release(&t);
    matrix_release(&m);
}
END_TEST

/* tf 2 in a text of average length: 2 * 2.2 / (2 + 1.2); in one of twice that
 * 2 * 2.2 / (2 + 1.2 * 1.75); times ln(1 + 2.5 / 1.5), in one of three posts.
 */
START_TEST(a_term_weighs_what_bm25_says)
{
    ck_assert_double_eq_tol(content_bm25(2, 10, 10, 1, 3), 1.348640, 1e-6);
    ck_assert_double_eq_tol(content_bm25(2, 20, 10, 1, 3), 1.052597, 1e-6);
}
END_TEST

/* dot 6, norms 4 and 9: cosine 1; with shrink 6: one half. */
START_TEST(similarity_is_a_damped_cosine)
{
    ck_assert_uint_eq(similar_of(6, 4, 9, 0), 1u << SIMILAR_BITS);
    ck_assert_uint_eq(similar_of(6, 4, 9, 6), 1u << (SIMILAR_BITS - 1));
    ck_assert_uint_eq(similar_of(0, 4, 9, 0), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blend");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_test(tc, a_table_has_the_row_of_the_longest_history_reached);
    tcase_add_test(tc, a_wrong_table_is_refused);
    tcase_add_test(tc, scores_are_weighted_sums_of_what_parts_say);
    tcase_add_test(tc, a_full_blend_keeps_every_post_once_and_in_order);
    tcase_add_test(tc, an_author_who_was_just_shown_steps_back);
    tcase_add_test(tc, a_tag_outside_the_window_is_forgotten);
    tcase_add_test(tc, marginal_relevance_prefers_what_is_unlike);
    tcase_add_test(tc, switched_off_it_leaves_the_order);
    tcase_add_test(tc, draws_are_bounded_and_never_take_the_first_slot);
    tcase_add_test(tc, each_slot_is_drawn_as_often_as_its_propensity_says);
    tcase_add_test(tc, the_same_seed_draws_the_same);
    tcase_add_test(tc, wilson_is_the_published_lower_bound);
    tcase_add_test(tc, an_event_counts_half_after_each_half_life);
    tcase_add_test(tc, heat_is_the_decayed_sum_times_the_bound_of_the_rate);
    tcase_add_test(tc, a_term_weighs_what_bm25_says);
    tcase_add_test(tc, similarity_is_a_damped_cosine);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
