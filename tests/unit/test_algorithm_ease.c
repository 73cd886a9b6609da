/*
 * Users 01, 012, 12, lambda 1:
 *
 *               3 2 1                    .5  -.25   0
 *     X'X + I = 2 4 2   its inverse P = -.25   .5 -.25
 *               1 2 3                     0  -.25  .5
 */
#include <math.h>

#include "support/algorithm_fixture.h"

extern const struct algorithm algorithm_ease;

START_TEST(a_weight_is_a_cell_of_the_inverse_over_its_diagonal)
{
    world("01 012 12", 3);
    fit(&algorithm_ease, "lambda=1");
    ask("0");
    ck_unscored(0);
    ck_score(1, 0.5);
    ask("02");
    ck_score(1, 1);
    leave();
}
END_TEST

START_TEST(only_the_most_popular_posts_take_part)
{
    /* 1 and, of the equal 0 and 2, the smaller: the inverse of 3 2 / 2 4 is
     * .5 -.25 / -.25 .375, so .25 / .375 and .25 / .5. */
    world("01 012 12", 3);
    fit(&algorithm_ease, "lambda=1 posts=2");
    ask("0");
    ck_score(1, 0.666667);
    ask("1");
    ck_score(0, 0.5);
    ck_unscored(2);
    ask("2");
    ck_unscored(0);
    ck_unscored(1);
    leave();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_weight_is_a_cell_of_the_inverse_over_its_diagonal,
        only_the_most_popular_posts_take_part,
    };

    return run_tests("algorithm_ease", tests, sizeof tests / sizeof *tests);
}
