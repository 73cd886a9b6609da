/*
 * Users 01, 012, 12: posts have 2, 3, 2 users. cosine(0, 1) = cosine(1, 2) =
 * 2 / sqrt(2 * 3) = .816497, cosine(0, 2) = 1 / 2.
 */
#include <math.h>

#include "support/algorithm_fixture.h"

extern const struct algorithm algorithm_item_knn;

START_TEST(a_score_is_the_sum_of_cosines)
{
    world("01 012 12", 3);
    fit(&algorithm_item_knn, "user=0 beta=0 shrink=0");
    ask("0");
    ck_unscored(0);
    ck_score(1, 0.816497);
    ck_score(2, 0.5);
    ask("01");
    ck_score(2, 1.316497);
    leave();
}
END_TEST

START_TEST(shrink_joins_the_denominator)
{
    /* 2 / (sqrt(6) + 1) = .579796 */
    world("01 012 12", 3);
    fit(&algorithm_item_knn, "user=0 beta=0 shrink=1");
    ask("0");
    ck_score(1, 0.579796);
    leave();
}
END_TEST

START_TEST(one_kept_of_each_target_is_its_best_the_smaller_of_equals)
{
    /* 0 has 1, 1 has 0 (2 is as near), 2 has 1. */
    world("01 012 12", 3);
    fit(&algorithm_item_knn, "user=0 beta=0 shrink=0 k=1");
    ask("0");
    ck_score(1, 0.816497);
    ck_unscored(2);
    ask("1");
    ck_score(0, 0.816497);
    ck_score(2, 0.816497);
    leave();
}
END_TEST

START_TEST(one_kept_of_each_post_of_the_history_is_the_other_orientation)
{
    world("01 012 12", 3);
    fit(&algorithm_item_knn, "user=0 beta=0 shrink=0 k=1 by_target=0");
    ask("1");
    ck_score(0, 0.816497);
    ck_unscored(2);
    leave();
}
END_TEST

START_TEST(users_of_many_posts_say_less)
{
    /*
     * user = .5: values 1/sqrt(2), 1/sqrt(3), 1/sqrt(2). Dot of 0 and 1: 1/2 +
     * 1/3 = 5/6; norms 5/6 and 4/3: (5/6) / sqrt(10/9) = .790569.
     */
    world("01 012 12", 3);
    fit(&algorithm_item_knn, "user=0.5 beta=0 shrink=0");
    ask("0");
    ck_score(1, 0.790569);
    leave();
}
END_TEST

START_TEST(popular_posts_are_discounted)
{
    /* .816497 / 3 and .5 / 2 */
    world("01 012 12", 3);
    fit(&algorithm_item_knn, "user=0 beta=1 shrink=0");
    ask("0");
    ck_score(1, 0.272166);
    ck_score(2, 0.25);
    leave();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_score_is_the_sum_of_cosines,
        shrink_joins_the_denominator,
        one_kept_of_each_target_is_its_best_the_smaller_of_equals,
        one_kept_of_each_post_of_the_history_is_the_other_orientation,
        users_of_many_posts_say_less,
        popular_posts_are_discounted,
    };

    return run_tests("algorithm_item_knn", tests, sizeof tests / sizeof *tests);
}
