#include <check.h>
#include <stdlib.h>

#include "app/rate_limit.h"

enum { PER_S = 10, BURST = 100, US_PER_S = 1000000 };

static struct rate_limit limit;
static struct err err;
static uint32_t wait_s;

static struct uuid reader(unsigned n)
{
    struct uuid id = {{(unsigned char)(n >> 16), (unsigned char)(n >> 8),
                       (unsigned char)n, 1}};

    return id;
}

static void setup(void)
{
    ck_assert(rate_limit_init(&limit, PER_S, BURST, 7, &err));
}

static void teardown(void)
{
    rate_limit_release(&limit);
}

static bool take(unsigned who, uint32_t count, int64_t at_s)
{
    wait_s = 0;
    return rate_limit_take(&limit, reader(who), count, at_s * US_PER_S,
                           &wait_s);
}

START_TEST(a_full_bucket_holds_the_burst_and_no_more)
{
    ck_assert(take(1, 60, 5));
    ck_assert(take(1, 40, 5));
    ck_assert(!take(1, 1, 5));
    ck_assert_uint_eq(wait_s, 1);
}
END_TEST

START_TEST(it_refills_with_time_up_to_the_burst)
{
    ck_assert(take(1, 100, 5));
    ck_assert(!take(1, 11, 6));
    ck_assert(take(1, 10, 6));
    ck_assert(take(2, 100, 1000));
    ck_assert(!take(2, 1, 1000));
}
END_TEST

START_TEST(the_wait_is_when_the_batch_will_fit)
{
    ck_assert(take(1, 100, 5));
    ck_assert(!take(1, 25, 5));
    ck_assert_uint_eq(wait_s, 3);
    ck_assert(!take(1, 25, 7));
    ck_assert_uint_eq(wait_s, 1);
    ck_assert(take(1, 25, 8));
}
END_TEST

START_TEST(a_refused_batch_costs_nothing)
{
    ck_assert(take(1, 90, 5));
    for (int i = 0; i < 50; i++)
        ck_assert(!take(1, 20, 5));
    ck_assert(take(1, 10, 5));
}
END_TEST

START_TEST(what_could_not_be_kept_is_given_back)
{
    for (int i = 0; i < 50; i++) {
        ck_assert(take(1, 100, 5));
        rate_limit_give(&limit, reader(1), 100);
    }
    ck_assert(take(1, 100, 5));
    ck_assert(!take(1, 1, 5));
}
END_TEST

START_TEST(a_batch_over_the_burst_fits_a_full_bucket_only)
{
    ck_assert(take(1, 500, 5));
    ck_assert(!take(1, 500, 14));
    ck_assert(take(1, 500, 15));
}
END_TEST

START_TEST(one_reader_does_not_hinder_another)
{
    ck_assert(take(1, 100, 5));
    ck_assert(!take(1, 1, 5));
    ck_assert(take(2, 100, 5));
}
END_TEST

/* A crowd pushes quiet readers out, never the one who is over his limit. */
START_TEST(a_crowd_does_not_free_the_loud_one)
{
    ck_assert(take(0, 100, 5));
    for (unsigned n = 1; n <= 3 * RATE_LIMIT_READERS; n++)
        ck_assert(take(n, 1, 5));
    ck_assert(!take(0, 1, 5));
}
END_TEST

START_TEST(without_a_rate_nobody_is_limited)
{
    rate_limit_release(&limit);
    ck_assert(rate_limit_init(&limit, 0, BURST, 7, &err));
    for (int i = 0; i < 50; i++)
        ck_assert(take(1, 1000, 5));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rate_limit");
    TCase *tc = tcase_create("bucket");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_full_bucket_holds_the_burst_and_no_more);
    tcase_add_test(tc, it_refills_with_time_up_to_the_burst);
    tcase_add_test(tc, the_wait_is_when_the_batch_will_fit);
    tcase_add_test(tc, a_refused_batch_costs_nothing);
    tcase_add_test(tc, what_could_not_be_kept_is_given_back);
    tcase_add_test(tc, a_batch_over_the_burst_fits_a_full_bucket_only);
    tcase_add_test(tc, one_reader_does_not_hinder_another);
    tcase_add_test(tc, a_crowd_does_not_free_the_loud_one);
    tcase_add_test(tc, without_a_rate_nobody_is_limited);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
