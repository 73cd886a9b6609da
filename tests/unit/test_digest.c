#include <check.h>
#include <stdlib.h>

#include "base/digest.h"

static void hex_is(const unsigned char *at, size_t bytes, const char *expected)
{
    unsigned char want[64];
    size_t want_bytes;

    ck_assert(digest_unhex(span_of(expected), want, sizeof want, &want_bytes));
    ck_assert_uint_eq(bytes, want_bytes);
    ck_assert_mem_eq(at, want, bytes);
}

START_TEST(sha256_of_abc_is_that_of_the_standard)
{
    unsigned char out[DIGEST_SHA256_BYTES];

    /* FIPS 180-2, appendix B.1 */
    digest_sha256(SPAN("abc"), out);
    hex_is(out, sizeof out,
           "ba7816bf8f01cfea414140de5dae2223"
           "b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(sha1_runs_over_both_parts)
{
    unsigned char out[DIGEST_SHA1_BYTES];

    /* FIPS 180-2, appendix A.1: "abc" */
    digest_sha1(SPAN("a"), SPAN("bc"), out);
    hex_is(out, sizeof out, "a9993e364706816aba3e25717850c26c9cd0d89d");
}
END_TEST

START_TEST(hmac_is_that_of_the_standard)
{
    unsigned char out[DIGEST_SHA256_BYTES];
    char long_key[131];

    /* RFC 4231, test cases 2 and 6 (a key longer than a block) */
    digest_hmac(SPAN("Jefe"), SPAN("what do ya want for nothing?"), out);
    hex_is(out, sizeof out,
           "5bdcc146bf60754e6a042426089575c7"
           "5a003f089d2739839dec58b964ec3843");
    memset(long_key, 0xaa, sizeof long_key);
    digest_hmac((struct span){long_key, sizeof long_key},
                SPAN("Test Using Larger Than Block-Size Key - Hash Key First"),
                out);
    hex_is(out, sizeof out,
           "60e431591ee0b67f0d8a26aacbf5b77f"
           "8e0bc6213728c5140546040f0ee37f54");
}
END_TEST

START_TEST(a_prepared_key_gives_the_same_hmac_over_parts_each_time)
{
    const struct span parts[] = {SPAN("what do ya "), SPAN(""),
                                 SPAN("want for nothing?")};
    unsigned char out[DIGEST_SHA256_BYTES];
    struct digest_key k;

    digest_key_init(&k, SPAN("Jefe"));
    for (int i = 0; i < 2; i++) {
        digest_key_hmac(&k, parts, 3, out);
        hex_is(out, sizeof out,
               "5bdcc146bf60754e6a042426089575c7"
               "5a003f089d2739839dec58b964ec3843");
    }
}
END_TEST

START_TEST(equal_tells_equal_from_different)
{
    ck_assert(digest_equal("abc", "abc", 3));
    ck_assert(!digest_equal("abc", "abd", 3));
    ck_assert(digest_equal("abc", "abd", 2));
}
END_TEST

START_TEST(base64url_is_that_of_the_standard)
{
    /* RFC 4648, section 10, without padding; 0xfb 0xff shows '-' and '_'. */
    static const struct {
        struct span raw;
        const char *text;
    } rows[] = {
        {SPAN(""), ""},           {SPAN("f"), "Zg"},
        {SPAN("fo"), "Zm8"},      {SPAN("foo"), "Zm9v"},
        {SPAN("foob"), "Zm9vYg"}, {SPAN("\xfb\xff"), "-_8"},
    };
    char out[16], back[16];
    size_t bytes;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        digest_b64(rows[i].raw.at, rows[i].raw.bytes, out);
        ck_assert(
            span_is((struct span){out, DIGEST_B64_BYTES(rows[i].raw.bytes)},
                    rows[i].text));
        ck_assert(
            digest_unb64(span_of(rows[i].text), back, sizeof back, &bytes));
        ck_assert(span_equal((struct span){back, bytes}, rows[i].raw));
    }
}
END_TEST

START_TEST(base64url_that_is_not_canonical_is_refused)
{
    static const char *const rows[] = {"Z",    "Zg==", "Zh",    "Zm9",
                                       "Zm+v", "Zm/v", "Zm 9v", "Zm9vY"};
    char out[16];
    size_t bytes;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(!digest_unb64(span_of(rows[i]), out, sizeof out, &bytes),
                      "%s", rows[i]);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    char out[3];
    size_t bytes;

    ck_assert(digest_unb64(SPAN("Zm9v"), out, 3, &bytes));
    ck_assert(!digest_unb64(SPAN("Zm9v"), out, 2, &bytes));
    ck_assert(digest_unhex(SPAN("0aFf"), out, 2, &bytes));
    ck_assert_mem_eq(out, "\x0a\xff", 2);
    ck_assert(!digest_unhex(SPAN("0aff"), out, 1, &bytes));
    ck_assert(!digest_unhex(SPAN("0af"), out, 3, &bytes));
    ck_assert(!digest_unhex(SPAN("0g"), out, 3, &bytes));
}
END_TEST

START_TEST(random_bytes_differ)
{
    unsigned char a[32], b[32];
    struct err err;

    ck_assert(digest_random(a, sizeof a, &err));
    ck_assert(digest_random(b, sizeof b, &err));
    ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("digest");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, sha256_of_abc_is_that_of_the_standard);
    tcase_add_test(tc, sha1_runs_over_both_parts);
    tcase_add_test(tc, hmac_is_that_of_the_standard);
    tcase_add_test(tc, a_prepared_key_gives_the_same_hmac_over_parts_each_time);
    tcase_add_test(tc, equal_tells_equal_from_different);
    tcase_add_test(tc, base64url_is_that_of_the_standard);
    tcase_add_test(tc, base64url_that_is_not_canonical_is_refused);
    tcase_add_test(tc, what_does_not_fit_is_refused);
    tcase_add_test(tc, random_bytes_differ);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
