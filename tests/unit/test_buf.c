#include <check.h>
#include <stdlib.h>

#include "base/buf.h"

static struct buf b;

static void holds(const char *expected)
{
    ck_assert(!b.failed);
    ck_assert_msg(span_is(buf_view(&b), expected), "%.*s",
                  SPAN_ARGS(buf_view(&b)));
    buf_release(&b);
}

START_TEST(pieces_stand_one_behind_the_other)
{
    buf_init(&b, 100);
    buf_text(&b, "a");
    buf_char(&b, 'b');
    buf_span(&b, SPAN("cd"));
    buf_add(&b, "ef", 1);
    buf_add(&b, NULL, 0);
    holds("abcde");
}
END_TEST

START_TEST(numbers_are_decimal)
{
    buf_init(&b, 200);
    buf_u64(&b, 0);
    buf_char(&b, ' ');
    buf_u64(&b, UINT64_MAX);
    buf_char(&b, ' ');
    buf_i64(&b, INT64_MIN);
    buf_char(&b, ' ');
    buf_i64(&b, -7);
    holds("0 18446744073709551615 -9223372036854775808 -7");
}
END_TEST

START_TEST(formats_are_those_of_printf)
{
    buf_init(&b, 100);
    buf_fmt(&b, "%s=%d", "x", 5);
    buf_fmt(&b, ";%02x", 10);
    holds("x=5;0a");
}
END_TEST

START_TEST(past_the_limit_it_fails_and_stays_failed)
{
    buf_init(&b, 3);
    buf_text(&b, "abc");
    ck_assert(!b.failed);
    buf_char(&b, 'd');
    ck_assert(b.failed);
    buf_add(&b, "", 0);
    ck_assert(b.failed);
    ck_assert_uint_eq(b.bytes, 3);
    buf_release(&b);
}
END_TEST

START_TEST(a_reset_buffer_is_empty_and_good)
{
    buf_init(&b, 3);
    buf_text(&b, "abcd");
    ck_assert(b.failed);
    buf_reset(&b);
    buf_text(&b, "xyz");
    holds("xyz");
}
END_TEST

START_TEST(it_grows_to_any_size_within_the_limit)
{
    buf_init(&b, 100000);
    for (int i = 0; i < 100000; i++)
        buf_char(&b, (char)('a' + i % 26));
    ck_assert(!b.failed);
    ck_assert_uint_eq(b.bytes, 100000);
    ck_assert_int_eq(b.at[0], 'a');
    ck_assert_int_eq(b.at[99999], 'a' + 99999 % 26);
    buf_release(&b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("buf");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, pieces_stand_one_behind_the_other);
    tcase_add_test(tc, numbers_are_decimal);
    tcase_add_test(tc, formats_are_those_of_printf);
    tcase_add_test(tc, past_the_limit_it_fails_and_stays_failed);
    tcase_add_test(tc, a_reset_buffer_is_empty_and_good);
    tcase_add_test(tc, it_grows_to_any_size_within_the_limit);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
