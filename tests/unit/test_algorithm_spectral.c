/*
 * Users 01, 01, 2 without normalisation: the strongest direction is that of
 * posts 0 and 1, (1, 1, 0) / sqrt(2), with singular value 2.
 */
#include <math.h>

#include "support/algorithm_fixture.h"

extern const struct algorithm algorithm_spectral;

START_TEST(the_filter_is_the_projection_on_the_strongest_directions)
{
    world("01 01 2", 3);
    fit(&algorithm_spectral, "rank=1 share=1 user=0 post=0 linear=0 sharp=0");
    ask("0");
    ck_unscored(0);
    ck_score(1, 0.5);
    ck_assert(scores[2] < 1e-6F);
    leave();
}
END_TEST

START_TEST(the_graph_itself_joins_scaled_by_its_largest_value)
{
    /* N'N has 2 at (0, 1), and 2 / 2^2 = .5. */
    world("01 01 2", 3);
    fit(&algorithm_spectral, "rank=1 share=1 user=0 post=0 linear=1 sharp=0");
    ask("0");
    ck_score(1, 1);
    leave();
}
END_TEST

START_TEST(the_power_of_a_post_divides_the_history_and_raises_the_target)
{
    /*
     * Users 01, 1, 1: d = 1, 3. post = .5: N = (1, 1/sqrt(3)), (0, 1/sqrt(3))
     * twice; N'N = 1 c / c 1 with c = 1/sqrt(3), so V = (1, 1) / sqrt(2) and
     * M = .5: W[0][1] = .5 * sqrt(3), W[1][0] = .5 / sqrt(3).
     */
    world("01 1 1", 2);
    fit(&algorithm_spectral,
        "rank=1 share=1 user=0 post=0.5 linear=0 sharp=0 rounds=20");
    ask("0");
    ck_score(1, 0.866025);
    ask("1");
    ck_score(0, 0.288675);
    leave();
}
END_TEST

START_TEST(the_strongest_directions_are_held_back_most)
{
    /*
     * (1, 1, 0, 0) / sqrt(2) with s = 2, (0, 0, 1, 1) / sqrt(2) with s^2 = 2:
     * H = 1 - .5 and 1 - .5 * 2 / 4.
     */
    world("01 01 23", 4);
    fit(&algorithm_spectral, "rank=2 share=1 user=0 post=0 linear=0 sharp=0.5");
    ask("0");
    ck_score(1, 0.5 * 0.5);
    ask("2");
    ck_score(3, 0.5 * 0.75);
    leave();
}
END_TEST

START_TEST(a_small_matrix_is_not_taken_whole)
{
    /* A third of three users is one direction, that of posts 0 and 1. */
    world("01 01 23", 4);
    fit(&algorithm_spectral, "rank=3 share=0.3 user=0 post=0 linear=0 sharp=0");
    ask("0");
    ck_score(1, 0.5);
    ask("2");
    ck_assert(scores[3] < 1e-6F);
    leave();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_filter_is_the_projection_on_the_strongest_directions,
        the_graph_itself_joins_scaled_by_its_largest_value,
        the_power_of_a_post_divides_the_history_and_raises_the_target,
        the_strongest_directions_are_held_back_most,
        a_small_matrix_is_not_taken_whole,
    };

    return run_tests("algorithm_spectral", tests, sizeof tests / sizeof *tests);
}
