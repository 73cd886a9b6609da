#include <check.h>
#include <stdlib.h>

#include "reco/mt19937.h"

START_TEST(the_first_words_are_those_of_the_authors)
{
    /* mt19937ar of the paper, init_genrand(5489). */
    static const uint32_t words[] = {3499211612, 581869302, 3890346734,
                                     3586334585, 545404204};
    struct mt19937 g;

    mt19937_init(&g, 5489);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_uint_eq(mt19937_next(&g), words[i]);
}
END_TEST

START_TEST(the_ten_thousandth_word_is_that_of_the_cpp_standard)
{
    struct mt19937 g;

    mt19937_init(&g, 5489);
    for (int i = 1; i < 10000; i++)
        mt19937_next(&g);
    ck_assert_uint_eq(mt19937_next(&g), 4123659995);
}
END_TEST

START_TEST(permutations_are_those_of_numpy)
{
    /* numpy.random.seed(0); numpy.random.permutation(10), and with 42. */
    static const uint32_t of_0[] = {2, 8, 4, 9, 1, 6, 7, 3, 0, 5};
    static const uint32_t of_42[] = {8, 1, 5, 0, 7, 2, 9, 4, 3, 6};
    struct mt19937 g;
    uint32_t got[10];

    mt19937_init(&g, 0);
    mt19937_permute(&g, got, 10);
    ck_assert_mem_eq(got, of_0, sizeof of_0);
    mt19937_init(&g, 42);
    mt19937_permute(&g, got, 10);
    ck_assert_mem_eq(got, of_42, sizeof of_42);
}
END_TEST

START_TEST(the_users_of_the_vae_split_stand_in_the_recorded_order)
{
    /* seed(98765); permutation(136677) */
    static const uint32_t first[] = {104323, 11053, 111295, 50587, 126873};
    static uint32_t got[136677];
    struct mt19937 g;

    mt19937_init(&g, 98765);
    mt19937_permute(&g, got, 136677);
    ck_assert_mem_eq(got, first, sizeof first);
}
END_TEST

START_TEST(an_interval_of_one_value_draws_nothing)
{
    struct mt19937 a, b;

    mt19937_init(&a, 7);
    mt19937_init(&b, 7);
    ck_assert_uint_eq(mt19937_interval(&a, 0), 0);
    ck_assert_uint_eq(mt19937_next(&a), mt19937_next(&b));
}
END_TEST

START_TEST(nothing_to_permute_is_no_trouble)
{
    struct mt19937 g;
    uint32_t one = 9;

    mt19937_init(&g, 7);
    mt19937_permute(&g, &one, 0);
    ck_assert_uint_eq(one, 9);
    mt19937_permute(&g, &one, 1);
    ck_assert_uint_eq(one, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mt19937");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_test(tc, the_first_words_are_those_of_the_authors);
    tcase_add_test(tc, the_ten_thousandth_word_is_that_of_the_cpp_standard);
    tcase_add_test(tc, permutations_are_those_of_numpy);
    tcase_add_test(tc, the_users_of_the_vae_split_stand_in_the_recorded_order);
    tcase_add_test(tc, an_interval_of_one_value_draws_nothing);
    tcase_add_test(tc, nothing_to_permute_is_no_trouble);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
