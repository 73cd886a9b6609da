#include <check.h>
#include <stdlib.h>

#include "store/backoff.h"

START_TEST(the_first_attempt_is_not_held_back)
{
    struct backoff b;

    backoff_init(&b, 1);
    ck_assert(!backoff_holds(&b, 0));
}
END_TEST

START_TEST(a_pause_holds_until_its_end)
{
    struct backoff b;

    backoff_init(&b, 1);
    backoff_failed(&b, 1000);
    ck_assert(backoff_holds(&b, 1000));
    ck_assert(backoff_holds(&b, b.until_us - 1));
    ck_assert(!backoff_holds(&b, b.until_us));
}
END_TEST

START_TEST(a_pause_stays_between_50_ms_and_three_times_the_last)
{
    struct backoff b;
    int64_t last = BACKOFF_LEAST_US;

    backoff_init(&b, (uint64_t)_i);
    for (int i = 0; i < 50; i++) {
        backoff_failed(&b, 0);
        ck_assert_int_ge(b.pause_us, 50 * 1000);
        ck_assert_int_le(b.pause_us, 3 * last);
        ck_assert_int_le(b.pause_us, 5 * 1000 * 1000);
        last = b.pause_us;
    }
}
END_TEST

START_TEST(two_workers_do_not_pause_in_step)
{
    struct backoff a, b;
    int same = 0;

    backoff_init(&a, 1);
    backoff_init(&b, 2);
    for (int i = 0; i < 10; i++) {
        backoff_failed(&a, 0);
        backoff_failed(&b, 0);
        same += a.pause_us == b.pause_us;
    }
    ck_assert_int_lt(same, 2);
}
END_TEST

START_TEST(after_success_the_next_attempt_comes_at_once)
{
    struct backoff b;

    backoff_init(&b, 1);
    backoff_failed(&b, 1000);
    backoff_clear(&b);
    ck_assert(!backoff_holds(&b, 1000));
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("backoff");
    Suite *s = suite_create("backoff");
    SRunner *sr = srunner_create(s);
    int failed;

    suite_add_tcase(s, tc);
    tcase_add_test(tc, the_first_attempt_is_not_held_back);
    tcase_add_test(tc, a_pause_holds_until_its_end);
    tcase_add_loop_test(
        tc, a_pause_stays_between_50_ms_and_three_times_the_last, 0, 20);
    tcase_add_test(tc, two_workers_do_not_pause_in_step);
    tcase_add_test(tc, after_success_the_next_attempt_comes_at_once);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
