#include <check.h>
#include <stdlib.h>

#include "web/cursor.h"
#include "web/impression.h"
#include "web/token.h"

/*
 * Every flipped bit, every truncation and every exchange of two purposes of a
 * genuine text must be refused.
 */
#define KEY_LINE                                                               \
    "old 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define OTHER_LINE                                                             \
    "new ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n"

enum { NOW_MS = 2000, LIFE_MS = 1000000, BITS = 8 };

static struct token_keys keys;
static struct uuid user, post;
static struct err err;

typedef bool check_text(struct span text);

static bool token_holds(struct span text)
{
    struct token_claims claims;

    return token_check(&keys, text, NOW_MS, &claims, &err);
}

static bool impression_holds(struct span text)
{
    struct impression imp;

    return impression_check(&keys, user, post, text, &imp, &err);
}

static bool cursor_holds(struct span text)
{
    struct cursor c;

    return cursor_check(&keys, user, text, NOW_MS, LIFE_MS, &c, &err);
}

static void make_token(struct buf *out)
{
    token_sign(&keys, user, 1000, 5000, out);
}

static void make_impression(struct buf *out)
{
    struct impression imp = {.position = 3, .served_at_ms = 1000};
    char text[IMPRESSION_TEXT];

    impression_sign(&keys, user, post, &imp, text);
    buf_add(out, text, sizeof text);
}

static void make_cursor(struct buf *out)
{
    struct cursor c = {.issued_at_ms = 1000, .seed = 5};

    for (uint32_t i = 0; i < 20; i++) {
        struct uuid id = {{(unsigned char)i}};

        ck_assert(cursor_add(&c, id));
    }
    cursor_sign(&keys, user, &c, out);
}

static const struct {
    void (*make)(struct buf *out);
    check_text *holds;
} kinds[] = {
    {make_token, token_holds},
    {make_impression, impression_holds},
    {make_cursor, cursor_holds},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static struct buf out;

static void setup(void)
{
    ck_assert(token_keys_parse(SPAN(KEY_LINE OTHER_LINE), &keys, &err));
    ck_assert(uuid_find(SPAN("00000000-0000-0000-0000-000000000001"), &user));
    ck_assert(uuid_find(SPAN("00000000-0000-0000-0000-000000000002"), &post));
    buf_init(&out, 65536);
}

static void teardown(void)
{
    buf_release(&out);
}

START_TEST(the_undamaged_text_holds)
{
    kinds[_i].make(&out);
    ck_assert_msg(kinds[_i].holds(buf_view(&out)), "%s", err.what);
}
END_TEST

START_TEST(no_flipped_bit_goes_unnoticed)
{
    kinds[_i].make(&out);
    for (size_t at = 0; at < out.bytes; at++)
        for (int bit = 0; bit < BITS; bit++) {
            out.at[at] ^= (char)(1 << bit);
            ck_assert_msg(!kinds[_i].holds(buf_view(&out)), "byte %zu bit %d",
                          at, bit);
            out.at[at] ^= (char)(1 << bit);
        }
    ck_assert(kinds[_i].holds(buf_view(&out)));
}
END_TEST

START_TEST(no_truncation_and_no_addition_goes_unnoticed)
{
    kinds[_i].make(&out);
    for (size_t bytes = 0; bytes < out.bytes; bytes++) {
        /* An exact copy: a read past the end is seen by the sanitizer. */
        char *copy = malloc(bytes + 1);

        memcpy(copy, out.at, bytes);
        ck_assert(!kinds[_i].holds((struct span){copy, bytes}));
        free(copy);
        ck_assert(
            !kinds[_i].holds((struct span){out.at + out.bytes - bytes, bytes}));
    }
    buf_char(&out, 'A');
    ck_assert(!kinds[_i].holds(buf_view(&out)));
}
END_TEST

START_TEST(no_two_characters_can_change_places)
{
    kinds[_i].make(&out);
    for (size_t at = 1; at < out.bytes; at++) {
        char c = out.at[at];

        if (c == out.at[at - 1])
            continue;
        out.at[at] = out.at[at - 1];
        out.at[at - 1] = c;
        ck_assert(!kinds[_i].holds(buf_view(&out)));
        out.at[at - 1] = out.at[at];
        out.at[at] = c;
    }
}
END_TEST

START_TEST(no_text_is_good_for_another_purpose)
{
    kinds[_i].make(&out);
    for (int other = 0; other < KINDS; other++)
        ck_assert_int_eq(kinds[other].holds(buf_view(&out)), other == _i);
}
END_TEST

/*
 * A signature is bound to its purpose, not only to its length: the bytes of
 * an impression signed with the cursor key must be refused.
 */
START_TEST(keys_of_two_purposes_cannot_be_exchanged)
{
    struct digest_key kept;

    kinds[1].make(&out);
    kept = keys.key[0].impression;
    keys.key[0].impression = keys.key[0].cursor;
    ck_assert(!impression_holds(buf_view(&out)));
    keys.key[0].impression = kept;
    ck_assert(impression_holds(buf_view(&out)));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("token_damage");
    TCase *tc = tcase_create("damage");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, the_undamaged_text_holds, 0, KINDS);
    tcase_add_loop_test(tc, no_flipped_bit_goes_unnoticed, 0, KINDS);
    tcase_add_loop_test(tc, no_truncation_and_no_addition_goes_unnoticed, 0,
                        KINDS);
    tcase_add_loop_test(tc, no_two_characters_can_change_places, 0, KINDS);
    tcase_add_loop_test(tc, no_text_is_good_for_another_purpose, 0, KINDS);
    tcase_add_test(tc, keys_of_two_purposes_cannot_be_exchanged);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
