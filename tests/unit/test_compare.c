#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "reco/compare.h"

#define NEAR 1e-9

enum { UNITS = 500, RESAMPLES = 1000 };

static struct err err;
static struct bootstrap b;
static double sums[3 * UNITS], counts[UNITS];

/* Column 0 noise, column 1 the same + .1, column 2 the same again. */
static void setup(void)
{
    struct rng rng = rng_of(11);

    for (size_t u = 0; u < UNITS; u++) {
        counts[u] = 1;
        sums[u] = sums[2 * UNITS + u] = rng_unit(&rng);
        sums[UNITS + u] = sums[u] + 0.1;
    }
}

static void teardown(void)
{
    bootstrap_release(&b);
}

static void run(uint32_t columns, uint32_t threads)
{
    ck_assert(bootstrap_run(sums, counts, UNITS, columns, RESAMPLES, 1, threads,
                            &b, &err));
}

START_TEST(the_error_of_single_cases_is_s_over_root_n)
{
    static const double values[] = {1, 2, 3}, ones[] = {1, 1, 1};
    struct estimate e = compare_mean(values, ones, 3);

    ck_assert_double_eq_tol(e.value, 2, NEAR);
    ck_assert_double_eq_tol(e.error, 1 / sqrt(3), NEAR);
}
END_TEST

START_TEST(cases_of_one_user_count_as_one_draw)
{
    /* One user with 1 and 2, one with 3: rests -1 and 1, sqrt(2 * 2) / 3. */
    static const double values[] = {3, 3}, cases[] = {2, 1};
    struct estimate e = compare_mean(values, cases, 2);

    ck_assert_double_eq_tol(e.value, 2, NEAR);
    ck_assert_double_eq_tol(e.error, 2 / 3.0, NEAR);
}
END_TEST

START_TEST(nothing_has_no_mean)
{
    struct estimate e = compare_mean(NULL, NULL, 0);

    ck_assert_double_eq(e.value, 0);
    ck_assert_double_eq(e.error, 0);
}
END_TEST

START_TEST(a_difference_that_never_varies_is_certain)
{
    struct paired p;

    run(2, 1);
    ck_assert(bootstrap_pair(&b, 0, 1, &p, &err));
    ck_assert_double_eq_tol(p.difference, 0.1, NEAR);
    ck_assert_double_eq_tol(p.low, 0.1, NEAR);
    ck_assert_double_eq_tol(p.high, 0.1, NEAR);
    ck_assert_double_eq_tol(p.p, 2.0 / (RESAMPLES + 1), NEAR);
    ck_assert(bootstrap_pair(&b, 1, 0, &p, &err));
    ck_assert_double_eq_tol(p.difference, -0.1, NEAR);
}
END_TEST

START_TEST(equal_columns_do_not_differ)
{
    struct paired p;

    run(3, 1);
    ck_assert(bootstrap_pair(&b, 0, 2, &p, &err));
    ck_assert_double_eq(p.difference, 0);
    ck_assert_double_eq(p.p, 1);
}
END_TEST

START_TEST(the_interval_is_as_wide_as_the_standard_error_says)
{
    struct estimate e;
    struct paired p;
    struct rng rng = rng_of(5);

    for (size_t u = 0; u < UNITS; u++)
        sums[UNITS + u] = 0; /* against nothing: the mean itself */
    for (size_t u = 0; u < UNITS; u++)
        sums[u] = rng_unit(&rng) - 0.5;
    e = compare_mean(sums, counts, UNITS);
    run(2, 1);
    ck_assert(bootstrap_pair(&b, 1, 0, &p, &err));
    ck_assert_double_eq_tol(p.difference, e.value, NEAR);
    ck_assert_double_eq_tol((p.high - p.low) / (2 * 1.96 * e.error), 1, 0.1);
}
END_TEST

START_TEST(any_number_of_threads_draws_the_same)
{
    static double once[3 * RESAMPLES];

    run(3, 1);
    memcpy(once, b.means, sizeof once);
    bootstrap_release(&b);
    run(3, 4);
    ck_assert_mem_eq(b.means, once, sizeof once);
}
END_TEST

START_TEST(too_few_resamples_and_no_users_are_refused)
{
    ck_assert(!bootstrap_run(sums, counts, UNITS, 1, 999, 1, 1, &b, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert(!bootstrap_run(sums, counts, 0, 1, 1000, 1, 1, &b, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(holm_multiplies_by_what_is_left_and_never_falls)
{
    /* .01 * 3, .03 * 2, then max(.06, .04 * 1). */
    double p[] = {0.01, 0.04, 0.03};

    ck_assert(compare_holm(p, 3, &err));
    ck_assert_double_eq_tol(p[0], 0.03, NEAR);
    ck_assert_double_eq_tol(p[1], 0.06, NEAR);
    ck_assert_double_eq_tol(p[2], 0.06, NEAR);
}
END_TEST

START_TEST(holm_stops_at_one)
{
    double p[] = {0.9, 0.8};

    ck_assert(compare_holm(p, 2, &err));
    ck_assert_double_eq(p[0], 1);
    ck_assert_double_eq(p[1], 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("compare");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_error_of_single_cases_is_s_over_root_n);
    tcase_add_test(tc, cases_of_one_user_count_as_one_draw);
    tcase_add_test(tc, nothing_has_no_mean);
    tcase_add_test(tc, a_difference_that_never_varies_is_certain);
    tcase_add_test(tc, equal_columns_do_not_differ);
    tcase_add_test(tc, the_interval_is_as_wide_as_the_standard_error_says);
    tcase_add_test(tc, any_number_of_threads_draws_the_same);
    tcase_add_test(tc, too_few_resamples_and_no_users_are_refused);
    tcase_add_test(tc, holm_multiplies_by_what_is_left_and_never_falls);
    tcase_add_test(tc, holm_stops_at_one);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
