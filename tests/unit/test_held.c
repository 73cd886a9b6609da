#include <check.h>
#include <stdlib.h>

#include "web/cursor.h"
#include "web/held.h"

#define KEY_LINE                                                               \
    "old 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define OTHER_LINE                                                             \
    "new ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n"

enum { NOW_MS = 2000000000, LIFE_MS = 600000 };

static struct token_keys keys, rotated;
static struct uuid user, other;
static struct held h, back;
static struct buf text;

static struct uuid post_of(uint32_t n)
{
    struct uuid id = {{1}};

    memcpy(id.b + 12, &n, sizeof n);
    return id;
}

static void setup(void)
{
    struct err err;

    ck_assert(token_keys_parse(SPAN(KEY_LINE), &keys, &err));
    ck_assert(token_keys_parse(SPAN(OTHER_LINE KEY_LINE), &rotated, &err));
    user = post_of(1000);
    other = post_of(1001);
    h.count = 0;
    buf_init(&text, HELD_TEXT_MOST);
}

static void teardown(void)
{
    buf_release(&text);
}

static void sign(int64_t now_ms)
{
    buf_reset(&text);
    held_sign(&keys, user, &h, now_ms, &text);
    ck_assert(!text.failed);
}

static uint32_t open_at(int64_t now_ms)
{
    held_open(&keys, user, buf_view(&text), now_ms, LIFE_MS, &back);
    return back.count;
}

START_TEST(what_was_held_reads_back_with_its_age)
{
    held_add(&h, post_of(1), NOW_MS - 5000);
    held_add(&h, post_of(2), NOW_MS);
    sign(NOW_MS);
    ck_assert_uint_eq(open_at(NOW_MS + 1), 2);
    ck_assert_uint_eq(back.keys[0], uuid_key(post_of(1)));
    ck_assert_int_eq(back.at_ms[0], NOW_MS - 5000);
    ck_assert_uint_eq(back.keys[1], uuid_key(post_of(2)));
    ck_assert_int_eq(back.at_ms[1], NOW_MS);
}
END_TEST

START_TEST(each_post_ends_with_its_own_time)
{
    held_add(&h, post_of(1), NOW_MS - 5000);
    held_add(&h, post_of(2), NOW_MS);
    sign(NOW_MS);
    ck_assert_uint_eq(open_at(NOW_MS + LIFE_MS - 5001), 2);
    ck_assert_uint_eq(open_at(NOW_MS + LIFE_MS - 5000), 1);
    ck_assert_uint_eq(back.keys[0], uuid_key(post_of(2)));
    ck_assert_uint_eq(open_at(NOW_MS + LIFE_MS), 0);
}
END_TEST

START_TEST(of_too_many_the_oldest_are_forgotten_and_all_fit)
{
    for (uint32_t i = 0; i < HELD_MOST + 3; i++)
        held_add(&h, post_of(i), NOW_MS);
    sign(NOW_MS);
    ck_assert_uint_le(text.bytes, HELD_TEXT_MOST);
    ck_assert_uint_eq(open_at(NOW_MS), HELD_MOST);
    for (uint32_t i = 0; i < HELD_MOST; i++)
        ck_assert_uint_eq(back.keys[i], uuid_key(post_of(i + 3)));
}
END_TEST

START_TEST(any_character_changed_is_as_if_there_were_none)
{
    held_add(&h, post_of(1), NOW_MS);
    sign(NOW_MS);
    for (size_t i = 0; i < text.bytes; i++) {
        char was = text.at[i];
        text.at[i] = was == 'A' ? 'B' : 'A';
        ck_assert_uint_eq(open_at(NOW_MS), 0);
        text.at[i] = was;
    }
    ck_assert_uint_eq(open_at(NOW_MS), 1);
}
END_TEST

START_TEST(cut_or_longer_it_is_as_if_there_were_none)
{
    held_add(&h, post_of(1), NOW_MS);
    sign(NOW_MS);
    for (size_t bytes = 0; bytes < text.bytes; bytes++) {
        held_open(&keys, user, (struct span){text.at, bytes}, NOW_MS, LIFE_MS,
                  &back);
        ck_assert_uint_eq(back.count, 0);
    }
    buf_text(&text, "AAAA");
    ck_assert_uint_eq(open_at(NOW_MS), 0);
}
END_TEST

START_TEST(it_is_bound_to_its_reader_and_survives_a_new_key)
{
    held_add(&h, post_of(1), NOW_MS);
    sign(NOW_MS);
    held_open(&keys, other, buf_view(&text), NOW_MS, LIFE_MS, &back);
    ck_assert_uint_eq(back.count, 0);
    held_open(&rotated, user, buf_view(&text), NOW_MS, LIFE_MS, &back);
    ck_assert_uint_eq(back.count, 1);
}
END_TEST

/* Both are sealed with the same key. */
START_TEST(a_cursor_is_no_held_list_and_the_reverse)
{
    struct cursor c = {.issued_at_ms = NOW_MS};
    struct err err;

    held_add(&h, post_of(1), NOW_MS);
    sign(NOW_MS);
    ck_assert(
        !cursor_check(&keys, user, buf_view(&text), NOW_MS, LIFE_MS, &c, &err));
    c = (struct cursor){.issued_at_ms = NOW_MS};
    buf_reset(&text);
    cursor_sign(&keys, user, &c, &text);
    ck_assert_uint_eq(open_at(NOW_MS), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("held");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, what_was_held_reads_back_with_its_age);
    tcase_add_test(tc, each_post_ends_with_its_own_time);
    tcase_add_test(tc, of_too_many_the_oldest_are_forgotten_and_all_fit);
    tcase_add_test(tc, any_character_changed_is_as_if_there_were_none);
    tcase_add_test(tc, cut_or_longer_it_is_as_if_there_were_none);
    tcase_add_test(tc, it_is_bound_to_its_reader_and_survives_a_new_key);
    tcase_add_test(tc, a_cursor_is_no_held_list_and_the_reverse);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
