/*
 * item_model and sparse against the slow and obvious: every post counted
 * against every other for the pruning, one cell at a time for the product. The
 * loop index is the seed.
 */
#include <check.h>
#include <stdlib.h>

#include "base/rng.h"
#include "reco/item_model.h"

enum { POSTS = 23, KEEP = 5, LEVELS = 9, WIDE = 37, SEEDS = 50 };

static const uint8_t weight_of[MASK_COUNT] = {[MASK_VIEW] = 1};
static const struct fit_input in = {.weight_of = weight_of};
static float rows[POSTS][POSTS];
static struct err err;

/* Few levels, so that equal weights are common; some below 0. */
static void fill(uint64_t seed)
{
    struct rng rng = rng_of(seed);

    for (int j = 0; j < POSTS; j++)
        for (int i = 0; i < POSTS; i++)
            rows[j][i] = (float)rng_below(&rng, LEVELS) - 2;
}

static float at(enum item_side side, uint32_t of, uint32_t other)
{
    return side == BY_HISTORY ? rows[of][other] : rows[other][of];
}

/* How many others stand before `other` among those of `of`. */
static uint32_t place(enum item_side side, uint32_t of, uint32_t other)
{
    float weight = at(side, of, other);
    uint32_t before = 0;

    for (uint32_t i = 0; i < POSTS; i++)
        if (i != of && (at(side, of, i) > weight ||
                        (at(side, of, i) == weight && i < other)))
            before++;
    return before;
}

/* The lower half becomes the upper one turned. */
static void mirror(void)
{
    for (int j = 0; j < POSTS; j++)
        for (int i = 0; i < j; i++)
            rows[j][i] = rows[i][j];
}

static void check_side(enum item_side side, bool half)
{
    struct item_pruning p;
    void *model;
    float got[POSTS];

    ck_assert(item_pruning_init(&p, side, POSTS, KEEP, &err));
    for (uint32_t j = 0; j < POSTS; j++)
        if (half)
            item_pruning_offer_half(&p, rows[j] + j + 1);
        else
            item_pruning_offer(&p, rows[j]);
    ck_assert(item_model_make(&p, &in, false, NULL, NULL, &model, &err));
    for (uint32_t j = 0; j < POSTS; j++) {
        struct query_post post = {.post = j, .mask = MASK_VIEW};
        struct query q = {.posts = &post, .count = 1};
        item_model_score(model, NULL, &q, got);
        for (uint32_t i = 0; i < POSTS; i++) {
            uint32_t of = side == BY_HISTORY ? j : i;
            uint32_t other = side == BY_HISTORY ? i : j;
            bool kept =
                i != j && rows[j][i] > 0 && place(side, of, other) < KEEP;
            ck_assert_float_eq(got[i], kept ? rows[j][i] : NO_SCORE);
        }
    }
    item_model_release(model);
}

START_TEST(pruning_keeps_what_stands_before_all_but_a_few)
{
    fill((uint64_t)_i);
    check_side(BY_HISTORY, false);
    check_side(BY_TARGET, false);
}
END_TEST

START_TEST(of_a_symmetric_matrix_one_half_is_enough)
{
    fill((uint64_t)_i);
    mirror();
    check_side(BY_HISTORY, true);
    check_side(BY_TARGET, true);
}
END_TEST

START_TEST(a_product_is_the_same_bits_whatever_the_vector_unit)
{
    struct rng rng = rng_of((uint64_t)_i);
    uint32_t starts[] = {0, 3, 3, 5}, columns[] = {0, 2, 3, 1, 2};
    float values[5], b[4 * WIDE], got[3 * WIDE], sum;
    const struct sparse s = {3, 4, starts, columns, values};

    for (int i = 0; i < 5; i++)
        values[i] = (float)rng_unit(&rng);
    for (int i = 0; i < 4 * WIDE; i++)
        b[i] = (float)rng_unit(&rng);
    sparse_multiply(got, &s, b, WIDE);
    for (uint32_t r = 0; r < 3; r++)
        for (uint32_t k = 0; k < WIDE; k++) {
            sum = 0;
            for (uint32_t i = starts[r]; i < starts[r + 1]; i++)
                sum += b[columns[i] * WIDE + k] * values[i];
            ck_assert_mem_eq(&sum, &got[r * WIDE + k], sizeof sum);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("item_model");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tc, pruning_keeps_what_stands_before_all_but_a_few, 0,
                        SEEDS);
    tcase_add_loop_test(tc, of_a_symmetric_matrix_one_half_is_enough, 0, SEEDS);
    tcase_add_loop_test(tc, a_product_is_the_same_bits_whatever_the_vector_unit,
                        0, SEEDS);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
