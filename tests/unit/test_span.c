#include <check.h>
#include <stdlib.h>

#include "base/span.h"

START_TEST(spans_of_the_same_bytes_are_equal)
{
    ck_assert(span_equal(SPAN("ab"), span_of("ab")));
    ck_assert(!span_equal(SPAN("ab"), SPAN("abc")));
    ck_assert(!span_equal(SPAN("ab"), SPAN("aB")));
    ck_assert(span_equal((struct span){NULL, 0}, SPAN("")));
    ck_assert(span_is((struct span){NULL, 0}, ""));
}
END_TEST

START_TEST(letters_compare_without_case_only_when_asked)
{
    ck_assert(span_is_nocase(SPAN("Bearer"), "bearer"));
    ck_assert(!span_is_nocase(SPAN("Bearer "), "bearer"));
    ck_assert(!span_is(SPAN("Bearer"), "bearer"));
}
END_TEST

START_TEST(a_prefix_is_no_longer_than_its_text)
{
    ck_assert(span_starts(SPAN("abc"), "ab"));
    ck_assert(span_starts(SPAN("ab"), "ab"));
    ck_assert(span_starts(SPAN("ab"), ""));
    ck_assert(!span_starts(SPAN("a"), "ab"));
}
END_TEST

START_TEST(trim_takes_white_space_from_both_ends)
{
    ck_assert(span_is(span_trim(SPAN(" \t a b \r\n")), "a b"));
    ck_assert(span_is(span_trim(SPAN(" \t ")), ""));
    ck_assert(span_is(span_trim(SPAN("")), ""));
}
END_TEST

START_TEST(cut_hands_out_every_piece_and_then_ends)
{
    struct span rest = SPAN("a,,b"), head;

    ck_assert(span_cut(&rest, ',', &head));
    ck_assert(span_is(head, "a"));
    ck_assert(span_cut(&rest, ',', &head));
    ck_assert(span_is(head, ""));
    ck_assert(span_cut(&rest, ',', &head));
    ck_assert(span_is(head, "b"));
    ck_assert(!span_cut(&rest, ',', &head));
}
END_TEST

START_TEST(cut_sees_the_empty_piece_behind_the_last_mark)
{
    struct span rest = SPAN("a,"), head;

    ck_assert(span_cut(&rest, ',', &head));
    ck_assert(span_cut(&rest, ',', &head));
    ck_assert(span_is(head, ""));
    ck_assert(!span_cut(&rest, ',', &head));
}
END_TEST

START_TEST(u64_takes_exactly_its_range)
{
    uint64_t value = 7;

    ck_assert(span_u64(SPAN("0"), &value));
    ck_assert_uint_eq(value, 0);
    ck_assert(span_u64(SPAN("18446744073709551615"), &value));
    ck_assert_uint_eq(value, UINT64_MAX);
    ck_assert(!span_u64(SPAN("18446744073709551616"), &value));
    ck_assert(!span_u64(SPAN("99999999999999999999999"), &value));
    ck_assert(!span_u64(SPAN(""), &value));
    ck_assert(!span_u64(SPAN("-1"), &value));
    ck_assert(!span_u64(SPAN("+1"), &value));
    ck_assert(!span_u64(SPAN(" 1"), &value));
    ck_assert(!span_u64(SPAN("1x"), &value));
    ck_assert_uint_eq(value, UINT64_MAX);
}
END_TEST

START_TEST(i64_takes_exactly_its_range)
{
    int64_t value;

    ck_assert(span_i64(SPAN("9223372036854775807"), &value));
    ck_assert_int_eq(value, INT64_MAX);
    ck_assert(!span_i64(SPAN("9223372036854775808"), &value));
    ck_assert(span_i64(SPAN("-9223372036854775808"), &value));
    ck_assert_int_eq(value, INT64_MIN);
    ck_assert(!span_i64(SPAN("-9223372036854775809"), &value));
    ck_assert(!span_i64(SPAN("-"), &value));
    ck_assert(!span_i64(SPAN("--1"), &value));
    ck_assert(!span_i64(SPAN(""), &value));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("span");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, spans_of_the_same_bytes_are_equal);
    tcase_add_test(tc, letters_compare_without_case_only_when_asked);
    tcase_add_test(tc, a_prefix_is_no_longer_than_its_text);
    tcase_add_test(tc, trim_takes_white_space_from_both_ends);
    tcase_add_test(tc, cut_hands_out_every_piece_and_then_ends);
    tcase_add_test(tc, cut_sees_the_empty_piece_behind_the_last_mark);
    tcase_add_test(tc, u64_takes_exactly_its_range);
    tcase_add_test(tc, i64_takes_exactly_its_range);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
