#include <check.h>
#include <stdlib.h>

#include "web/cursor.h"

#define KEY_LINE                                                               \
    "old 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define OTHER_LINE                                                             \
    "new ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n"

enum { LIFE_MS = 1800000 };

static struct token_keys keys, rotated;
static struct uuid user, post;
static struct cursor c, back;
static struct buf out;
static struct err err;

static void setup(void)
{
    ck_assert(token_keys_parse(SPAN(KEY_LINE), &keys, &err));
    ck_assert(token_keys_parse(SPAN(OTHER_LINE KEY_LINE), &rotated, &err));
    ck_assert(uuid_find(SPAN("00000000-0000-0000-0000-000000000001"), &user));
    ck_assert(uuid_find(SPAN("00000000-0000-0000-0000-000000000002"), &post));
    buf_init(&out, 65536);
    c = (struct cursor){.feed = CURSOR_LATEST,
                        .issued_at_ms = 1767323045678,
                        .seed = UINT64_MAX,
                        .published_at_ms = -5,
                        .post = post};
}

static void teardown(void)
{
    buf_release(&out);
}

static bool check(struct uuid who, int64_t later_ms)
{
    return cursor_check(&keys, who, buf_view(&out), c.issued_at_ms + later_ms,
                        LIFE_MS, &back, &err);
}

static struct uuid post_of(uint32_t n)
{
    struct uuid id = {{1}};

    memcpy(id.b + 12, &n, sizeof n);
    return id;
}

START_TEST(a_cursor_reads_back)
{
    ck_assert(cursor_add(&c, post));
    ck_assert(cursor_add(&c, user));
    cursor_sign(&keys, user, &c, &out);
    ck_assert_msg(check(user, 0), "%s", err.what);
    ck_assert_int_eq(back.feed, CURSOR_LATEST);
    ck_assert_int_eq(back.issued_at_ms, 1767323045678);
    ck_assert_uint_eq(back.seed, UINT64_MAX);
    ck_assert_uint_eq(back.served_count, 2);
    ck_assert_int_eq(back.published_at_ms, -5);
    ck_assert(uuid_equal(back.post, post));
    ck_assert_uint_eq(back.key_count, 2);
    ck_assert(cursor_has(&back, post));
    ck_assert(cursor_has(&back, user));
    ck_assert(!cursor_has(&back, post_of(7)));
}
END_TEST

START_TEST(a_full_cursor_fits_the_promised_length)
{
    for (uint32_t i = 0; i < CURSOR_POSTS_MOST; i++)
        ck_assert(cursor_add(&c, post_of(i)));
    ck_assert(!cursor_add(&c, post_of(CURSOR_POSTS_MOST)));
    ck_assert_uint_eq(c.served_count, CURSOR_POSTS_MOST + 1);
    cursor_sign(&keys, user, &c, &out);
    ck_assert_uint_eq(out.bytes, 3283);
    ck_assert_uint_le(out.bytes, CURSOR_TEXT_MOST);
    ck_assert(check(user, 0));
    for (uint32_t i = 0; i < CURSOR_POSTS_MOST; i++)
        ck_assert(cursor_has(&back, post_of(i)));
    ck_assert(!cursor_has(&back, post_of(CURSOR_POSTS_MOST)));
}
END_TEST

START_TEST(it_is_bound_to_its_reader)
{
    cursor_sign(&keys, user, &c, &out);
    ck_assert(!check(post, 0));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert(!back.expired);
}
END_TEST

START_TEST(it_expires_and_says_so)
{
    cursor_sign(&keys, user, &c, &out);
    ck_assert(check(user, LIFE_MS - 1));
    ck_assert(!check(user, LIFE_MS));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert(back.expired);
    ck_assert(!check(post, LIFE_MS)); /* another reader learns nothing */
    ck_assert(!back.expired);
}
END_TEST

START_TEST(it_stays_good_when_a_newer_key_signs)
{
    cursor_sign(&keys, user, &c, &out);
    ck_assert(cursor_check(&rotated, user, buf_view(&out), c.issued_at_ms,
                           LIFE_MS, &back, &err));
}
END_TEST

START_TEST(texts_of_another_form_are_refused)
{
    static char dots[CURSOR_TEXT_MOST + 100];

    memset(dots, 'A', sizeof dots);
    for (size_t bytes = 0; bytes < sizeof dots; bytes++) {
        struct span text = {dots, bytes};

        ck_assert(!cursor_check(&keys, user, text, 0, LIFE_MS, &back, &err));
        ck_assert_int_eq(err.code, ERR_INVALID);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cursor");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_cursor_reads_back);
    tcase_add_test(tc, a_full_cursor_fits_the_promised_length);
    tcase_add_test(tc, it_is_bound_to_its_reader);
    tcase_add_test(tc, it_expires_and_says_so);
    tcase_add_test(tc, it_stays_good_when_a_newer_key_signs);
    tcase_add_test(tc, texts_of_another_form_are_refused);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
