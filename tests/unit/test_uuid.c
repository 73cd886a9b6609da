#include <check.h>
#include <stdlib.h>

#include "base/uuid.h"

static const char sample[] = "00112233-4455-6677-8899-aabbccddeeff";

START_TEST(the_text_form_reads_back)
{
    struct uuid id;
    char text[UUID_TEXT + 1];

    ck_assert(uuid_find(span_of(sample), &id));
    ck_assert_uint_eq(id.b[0], 0x00);
    ck_assert_uint_eq(id.b[5], 0x55);
    ck_assert_uint_eq(id.b[15], 0xff);
    uuid_text(id, text);
    ck_assert_str_eq(text, sample);
}
END_TEST

START_TEST(upper_case_is_read_and_lower_case_written)
{
    struct uuid id;
    char text[UUID_TEXT + 1];

    ck_assert(uuid_find(SPAN("00112233-4455-6677-8899-AABBCCDDEEFF"), &id));
    uuid_text(id, text);
    ck_assert_str_eq(text, sample);
}
END_TEST

START_TEST(other_forms_are_refused)
{
    static const char *const rows[] = {
        "",
        "00112233445566778899aabbccddeeff",
        "00112233-4455-6677-8899-aabbccddeef",
        "00112233-4455-6677-8899-aabbccddeeff0",
        "{0112233-4455-6677-8899-aabbccddeeff",
        "00112233-4455-6677-8899-aabbccddeefg",
        "00112233-4455-6677-8899_aabbccddeeff",
        "0011223-34455-6677-8899-aabbccddeeff",
        "00112233-4455-6677-8899-aabbccddee f",
        "-0112233-4455-6677-8899-aabbccddeeff",
    };
    struct uuid id;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(!uuid_find(span_of(rows[i]), &id), "%s", rows[i]);
}
END_TEST

START_TEST(ids_are_ordered_as_their_texts)
{
    struct uuid a, b;

    ck_assert(uuid_find(SPAN("00000000-0000-0000-0000-0000000000ff"), &a));
    ck_assert(uuid_find(SPAN("00000000-0000-0000-0000-000000000100"), &b));
    ck_assert_int_lt(uuid_compare(&a, &b), 0);
    ck_assert_int_gt(uuid_compare(&b, &a), 0);
    ck_assert(uuid_equal(a, a));
    ck_assert(!uuid_equal(a, b));
}
END_TEST

START_TEST(version_4_is_random_and_marked)
{
    struct uuid a, b;
    struct err err;

    ck_assert(uuid_v4(&a, &err));
    ck_assert(uuid_v4(&b, &err));
    ck_assert_uint_eq(a.b[6] >> 4, 4);
    ck_assert_uint_eq(a.b[8] >> 6, 2);
    ck_assert(!uuid_equal(a, b));
}
END_TEST

START_TEST(version_7_carries_the_time_in_front)
{
    struct uuid id;
    struct err err;
    char text[UUID_TEXT + 1];

    /* RFC 9562, appendix A.6: 2022-02-22T19:22:22Z is 0x017f22e279b0 ms. */
    ck_assert(uuid_v7(1645557742000, &id, &err));
    uuid_text(id, text);
    text[15] = 0;
    ck_assert_str_eq(text, "017f22e2-79b0-7");
    ck_assert_uint_eq(id.b[8] >> 6, 2);
}
END_TEST

START_TEST(version_5_is_that_of_the_standard)
{
    /* RFC 9562, appendix A.4: the DNS space and "www.example.com". */
    struct uuid dns;
    char text[UUID_TEXT + 1];

    ck_assert(uuid_find(SPAN("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), &dns));
    uuid_text(uuid_v5(dns, SPAN("www.example.com")), text);
    ck_assert_str_eq(text, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}
END_TEST

START_TEST(a_key_is_48_bits_that_tell_ids_apart)
{
    struct uuid id = {{0}};
    uint64_t last = uuid_key(id);

    for (unsigned i = 1; i < 256; i++) {
        id.b[15] = (unsigned char)i;
        ck_assert_uint_eq(uuid_key(id) >> 48, 0);
        ck_assert_uint_ne(uuid_key(id), last);
        last = uuid_key(id);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("uuid");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, the_text_form_reads_back);
    tcase_add_test(tc, upper_case_is_read_and_lower_case_written);
    tcase_add_test(tc, other_forms_are_refused);
    tcase_add_test(tc, ids_are_ordered_as_their_texts);
    tcase_add_test(tc, version_4_is_random_and_marked);
    tcase_add_test(tc, version_7_carries_the_time_in_front);
    tcase_add_test(tc, version_5_is_that_of_the_standard);
    tcase_add_test(tc, a_key_is_48_bits_that_tell_ids_apart);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
