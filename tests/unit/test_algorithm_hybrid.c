/* hybrid_v2 as an algorithm: each part alone, then what a request relies on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "reco/algorithm_hybrid.h"

#include "support/algorithm_fixture.h"

#define DAY_MS INT64_C(86400000)
#define NONE                                                                   \
    "neighbours=0 items=0 content=0 trending=0 few_neighbours=0 few_items=0 "  \
    "few_content=0 few_trending=0 "

/* Settings of the fixture end where the next begins: the first one counts, so
 * the part that is asked for stands in front. */
#define ONLY(part) part "=100 few_" part "=100 " NONE

/* Posts 0 and 4 share term 0, post 3 nobody has read. */
static const uint32_t rows[] = {0, 1, 2, 3, 5, 6}, terms[] = {0, 1, 1, 0, 2, 0};
static const uint16_t counts[] = {1, 1, 1, 1, 1, 1};
static const struct contents contents = {3, rows, terms, counts};
static int64_t published_ms[5], at_ms[6];

START_TEST(neighbours_give_what_similar_readers_have)
{
    world("01 012 34", 5);
    fit(&algorithm_hybrid, ONLY("neighbours"));
    ask("0");
    ck_score(1, 1);
    /* Of the two only the less similar one has it. */
    ck_score(2, (1 / sqrt(3)) / (1 / sqrt(2) + 1 / sqrt(3)));
    ck_unscored(3);
    ck_unscored(0); /* seen */
    leave();
}
END_TEST

START_TEST(items_give_what_has_the_same_readers)
{
    world("01 012 34", 5);
    fit(&algorithm_hybrid, ONLY("items") "shrink=0");
    ask("0");
    ck_score(1, 1);
    ck_assert_float_gt(scores[2], 0);
    ck_unscored(3);
    leave();
}
END_TEST

START_TEST(contents_find_a_post_that_nobody_has_read)
{
    world("01 012 2", 5);
    fit_input.contents = &contents;
    fit(&algorithm_hybrid, ONLY("content"));
    ask("0");
    ck_score(4, 1); /* nothing but the shared term */
    ck_assert_float_gt(scores[3], 0);
    ck_assert_float_lt(scores[3], 1);
    ck_unscored(1);
    leave();
}
END_TEST

START_TEST(contents_alone_know_no_neighbours)
{
    world("01 012 2", 5);
    fit_input.contents = &contents;
    fit(&algorithm_content, "");
    ask("0");
    ck_score(4, 1);
    ck_unscored(1);
    leave();
    world("01 012 2", 5);
    fit(&algorithm_content, "");
    ask("0"); /* nothing is known of what they say */
    ck_unscored(1);
    ck_unscored(4);
    leave();
}
END_TEST

/* Posts 0 and 1 are liked by two readers each, post 0 a hundred days ago. */
START_TEST(the_trend_is_what_is_liked_now)
{
    static const struct weights plain = {1, 3, 7, 10, false};
    struct matrix own;
    struct interactions in;
    struct err err;

    world("0", 2); /* for the weights */
    interactions_init(&in);
    for (uint32_t u = 0; u < 4; u++) {
        at_ms[u] = u < 2 ? 0 : 100 * DAY_MS;
        ck_assert(interactions_add(&in, u, u / 2, EVENT_LIKE, at_ms[u], &err));
    }
    ck_assert(interactions_fold(&in, &plain, 4, 2, &own, &err));
    fit_input.matrix = &own;
    fit_input.pair_at_ms = at_ms;
    fit_input.now_ms = 100 * DAY_MS;
    fit(&algorithm_hybrid, "trend_days=10");
    ask("");
    ck_score(1, 1);
    ck_score(0, 0x1p-10); /* ten half-lives */
    leave();
    matrix_release(&own);
}
END_TEST

START_TEST(a_post_of_the_future_is_not_there_yet)
{
    world("01 012 34", 5);
    fit_input.now_ms = 1000;
    memset(published_ms, 0, sizeof published_ms);
    published_ms[1] = 1000;
    fit_input.post_published_ms = published_ms;
    fit_input.contents = &contents;
    fit(&algorithm_hybrid, "");
    ask("0");
    ck_unscored(1);
    ck_assert_float_gt(scores[2], 0);
    leave();
}
END_TEST

START_TEST(an_old_post_fades)
{
    world("01 02", 3);
    fit_input.now_ms = 7 * DAY_MS;
    published_ms[0] = published_ms[1] = 0;
    published_ms[2] = 7 * DAY_MS - 1;
    fit_input.post_published_ms = published_ms;
    fit(&algorithm_hybrid, ONLY("neighbours"));
    ask("0"); /* at the time 0 of the fixture nothing has an age */
    ck_score(1, 1);
    ck_score(2, 1);
    leave();
    world("01 02", 3);
    fit_input.now_ms = 1;
    published_ms[1] = -7 * DAY_MS;
    published_ms[2] = 0;
    fit_input.post_published_ms = published_ms;
    fit(&algorithm_hybrid, ONLY("neighbours"));
    ask("0");
    ck_score(2, 1);
    ck_score(1, 0.5);
    leave();
}
END_TEST

START_TEST(contents_can_come_from_another_model)
{
    struct hybrid_plan plan = {.blend = {1, {{0, {[BLEND_CONTENT] = 1}}}},
                               .neighbours = 1,
                               .query_terms = 64,
                               .similar_posts = 1};
    struct query_post post = {.post = 0, .mask = MASK_VIEW};
    struct query q = {.self = ORDINAL_NONE, .posts = &post, .count = 1};
    void *first = NULL, *second = NULL, *room = NULL;
    struct err err;

    world("01 012 2", 5);
    fit_input.contents = &contents;
    ck_assert(algorithm_hybrid_fit(&fit_input, &plan, &first, &err));
    fit_input.contents = NULL;
    plan.contents_of = first; /* its state begins with its model */
    ck_assert(algorithm_hybrid_fit(&fit_input, &plan, &second, &err));
    algorithm_hybrid.release(first);
    ck_assert(algorithm_hybrid.room_open(second, &room, &err));
    algorithm_hybrid.score(second, room, &q, scores);
    ck_score(4, 1);
    algorithm_hybrid.room_close(room);
    algorithm_hybrid.release(second);
    fit(&algorithm_hybrid, "");
    leave();
}
END_TEST

static double value(const char *name)
{
    for (const struct algorithm_setting *s = algorithm_hybrid.settings; s->name;
         s++)
        if (!strcmp(s->name, name))
            return s->value;
    return NAN;
}

/* What is evaluated by default is what is served by default. */
START_TEST(its_defaults_are_those_of_the_service)
{
    const double s_per_day = 86400;
    struct blend_table served;
    struct config c;
    struct err err;

    ck_assert(config_load(&c, &err));
    ck_assert(blend_table_read(c.blend, &served, &err));
    ck_assert_uint_eq(served.band_count, 3);
    ck_assert_uint_eq(served.bands[1].from, 1);
    ck_assert_uint_eq(served.bands[2].from, 5);
    for (int p = 0; p < BLEND_PARTS; p++) {
        static const char *const many[] = {"neighbours", "items", "content",
                                           "trending"};
        static const char *const few[] = {"few_neighbours", "few_items",
                                          "few_content", "few_trending"};
        ck_assert_uint_eq(served.bands[0].weights[p] > 0, p == BLEND_TRENDING);
        ck_assert_double_eq(served.bands[1].weights[p], value(few[p]));
        ck_assert_double_eq(served.bands[2].weights[p], value(many[p]));
    }
    ck_assert_double_eq(c.neighbours, value("k"));
    ck_assert_double_eq(c.query_terms, value("terms"));
    ck_assert_double_eq(c.similar_posts, value("similar"));
    ck_assert_double_eq(c.similar_shrink, value("shrink"));
    ck_assert_double_eq(c.taste_half_life_s, value("taste_days") * s_per_day);
    ck_assert_double_eq(c.post_half_life_s, value("post_days") * s_per_day);
    ck_assert_double_eq(c.trend_half_life_s, value("trend_days") * s_per_day);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        neighbours_give_what_similar_readers_have,
        items_give_what_has_the_same_readers,
        contents_find_a_post_that_nobody_has_read,
        contents_alone_know_no_neighbours,
        the_trend_is_what_is_liked_now,
        a_post_of_the_future_is_not_there_yet,
        an_old_post_fades,
        contents_can_come_from_another_model,
        its_defaults_are_those_of_the_service,
    };

    return run_tests("algorithm_hybrid", tests, sizeof tests / sizeof *tests);
}
