#include <check.h>
#include <stdlib.h>

#include "web/json.h"

enum { MOST_BYTES = 4096 };

static struct json root;
static struct err err;

static bool parses(struct span text)
{
    bool ok = json_parse(text, MOST_BYTES, JSON_DEPTH, &root, &err);

    if (!ok && err.code != ERR_INVALID && err.code != ERR_LIMIT)
        ck_abort_msg("%s", err.what);
    return ok;
}

static void open_text(const char *text)
{
    ck_assert_msg(parses(span_of(text)), "%s: %s", text, err.what);
}

static const char *const good[] = {
    "{}",
    "[]",
    " [ ] ",
    "\t\r\n{}\n",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "12",
    "-1.5e+3",
    "1E5",
    "0.0",
    "1e-300",
    "\"\"",
    "\"a\"",
    "[1,2]",
    "{\"a\":{}}",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
    "\"caf\xc3\xa9\"",
    "\"\\uD83D\\uDE00\"",
    "\"\\\\u0000\"",
    "\"a:b{,}\"",
    "{\"a:b\":\":\"}",
    "9223372036854775807",
    "-9223372036854775808",
    "\"\x7f\"",
    "[[[[[[[1]]]]]]]",
    "1.7976931348623157e308",
    "{\"\":1}",
    "{\"a\":{\"x\":1},\"b\":{\"x\":1}}",
};

START_TEST(json_is_taken)
{
    ck_assert_msg(parses(span_of(good[_i])), "%s: %s", good[_i], err.what);
    json_release(&root);
}
END_TEST

static const char *const bad[] = {
    "",
    " ",
    "{",
    "}",
    "[",
    "[1",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1]]",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{\"a\" 1}",
    "{a:1}",
    "{1:1}",
    "{'a':1}",
    "['a']",
    "\"a",
    "\"\\q\"",
    "\"\\u12g4\"",
    "\"\\u12\"",
    "tru",
    "True",
    "TRUE",
    "nul",
    "nulll",
    "NaN",
    "[NaN]",
    "[Infinity]",
    "[-Infinity]",
    "undefined",
    "01",
    "-01",
    "+1",
    ".5",
    "[.5]",
    "[1.]",
    "1.",
    "[1.e5]",
    "[1e]",
    "[1e+]",
    "-",
    "[-]",
    "[--1]",
    "[0x10]",
    "[1-2]",
    "[1.2.3]",
    "[1e5e5]",
    "1a",
    "[1]x",
    "[1] [2]",
    "[1]/*c*/",
    "/*c*/[1]",
    "//c\n[1]",
    "[1]#",
    "[\"\x01\"]",
    "[\"a\nb\"]",
    "[\"\t\"]",
    "[1\v]",
    "[1\f]",
    "\xef\xbb\xbf[1]",
    "[\"\xff\"]",
    "[\"\xc0\xaf\"]",
    "[\"\xed\xa0\x80\"]",
    "[\xc3\xa9]",
    "[\"\xf5\x80\x80\x80\"]",
    "[\"\xc3\"]",
    "[\"\\u0000\"]",
    "{\"\\u0000\":1}",
    "{\"a\\u0000b\":1}",
    "[9223372036854775808]",
    "[-9223372036854775809]",
    "[99999999999999999999]",
    "[1e400]",
    "[-1e400]",
    "[1e-99999]",
    "[1e0001]",
    "[0.0000000000000000000000000000000000000000000000000000000000000001]",
    "{\"a\":1,\"a\":1}",
    "{\"a\":1,\"b\":2,\"a\":3}",
    "[{\"x\":{\"a\":1,\"a\":1}}]",
    "{\"a\":1,\"\\u0061\":2}",
    "[[[[[[[[1]]]]]]]]",
};

START_TEST(what_is_not_json_is_refused)
{
    ck_assert_msg(!parses(span_of(bad[_i])), "%s", bad[_i]);
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert_ptr_null(root.at);
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
    ck_assert(!parses(SPAN("[1]\0")));
    ck_assert(!parses(SPAN("\0[1]")));
    ck_assert(!parses(SPAN("[\"a\0b\"]")));
}
END_TEST

START_TEST(a_text_over_the_limit_is_not_even_looked_at)
{
    ck_assert(json_parse(SPAN("[1]"), 3, JSON_DEPTH, &root, &err));
    json_release(&root);
    ck_assert(!json_parse(SPAN("[1]"), 2, JSON_DEPTH, &root, &err));
    ck_assert_int_eq(err.code, ERR_LIMIT);
}
END_TEST

START_TEST(the_text_need_not_end_with_nul)
{
    ck_assert(parses((struct span){"123456", 3}));
    ck_assert_int_eq(json_kind_of(&root), JSON_INTEGER);
    json_release(&root);
    ck_assert(!parses((struct span){"[1]", 2}));
}
END_TEST

START_TEST(a_pair_that_looks_like_half_a_pair_is_its_character)
{
    static const char *const rows[][2] = {
        {"\"\\ud836\\ude01\"", "\xf0\x9d\xa8\x81"},
        {"\"a\\uD876\\uDC00z\"", "a\xf0\xad\xa0\x80z"},
        {"\"\\ud837\\udfff\\ud83d\\ude10\"",
         "\xf0\x9d\xbf\xbf\xf0\x9f\x98\x90"},
        {"\"\\\\ud836\\ude01\"", "\\ud836\xef\xbf\xbd"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct span text;

        open_text(rows[i][0]);
        ck_assert(json_text(&root, &text, &err));
        ck_assert_msg(span_is(text, rows[i][1]), "%s gives %.*s", rows[i][0],
                      SPAN_ARGS(text));
        json_release(&root);
    }
    open_text("{\"\\ud836\\ude01\":1}");
    struct json_members it = json_members_of(&root);
    struct span key;
    struct json value;
    ck_assert(json_members_next(&it, &key, &value));
    ck_assert(span_is(key, "\xf0\x9d\xa8\x81"));
    json_release(&root);
}
END_TEST

START_TEST(kinds_are_told_apart)
{
    static const struct {
        const char *text;
        enum json_kind kind;
    } rows[] = {
        {"null", JSON_NULL},  {"true", JSON_BOOL},  {"1", JSON_INTEGER},
        {"1.0", JSON_DOUBLE}, {"1e3", JSON_DOUBLE}, {"\"1\"", JSON_TEXT},
        {"[]", JSON_ARRAY},   {"{}", JSON_OBJECT},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_text(rows[i].text);
        ck_assert_int_eq(json_kind_of(&root), rows[i].kind);
        json_release(&root);
    }
}
END_TEST

static const char all[] =
    "{\"t\":\"x\\u00e9\",\"i\":-5,\"d\":1.5,\"b\":true,\"n\":null,"
    "\"o\":{\"k\":1},\"a\":[10,\"s\",null]}";

START_TEST(members_are_found_with_their_type)
{
    struct json node;
    struct span text;
    int64_t i;
    double d;
    bool b, found;

    open_text(all);
    ck_assert(json_find_text(&root, "t", &text, &found, &err));
    ck_assert(found);
    ck_assert(span_is(text, "x\xc3\xa9"));
    ck_assert(json_find_i64(&root, "i", -10, 10, &i, NULL, &err));
    ck_assert_int_eq(i, -5);
    ck_assert(json_find_f64(&root, "d", &d, NULL, &err));
    ck_assert_double_eq(d, 1.5);
    ck_assert(json_find_f64(&root, "i", &d, NULL, &err));
    ck_assert_double_eq(d, -5);
    ck_assert(json_find_bool(&root, "b", &b, NULL, &err));
    ck_assert(b);
    ck_assert(json_find_object(&root, "o", &node, NULL, &err));
    ck_assert(json_find_i64(&node, "k", 0, 9, &i, NULL, &err));
    ck_assert_int_eq(i, 1);
    ck_assert(json_find_array(&root, "a", &node, NULL, &err));
    ck_assert_uint_eq(json_count(&node), 3);
    json_release(&root);
}
END_TEST

START_TEST(a_member_of_another_type_is_an_error_not_a_conversion)
{
    struct json node;
    struct span text;
    int64_t i;
    double d;
    bool b, found;

    open_text(all);
    ck_assert(!json_find_text(&root, "i", &text, &found, &err));
    ck_assert_str_eq(err.what, "/i: is not a text");
    ck_assert(!json_find_i64(&root, "b", 0, 9, &i, &found, &err));
    ck_assert_str_eq(err.what, "/b: is not an integer");
    ck_assert(!json_find_i64(&root, "d", 0, 9, &i, &found, &err));
    ck_assert(!json_find_i64(&root, "t", 0, 9, &i, &found, &err));
    ck_assert(!json_find_f64(&root, "t", &d, &found, &err));
    ck_assert_str_eq(err.what, "/t: is not a number");
    ck_assert(!json_find_bool(&root, "i", &b, &found, &err));
    ck_assert_str_eq(err.what, "/i: is not true or false");
    ck_assert(!json_find_object(&root, "a", &node, &found, &err));
    ck_assert_str_eq(err.what, "/a: is not an object");
    ck_assert(!json_find_array(&root, "o", &node, &found, &err));
    ck_assert_str_eq(err.what, "/o: is not an array");
    ck_assert_int_eq(err.code, ERR_INVALID);
    json_release(&root);
}
END_TEST

START_TEST(an_absent_or_null_member_is_an_error_only_when_required)
{
    struct span text = SPAN("kept");
    bool found = true;

    open_text(all);
    ck_assert(json_find_text(&root, "none", &text, &found, &err));
    ck_assert(!found);
    found = true;
    ck_assert(json_find_text(&root, "n", &text, &found, &err));
    ck_assert(!found);
    ck_assert(span_is(text, "kept"));
    ck_assert(!json_find_text(&root, "none", &text, NULL, &err));
    ck_assert_str_eq(err.what, "/none: is required");
    ck_assert(!json_find_text(&root, "n", &text, NULL, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    json_release(&root);
}
END_TEST

START_TEST(an_integer_is_held_to_its_range)
{
    int64_t i = 3;

    open_text("{\"i\":-5,\"m\":9223372036854775807}");
    ck_assert(json_find_i64(&root, "i", -5, -5, &i, NULL, &err));
    ck_assert(json_find_i64(&root, "m", 0, INT64_MAX, &i, NULL, &err));
    ck_assert_int_eq(i, INT64_MAX);
    ck_assert(!json_find_i64(&root, "i", -4, 10, &i, NULL, &err));
    ck_assert_str_eq(err.what, "/i: is out of range");
    ck_assert(!json_find_i64(&root, "i", -10, -6, &i, NULL, &err));
    ck_assert_int_eq(i, INT64_MAX);
    json_release(&root);
}
END_TEST

START_TEST(items_of_an_array_come_by_index)
{
    struct json array, item;
    struct span text;

    open_text(all);
    ck_assert(json_find_array(&root, "a", &array, NULL, &err));
    item = json_at(&array, 1);
    ck_assert(json_text(&item, &text, &err));
    ck_assert(span_is(text, "s"));
    item = json_at(&array, 0);
    ck_assert(!json_text(&item, &text, &err));
    ck_assert_str_eq(err.what, "/a/0: is not a text");
    item = json_at(&array, 2);
    ck_assert_int_eq(json_kind_of(&item), JSON_NULL);
    json_release(&root);
}
END_TEST

START_TEST(members_come_in_the_order_of_the_document)
{
    struct json_members it;
    struct json member;
    struct span key;
    char keys[16];
    size_t n = 0;

    open_text(all);
    it = json_members_of(&root);
    while (json_members_next(&it, &key, &member))
        keys[n++] = key.at[0];
    ck_assert(span_is((struct span){keys, n}, "tidbnoa"));
    json_release(&root);
}
END_TEST

START_TEST(a_node_prints_as_compact_json)
{
    struct json node;
    struct buf out;

    open_text("{\"m\": { \"u\" : \"a/b\\u0001\\u00e9\", \"x\": [ 1e5, -2, "
              "null, false, {} ] } }");
    ck_assert(json_find_object(&root, "m", &node, NULL, &err));
    buf_init(&out, 100);
    ck_assert(json_print(&node, &out));
    ck_assert_msg(span_is(buf_view(&out), "{\"u\":\"a/b\\u0001\xc3\xa9\","
                                          "\"x\":[1e5,-2,null,false,{}]}"),
                  "%.*s", SPAN_ARGS(buf_view(&out)));
    buf_release(&out);
    buf_init(&out, 10);
    ck_assert(!json_print(&node, &out));
    buf_release(&out);
    json_release(&root);
}
END_TEST

START_TEST(a_pointer_names_the_way_from_the_root)
{
    struct json events, event, meta;
    struct buf out;

    open_text("{\"events\":[{},{\"metadata\":{\"a/b~c\":1}}]}");
    ck_assert(json_find_array(&root, "events", &events, NULL, &err));
    event = json_at(&events, 1);
    ck_assert(json_find_object(&event, "metadata", &meta, NULL, &err));
    buf_init(&out, 100);
    json_pointer(&meta, "a/b~c", &out);
    ck_assert(span_is(buf_view(&out), "/events/1/metadata/a~1b~0c"));
    buf_reset(&out);
    json_pointer(&event, NULL, &out);
    ck_assert(span_is(buf_view(&out), "/events/1"));
    buf_reset(&out);
    json_pointer(&root, NULL, &out);
    ck_assert_uint_eq(out.bytes, 0);
    buf_release(&out);
    json_release(&root);
}
END_TEST

START_TEST(a_pointer_deeper_than_remembered_ends_at_its_ancestor)
{
    struct json node;
    struct buf out;

    open_text("[[[[[[[0]]]]]]]");
    node = root;
    for (int i = 0; i < 7; i++)
        node = json_at(&node, 0);
    buf_init(&out, 100);
    json_pointer(&node, NULL, &out);
    ck_assert(span_is(buf_view(&out), "/0/0/0/0/0/0"));
    buf_release(&out);
    json_release(&root);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("json");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_loop_test(tc, json_is_taken, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tc, what_is_not_json_is_refused, 0,
                        sizeof bad / sizeof bad[0]);
    tcase_add_test(tc, a_nul_byte_is_refused);
    tcase_add_test(tc, a_text_over_the_limit_is_not_even_looked_at);
    tcase_add_test(tc, the_text_need_not_end_with_nul);
    tcase_add_test(tc, a_pair_that_looks_like_half_a_pair_is_its_character);
    tcase_add_test(tc, kinds_are_told_apart);
    tcase_add_test(tc, members_are_found_with_their_type);
    tcase_add_test(tc, a_member_of_another_type_is_an_error_not_a_conversion);
    tcase_add_test(tc, an_absent_or_null_member_is_an_error_only_when_required);
    tcase_add_test(tc, an_integer_is_held_to_its_range);
    tcase_add_test(tc, items_of_an_array_come_by_index);
    tcase_add_test(tc, members_come_in_the_order_of_the_document);
    tcase_add_test(tc, a_node_prints_as_compact_json);
    tcase_add_test(tc, a_pointer_names_the_way_from_the_root);
    tcase_add_test(tc, a_pointer_deeper_than_remembered_ends_at_its_ancestor);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
