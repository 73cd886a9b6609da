#include <check.h>
#include <stdlib.h>

#include "base/utf8.h"

START_TEST(the_first_and_last_character_of_each_length_are_read_and_written)
{
    static const struct {
        const char *text;
        size_t bytes;
        uint32_t point;
    } rows[] = {
        {"a", 1, 'a'},
        {"\x7f", 1, 0x7f},
        {"\xc2\x80", 2, 0x80},
        {"\xdf\xbf", 2, 0x7ff},
        {"\xe0\xa0\x80", 3, 0x800},
        {"\xed\x9f\xbf", 3, 0xd7ff},
        {"\xee\x80\x80", 3, 0xe000},
        {"\xef\xbf\xbf", 3, 0xffff},
        {"\xf0\x90\x80\x80", 4, 0x10000},
        {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
    };
    char text[UTF8_MOST_BYTES];
    uint32_t point;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_uint_eq(utf8_next(span_of(rows[i].text), &point),
                          rows[i].bytes);
        ck_assert_uint_eq(point, rows[i].point);
        ck_assert(utf8_valid(span_of(rows[i].text)));
        char *end = utf8_put(text, rows[i].point);
        ck_assert(
            span_is((struct span){text, (size_t)(end - text)}, rows[i].text));
    }
}
END_TEST

START_TEST(what_is_no_character_is_refused)
{
    static const char *const rows[] = {
        "\x80", /* a tail alone */
        "\xbf",
        "\xc0\x80", /* overlong */
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xed\xa0\x80", /* surrogates */
        "\xed\xbf\xbf",
        "\xf4\x90\x80\x80", /* above the last */
        "\xf8\x88\x80\x80\x80",
        "\xff",
        "\xc3", /* cut */
        "\xe2\x82",
        "\xf0\x9f\x98",
        "\xc3(", /* a wrong tail */
        "\xe2(\xa1",
        "\xe2\x82(",
    };
    uint32_t point;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_uint_eq(utf8_next(span_of(rows[i]), &point), 0);
        ck_assert(!utf8_valid(span_of(rows[i])));
    }
    ck_assert_uint_eq(utf8_next(SPAN(""), &point), 0);
}
END_TEST

START_TEST(one_bad_byte_spoils_a_text_wherever_it_stands)
{
    char text[41];

    for (size_t i = 0; i < sizeof text - 1; i++) {
        memset(text, 'a', sizeof text);
        text[i] = '\xff';
        ck_assert(!utf8_valid((struct span){text, sizeof text}));
    }
    memset(text, 'a', sizeof text);
    ck_assert(utf8_valid((struct span){text, sizeof text}));
    ck_assert(utf8_valid(SPAN("")));
    ck_assert(utf8_valid(SPAN("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80")));
}
END_TEST

START_TEST(control_characters_are_not_printable)
{
    ck_assert(utf8_printable(SPAN("a b\xc3\xa9~")));
    ck_assert(!utf8_printable(SPAN("a\nb")));
    ck_assert(!utf8_printable(SPAN("a\0b")));
    ck_assert(!utf8_printable(SPAN("a\x1f")));
    ck_assert(!utf8_printable(SPAN("\x7f")));
    ck_assert(!utf8_printable(SPAN("\xff")));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("utf8");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(
        tc, the_first_and_last_character_of_each_length_are_read_and_written);
    tcase_add_test(tc, what_is_no_character_is_refused);
    tcase_add_test(tc, one_bad_byte_spoils_a_text_wherever_it_stands);
    tcase_add_test(tc, control_characters_are_not_printable);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
