#include "reco/item_model.h"

#include <math.h>

#include "support/algorithm_fixture.h"

static const uint8_t weight_of[MASK_COUNT] = {[MASK_VIEW] = 1, [MASK_LIKE] = 2};
static const struct fit_input in = {.weight_of = weight_of};
static const float rows[3][3] = {{9, 1, 2}, {3, 9, 3}, {4, -5, 9}};
static void *model;
static struct err err;

static void make(enum item_side side, const float *before, const float *after)
{
    struct item_pruning p;

    ck_assert(item_pruning_init(&p, side, 3, 1, &err));
    for (int j = 0; j < 3; j++)
        item_pruning_offer(&p, rows[j]);
    ck_assert(item_model_make(&p, &in, false, before, after, &model, &err));
}

static void ask_model(uint32_t post, uint8_t mask)
{
    struct query_post posts[] = {{.post = post, .mask = mask}};
    struct query q = {.posts = posts, .count = 1};

    item_model_score(model, NULL, &q, scores);
}

START_TEST(by_history_each_row_keeps_its_largest_the_smaller_of_equals)
{
    make(BY_HISTORY, NULL, NULL);
    ask_model(0, MASK_VIEW);
    ck_unscored(0);
    ck_unscored(1);
    ck_score(2, 2);
    ask_model(1, MASK_VIEW);
    ck_score(0, 3);
    ck_unscored(2);
    item_model_release(model);
}
END_TEST

START_TEST(by_target_each_column_keeps_its_largest)
{
    /* Column 0: 4 of row 2; column 1: 1 of row 0; column 2: 3 of row 1. */
    make(BY_TARGET, NULL, NULL);
    ask_model(1, MASK_VIEW);
    ck_unscored(0);
    ck_score(2, 3);
    ask_model(2, MASK_VIEW);
    ck_score(0, 4);
    ck_unscored(1);
    item_model_release(model);
}
END_TEST

START_TEST(weights_are_scaled_after_pruning)
{
    static const float before[] = {1, 10, 100}, after[] = {2, 4, 8};

    make(BY_TARGET, before, after);
    ask_model(1, MASK_VIEW);
    ck_score(2, 3 * 10 * 8);
    item_model_release(model);
}
END_TEST

START_TEST(a_heavier_pair_counts_more)
{
    make(BY_TARGET, NULL, NULL);
    ask_model(2, MASK_LIKE);
    ck_score(0, 8);
    item_model_release(model);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        by_history_each_row_keeps_its_largest_the_smaller_of_equals,
        by_target_each_column_keeps_its_largest,
        weights_are_scaled_after_pruning,
        a_heavier_pair_counts_more,
    };

    return run_tests("item_model", tests, sizeof tests / sizeof *tests);
}
