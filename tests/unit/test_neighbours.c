#include <check.h>

#include "../support/model_fixture.h"

static struct fixture f;
static struct profile p;
static struct neighbour got[NEIGHBOURS_MOST];

static void teardown(void)
{
    profile_release(&p);
    fixture_close(&f);
}

/* The reader's masks decide the profile; self is not in the model. */
static uint32_t find(const uint8_t *masks, uint32_t self, uint32_t k)
{
    profile_release(&p);
    fixture_profile(&f, &p, masks);
    return neighbours_find(&f.model, &f.scratch, &p, self, k, got);
}

/*
 * Reader: share of 0 (10), view of 1 (1); norm 101.
 *
 *          post 0   post 1   norm   dot              cosine^2
 * user 0   share    -        100    10 * 10 = 100    10000 / 10100 = .990
 * user 1   -        view       1     1 * 1  =   1        1 / 101   = .0099
 * user 2   view     share    101    10 + 10 =  20      400 / 10201 = .0392
 * user 3   -        -          0    0
 */
static void make_three(void)
{
    fixture_init(&f, 4, 2);
    fixture_mask(&f, 0, 0, MASK_SHARE);
    fixture_mask(&f, 1, 1, MASK_VIEW);
    fixture_mask(&f, 2, 0, MASK_VIEW);
    fixture_mask(&f, 2, 1, MASK_SHARE);
    fixture_open(&f);
}

static const uint8_t reader_of_three[] = {MASK_SHARE, MASK_VIEW};

START_TEST(neighbours_stand_by_cosine)
{
    make_three();
    ck_assert_uint_eq(find(reader_of_three, ORDINAL_NONE, 10), 3);
    ck_assert_uint_eq(got[0].user, 0);
    ck_assert_uint_eq(got[0].dot, 100);
    ck_assert_uint_eq(got[0].norm, 100);
    ck_assert_uint_eq(got[0].similarity, 16693953); /* .995037 * 2^24 */
    ck_assert_uint_eq(got[1].user, 2);
    ck_assert_uint_eq(got[1].dot, 20);
    ck_assert_uint_eq(got[1].similarity, 3322220); /* .198020 * 2^24 */
    ck_assert_uint_eq(got[2].user, 1);
    ck_assert_uint_eq(got[2].similarity, 1669395); /* .099504 * 2^24 */
}
END_TEST

START_TEST(only_the_best_k_are_kept)
{
    make_three();
    ck_assert_uint_eq(find(reader_of_three, ORDINAL_NONE, 2), 2);
    ck_assert_uint_eq(got[0].user, 0);
    ck_assert_uint_eq(got[1].user, 2);
}
END_TEST

START_TEST(an_erased_reader_is_nobodys_neighbour)
{
    static const uint32_t erased[] = {0, 3};

    make_three();
    f.scratch.erased = erased;
    f.scratch.erased_count = 2;
    ck_assert_uint_eq(find(reader_of_three, ORDINAL_NONE, 10), 2);
    ck_assert_uint_eq(got[0].user, 2);
    ck_assert_uint_eq(got[1].user, 1);
    f.scratch.erased_count = 0;
    ck_assert_uint_eq(find(reader_of_three, ORDINAL_NONE, 10), 3);
}
END_TEST

START_TEST(the_reader_is_not_his_own_neighbour)
{
    make_three();
    ck_assert_uint_eq(find(reader_of_three, 0, 10), 2);
    ck_assert_uint_eq(got[0].user, 2);
    ck_assert_uint_eq(got[1].user, 1);
}
END_TEST

START_TEST(an_empty_profile_has_no_neighbours)
{
    static const uint8_t nothing[] = {0, MASK_HIDE};

    make_three();
    ck_assert_uint_eq(find(nothing, ORDINAL_NONE, 10), 0);
}
END_TEST

START_TEST(the_same_taste_has_similarity_one)
{
    static const uint8_t masks[] = {MASK_VIEW | MASK_LIKE, MASK_CLICK, 0};

    fixture_init(&f, 2, 3);
    fixture_mask(&f, 1, 0, masks[0]);
    fixture_mask(&f, 1, 1, masks[1]);
    fixture_mask(&f, 0, 0, MASK_VIEW);
    fixture_open(&f);
    ck_assert_uint_eq(find(masks, ORDINAL_NONE, 10), 2);
    ck_assert_uint_eq(got[0].user, 1);
    ck_assert_uint_eq(got[0].similarity, 1 << SIMILARITY_BITS);
}
END_TEST

START_TEST(ties_go_to_the_smaller_ordinal)
{
    /* Users 0..99 each viewed post 0: all cosines are equal. */
    static const uint8_t view[] = {MASK_VIEW};

    fixture_init(&f, 100, 1);
    for (uint32_t u = 0; u < 100; u++)
        fixture_mask(&f, u, 0, MASK_VIEW);
    fixture_open(&f);
    ck_assert_uint_eq(find(view, ORDINAL_NONE, 3), 3);
    ck_assert_uint_eq(got[0].user, 0);
    ck_assert_uint_eq(got[1].user, 1);
    ck_assert_uint_eq(got[2].user, 2);
}
END_TEST

START_TEST(cosines_that_no_float_tells_apart_are_still_ordered)
{
    /*
     * Reader: views of all 300 posts, norm 300. Both users share all they
     * have with him: cosine^2 = norm_v / 300 for views only. User 0 viewed
     * 298, user 1 viewed 299: 298/300 and 299/300 differ; but with shares
     *     user 0: 299 views           dot 299, norm 299: 299   / 300
     *     user 1: 298 views, 1 click  dot 301, norm 307: 295.1 / 300
     * the order is by the exact fractions, not by dots.
     */
    static uint8_t views[300];

    memset(views, MASK_VIEW, sizeof views);
    fixture_init(&f, 2, 300);
    for (uint32_t i = 0; i < 299; i++) {
        fixture_mask(&f, 0, i, MASK_VIEW);
        fixture_mask(&f, 1, i, i == 298 ? MASK_CLICK : MASK_VIEW);
    }
    fixture_open(&f);
    ck_assert_uint_eq(find(views, ORDINAL_NONE, 2), 2);
    ck_assert_uint_eq(got[0].user, 0);
    ck_assert_uint_eq(got[0].dot, 299);
    ck_assert_uint_eq(got[1].dot, 301);
}
END_TEST

START_TEST(dots_over_16_bits_do_not_wrap)
{
    /*
     * Weights 15, all types: 60 a pair, 3600 a product; 20 common posts make
     * a dot of 72,000. Norms 72,000 on both sides: 72,000^2 > 65,535^2.
     */
    static uint8_t masks[20];

    memset(masks, MASK_STORED, sizeof masks);
    fixture_init(&f, 40, 20);
    f.weights = (struct weights){15, 15, 15, 15, false};
    for (uint32_t u = 0; u < 40; u++)
        for (uint32_t i = 0; i < (u == 33 ? 20 : 5); i++)
            fixture_mask(&f, u, i, MASK_STORED);
    fixture_open(&f);
    ck_assert_uint_eq(find(masks, ORDINAL_NONE, 1), 1);
    ck_assert_uint_eq(got[0].user, 33);
    ck_assert_uint_eq(got[0].dot, 72000);
    ck_assert_uint_eq(got[0].similarity, 1 << SIMILARITY_BITS);
}
END_TEST

START_TEST(similarity_is_the_cosine_in_fixed_point)
{
    /* 3 / sqrt(4 * 9) = 1/2; 1 / sqrt(1 * 9) = 1/3 */
    ck_assert_uint_eq(similarity_of(3, 4, 9), 8388608);
    ck_assert_uint_eq(similarity_of(1, 1, 9), 5592405);
    ck_assert_uint_eq(similarity_of(UINT32_MAX, UINT32_MAX, UINT32_MAX),
                      16777216);
    fixture_init(&f, 1, 1); /* for teardown */
    fixture_open(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("neighbours");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, neighbours_stand_by_cosine);
    tcase_add_test(tc, only_the_best_k_are_kept);
    tcase_add_test(tc, an_erased_reader_is_nobodys_neighbour);
    tcase_add_test(tc, the_reader_is_not_his_own_neighbour);
    tcase_add_test(tc, an_empty_profile_has_no_neighbours);
    tcase_add_test(tc, the_same_taste_has_similarity_one);
    tcase_add_test(tc, ties_go_to_the_smaller_ordinal);
    tcase_add_test(tc, cosines_that_no_float_tells_apart_are_still_ordered);
    tcase_add_test(tc, dots_over_16_bits_do_not_wrap);
    tcase_add_test(tc, similarity_is_the_cosine_in_fixed_point);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
