#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "web/token.h"

#define OLD_LINE                                                               \
    "old 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define NEW_LINE                                                               \
    "new-1 ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n"

static struct token_keys old_keys, both_keys;
static struct token_claims claims;
static struct uuid user;
static struct buf out;
static struct err err;

static void setup(void)
{
    ck_assert(token_keys_parse(SPAN(OLD_LINE), &old_keys, &err));
    ck_assert(token_keys_parse(SPAN("# newest first\n\n" NEW_LINE OLD_LINE),
                               &both_keys, &err));
    ck_assert(uuid_find(SPAN("00112233-4455-6677-8899-aabbccddeeff"), &user));
    buf_init(&out, 4096);
}

static void teardown(void)
{
    buf_release(&out);
}

/*
 * The recipe of the documentation, with openssl:
 *   printf %s "v1.old.00112233-4455-6677-8899-aabbccddeeff.1000.5000" |
 *   openssl dgst -sha256 -mac hmac -macopt hexkey:000102..1f -binary |
 *   basenc --base64url | tr -d =
 */
static const char known[] =
    "v1.old.00112233-4455-6677-8899-aabbccddeeff."
    "1000.5000.qHfH-fm4dYrvTHI_obZgUKOI9t-V0hJ4xRpXMP0y28Y";

START_TEST(a_token_is_what_the_recipe_gives)
{
    token_sign(&old_keys, user, 1000, 5000, &out);
    ck_assert_msg(span_is(buf_view(&out), known), "%.*s",
                  SPAN_ARGS(buf_view(&out)));
}
END_TEST

START_TEST(a_good_token_tells_who_and_when)
{
    ck_assert(token_check(&old_keys, span_of(known), 4999, &claims, &err));
    ck_assert(uuid_equal(claims.user, user));
    ck_assert_int_eq(claims.issued_at_ms, 1000);
    ck_assert_int_eq(claims.expires_at_ms, 5000);
    ck_assert(claims.newest);
    ck_assert(!claims.expired);
}
END_TEST

START_TEST(an_expired_token_is_denied_and_says_so)
{
    ck_assert(!token_check(&old_keys, span_of(known), 5000, &claims, &err));
    ck_assert_int_eq(err.code, ERR_DENIED);
    ck_assert(claims.expired);
}
END_TEST

START_TEST(a_forged_token_never_counts_as_expired)
{
    char text[sizeof known];

    memcpy(text, known, sizeof known);
    text[sizeof known - 3] ^= 1;
    ck_assert(!token_check(&old_keys, span_of(text), 9000, &claims, &err));
    ck_assert_int_eq(err.code, ERR_DENIED);
    ck_assert(!claims.expired);
}
END_TEST

START_TEST(an_older_key_still_verifies_and_the_newest_signs)
{
    ck_assert(token_check(&both_keys, span_of(known), 2000, &claims, &err));
    ck_assert(!claims.newest);
    token_sign(&both_keys, user, 1000, 5000, &out);
    ck_assert(span_starts(buf_view(&out), "v1.new-1."));
    ck_assert(token_check(&both_keys, buf_view(&out), 2000, &claims, &err));
    ck_assert(claims.newest);
    ck_assert(!token_check(&old_keys, buf_view(&out), 2000, &claims, &err));
}
END_TEST

START_TEST(a_token_is_due_at_half_its_life_or_with_an_older_key)
{
    claims = (struct token_claims){
        .issued_at_ms = 1000, .expires_at_ms = 5000, .newest = true};
    ck_assert(!token_is_due(&claims, 2999));
    ck_assert(token_is_due(&claims, 3000));
    claims.newest = false;
    ck_assert(token_is_due(&claims, 1000));
}
END_TEST

static const char *const strange[] = {
    "",
    "v1",
    "v1.....",
    "v1.old.00112233-4455-6677-8899-aabbccddeeff.1000.5000",
    "v1.old.00112233-4455-6677-8899-aabbccddeeff.1000.5000.",
    "...........................................................",
    "v1.nokey.00112233-4455-6677-8899-aabbccddeeff.1000.5000.qHfH-fm4dYrvTHI_"
    "obZgUKOI9t-V0hJ4xRpXMP0y28Y",
    "v2.old.00112233-4455-6677-8899-aabbccddeeff.1000.5000.qHfH-fm4dYrvTHI_"
    "obZgUKOI9t-V0hJ4xRpXMP0y28Y",
    "v1.old.00112233-4455-6677-8899-aabbccddeeff.1000.5000.qHfH-fm4dYrvTHI_"
    "obZgUKOI9t-V0hJ4xRpXMP0y28Y.x",
    "v1.old.00112233-4455-6677-8899-aabbccddeeff.1000.5000.qHfH-fm4dYrvTHI_"
    "obZgUKOI9t-V0hJ4xRpXMP0y28Y=",
    " v1.old.00112233-4455-6677-8899-aabbccddeeff.1000.5000.qHfH-fm4dYrvTHI_"
    "obZgUKOI9t-V0hJ4xRpXMP0y28Y",
    "v1.old.00112233-4455-6677-8899-aabbccddeeff.1000.6000.qHfH-fm4dYrvTHI_"
    "obZgUKOI9t-V0hJ4xRpXMP0y28Y",
    "v1.old.00112233-4455-6677-8899-AABBCCDDEEFF.1000.5000.qHfH-fm4dYrvTHI_"
    "obZgUKOI9t-V0hJ4xRpXMP0y28Y",
};

START_TEST(texts_of_another_form_are_denied)
{
    ck_assert_msg(
        !token_check(&old_keys, span_of(strange[_i]), 2000, &claims, &err),
        "%s", strange[_i]);
    ck_assert_int_eq(err.code, ERR_DENIED);
}
END_TEST

START_TEST(a_very_long_text_is_denied)
{
    char text[5000];

    memset(text, '.', sizeof text);
    ck_assert(!token_check(&old_keys, (struct span){text, sizeof text}, 0,
                           &claims, &err));
}
END_TEST

START_TEST(no_error_text_holds_the_token)
{
    ck_assert(!token_check(&old_keys, span_of(known), 9999, &claims, &err));
    ck_assert_ptr_null(strstr(err.what, "00112233"));
    ck_assert_ptr_null(strstr(err.what, "v1."));
}
END_TEST

static const char *const bad_files[] = {
    "",
    "# nothing\n",
    "old\n",
    "old 0001\n",
    "old 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1\n",
    "old 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00\n",
    "old 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g\n",
    "o.d 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
    "an-id-of-17-chars 000102030405060708090a0b0c0d0e0f"
    "101112131415161718191a1b1c1d1e1f\n",
    " 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
    OLD_LINE OLD_LINE,
    OLD_LINE "rubbish\n",
};

START_TEST(a_keys_file_with_a_bad_line_is_refused)
{
    struct token_keys keys;

    ck_assert_msg(!token_keys_parse(span_of(bad_files[_i]), &keys, &err), "%s",
                  bad_files[_i]);
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert_ptr_null(strstr(err.what, "0102"));
}
END_TEST

START_TEST(more_keys_than_fit_are_refused)
{
    struct token_keys keys;

    for (int i = 0; i <= TOKEN_KEYS_MOST; i++)
        buf_fmt(&out, "k%d %s", i, &OLD_LINE[sizeof "old"]);
    ck_assert(!token_keys_parse(buf_view(&out), &keys, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(a_keys_file_open_to_others_is_refused)
{
    char path[] = "/tmp/kith-keys-XXXXXX";
    int fd = mkstemp(path);
    struct token_keys keys;

    ck_assert_int_eq(write(fd, OLD_LINE, sizeof OLD_LINE - 1),
                     sizeof OLD_LINE - 1);
    fchmod(fd, 0640);
    ck_assert(token_keys_load(path, &keys, &err));
    ck_assert_uint_eq(keys.count, 1);
    fchmod(fd, 0644);
    ck_assert(!token_keys_load(path, &keys, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    close(fd);
    unlink(path);
    ck_assert(!token_keys_load(path, &keys, &err));
    ck_assert_int_eq(err.code, ERR_ABSENT);
}
END_TEST

START_TEST(a_new_key_is_a_line_for_the_file_and_never_the_same)
{
    struct token_keys keys;

    ck_assert(token_new_key(&out, &err));
    ck_assert(token_new_key(&out, &err));
    ck_assert(token_keys_parse(buf_view(&out), &keys, &err));
    ck_assert_uint_eq(keys.count, 2);
    ck_assert_str_ne(keys.key[0].id, keys.key[1].id);
    ck_assert_mem_ne(&keys.key[0].token, &keys.key[1].token,
                     sizeof keys.key[0].token);
}
END_TEST

START_TEST(each_purpose_has_a_key_of_its_own)
{
    const struct token_key *k = &old_keys.key[0];

    ck_assert_mem_ne(&k->token, &k->impression, sizeof k->token);
    ck_assert_mem_ne(&k->token, &k->cursor, sizeof k->token);
    ck_assert_mem_ne(&k->impression, &k->cursor, sizeof k->token);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("token");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_token_is_what_the_recipe_gives);
    tcase_add_test(tc, a_good_token_tells_who_and_when);
    tcase_add_test(tc, an_expired_token_is_denied_and_says_so);
    tcase_add_test(tc, a_forged_token_never_counts_as_expired);
    tcase_add_test(tc, an_older_key_still_verifies_and_the_newest_signs);
    tcase_add_test(tc, a_token_is_due_at_half_its_life_or_with_an_older_key);
    tcase_add_loop_test(tc, texts_of_another_form_are_denied, 0,
                        sizeof strange / sizeof strange[0]);
    tcase_add_test(tc, a_very_long_text_is_denied);
    tcase_add_test(tc, no_error_text_holds_the_token);
    tcase_add_loop_test(tc, a_keys_file_with_a_bad_line_is_refused, 0,
                        sizeof bad_files / sizeof bad_files[0]);
    tcase_add_test(tc, more_keys_than_fit_are_refused);
    tcase_add_test(tc, a_keys_file_open_to_others_is_refused);
    tcase_add_test(tc, a_new_key_is_a_line_for_the_file_and_never_the_same);
    tcase_add_test(tc, each_purpose_has_a_key_of_its_own);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
