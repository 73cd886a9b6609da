/* Users 01, 012, 12: posts have 2, 3, 2 users, users 2, 3, 2 posts. */
#include <math.h>

#include "support/algorithm_fixture.h"

extern const struct algorithm algorithm_rp3beta;

START_TEST(a_weight_is_the_chance_of_the_walk)
{
    /* 0 -> 1: 1/2 * (1/2 + 1/3) = .416667; 0 -> 2: 1/2 * 1/3 = .166667 */
    world("01 012 12", 3);
    fit(&algorithm_rp3beta, "alpha=1 alpha_user=1 beta=0");
    ask("0");
    ck_unscored(0);
    ck_score(1, 0.416667);
    ck_score(2, 0.166667);
    leave();
}
END_TEST

START_TEST(beta_divides_by_the_users_of_the_target)
{
    world("01 012 12", 3);
    fit(&algorithm_rp3beta, "alpha=1 alpha_user=1 beta=1");
    ask("0");
    ck_score(1, 0.138889);
    ck_score(2, 0.083333);
    leave();
}
END_TEST

START_TEST(each_step_has_its_power)
{
    /* 0 -> 1: (1/2)^2 * (sqrt(1/2) + sqrt(1/3)) = .321114 */
    world("01 012 12", 3);
    fit(&algorithm_rp3beta, "alpha=2 alpha_user=0.5 beta=0");
    ask("0");
    ck_score(1, 0.321114);
    leave();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_weight_is_the_chance_of_the_walk,
        beta_divides_by_the_users_of_the_target,
        each_step_has_its_power,
    };

    return run_tests("algorithm_rp3beta", tests, sizeof tests / sizeof *tests);
}
