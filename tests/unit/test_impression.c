#include <check.h>
#include <stdlib.h>

#include "web/impression.h"

#define KEY_LINE                                                               \
    "old 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define OTHER_LINE                                                             \
    "new ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n"

static struct token_keys keys, rotated;
static struct uuid user, post;
static struct impression imp, back;
static char text[IMPRESSION_TEXT];
static struct err err;

static void setup(void)
{
    ck_assert(token_keys_parse(SPAN(KEY_LINE), &keys, &err));
    ck_assert(token_keys_parse(SPAN(OTHER_LINE KEY_LINE), &rotated, &err));
    ck_assert(uuid_find(SPAN("00000000-0000-0000-0000-000000000001"), &user));
    ck_assert(uuid_find(SPAN("00000000-0000-0000-0000-000000000002"), &post));
    imp = (struct impression){.position = 65535,
                              .rung = 3,
                              .arm = 255,
                              .model_version = UINT64_MAX,
                              .propensity = 0.125f,
                              .served_at_ms = 1767323045678};
    ck_assert(
        uuid_find(SPAN("00112233-4455-6677-8899-aabbccddeeff"), &imp.request));
    impression_sign(&keys, user, post, &imp, text);
}

static void teardown(void)
{
}

static bool check(const struct token_keys *k, struct uuid u, struct uuid p)
{
    return impression_check(k, u, p, (struct span){text, sizeof text}, &back,
                            &err);
}

START_TEST(an_impression_reads_back)
{
    ck_assert(check(&keys, user, post));
    ck_assert(uuid_equal(back.request, imp.request));
    ck_assert_uint_eq(back.position, 65535);
    ck_assert_uint_eq(back.rung, 3);
    ck_assert_uint_eq(back.arm, 255);
    ck_assert_uint_eq(back.model_version, UINT64_MAX);
    ck_assert_float_eq(back.propensity, 0.125f);
    ck_assert_int_eq(back.served_at_ms, 1767323045678);
}
END_TEST

START_TEST(it_is_good_for_its_reader_and_its_post_only)
{
    ck_assert(!check(&keys, post, post));
    ck_assert_int_eq(err.code, ERR_DENIED);
    ck_assert(!check(&keys, user, user));
    ck_assert(!check(&keys, post, user)); /* nor with the two exchanged */
}
END_TEST

START_TEST(it_stays_good_when_a_newer_key_signs)
{
    ck_assert(check(&rotated, user, post));
    impression_sign(&rotated, user, post, &imp, text);
    ck_assert(check(&rotated, user, post));
    ck_assert(!check(&keys, user, post));
}
END_TEST

START_TEST(texts_of_another_form_are_denied)
{
    struct span rows[] = {
        SPAN(""),
        SPAN("x"),
        {text, sizeof text - 1},
        {text, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert(!impression_check(&keys, user, post, rows[i], &back, &err));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("impression");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, an_impression_reads_back);
    tcase_add_test(tc, it_is_good_for_its_reader_and_its_post_only);
    tcase_add_test(tc, it_stays_good_when_a_newer_key_signs);
    tcase_add_test(tc, texts_of_another_form_are_denied);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
