#include <check.h>
#include <stdlib.h>

#include "app/post_wire.h"

enum { TEXT_MOST = 1 << 16, BODY_BYTES = 100 };

static struct config config;
static struct post_row row;
static struct model_title title;
static struct buf out;

static struct uuid id_of(const char *text)
{
    struct uuid id;

    ck_assert(uuid_find(span_of(text), &id));
    return id;
}

static void setup(void)
{
    config = (struct config){.feed_body_bytes = BODY_BYTES};
    row = (struct post_row){
        .id = id_of("00112233-4455-6677-8899-aabbccddeeff"),
        .title = SPAN("T"),
        .body = SPAN("B"),
    };
    buf_init(&out, TEXT_MOST);
}

static void teardown(void)
{
    buf_release(&out);
}

static const char *written(void)
{
    buf_reset(&out);
    post_wire_write(&out, &row, &config, &title);
    buf_char(&out, 0);
    ck_assert(!out.failed);
    return out.at;
}

static void body_is(const char *json)
{
    const char *text = written();
    const char *at = strstr(text, ",\"body\":");

    ck_assert_ptr_nonnull(at);
    at += strlen(",\"body\":");
    ck_assert_msg(!strncmp(at, json, strlen(json)) && at[strlen(json)] == ',',
                  "%s in %s", json, text);
}

START_TEST(a_full_post_has_every_member)
{
    row.author = id_of("ffeeddcc-bbaa-4988-8766-554433221100");
    row.author_name = SPAN("Ada");
    row.title = SPAN("A title");
    row.body = SPAN("A body.");
    row.language = SPAN("en");
    row.image = SPAN("/covers/x.svg");
    row.url = SPAN("https://example.org/?a=1&b=2");
    row.tags[0] = SPAN("one");
    row.tags[1] = SPAN("two");
    row.tag_count = 2;
    row.published_at_ms = INT64_C(1767323045678);
    row.counts =
        (struct post_counts){.views = 4, .clicks = 3, .likes = 2, .shares = 1};
    ck_assert_str_eq(
        written(),
        "\"id\":\"00112233-4455-6677-8899-aabbccddeeff\",\"title\":\"A title\","
        "\"body\":\"A body.\",\"author\":{\"id\":\"ffeeddcc-bbaa-4988-8766-"
        "554433221100\",\"name\":\"Ada\"},\"tags\":[\"one\",\"two\"],"
        "\"language\":\"en\",\"published_at\":1767323045678,\"counts\":{"
        "\"view\":4,\"click\":3,\"like\":2,\"share\":1},\"image\":"
        "\"/covers/x.svg\",\"url\":\"https://example.org/?a=1&b=2\"");
}
END_TEST

START_TEST(a_bare_post_has_every_member_too)
{
    row.title = row.body = SPAN("");
    ck_assert_str_eq(
        written(),
        "\"id\":\"00112233-4455-6677-8899-aabbccddeeff\",\"title\":\"\","
        "\"body\":\"\",\"author\":null,\"tags\":[],\"language\":null,"
        "\"published_at\":0,\"counts\":{\"view\":0,\"click\":0,\"like\":0,"
        "\"share\":0},\"image\":null,\"url\":null");
}
END_TEST

START_TEST(an_author_without_a_name_has_an_empty_one)
{
    row.author = id_of("ffeeddcc-bbaa-4988-8766-554433221100");
    ck_assert_ptr_nonnull(strstr(written(),
                                 "\"author\":{\"id\":\"ffeeddcc-bbaa-4988-8766-"
                                 "554433221100\",\"name\":\"\"}"));
}
END_TEST

/* The text goes into a feed between other members, and may stand in HTML. */
START_TEST(texts_are_escaped)
{
    row.title = SPAN("\"<b>\\\n\t\x01\xe2\x80\xa8\xc3\xa9");
    ck_assert_ptr_nonnull(
        strstr(written(), "\"title\":\"\\\"\\u003cb>"
                          "\\\\\\n\\t\\u0001\\u2028\xc3\xa9\",\"body\""));
}
END_TEST

START_TEST(what_is_not_utf8_is_replaced)
{
    row.title = SPAN("a\xff"
                     "b");
    row.tags[0] = SPAN("\xc3");
    row.tag_count = 1;
    ck_assert_ptr_nonnull(strstr(written(), "\"title\":\"a\xef\xbf\xbd"
                                            "b\""));
    ck_assert_ptr_nonnull(strstr(out.at, "\"tags\":[\"\xef\xbf\xbd\"]"));
}
END_TEST

START_TEST(the_title_is_found_inside_the_text)
{
    row.title = SPAN("Say \"x\"");
    written();
    ck_assert_uint_eq(title.bytes, strlen("\"Say \\\"x\\\"\""));
    ck_assert_int_eq(
        memcmp(out.at + title.offset, "\"Say \\\"x\\\"\"", title.bytes), 0);
}
END_TEST

START_TEST(the_title_is_found_when_other_posts_stand_before)
{
    size_t before;

    written();
    before = out.bytes;
    post_wire_write(&out, &row, &config, &title);
    ck_assert_int_eq(memcmp(out.at + before + title.offset, "\"T\"", 3), 0);
}
END_TEST

/* ---- Cutting: ellipsis is U+2026, three bytes ---- */

/* clang-format off */
static const struct {
    uint32_t most;
    const char *body, *json;
} cuts[] = {
    {5, "12345",                        "\"12345\""},
    {5, "123456",                       "\"12345\xe2\x80\xa6\""},
    {5, "1234\xc3\xa9",                 "\"1234\xe2\x80\xa6\""},
    {5, "123\xc3\xa9",                  "\"123\xc3\xa9\""},
    {5, "123\xc3\xa9x",                 "\"123\xc3\xa9\xe2\x80\xa6\""},
    {5, "123\xe2\x82\xac",              "\"123\xe2\x80\xa6\""},
    {5, "12\xe2\x82\xacx",              "\"12\xe2\x82\xac\xe2\x80\xa6\""},
    {5, "12\xf0\x9f\x98\x80x",          "\"12\xe2\x80\xa6\""},
    {5, "1\xf0\x9f\x98\x80x",           "\"1\xf0\x9f\x98\x80\xe2\x80\xa6\""},
    {5, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\xe2\x80\xa6\""},
    {2, "\xe2\x82\xac",                 "\"\xe2\x80\xa6\""},
    {4, "ab\"cd",                       "\"ab\\\"c\xe2\x80\xa6\""},
    {3, "ab\"cd",                       "\"ab\\\"\xe2\x80\xa6\""},
    {3, "ab\\cd",                       "\"ab\\\\\xe2\x80\xa6\""},
    {0, "abc",                          "\"\xe2\x80\xa6\""},
    {0, "",                             "\"\""},
};
/* clang-format on */

START_TEST(a_long_body_is_cut_between_characters)
{
    config.feed_body_bytes = cuts[_i].most;
    row.body = span_of(cuts[_i].body);
    body_is(cuts[_i].json);
}
END_TEST

START_TEST(a_full_buffer_is_remembered_not_overrun)
{
    struct buf small;

    for (size_t most = 0; most < 100; most++) {
        buf_init(&small, most);
        post_wire_write(&small, &row, &config, &title);
        ck_assert(small.failed);
        ck_assert_uint_le(small.bytes, most);
        buf_release(&small);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("post_wire");
    TCase *tc = tcase_create("post");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_full_post_has_every_member);
    tcase_add_test(tc, a_bare_post_has_every_member_too);
    tcase_add_test(tc, an_author_without_a_name_has_an_empty_one);
    tcase_add_test(tc, texts_are_escaped);
    tcase_add_test(tc, what_is_not_utf8_is_replaced);
    tcase_add_test(tc, the_title_is_found_inside_the_text);
    tcase_add_test(tc, the_title_is_found_when_other_posts_stand_before);
    tcase_add_loop_test(tc, a_long_body_is_cut_between_characters, 0,
                        sizeof cuts / sizeof cuts[0]);
    tcase_add_test(tc, a_full_buffer_is_remembered_not_overrun);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
