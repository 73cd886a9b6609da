#include <check.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static struct arena a;
static struct err err;

START_TEST(pieces_are_zeroed_and_aligned_for_anything)
{
    char *one, *many;

    ck_assert(arena_init(&a, 4096, &err));
    ck_assert(arena_take(&a, 1, 1, &one, &err));
    ck_assert(arena_take(&a, 100, 3, &many, &err));
    ck_assert_uint_eq((uintptr_t)many % alignof(max_align_t), 0);
    for (int i = 0; i < 300; i++)
        ck_assert_int_eq(many[i], 0);
    arena_release(&a);
}
END_TEST

START_TEST(pieces_do_not_overlap)
{
    char *one, *two;

    ck_assert(arena_init(&a, 4096, &err));
    ck_assert(arena_take(&a, 10, 1, &one, &err));
    ck_assert(arena_take(&a, 10, 1, &two, &err));
    memset(one, 1, 10);
    memset(two, 2, 10);
    ck_assert_int_eq(one[9], 1);
    ck_assert_int_eq(two[0], 2);
    arena_release(&a);
}
END_TEST

START_TEST(a_full_arena_refuses_and_a_reset_one_gives_again)
{
    char *at;

    ck_assert(arena_init(&a, 256, &err));
    ck_assert(arena_take(&a, 200, 1, &at, &err));
    memset(at, 7, 200);
    ck_assert(!arena_take(&a, 200, 1, &at, &err));
    ck_assert_int_eq(err.code, ERR_MEMORY);
    arena_reset(&a);
    ck_assert(arena_take(&a, 200, 1, &at, &err));
    ck_assert_int_eq(at[0], 0);
    arena_release(&a);
}
END_TEST

START_TEST(a_product_that_overflows_is_refused)
{
    char *at;

    ck_assert(arena_init(&a, 256, &err));
    ck_assert(!arena_take(&a, SIZE_MAX / 2, 4, &at, &err));
    ck_assert(!arena_take(&a, SIZE_MAX, 1, &at, &err));
    ck_assert_int_eq(err.code, ERR_MEMORY);
    ck_assert(arena_take(&a, 1, 1, &at, &err));
    arena_release(&a);
}
END_TEST

START_TEST(a_copied_text_ends_with_nul)
{
    const char *text;

    ck_assert(arena_init(&a, 256, &err));
    ck_assert(arena_copy_text(&a, "abcdef", 3, &text, &err));
    ck_assert_str_eq(text, "abc");
    ck_assert(arena_copy_text(&a, NULL, 0, &text, &err));
    ck_assert_str_eq(text, "");
    arena_release(&a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("arena");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, pieces_are_zeroed_and_aligned_for_anything);
    tcase_add_test(tc, pieces_do_not_overlap);
    tcase_add_test(tc, a_full_arena_refuses_and_a_reset_one_gives_again);
    tcase_add_test(tc, a_product_that_overflows_is_refused);
    tcase_add_test(tc, a_copied_text_ends_with_nul);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
