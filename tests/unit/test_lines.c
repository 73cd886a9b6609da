#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lines.h"

static char folder[64], path[96];
static struct err err;

static void setup(void)
{
    snprintf(folder, sizeof folder, "/tmp/kith-lines-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/f", folder);
}

static void teardown(void)
{
    unlink(path);
    rmdir(folder);
}

static void write_file(const void *at, size_t bytes)
{
    FILE *f = fopen(path, "wb");

    ck_assert_uint_eq(fwrite(at, 1, bytes, f), bytes);
    fclose(f);
}

static void reads(const char *const *expected, size_t count)
{
    struct lines l;
    struct span line;

    ck_assert(lines_open(&l, path, &err));
    for (size_t i = 0; i < count; i++) {
        ck_assert(lines_next(&l, &line));
        ck_assert_msg(span_is(line, expected[i]), "%.*s", SPAN_ARGS(line));
        ck_assert_uint_eq(l.number, i + 1);
    }
    ck_assert(!lines_next(&l, &line));
    ck_assert(!lines_next(&l, &line));
    ck_assert(!l.failed);
    lines_close(&l);
}

START_TEST(lines_come_without_their_ends)
{
    static const char text[] = "a\n\nb\r\nlast";
    const char *const expected[] = {"a", "", "b", "last"};

    write_file(text, sizeof text - 1);
    reads(expected, 4);
}
END_TEST

START_TEST(a_final_line_end_opens_no_further_line)
{
    const char *const expected[] = {"a"};

    write_file("a\n", 2);
    reads(expected, 1);
}
END_TEST

START_TEST(an_empty_file_has_no_lines)
{
    write_file("", 0);
    reads(NULL, 0);
}
END_TEST

/* printf 'one\ntwo\n' | gzip -9n */
static const unsigned char packed[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
    0xcb, 0xcf, 0x4b, 0xe5, 0x2a, 0x29, 0xcf, 0xe7, 0x02, 0x00,
    0xe6, 0x0b, 0xba, 0x12, 0x08, 0x00, 0x00, 0x00};

START_TEST(a_gzip_file_reads_as_its_contents)
{
    const char *const expected[] = {"one", "two"};

    write_file(packed, sizeof packed);
    reads(expected, 2);
}
END_TEST

START_TEST(a_damaged_gzip_file_fails_and_does_not_just_end)
{
    struct lines l;
    struct span line;

    /* Cut anywhere behind its head: the end must not look like an end. */
    write_file(packed, (size_t)_i);
    ck_assert(lines_open(&l, path, &err));
    while (lines_next(&l, &line))
        ck_assert_uint_lt(l.number, 4);
    ck_assert_msg(l.failed, "cut at %d", _i);
    ck_assert_int_eq(err.code, ERR_CORRUPT);
    lines_close(&l);
}
END_TEST

START_TEST(a_line_over_the_limit_is_cut_and_the_next_one_whole)
{
    char *text = malloc(2 * LINES_MOST_BYTES);
    struct lines l;
    struct span line;

    memset(text, 'x', 2 * LINES_MOST_BYTES);
    memcpy(text + LINES_MOST_BYTES + 5, "\nnext\n", 6);
    write_file(text, LINES_MOST_BYTES + 11);
    ck_assert(lines_open(&l, path, &err));
    ck_assert(lines_next(&l, &line));
    ck_assert_uint_eq(line.bytes, LINES_MOST_BYTES);
    ck_assert(l.cut);
    ck_assert(lines_next(&l, &line));
    ck_assert(span_is(line, "next"));
    ck_assert(!l.cut);
    ck_assert_uint_eq(l.number, 2);
    ck_assert(!lines_next(&l, &line));
    lines_close(&l);
    free(text);
}
END_TEST

START_TEST(a_missing_file_is_absent)
{
    struct lines l;

    ck_assert(!lines_open(&l, path, &err));
    ck_assert_int_eq(err.code, ERR_ABSENT);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lines");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, lines_come_without_their_ends);
    tcase_add_test(tc, a_final_line_end_opens_no_further_line);
    tcase_add_test(tc, an_empty_file_has_no_lines);
    tcase_add_test(tc, a_gzip_file_reads_as_its_contents);
    tcase_add_loop_test(tc, a_damaged_gzip_file_fails_and_does_not_just_end, 11,
                        (int)sizeof packed);
    tcase_add_test(tc, a_line_over_the_limit_is_cut_and_the_next_one_whole);
    tcase_add_test(tc, a_missing_file_is_absent);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
