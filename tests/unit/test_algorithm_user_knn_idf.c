/*
 * Users 01, 12, 01, 3: four users; posts have 2, 3, 1, 1 of them. idf =
 * ln(4/3), ln(4/4), ln(4/2), ln(4/2); g = 255 * (ln(4/3) / ln 2)^2 = 43.9 ->
 * 44, 0 -> 1, 255, 255. Norms of users 45, 256, 45, 255.
 */
#include <math.h>

#include "support/algorithm_fixture.h"

extern const struct algorithm algorithm_user_knn_idf;

START_TEST(a_rare_post_counts_more_in_dot_and_norm)
{
    /* The reader has 1: similarities 1/sqrt(45) twice, 1/sqrt(256). */
    world("01 12 01 3", 4);
    fit(&algorithm_user_knn_idf, "idf=1 q=1 beta=0");
    ask("1");
    ck_score(0, 0.298142);
    ck_score(1, 0.360642);
    ck_score(2, 0.0625);
    ck_unscored(3);
    leave();
}
END_TEST

START_TEST(without_idf_it_is_plain_cosine)
{
    /* 1/sqrt(2) each. */
    world("01 12 01 3", 4);
    fit(&algorithm_user_knn_idf, "idf=0 q=1 beta=0");
    ask("1");
    ck_score(0, 1.414214);
    ck_score(2, 0.707107);
    leave();
}
END_TEST

START_TEST(similarities_are_raised_to_q_and_scores_divided_by_users)
{
    /* 2 * (1/45) / 2 and (1/256) / 1 */
    world("01 12 01 3", 4);
    fit(&algorithm_user_knn_idf, "idf=1 q=2 beta=1");
    ask("1");
    ck_score(0, 0.022222);
    ck_score(2, 0.003906);
    leave();
}
END_TEST

START_TEST(of_equal_users_the_smaller_is_the_neighbour)
{
    world("01 12 01 3", 4);
    fit(&algorithm_user_knn_idf, "idf=1 q=1 beta=0 k=1");
    ask_as(2, "1");
    ck_score(0, 0.149071);
    ck_unscored(2);
    ask_as(0, "1");
    ck_score(0, 0.149071);
    leave();
}
END_TEST

START_TEST(shrink_joins_the_denominator)
{
    /* 1 / (sqrt(45) + 1) twice */
    world("01 12 01 3", 4);
    fit(&algorithm_user_knn_idf, "idf=1 q=1 beta=0 shrink=1");
    ask("1");
    ck_score(0, 0.259464);
    leave();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_rare_post_counts_more_in_dot_and_norm,
        without_idf_it_is_plain_cosine,
        similarities_are_raised_to_q_and_scores_divided_by_users,
        of_equal_users_the_smaller_is_the_neighbour,
        shrink_joins_the_denominator,
    };

    return run_tests("algorithm_user_knn_idf", tests,
                     sizeof tests / sizeof *tests);
}
