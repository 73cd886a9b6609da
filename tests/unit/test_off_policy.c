/* Estimates worked out by hand, and what they refuse. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "reco/off_policy.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)

static const double tiny = 1e-12;

static struct err err;

static const struct off_policy_plan plan = {
    .clip = 2, .least_sample = 1, .resamples = 200, .seed = 7};

/*
 * Weights 3, 0.5, 1, 0.5 and rewards 1, 0, 1, 1: sums of w 5, of w^2 10.5, of
 * w r 4.5, of min(w, 2) r 3.5.
 */
static const struct off_policy_row four[] = {
    {.reward = 1, .logged = 0.25, .wanted = 0.75, .shown = 0.5, .average = 0.4},
    {.reward = 0, .logged = 0.5, .wanted = 0.25, .shown = 0.2, .average = 0.4},
    {.reward = 1, .logged = 0.5, .wanted = 0.5, .shown = 0.6, .average = 0.4},
    {.reward = 1, .logged = 1, .wanted = 0.5, .shown = 0.8, .average = 0.4},
};

static struct off_policy estimate(const struct off_policy_row *rows,
                                  size_t count, const struct off_policy_plan *p)
{
    struct off_policy out;

    MUST(off_policy_run(rows, count, p, &out, &err));
    return out;
}

START_TEST(four_impressions_give_what_the_formulas_say)
{
    struct off_policy o = estimate(four, 4, &plan);

    ck_assert(o.reported);
    ck_assert_uint_eq(o.count, 4);
    ck_assert_double_eq_tol(o.logged_mean, 0.75, tiny);
    ck_assert_double_eq_tol(o.mean_weight, 1.25, tiny);
    ck_assert_double_eq_tol(o.largest_weight, 3, tiny);
    ck_assert_double_eq_tol(o.clipped_ratio, 0.25, tiny);
    ck_assert_double_eq_tol(o.effective_sample, 25 / 10.5, tiny);
    ck_assert_double_eq_tol(o.estimates[OFF_POLICY_IPS].value, 1.125, tiny);
    ck_assert_double_eq_tol(o.estimates[OFF_POLICY_CLIPPED].value, 0.875, tiny);
    ck_assert_double_eq_tol(o.estimates[OFF_POLICY_SNIPS].value, 0.9, tiny);
    /* 0.4 + (3*0.5 - 0.5*0.2 + 1*0.4 + 0.5*0.2) / 4 */
    ck_assert_double_eq_tol(o.estimates[OFF_POLICY_DR].value, 0.875, tiny);
}
END_TEST

START_TEST(without_a_model_the_doubly_robust_is_the_ips)
{
    struct off_policy_row rows[4];
    struct off_policy o;

    for (int i = 0; i < 4; i++) {
        rows[i] = four[i];
        rows[i].shown = rows[i].average = 0;
    }
    o = estimate(rows, 4, &plan);
    ck_assert_double_eq_tol(o.estimates[OFF_POLICY_DR].value,
                            o.estimates[OFF_POLICY_IPS].value, tiny);
}
END_TEST

START_TEST(the_logging_policy_itself_earns_what_it_earned)
{
    struct off_policy_row rows[4];
    struct off_policy o;

    for (int i = 0; i < 4; i++) {
        rows[i] = four[i];
        rows[i].wanted = rows[i].logged;
    }
    o = estimate(rows, 4, &plan);
    ck_assert_double_eq_tol(o.effective_sample, 4, tiny);
    for (unsigned k = OFF_POLICY_IPS; k <= OFF_POLICY_SNIPS; k++)
        ck_assert_double_eq_tol(o.estimates[k].value, 0.75, tiny);
}
END_TEST

START_TEST(the_doubly_robust_forgives_a_wrong_probability)
{
    /* Rewards are what the model says; half of the probabilities are lies. */
    struct off_policy_row rows[100];
    struct off_policy o;

    for (int i = 0; i < 100; i++)
        rows[i] = (struct off_policy_row){.reward = 0.3,
                                          .logged = i % 2 ? 0.5 : 0.1,
                                          .wanted = 0.5,
                                          .shown = 0.3,
                                          .average = 0.3};
    o = estimate(rows, 100, &plan);
    ck_assert_double_eq_tol(o.estimates[OFF_POLICY_DR].value, 0.3, tiny);
    ck_assert_double_eq_tol(o.estimates[OFF_POLICY_IPS].value, 0.9, tiny);
}
END_TEST

START_TEST(nothing_is_reported_below_the_least_sample)
{
    struct off_policy_plan strict = plan;
    struct off_policy o;

    strict.least_sample = 2.39; /* 25 / 10.5 is 2.381 */
    o = estimate(four, 4, &strict);
    ck_assert(!o.reported);
    ck_assert_double_eq_tol(o.effective_sample, 25 / 10.5, tiny);
    ck_assert_double_eq_tol(o.largest_weight, 3, tiny);
    for (unsigned k = 0; k < OFF_POLICY_KINDS; k++)
        ck_assert(isnan(o.estimates[k].value) && isnan(o.estimates[k].low) &&
                  isnan(o.estimates[k].high));
    strict.least_sample = 2.38;
    ck_assert(estimate(four, 4, &strict).reported);
}
END_TEST

START_TEST(a_policy_that_shows_nothing_of_the_log_has_no_sample)
{
    const struct off_policy_row row = {.reward = 1, .logged = 1, .wanted = 0};
    struct off_policy o = estimate(&row, 1, &plan);

    ck_assert_double_eq(o.effective_sample, 0);
    ck_assert(!o.reported);
}
END_TEST

START_TEST(equal_rows_have_an_interval_without_width)
{
    struct off_policy_row rows[50];
    struct off_policy o;

    for (int i = 0; i < 50; i++)
        rows[i] = four[2];
    o = estimate(rows, 50, &plan);
    ck_assert_double_eq_tol(o.estimates[OFF_POLICY_IPS].low, 1, tiny);
    ck_assert_double_eq_tol(o.estimates[OFF_POLICY_IPS].high, 1, tiny);
}
END_TEST

/*
 * Two actions, logged with 0.8 and 0.2, paying with 0.1 and 0.5; the new policy
 * takes each with one half, so it is worth 0.3. In nearly all of 40 worlds of
 * 2,000 impressions the interval holds that value (binomial with p = 0.95: at
 * least 33 of 40 but once in 10,000).
 */
START_TEST(the_interval_holds_the_true_value)
{
    enum { WORLDS = 40, LEAST = 33, ROWS = 2000 };
    static struct off_policy_row rows[ROWS];
    unsigned held[OFF_POLICY_KINDS] = {0};

    for (uint64_t world = 0; world < WORLDS; world++) {
        struct rng rng = rng_of(world);
        struct off_policy o;

        for (int i = 0; i < ROWS; i++) {
            bool first = rng_unit(&rng) < 0.8;
            rows[i] = (struct off_policy_row){.reward = rng_unit(&rng) <
                                                        (first ? 0.1 : 0.5),
                                              .logged = first ? 0.8 : 0.2,
                                              .wanted = 0.5,
                                              .shown = first ? 0.2 : 0.4,
                                              .average = 0.3};
        }
        o = estimate(rows, ROWS,
                     &(struct off_policy_plan){.clip = 10,
                                               .least_sample = 100,
                                               .resamples = 200,
                                               .seed = world});
        for (unsigned k = 0; k < OFF_POLICY_KINDS; k++)
            held[k] += o.estimates[k].low <= 0.3 && o.estimates[k].high >= 0.3;
    }
    for (unsigned k = 0; k < OFF_POLICY_KINDS; k++)
        ck_assert_msg(held[k] >= LEAST, "%s: %u of %d",
                      off_policy_name((enum off_policy_kind)k), held[k],
                      WORLDS);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_interval)
{
    struct off_policy a = estimate(four, 4, &plan);
    struct off_policy b = estimate(four, 4, &plan);
    struct off_policy_plan other = plan;

    ck_assert_double_eq(a.estimates[OFF_POLICY_SNIPS].low,
                        b.estimates[OFF_POLICY_SNIPS].low);
    ck_assert_double_lt(a.estimates[OFF_POLICY_IPS].low,
                        a.estimates[OFF_POLICY_IPS].high);
    other.seed = 8;
    ck_assert(estimate(four, 4, &other).reported);
}
END_TEST

static const struct off_policy_row unfit[] = {
    {.reward = NAN, .logged = 1, .wanted = 1},
    {.reward = INFINITY, .logged = 1, .wanted = 1},
    {.reward = 1, .logged = 0, .wanted = 1},
    {.reward = 1, .logged = -0.1, .wanted = 1},
    {.reward = 1, .logged = 1.1, .wanted = 1},
    {.reward = 1, .logged = NAN, .wanted = 1},
    {.reward = 1, .logged = 1, .wanted = -0.1},
    {.reward = 1, .logged = 1, .wanted = 1.1},
    {.reward = 1, .logged = 1, .wanted = NAN},
    {.reward = 1, .logged = 1, .wanted = 1, .shown = NAN},
    {.reward = 1, .logged = 1, .wanted = 1, .average = INFINITY},
};

START_TEST(a_row_out_of_range_is_refused)
{
    const struct off_policy_row rows[] = {four[0], unfit[_i]};
    struct off_policy out;

    ck_assert(!off_policy_run(rows, 2, &plan, &out, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(a_plan_out_of_range_is_refused)
{
    const struct off_policy_plan bad[] = {
        {.clip = 0, .least_sample = 1, .resamples = 100},
        {.clip = NAN, .least_sample = 1, .resamples = 100},
        {.clip = 1, .least_sample = 0.5, .resamples = 100},
        {.clip = 1, .least_sample = 1, .resamples = 99},
    };
    struct off_policy out;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert(!off_policy_run(four, 4, &bad[i], &out, &err));
    ck_assert(!off_policy_run(four, 0, &plan, &out, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("off_policy");
    TCase *tc = tcase_create("off_policy");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, four_impressions_give_what_the_formulas_say);
    tcase_add_test(tc, without_a_model_the_doubly_robust_is_the_ips);
    tcase_add_test(tc, the_logging_policy_itself_earns_what_it_earned);
    tcase_add_test(tc, the_doubly_robust_forgives_a_wrong_probability);
    tcase_add_test(tc, nothing_is_reported_below_the_least_sample);
    tcase_add_test(tc, a_policy_that_shows_nothing_of_the_log_has_no_sample);
    tcase_add_test(tc, equal_rows_have_an_interval_without_width);
    tcase_add_test(tc, the_interval_holds_the_true_value);
    tcase_add_test(tc, the_same_seed_gives_the_same_interval);
    tcase_add_loop_test(tc, a_row_out_of_range_is_refused, 0,
                        (int)(sizeof unfit / sizeof *unfit));
    tcase_add_test(tc, a_plan_out_of_range_is_refused);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
