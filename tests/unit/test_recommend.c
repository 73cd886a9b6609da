#include <check.h>

#include "../support/model_fixture.h"

static struct fixture f;
static struct profile p;
static struct reader reader;
static struct recommendation got;
static struct err err;

static void teardown(void)
{
    profile_release(&p);
    fixture_close(&f);
}

static void read_as(uint32_t user, const uint8_t *masks, const uint64_t *keys,
                    uint32_t key_count)
{
    fixture_profile(&f, &p, masks);
    ck_assert(reader_make(&reader, &f.model, &p, fixture_user(user), keys,
                          key_count, &err));
}

static void ask(uint32_t k, uint32_t want)
{
    ck_assert(recommend(&reader, &f.scratch, k, want, &got, &err));
}

/*
 * Reader: share of 0 (10), norm 100.
 *
 *          0       1      2      3       norm   similarity * 2^24
 * user 0   share   -      like   -       149    100/sqrt(14900): 13744430
 * user 1   view    -      -      share   101     10/sqrt(10100):  1669395
 *
 * sum(2) = 13744430 * 7  = 96211010
 * sum(3) =  1669395 * 10 = 16693950
 * score = sum / ((13744430 + 1669395) * 21)
 */
static void make_two(void)
{
    fixture_init(&f, 2, 4);
    fixture_mask(&f, 0, 0, MASK_SHARE);
    fixture_mask(&f, 0, 2, MASK_LIKE);
    fixture_mask(&f, 1, 0, MASK_VIEW);
    fixture_mask(&f, 1, 3, MASK_SHARE);
    fixture_open(&f);
}

static const uint8_t reader_of_two[] = {MASK_SHARE, 0, 0, 0};

START_TEST(scores_are_weighted_similarities)
{
    make_two();
    read_as(9, reader_of_two, NULL, 0);
    ask(10, 10);
    ck_assert_uint_eq(got.neighbour_count, 2);
    ck_assert_uint_eq(got.count, 2);
    ck_assert_uint_eq(got.posts[0].post, 2);
    ck_assert_uint_eq(got.posts[0].sum, 96211010);
    ck_assert_float_eq_tol(got.posts[0].score, 0.297232f, 1e-6f);
    ck_assert_uint_eq(got.posts[1].post, 3);
    ck_assert_uint_eq(got.posts[1].sum, 16693950);
    ck_assert_float_eq_tol(got.posts[1].score, 0.0515742f, 1e-6f);
}
END_TEST

START_TEST(fewer_neighbours_give_fewer_posts)
{
    make_two();
    read_as(9, reader_of_two, NULL, 0);
    ask(1, 10);
    ck_assert_uint_eq(got.count, 1);
    ck_assert_uint_eq(got.posts[0].post, 2);
}
END_TEST

START_TEST(no_k_means_the_models_own)
{
    make_two();
    read_as(9, reader_of_two, NULL, 0);
    ask(0, 10);
    ck_assert_uint_eq(got.neighbour_count, 2);
}
END_TEST

START_TEST(only_as_many_as_wanted_come)
{
    make_two();
    read_as(9, reader_of_two, NULL, 0);
    ask(10, 1);
    ck_assert_uint_eq(got.count, 1);
    ask(10, 0);
    ck_assert_uint_eq(got.count, 0);
}
END_TEST

START_TEST(his_own_row_counts_as_seen)
{
    /* The history forgot post 2, the model remembers that user 0 liked it. */
    make_two();
    read_as(0, reader_of_two, NULL, 0);
    ask(10, 10);
    ck_assert_uint_eq(got.count, 1);
    ck_assert_uint_eq(got.posts[0].post, 3);
}
END_TEST

START_TEST(equal_sums_stand_by_ordinal)
{
    static const uint8_t masks[] = {MASK_VIEW, 0, 0, 0, 0};

    fixture_init(&f, 1, 5);
    for (uint32_t i = 0; i < 5; i++)
        fixture_mask(&f, 0, i, MASK_VIEW);
    fixture_open(&f);
    read_as(9, masks, NULL, 0);
    ask(10, 3);
    ck_assert_uint_eq(got.count, 3);
    ck_assert_uint_eq(got.posts[0].post, 1);
    ck_assert_uint_eq(got.posts[1].post, 2);
    ck_assert_uint_eq(got.posts[2].post, 3);
}
END_TEST

/*
 * One neighbour with 400 posts: shares of 0..199, then views of the others,
 * of which the reader knows the last.
 */
static void make_shares_then_views(void)
{
    fixture_init(&f, 1, 400);
    for (uint32_t i = 0; i < 400; i++)
        fixture_mask(&f, 0, i, i < 200 ? MASK_SHARE : MASK_VIEW);
}

static void expect_views(const uint64_t *keys, uint32_t key_count)
{
    static uint8_t masks[400];

    masks[399] = MASK_VIEW;
    fixture_open(&f);
    read_as(9, masks, keys, key_count);
    ask(10, 5);
    ck_assert_uint_eq(got.count, 5);
    for (uint32_t i = 0; i < 5; i++)
        ck_assert_uint_eq(got.posts[i].post, 200 + i);
}

START_TEST(refused_posts_make_room_for_the_next_best)
{
    /* His own and invisible: the floor set for 5 posts has to come down. */
    make_shares_then_views();
    for (uint32_t i = 0; i < 100; i++)
        f.authors[i] = fixture_user(9);
    for (uint32_t i = 100; i < 200; i++)
        f.flags[i] = 0;
    expect_views(NULL, 0);
}
END_TEST

START_TEST(posts_of_earlier_pages_make_room_for_the_next_best)
{
    uint64_t keys[200];

    make_shares_then_views();
    for (uint32_t i = 0; i < 200; i++)
        keys[i] = uuid_key(fixture_post(i));
    expect_views(keys, 200);
}
END_TEST

START_TEST(too_much_is_refused)
{
    make_two();
    read_as(9, reader_of_two, NULL, 0);
    ck_assert(
        !recommend(&reader, &f.scratch, NEIGHBOURS_MOST + 1, 1, &got, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert(
        !recommend(&reader, &f.scratch, 1, RECOMMEND_MOST + 1, &got, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

/*
 * Reader: share of 0 (10), view of 1 (1). One neighbour: view of 0 (1), like
 * of 1 (7), click of 2. His dot is 10 * 1 + 1 * 7 = 17, so post 2 owes 10/17
 * to post 0 and 7/17 to post 1.
 */
START_TEST(reasons_split_the_score_by_the_readers_posts)
{
    static const uint8_t masks[] = {MASK_SHARE, MASK_VIEW, 0};
    static const uint32_t shown[] = {2};
    struct reasons why[1];

    fixture_init(&f, 1, 3);
    fixture_mask(&f, 0, 0, MASK_VIEW);
    fixture_mask(&f, 0, 1, MASK_LIKE);
    fixture_mask(&f, 0, 2, MASK_CLICK);
    fixture_open(&f);
    read_as(9, masks, NULL, 0);
    ask(10, 1);
    ck_assert(
        recommend_explain(&reader, &f.scratch, &got, shown, 1, why, &err));
    ck_assert_uint_eq(why[0].neighbour_count, 1);
    ck_assert_uint_eq(why[0].count, 2);
    ck_assert_uint_eq(why[0].at[0].post, 0);
    ck_assert_float_eq_tol(why[0].at[0].share, 10.0f / 17, 1e-6f);
    ck_assert_uint_eq(why[0].at[1].post, 1);
    ck_assert_float_eq_tol(why[0].at[1].share, 7.0f / 17, 1e-6f);
}
END_TEST

START_TEST(reasons_are_three_at_most_and_ties_go_to_the_smaller_post)
{
    static const uint8_t masks[] = {MASK_VIEW, MASK_VIEW, MASK_VIEW, MASK_VIEW,
                                    0};
    static const uint32_t shown[] = {4};
    struct reasons why[1];

    fixture_init(&f, 1, 5);
    for (uint32_t i = 0; i < 5; i++)
        fixture_mask(&f, 0, i, MASK_VIEW);
    fixture_open(&f);
    read_as(9, masks, NULL, 0);
    ask(10, 1);
    ck_assert(
        recommend_explain(&reader, &f.scratch, &got, shown, 1, why, &err));
    ck_assert_uint_eq(why[0].count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(why[0].at[i].post, i);
        ck_assert_float_eq(why[0].at[i].share, 0.25f);
    }
}
END_TEST

START_TEST(a_post_that_no_neighbour_knows_has_no_reasons)
{
    static const uint32_t shown[] = {1};
    struct reasons why[1];

    make_two();
    read_as(9, reader_of_two, NULL, 0);
    ask(10, 10);
    ck_assert(
        recommend_explain(&reader, &f.scratch, &got, shown, 1, why, &err));
    ck_assert_uint_eq(why[0].neighbour_count, 0);
    ck_assert_uint_eq(why[0].count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recommend");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, scores_are_weighted_similarities);
    tcase_add_test(tc, fewer_neighbours_give_fewer_posts);
    tcase_add_test(tc, no_k_means_the_models_own);
    tcase_add_test(tc, only_as_many_as_wanted_come);
    tcase_add_test(tc, his_own_row_counts_as_seen);
    tcase_add_test(tc, equal_sums_stand_by_ordinal);
    tcase_add_test(tc, refused_posts_make_room_for_the_next_best);
    tcase_add_test(tc, posts_of_earlier_pages_make_room_for_the_next_best);
    tcase_add_test(tc, too_much_is_refused);
    tcase_add_test(tc, reasons_split_the_score_by_the_readers_posts);
    tcase_add_test(tc,
                   reasons_are_three_at_most_and_ties_go_to_the_smaller_post);
    tcase_add_test(tc, a_post_that_no_neighbour_knows_has_no_reasons);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
