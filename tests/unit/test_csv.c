#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../support/program.h"

#include "../../jobs/csv.c"
#include "../../jobs/text.c"

static struct csv csv;
static struct err err;

static void open_text(struct span text, char separator)
{
    char name[32];

    snprintf(name, sizeof name, "%ld.csv", (long)getpid());
    ck_assert_msg(csv_open(&csv, program_file(name, text), separator, &err),
                  "%s", err.what);
}

static void assert_fields(const char *const *wanted)
{
    size_t count = 0;

    ck_assert(csv_next(&csv));
    ck_assert_msg(!csv.fault, "%s", csv.fault);
    for (; wanted[count]; count++) {
        ck_assert_uint_lt(count, csv.count);
        ck_assert_msg(span_is(csv.field[count], wanted[count]),
                      "'%.*s' is not '%s'", SPAN_ARGS(csv.field[count]),
                      wanted[count]);
    }
    ck_assert_uint_eq(csv.count, count);
}

#define FIELDS(...) assert_fields((const char *const[]){__VA_ARGS__, NULL})

START_TEST(plain_fields_are_cut_at_the_separator)
{
    open_text(SPAN("a,b,c\r\n,,\nlast,one,"), ',');
    FIELDS("a", "b", "c");
    FIELDS("", "", "");
    FIELDS("last", "one", "");
    ck_assert(!csv_next(&csv));
    ck_assert(!csv.lines.failed);
    csv_close(&csv);
}
END_TEST

START_TEST(quotes_hold_separators_quotes_and_line_ends)
{
    open_text(SPAN("\"a,b\",\"say \"\"no\"\"\"\n\"one\n\ntwo\",x\n\"\",\"\"\n"),
              ',');
    FIELDS("a,b", "say \"no\"");
    ck_assert_uint_eq(csv.first_line, 1);
    FIELDS("one\n\ntwo", "x");
    ck_assert_uint_eq(csv.first_line, 2);
    ck_assert_uint_eq(csv.line_count, 3);
    FIELDS("", "");
    ck_assert_uint_eq(csv.first_line, 5);
    ck_assert(!csv_next(&csv));
    csv_close(&csv);
}
END_TEST

START_TEST(a_byte_order_mark_and_empty_lines_are_skipped)
{
    open_text(SPAN("\xef\xbb\xbf"
                   "id;name\n\n1;x\n"),
              ';');
    FIELDS("id", "name");
    FIELDS("1", "x");
    ck_assert_uint_eq(csv.first_line, 3);
    csv_close(&csv);
}
END_TEST

/* A bad record, and how many lines it takes with it. */
static const struct {
    const char *text;
    uint64_t lines;
} faults[] = {
    {"a\"b,c\nnext\n", 1},
    {"\"a\"b,c\nnext\n", 1},
    {"\"never closed\nnext\n", 2},
};

START_TEST(a_broken_record_is_told_and_the_next_is_read)
{
    open_text(span_of(faults[_i].text), ',');
    ck_assert(csv_next(&csv));
    ck_assert_ptr_nonnull(csv.fault);
    ck_assert_uint_eq(csv.count, 0);
    ck_assert_uint_eq(csv.line_count, faults[_i].lines);
    if (faults[_i].lines == 1)
        FIELDS("next");
    ck_assert(!csv_next(&csv));
    csv_close(&csv);
}
END_TEST

START_TEST(too_many_fields_are_told)
{
    char line[CSV_FIELDS_MOST + 2];

    memset(line, ',', CSV_FIELDS_MOST);
    line[CSV_FIELDS_MOST] = '\n';
    open_text((struct span){line, CSV_FIELDS_MOST + 1}, ',');
    ck_assert(csv_next(&csv));
    ck_assert_str_eq(csv.fault, "too many fields");
    csv_close(&csv);
    memset(line, ',', CSV_FIELDS_MOST - 1);
    line[CSV_FIELDS_MOST - 1] = '\n';
    open_text((struct span){line, CSV_FIELDS_MOST}, ',');
    ck_assert(csv_next(&csv));
    ck_assert_ptr_null(csv.fault);
    ck_assert_uint_eq(csv.count, CSV_FIELDS_MOST);
    csv_close(&csv);
}
END_TEST

START_TEST(latin1_becomes_utf8)
{
    struct buf out;

    buf_init(&out, 100);
    text_from_latin1(&out, SPAN("Am\xe9lie \xff\x80"));
    ck_assert(span_is(buf_view(&out), "Am\xc3\xa9lie \xc3\xbf\xc2\x80"));
    ck_assert(text_is_clean(buf_view(&out)));
    buf_release(&out);
}
END_TEST

START_TEST(a_nul_is_no_clean_text)
{
    ck_assert(text_is_clean(SPAN("line\nline")));
    ck_assert(!text_is_clean(SPAN("a\0b")));
    ck_assert(!text_is_clean(SPAN("Am\xe9lie")));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("csv");
    TCase *tc = tcase_create("csv");
    SRunner *sr = srunner_create(s);
    int failed;

    program_folder();
    tcase_add_test(tc, plain_fields_are_cut_at_the_separator);
    tcase_add_test(tc, quotes_hold_separators_quotes_and_line_ends);
    tcase_add_test(tc, a_byte_order_mark_and_empty_lines_are_skipped);
    tcase_add_loop_test(tc, a_broken_record_is_told_and_the_next_is_read, 0,
                        sizeof faults / sizeof faults[0]);
    tcase_add_test(tc, too_many_fields_are_told);
    tcase_add_test(tc, latin1_becomes_utf8);
    tcase_add_test(tc, a_nul_is_no_clean_text);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
