#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "web/json.h"
#include "web/json_write.h"

static struct buf out;
static struct json_write w;

static void setup(void)
{
    buf_init(&out, 4096);
    json_write_init(&w, &out);
}

static void teardown(void)
{
    buf_release(&out);
}

static void wrote(const char *expected)
{
    ck_assert(json_write_whole(&w));
    ck_assert_msg(span_is(buf_view(&out), expected), "%.*s",
                  SPAN_ARGS(buf_view(&out)));
    buf_reset(&out);
    json_write_init(&w, &out);
}

START_TEST(objects_and_arrays_nest_with_commas_between)
{
    json_write_object(&w, NULL);
    json_write_word(&w, "a", "x");
    json_write_array(&w, "b");
    json_write_i64(&w, NULL, 1);
    json_write_object(&w, NULL);
    json_write_end(&w);
    json_write_array(&w, NULL);
    json_write_end(&w);
    json_write_end(&w);
    json_write_null(&w, "c");
    json_write_bool(&w, "d", true);
    json_write_bool(&w, "e", false);
    ck_assert(!json_write_whole(&w));
    json_write_end(&w);
    wrote("{\"a\":\"x\",\"b\":[1,{},[]],\"c\":null,\"d\":true,\"e\":false}");
}
END_TEST

START_TEST(a_single_value_is_a_document)
{
    json_write_u64(&w, NULL, UINT64_MAX);
    wrote("18446744073709551615");
    json_write_i64(&w, NULL, INT64_MIN);
    wrote("-9223372036854775808");
    json_write_word(&w, NULL, NULL);
    wrote("null");
}
END_TEST

START_TEST(raw_json_and_own_values_take_their_place)
{
    json_write_array(&w, NULL);
    json_write_raw(&w, NULL, SPAN("{\"x\":1}"));
    json_write_place(&w, NULL);
    buf_text(&out, "2");
    json_write_end(&w);
    wrote("[{\"x\":1},2]");
}
END_TEST

START_TEST(an_id_is_written_in_its_text_form)
{
    struct uuid id;

    ck_assert(uuid_find(SPAN("00112233-4455-6677-8899-aabbccddeeff"), &id));
    json_write_uuid(&w, NULL, id);
    wrote("\"00112233-4455-6677-8899-aabbccddeeff\"");
}
END_TEST

static const struct {
    struct span text;
    const char *json;
} texts[] = {
    {SPAN(""), "\"\""},
    {SPAN("plain"), "\"plain\""},
    {SPAN("\"\\/"), "\"\\\"\\\\/\""},
    {SPAN("\n\r\t"), "\"\\n\\r\\t\""},
    {SPAN("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\\u007f\""},
    {SPAN("</script>"), "\"\\u003c/script>\""},
    {SPAN("caf\xc3\xa9 \xf0\x9f\x98\x80"), "\"caf\xc3\xa9 \xf0\x9f\x98\x80\""},
    {SPAN("a\xe2\x80\xa8\xe2\x80\xa9"
          "b"),
     "\"a\\u2028\\u2029b\""},
    {SPAN("\xe2\x80\xa7"), "\"\xe2\x80\xa7\""},
    {SPAN("a\xff"
          "b"),
     "\"a\xef\xbf\xbd"
     "b\""},
    {SPAN("\xc3"), "\"\xef\xbf\xbd\""},
    {SPAN("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
};

START_TEST(texts_are_escaped_for_json_and_for_a_page)
{
    json_write_text(&w, NULL, texts[_i].text);
    wrote(texts[_i].json);
}
END_TEST

START_TEST(any_bytes_become_a_text_that_reads_back)
{
    unsigned char bytes[256 * 3];
    struct json root;
    struct err err;

    /* U+0000 is what our own reader refuses: left out. */
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(1 + (i * 7 + (size_t)_i * 13) % 255);
    json_write_text(&w, NULL, (struct span){(char *)bytes, sizeof bytes});
    ck_assert(json_write_whole(&w));
    ck_assert(json_parse(buf_view(&out), out.bytes, 1, &root, &err));
    json_release(&root);
}
END_TEST

START_TEST(a_double_is_written_in_the_shortest_form_that_reads_back)
{
    json_write_f64(&w, NULL, 0.1);
    wrote("0.1");
    json_write_f64(&w, NULL, 1.0 / 3.0);
    wrote("0.3333333333333333");
    json_write_f64(&w, NULL, 0.1 + 0.2);
    wrote("0.30000000000000004");
    json_write_f64(&w, NULL, 5);
    wrote("5");
    json_write_f64(&w, NULL, -1e300);
    wrote("-1e+300");
    json_write_f64(&w, NULL, DBL_MIN);
    wrote("2.2250738585072014e-308");
}
END_TEST

START_TEST(what_is_no_number_is_null)
{
    json_write_f64(&w, NULL, NAN);
    wrote("null");
    json_write_f64(&w, NULL, INFINITY);
    wrote("null");
    json_write_fixed(&w, NULL, -INFINITY, 2);
    wrote("null");
    json_write_fixed(&w, NULL, NAN, 2);
    wrote("null");
}
END_TEST

static const struct {
    double value;
    unsigned decimals;
    const char *json;
} fixed[] = {
    {0.831, 2, "0.83"},
    {0.835001, 2, "0.84"},
    {0.5, 4, "0.5"},
    {1, 4, "1"},
    {0, 2, "0"},
    {-0.001, 2, "0"},
    {-0.25, 1, "-0.3"},
    {0.999, 2, "1"},
    {0.0625, 4, "0.0625"},
    {0.05, 2, "0.05"},
    {100.10, 2, "100.1"},
    {-12.5, 0, "-13"},
    {123456.789012, 6, "123456.789012"},
    {1e300, 2, "1e+300"},
    {0.000000001, 9, "0.000000001"},
};

START_TEST(fixed_numbers_are_rounded_and_lose_trailing_zeros)
{
    json_write_fixed(&w, NULL, fixed[_i].value, fixed[_i].decimals);
    wrote(fixed[_i].json);
}
END_TEST

START_TEST(a_full_buffer_is_remembered)
{
    struct buf small;

    buf_init(&small, 5);
    json_write_init(&w, &small);
    json_write_word(&w, NULL, "long text");
    ck_assert(small.failed);
    buf_release(&small);
}
END_TEST

START_TEST(sixteen_levels_fit)
{
    for (int i = 0; i < JSON_WRITE_DEPTH; i++)
        json_write_array(&w, NULL);
    for (int i = 0; i < JSON_WRITE_DEPTH; i++)
        json_write_end(&w);
    wrote("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("json_write");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, objects_and_arrays_nest_with_commas_between);
    tcase_add_test(tc, a_single_value_is_a_document);
    tcase_add_test(tc, raw_json_and_own_values_take_their_place);
    tcase_add_test(tc, an_id_is_written_in_its_text_form);
    tcase_add_loop_test(tc, texts_are_escaped_for_json_and_for_a_page, 0,
                        sizeof texts / sizeof texts[0]);
    tcase_add_loop_test(tc, any_bytes_become_a_text_that_reads_back, 0, 20);
    tcase_add_test(tc,
                   a_double_is_written_in_the_shortest_form_that_reads_back);
    tcase_add_test(tc, what_is_no_number_is_null);
    tcase_add_loop_test(tc, fixed_numbers_are_rounded_and_lose_trailing_zeros,
                        0, sizeof fixed / sizeof fixed[0]);
    tcase_add_test(tc, a_full_buffer_is_remembered);
    tcase_add_test(tc, sixteen_levels_fit);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
