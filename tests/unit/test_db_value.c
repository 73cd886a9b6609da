#include <check.h>
#include <stdlib.h>

#include "base/buf.h"
#include "store/db_param.h"
#include "store/db_value.h"

enum { BUF_BYTES = 4096 };

static struct buf out;
static struct err err;

static void set_up(void)
{
    buf_init(&out, BUF_BYTES);
}

static void tear_down(void)
{
    buf_release(&out);
}

/* What PostgreSQL would send for this parameter. */
static struct db_cell echo(struct db_param p)
{
    buf_reset(&out);
    ck_assert_msg(db_param_write(&p, &out, &err), "%s", err.what);
    return (struct db_cell){out.at ? out.at : "", out.bytes};
}

START_TEST(an_instant_is_microseconds_since_2000_in_big_endian)
{
    static const char one_ms[8] = {0, 0, 0, 0, 0, 0, 0x03, (char)0xe8};
    struct db_cell cell = echo(db_param_ms(INT64_C(946684800001)));

    ck_assert_uint_eq(cell.bytes, sizeof one_ms);
    ck_assert_mem_eq(cell.at, one_ms, sizeof one_ms);
}
END_TEST

START_TEST(an_instant_comes_back_to_the_millisecond)
{
    static const int64_t instants[] = {
        0, 1, -1, 946684799999, 1700000000123, DB_LEAST_MS, DB_MOST_MS};

    ck_assert_int_eq(db_value_ms(echo(db_param_ms(instants[_i]))),
                     instants[_i]);
}
END_TEST

START_TEST(microseconds_are_rounded_down_also_before_2000)
{
    static const char minus_1_us[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
    struct db_cell cell = {minus_1_us, sizeof minus_1_us};

    ck_assert_int_eq(db_value_ms(cell), 946684799999);
}
END_TEST

START_TEST(infinity_is_the_largest_instant)
{
    static const char infinity[8] = {0x7f, -1, -1, -1, -1, -1, -1, -1};
    struct db_cell cell = {infinity, sizeof infinity};

    ck_assert_int_eq(db_value_ms(cell), INT64_MAX);
}
END_TEST

START_TEST(an_instant_outside_years_1_to_9999_is_refused)
{
    struct db_param after = db_param_ms(DB_MOST_MS + 1);
    struct db_param before = db_param_ms(INT64_MIN);

    ck_assert(!db_param_write(&after, &out, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert(!db_param_write(&before, &out, &err));
}
END_TEST

START_TEST(a_text_with_a_nul_byte_is_refused)
{
    struct db_param p = db_param_text((struct span){"a\0b", 3});

    ck_assert(!db_param_write(&p, &out, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(numbers_come_back)
{
    ck_assert_int_eq(db_value_i64(echo(db_param_i64(INT64_MIN))), INT64_MIN);
    ck_assert_int_eq(db_value_i64((struct db_cell){"\xff\xfe", 2}), -2);
    ck_assert_int_eq(db_value_i64((struct db_cell){"\xff\xff\xff\xfd", 4}), -3);
    ck_assert_float_eq(db_value_real(echo(db_param_real(-0.5f))), -0.5f);
    ck_assert(db_value_bool(echo(db_param_bool(true))));
    ck_assert(!db_value_bool(echo(db_param_bool(false))));
}
END_TEST

START_TEST(a_list_of_texts_comes_back_without_its_nulls)
{
    const struct span items[] = {SPAN("red"), {0}, SPAN(""), SPAN("blue")};
    struct db_cell cell = echo(db_param_array_or_null(DB_TEXT, items, 4));
    struct span got[4];

    ck_assert(db_value_fits('a', cell));
    ck_assert_uint_eq(db_value_texts(cell, got, 4), 3);
    ck_assert(span_is(got[0], "red"));
    ck_assert(span_is(got[1], ""));
    ck_assert(span_is(got[2], "blue"));
    ck_assert_uint_eq(db_value_texts(cell, got, 1), 1);
}
END_TEST

START_TEST(an_empty_list_has_no_dimension)
{
    struct db_cell cell = echo(db_param_array(DB_TEXT, NULL, 0));
    struct span got[1];

    ck_assert_uint_eq(cell.bytes, 12);
    ck_assert(db_value_fits('a', cell));
    ck_assert_uint_eq(db_value_texts(cell, got, 1), 0);
}
END_TEST

START_TEST(only_or_null_arrays_turn_none_into_null)
{
    const struct uuid nil[1] = {0};

    ck_assert_uint_eq(echo(db_param_array(DB_UUID, nil, 1)).bytes,
                      20 + 4 + UUID_BYTES);
    ck_assert_uint_eq(echo(db_param_array_or_null(DB_UUID, nil, 1)).bytes,
                      20 + 4);
}
END_TEST

/* Every truncation of a valid list, laid against the end of its memory. */
START_TEST(a_cut_list_does_not_fit)
{
    const struct span items[] = {SPAN("red"), SPAN("green")};
    struct db_cell cell = echo(db_param_array(DB_TEXT, items, 2));
    char *copy;

    for (size_t bytes = 1; bytes < cell.bytes; bytes++) {
        copy = malloc(bytes);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, cell.at, bytes);
        ck_assert(!db_value_fits('a', (struct db_cell){copy, bytes}));
        free(copy);
    }
}
END_TEST

START_TEST(a_value_must_have_the_length_of_its_type)
{
    ck_assert(!db_value_fits('u', (struct db_cell){"1234567", 7}));
    ck_assert(!db_value_fits('m', (struct db_cell){"1234567", 7}));
    ck_assert(!db_value_fits('i', (struct db_cell){"1234567", 7}));
    ck_assert(!db_value_fits('b', (struct db_cell){"12", 2}));
    ck_assert(!db_value_fits('r', (struct db_cell){"12", 2}));
    ck_assert(db_value_fits('t', (struct db_cell){"12", 2}));
}
END_TEST

START_TEST(only_a_capital_letter_may_be_null)
{
    ck_assert(db_value_fits('U', (struct db_cell){0}));
    ck_assert(!db_value_fits('u', (struct db_cell){0}));
}
END_TEST

START_TEST(of_a_null_the_getters_give_nothing)
{
    struct db_cell null = {0};
    struct span got[1];

    ck_assert(uuid_equal(db_value_uuid(null), (struct uuid){0}));
    ck_assert_int_eq(db_value_i64(null), 0);
    ck_assert_int_eq(db_value_ms(null), 0);
    ck_assert(!db_value_bool(null));
    ck_assert_uint_eq(db_value_text(null).bytes, 0);
    ck_assert_uint_eq(db_value_texts(null, got, 1), 0);
}
END_TEST

START_TEST(a_type_fits_only_its_letter)
{
    ck_assert(db_value_type_fits('u', 2950));
    ck_assert(db_value_type_fits('U', 2950));
    ck_assert(!db_value_type_fits('t', 2950));
    ck_assert(db_value_type_fits('i', 20) && db_value_type_fits('i', 21));
    ck_assert(!db_value_type_fits('m', 20));
    ck_assert(!db_value_type_fits('?', 20));
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("db_value");
    Suite *s = suite_create("db_value");
    SRunner *sr = srunner_create(s);
    int failed;

    suite_add_tcase(s, tc);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, an_instant_is_microseconds_since_2000_in_big_endian);
    tcase_add_loop_test(tc, an_instant_comes_back_to_the_millisecond, 0, 7);
    tcase_add_test(tc, microseconds_are_rounded_down_also_before_2000);
    tcase_add_test(tc, infinity_is_the_largest_instant);
    tcase_add_test(tc, an_instant_outside_years_1_to_9999_is_refused);
    tcase_add_test(tc, a_text_with_a_nul_byte_is_refused);
    tcase_add_test(tc, numbers_come_back);
    tcase_add_test(tc, a_list_of_texts_comes_back_without_its_nulls);
    tcase_add_test(tc, an_empty_list_has_no_dimension);
    tcase_add_test(tc, only_or_null_arrays_turn_none_into_null);
    tcase_add_test(tc, a_cut_list_does_not_fit);
    tcase_add_test(tc, a_value_must_have_the_length_of_its_type);
    tcase_add_test(tc, only_a_capital_letter_may_be_null);
    tcase_add_test(tc, of_a_null_the_getters_give_nothing);
    tcase_add_test(tc, a_type_fits_only_its_letter);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
