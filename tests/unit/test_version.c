#include <check.h>
#include <stdlib.h>

#include "app/version.h"

/* clang-format off */
static const struct {
    int64_t at_ms;
    const char *text;
} rows[] = {
    {0,                        "19700101T000000.000Z"},
    {1,                        "19700101T000000.001Z"},
    {999,                      "19700101T000000.999Z"},
    {1000,                     "19700101T000001.000Z"},
    {INT64_C(951782399999),    "20000228T235959.999Z"},
    {INT64_C(951782400000),    "20000229T000000.000Z"},
    {INT64_C(1767323045678),   "20260102T030405.678Z"},
    {INT64_C(253402300799999), "99991231T235959.999Z"},
};
/* clang-format on */

START_TEST(a_version_is_the_instant_in_words)
{
    char out[VERSION_TEXT + 1];

    version_text(rows[_i].at_ms, out);
    ck_assert_str_eq(out, rows[_i].text);
}
END_TEST

START_TEST(later_versions_sort_behind_earlier_ones)
{
    char a[VERSION_TEXT + 1], b[VERSION_TEXT + 1];

    version_text(rows[_i].at_ms, a);
    version_text(rows[_i + 1].at_ms, b);
    ck_assert_str_lt(a, b);
}
END_TEST

int main(void)
{
    enum { ROWS = sizeof rows / sizeof rows[0] };
    Suite *s = suite_create("version");
    TCase *tc = tcase_create("version");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_loop_test(tc, a_version_is_the_instant_in_words, 0, ROWS);
    tcase_add_loop_test(tc, later_versions_sort_behind_earlier_ones, 0,
                        ROWS - 1);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
