#include <check.h>
#include <stdlib.h>

#include "../../jobs/when.c"

/* clang-format off */
static const struct {
    const char *text;
    int64_t at_ms;
} good[] = {
    {"0",                             0},
    {"881250949",                     881250949000},
    {"9999999999",                    9999999999000},
    {"100000000000",                  100000000000},
    {"1520874045567",                 1520874045567},
    {"1970-01-01",                    0},
    {"2018-03-12",                    1520812800000},
    {"2018-03-12T17:00",              1520874000000},
    {"2018-03-12 17:00:45",           1520874045000},
    {"2018-03-12T17:00:45.567",       1520874045567},
    {"2018-03-12T17:00:45.5678912Z",  1520874045567},
    {"2018-03-12T17:00:45.5",         1520874045500},
    {"2018-03-12T18:00:45+01:00",     1520874045000},
    {"2018-03-12T11:30:45-0530",      1520874045000},
    {"2018-03-12T19:00:45+02",        1520874045000},
    {"2016-02-29",                    1456704000000},
    {"2000-02-29",                    951782400000},
    {"1969-12-31T23:59:59.999",       -1},
    {"0001-01-01",                    INT64_C(-62135596800000)},
    {"9999-12-31",                    INT64_C(253402214400000)},
};

static const char *const bad[] = {
    "", " ", "-1", "1.5", "12345678901", "1234567890123456", "now", "20 18",
    "2018-3-12", "2018-13-01", "2018-00-01", "2018-02-29", "1900-02-29",
    "2018-04-31", "2018-03-12T", "2018-03-12T24:00", "2018-03-12T17:60",
    "2018-03-12T17:00:60", "2018-03-12T17:00:45.", "2018-03-12T17:00:45ZZ",
    "2018-03-12T17:00:45+1", "2018-03-12T17:00:45+24:00", "2018-03-12x",
    "2018-03-12T17", "0000-01-01",
};
/* clang-format on */

START_TEST(an_instant_in_every_form_is_read)
{
    int64_t at_ms;

    ck_assert(when_find(span_of(good[_i].text), &at_ms));
    ck_assert_int_eq(at_ms, good[_i].at_ms);
}
END_TEST

START_TEST(what_is_no_instant_is_refused)
{
    int64_t at_ms;

    ck_assert_msg(!when_find(span_of(bad[_i]), &at_ms), "'%s'", bad[_i]);
}
END_TEST

START_TEST(a_film_date_is_read)
{
    int64_t at_ms;

    ck_assert(when_find_film(SPAN("01-Jan-1995"), &at_ms));
    ck_assert_int_eq(at_ms, 788918400000);
    ck_assert(when_find_film(SPAN("4-Feb-1971"), &at_ms));
    ck_assert_int_eq(at_ms, 34473600000);
    ck_assert(!when_find_film(SPAN("01-jan-1995"), &at_ms));
    ck_assert(!when_find_film(SPAN("31-Feb-1995"), &at_ms));
    ck_assert(!when_find_film(SPAN("01-Jan-95"), &at_ms));
    ck_assert(!when_find_film(SPAN("Jan-1995"), &at_ms));
    ck_assert(!when_find_film(SPAN(""), &at_ms));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("when");
    TCase *tc = tcase_create("when");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_loop_test(tc, an_instant_in_every_form_is_read, 0,
                        sizeof good / sizeof good[0]);
    tcase_add_loop_test(tc, what_is_no_instant_is_refused, 0,
                        sizeof bad / sizeof bad[0]);
    tcase_add_test(tc, a_film_date_is_read);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
