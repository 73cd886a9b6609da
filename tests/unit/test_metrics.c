#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "reco/metrics.h"

#define NEAR 1e-6

static struct err err;
static double got[ACCURACY_METRICS];

/*
 * List 5 3 9 1, to be found 1 5 7: hits at ranks 1 and 4.
 */
static const uint32_t list[] = {5, 3, 9, 1}, test[] = {1, 5, 7};

START_TEST(every_metric_agrees_with_a_case_worked_out_by_hand)
{
    metrics_accuracy(list, 4, 4, test, 3, got);
    ck_assert_double_eq_tol(got[METRIC_RECALL], 2 / 3.0, NEAR);
    ck_assert_double_eq_tol(got[METRIC_RECALL_MIN], 2 / 3.0, NEAR);
    ck_assert_double_eq_tol(got[METRIC_PRECISION], 0.5, NEAR);
    ck_assert_double_eq(got[METRIC_HIT], 1);
    ck_assert_double_eq(got[METRIC_MRR], 1);
    /* (1/1 + 2/4) / 3 */
    ck_assert_double_eq_tol(got[METRIC_MAP], 0.5, NEAR);
    /* (1/log2 2 + 1/log2 5) / (1/log2 2 + 1/log2 3 + 1/log2 4)
     * = 1.430677 / 2.130930 */
    ck_assert_double_eq_tol(got[METRIC_NDCG], 0.671386, NEAR);
}
END_TEST

START_TEST(denominators_are_cut_where_the_formula_says_so)
{
    /* k = 2: one hit, at rank 1. */
    metrics_accuracy(list, 4, 2, test, 3, got);
    ck_assert_double_eq_tol(got[METRIC_RECALL], 1 / 3.0, NEAR);
    ck_assert_double_eq_tol(got[METRIC_RECALL_MIN], 1 / 2.0, NEAR);
    ck_assert_double_eq_tol(got[METRIC_PRECISION], 1 / 2.0, NEAR);
    ck_assert_double_eq_tol(got[METRIC_MAP], 1 / 2.0, NEAR);
    /* 1 / (1 + 1/log2 3) */
    ck_assert_double_eq_tol(got[METRIC_NDCG], 0.613147, NEAR);
}
END_TEST

START_TEST(missing_ranks_of_a_short_list_are_misses)
{
    metrics_accuracy(list, 1, 10, test, 3, got);
    ck_assert_double_eq_tol(got[METRIC_RECALL], 1 / 3.0, NEAR);
    ck_assert_double_eq_tol(got[METRIC_PRECISION], 0.1, NEAR);
    metrics_accuracy(list, 0, 10, test, 3, got);
    for (int m = 0; m < ACCURACY_METRICS; m++)
        ck_assert_double_eq(got[m], 0);
}
END_TEST

START_TEST(without_a_hit_all_are_zero)
{
    static const uint32_t misses[] = {2, 4, 6};

    metrics_accuracy(misses, 3, 3, test, 3, got);
    for (int m = 0; m < ACCURACY_METRICS; m++)
        ck_assert_double_eq(got[m], 0);
}
END_TEST

START_TEST(the_ideal_list_is_worth_one_everywhere)
{
    metrics_accuracy(test, 3, 3, test, 3, got);
    for (int m = 0; m < ACCURACY_METRICS; m++)
        ck_assert_double_eq_tol(got[m], 1, NEAR);
}
END_TEST

START_TEST(metrics_are_found_by_name)
{
    ck_assert_int_eq(metric_find("ndcg"), METRIC_NDCG);
    ck_assert_int_eq(metric_find("recall_min"), METRIC_RECALL_MIN);
    ck_assert_int_eq(metric_find("accuracy"), -1);
}
END_TEST

/* ---- lists together ---- */

static struct metric_lists lists_of(const uint32_t *lists,
                                    const uint32_t *counts, size_t count,
                                    uint32_t room, uint32_t posts)
{
    return (struct metric_lists){lists, counts, count, room, posts};
}

START_TEST(coverage_counts_posts_shown_to_anybody)
{
    /* Three lists of one post, 0 0 1, of four posts. Leaving out the last
     * list loses post 1: 2/3 * (1 - 1/3) = 4/9, its root over 4 posts. */
    static const uint32_t lists[] = {0, 0, 1}, counts[] = {1, 1, 1};
    struct metric_lists in = lists_of(lists, counts, 3, 1, 4);
    struct estimate e;

    ck_assert(metrics_coverage(&in, 1, &e, &err));
    ck_assert_double_eq_tol(e.value, 0.5, NEAR);
    ck_assert_double_eq_tol(e.error, 2 / 3.0 / 4, NEAR);
}
END_TEST

START_TEST(lists_are_cut_at_k)
{
    static const uint32_t lists[] = {0, 1, 2, 3}, counts[] = {2, 1};
    struct metric_lists in = lists_of(lists, counts, 2, 2, 4);
    struct estimate e;

    ck_assert(metrics_coverage(&in, 2, &e, &err));
    ck_assert_double_eq_tol(e.value, 0.75, NEAR); /* 0, 1 and 2: 3 is short */
    ck_assert(metrics_coverage(&in, 1, &e, &err));
    ck_assert_double_eq_tol(e.value, 0.5, NEAR); /* 0 and 2 */
}
END_TEST

START_TEST(gini_agrees_with_cases_worked_out_by_hand)
{
    /* Counts 0 0 2 2: (1 * 2 + 3 * 2) / (4 * 4); all alike; all to one. */
    static const uint32_t halves[] = {0, 1, 0, 1}, all[] = {0, 1, 2, 3},
                          one[] = {2, 2, 2, 2}, counts[] = {2, 2},
                          ones[] = {1, 1, 1, 1};
    struct metric_lists in = lists_of(halves, counts, 2, 2, 4);
    struct estimate e;

    ck_assert(metrics_gini(&in, 2, &e, &err));
    ck_assert_double_eq_tol(e.value, 0.5, NEAR);
    in = lists_of(all, counts, 2, 2, 4);
    ck_assert(metrics_gini(&in, 2, &e, &err));
    ck_assert_double_eq_tol(e.value, 0, NEAR);
    in = lists_of(one, ones, 4, 1, 4);
    ck_assert(metrics_gini(&in, 1, &e, &err));
    ck_assert_double_eq_tol(e.value, 0.75, NEAR);
}
END_TEST

START_TEST(no_list_has_no_gini_and_no_coverage)
{
    struct metric_lists in = lists_of(NULL, NULL, 0, 1, 4);
    struct estimate e;

    ck_assert(metrics_gini(&in, 1, &e, &err));
    ck_assert_double_eq(e.value, 0);
    ck_assert(metrics_coverage(&in, 1, &e, &err));
    ck_assert_double_eq(e.value, 0);
}
END_TEST

enum { LISTS = 400, LENGTH = 5, POSTS = 60 };

/* Gini of all lists but one, slowly; the last list is swapped into its place.
 */
static double gini_without(uint32_t *lists, const uint32_t *counts, size_t out)
{
    uint32_t held[LENGTH];
    struct metric_lists in = lists_of(lists, counts, LISTS - 1, LENGTH, POSTS);
    struct estimate e;

    for (int i = 0; i < LENGTH; i++) {
        held[i] = lists[out * LENGTH + (size_t)i];
        lists[out * LENGTH + (size_t)i] =
            lists[(LISTS - 1) * LENGTH + (size_t)i];
    }
    ck_assert(metrics_gini(&in, LENGTH, &e, &err));
    for (int i = 0; i < LENGTH; i++)
        lists[out * LENGTH + (size_t)i] = held[i];
    return e.value;
}

START_TEST(the_error_of_gini_agrees_with_leaving_out_every_list)
{
    static uint32_t lists[LISTS * LENGTH], counts[LISTS];
    struct metric_lists in = lists_of(lists, counts, LISTS, LENGTH, POSTS);
    struct rng rng = rng_of(3);
    struct estimate e;
    double sum = 0, squares = 0;

    for (size_t l = 0; l < LISTS; l++) {
        counts[l] = LENGTH;
        for (size_t i = 0; i < LENGTH; i++) {
            /* Skewed, and no post twice: one of every fifth. */
            uint32_t tenth = rng_below(&rng, POSTS / LENGTH);
            tenth = rng_below(&rng, tenth + 1);
            lists[l * LENGTH + i] = tenth * LENGTH + (uint32_t)i;
        }
    }
    ck_assert(metrics_gini(&in, LENGTH, &e, &err));
    for (size_t l = 0; l < LISTS - 1; l++) {
        double g = gini_without(lists, counts, l);
        sum += g;
        squares += g * g;
    }
    squares -= sum * sum / (LISTS - 1);
    ck_assert_double_eq_tol(e.error, sqrt(squares), 0.05 * e.error);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_test(tc, every_metric_agrees_with_a_case_worked_out_by_hand);
    tcase_add_test(tc, denominators_are_cut_where_the_formula_says_so);
    tcase_add_test(tc, missing_ranks_of_a_short_list_are_misses);
    tcase_add_test(tc, without_a_hit_all_are_zero);
    tcase_add_test(tc, the_ideal_list_is_worth_one_everywhere);
    tcase_add_test(tc, metrics_are_found_by_name);
    tcase_add_test(tc, coverage_counts_posts_shown_to_anybody);
    tcase_add_test(tc, lists_are_cut_at_k);
    tcase_add_test(tc, gini_agrees_with_cases_worked_out_by_hand);
    tcase_add_test(tc, no_list_has_no_gini_and_no_coverage);
    tcase_add_test(tc, the_error_of_gini_agrees_with_leaving_out_every_list);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
