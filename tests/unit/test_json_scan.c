#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "web/json_scan.h"

enum { ARENA_BYTES = 1 << 20, MANY = 20000 };

static struct arena arena;
static struct json_scan scan;
static struct err err;

static void setup(void)
{
    ck_assert(arena_init(&arena, ARENA_BYTES, &err));
}

static void teardown(void)
{
    arena_release(&arena);
}

static bool takes(struct span text, unsigned most_depth)
{
    struct json_part part;

    json_scan_init(&scan, text, most_depth, &arena);
    json_scan_value(&scan, &part);
    return json_scan_end(&scan, &err);
}

/* clang-format off */
static const char *const good[] = {
    "0", "-0", " true\r\n\t", "null", "\"\"", "[]", "{}", "[ 1 , 2 ]",
    "{\"a\":1,\"b\":{\"a\":1}}", "1e308", "1E-999", "0.5e+3",
    "9223372036854775807", "-9223372036854775808",
    "0.000000000000000000000000000000000000000000000000000000000001",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\"",
    "\"\\ud800\"", "\"\\udc00\\ud800x\"", "\"12345678\\n12345678\"",
    "\"\xc3\xa9\xf0\x9f\x98\x80\x7f\"",
    "[[[[[[[1]]]]]]]", "[[[[[[[[]]]]]]]]", "{\"a\":[[[[[[{}]]]]]]}",
};

static const char *const bad[] = {
    "", " ", "nul", "nulll", "True", "[1,]", "[,1]", "[1 2]", "{\"a\":1,}",
    "{\"a\"}", "{\"a\" 1}", "{a:1}", "{1:1}", "[", "{", "]", "[}", "{]",
    "1.", ".5", "-", "+1", "01", "-01", "1e", "1e+", "1e1000", "2e308",
    "9223372036854775808", "-9223372036854775809", "0x1", "NaN", "Infinity",
    "00000000000000000000000000000000000000000000000000000000000000001",
    "\"", "\"a", "\"\\\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
    "\"\\u0000\"", "\"\t\"", "\"12345678\x01\"", "\"\x80\"", "\"\xc0\xaf\"",
    "\"\xed\xa0\x80\"", "\"\xf5\x80\x80\x80\"", "\"\xc3\"", "\xc3\xa9",
    "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":1}", "[{\"\":1,\"\":1}]",
    "{\"a\":{\"b\":1,\"b\":2}}", "[[[[[[[[1]]]]]]]]", "\v1", "1\f", "1 2",
    "[] []", "\"\" \"\"", "/**/1",
};
/* clang-format on */

START_TEST(json_is_taken)
{
    ck_assert_msg(takes(span_of(good[_i]), JSON_DEPTH), "%s: %s", good[_i],
                  err.what);
}
END_TEST

START_TEST(what_is_not_json_is_refused)
{
    ck_assert_msg(!takes(span_of(bad[_i]), JSON_DEPTH), "%s", bad[_i]);
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

/* Whatever is cut off, what is left is no whole object. */
START_TEST(a_text_that_breaks_off_is_refused)
{
    static const char whole[] =
        "{\"k\\u00e9y\":[1.5e3,true,null,\"\\ud83d\\ude00\xc3\xa9\"]}";

    for (size_t bytes = 0; bytes < sizeof whole - 1; bytes++) {
        /* In a piece of its own, so that the sanitizer sees a step too far. */
        char *cut = malloc(bytes + 1);

        ck_assert_ptr_nonnull(cut);
        memcpy(cut, whole, bytes);
        ck_assert(!takes((struct span){cut, bytes}, JSON_DEPTH));
        free(cut);
    }
    ck_assert(takes(span_of(whole), JSON_DEPTH));
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
    ck_assert(!takes(SPAN("\0"), JSON_DEPTH));
    ck_assert(!takes(SPAN("1\0"), JSON_DEPTH));
    ck_assert(!takes(SPAN("\"a\0b\""), JSON_DEPTH));
}
END_TEST

/* {"k0":0,"k1":0,..}, closed by one more key */
static struct span many_keys(const char *last)
{
    static char text[MANY * 12];
    size_t bytes = 0;

    for (int i = 0; i < MANY; i++)
        bytes += (size_t)snprintf(text + bytes, sizeof text - bytes,
                                  "%c\"k%d\":0", i ? ',' : '{', i);
    bytes +=
        (size_t)snprintf(text + bytes, sizeof text - bytes, ",\"%s\":0}", last);
    return (struct span){text, bytes};
}

START_TEST(a_key_given_twice_is_found_among_thousands)
{
    arena_release(&arena);
    ck_assert(arena_init(&arena, 4 * ARENA_BYTES, &err));
    ck_assert(takes(many_keys("other"), JSON_DEPTH));
    ck_assert(!takes(many_keys("k9999"), JSON_DEPTH));
}
END_TEST

START_TEST(keys_beyond_the_arena_are_an_error_not_a_verdict)
{
    arena_release(&arena);
    ck_assert(arena_init(&arena, 4096, &err));
    ck_assert(!takes(many_keys("other"), JSON_DEPTH));
    ck_assert_int_eq(err.code, ERR_MEMORY);
}
END_TEST

START_TEST(members_come_decoded_in_the_order_of_the_document)
{
    struct json_frame f;
    struct json_part value;
    struct span key, text;

    json_scan_init(&scan, SPAN(" {\"b\":[1, 2], \"\\u0061\":\"x\\ny\"} "),
                   JSON_DEPTH, &arena);
    ck_assert_int_eq(json_scan_kind(&scan), JSON_OBJECT);
    ck_assert(json_scan_begin(&scan, &f));
    ck_assert(json_scan_next(&scan, &f, &key) && span_is(key, "b"));
    ck_assert(json_scan_value(&scan, &value));
    ck_assert_int_eq(value.kind, JSON_ARRAY);
    ck_assert(span_is(value.text, "[1, 2]") && !value.escaped);
    ck_assert(json_scan_next(&scan, &f, &key) && span_is(key, "a"));
    ck_assert(json_scan_value(&scan, &value));
    ck_assert(value.escaped && !value.lone);
    ck_assert(json_part_text(&value, &arena, &text, &err));
    ck_assert(span_is(text, "x\ny"));
    ck_assert(!json_scan_next(&scan, &f, &key));
    ck_assert(json_scan_end(&scan, &err));
    ck_assert_uint_eq(scan.blank_bytes, 4);
}
END_TEST

START_TEST(after_a_failure_every_step_fails)
{
    struct json_frame f;
    struct json_part value;

    json_scan_init(&scan, SPAN("[nul, 1]"), JSON_DEPTH, &arena);
    ck_assert(json_scan_begin(&scan, &f) && json_scan_next(&scan, &f, NULL));
    ck_assert(!json_scan_value(&scan, &value));
    ck_assert(!json_scan_next(&scan, &f, NULL));
    ck_assert(!json_scan_begin(&scan, &f));
    ck_assert(!json_scan_value(&scan, &value));
    ck_assert(!json_scan_end(&scan, &err));
}
END_TEST

/* clang-format off */
static const struct {
    const char *raw, *text, *for_jsonb;
    bool lone;
} texts[] = {
    {"plain",              "plain",                 "plain",               false},
    {"\\u00e9\\/\\\"",     "\xc3\xa9/\"",           "\\u00e9\\/\\\"",      false},
    {"\\u20ac\\u0041",     "\xe2\x82\xac\x41",      "\\u20ac\\u0041",      false},
    {"\\ud83d\\ude00",     "\xf0\x9f\x98\x80",      "\\ud83d\\ude00",      false},
    {"\\ud83d",            "\xef\xbf\xbd",          "\\ufffd",             true},
    {"\\ude00\\ud83d!",    "\xef\xbf\xbd\xef\xbf\xbd!", "\\ufffd\\ufffd!", true},
    {"\\ud83d\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80",
                                       "\\ufffd\\ud83d\\ude00",            true},
    {"\\\\ud83d",          "\\ud83d",               "\\\\ud83d",           false},
};
/* clang-format on */

START_TEST(escapes_stand_for_what_the_standard_says)
{
    char quoted[64];
    struct json_part part;
    struct span out;

    snprintf(quoted, sizeof quoted, "\"%s\"", texts[_i].raw);
    json_scan_init(&scan, span_of(quoted), JSON_DEPTH, &arena);
    ck_assert(json_scan_value(&scan, &part) && json_scan_end(&scan, &err));
    ck_assert_int_eq(part.lone, texts[_i].lone);
    ck_assert(json_part_text(&part, &arena, &out, &err));
    ck_assert_msg(span_is(out, texts[_i].text), "%.*s", SPAN_ARGS(out));
    ck_assert(json_part_raw(&part, &arena, &out, &err));
    ck_assert_msg(span_is(out, texts[_i].for_jsonb), "%.*s", SPAN_ARGS(out));
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
    Suite *s = suite_create("json_scan");
    TCase *tc = tcase_create("scan");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, json_is_taken, 0, ROWS(good));
    tcase_add_loop_test(tc, what_is_not_json_is_refused, 0, ROWS(bad));
    tcase_add_test(tc, a_text_that_breaks_off_is_refused);
    tcase_add_test(tc, a_nul_byte_is_refused);
    tcase_add_test(tc, a_key_given_twice_is_found_among_thousands);
    tcase_add_test(tc, keys_beyond_the_arena_are_an_error_not_a_verdict);
    tcase_add_test(tc, members_come_decoded_in_the_order_of_the_document);
    tcase_add_test(tc, after_a_failure_every_step_fails);
    tcase_add_loop_test(tc, escapes_stand_for_what_the_standard_says, 0,
                        ROWS(texts));
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
