/* The algorithms to beat, on cases worked out by hand. */
#include "reco/baseline.h"

#include <math.h>

#include "support/algorithm_fixture.h"

enum { DAY_MS = 86400000 };

START_TEST(popular_counts_the_users_of_a_post)
{
    world("01 012 12", 4);
    fit(&algorithm_popular, "");
    ask("0");
    ck_score(0, 2);
    ck_score(1, 3);
    ck_score(2, 2);
    ck_score(3, 0);
    leave();
}
END_TEST

START_TEST(weighted_it_adds_the_tenths_of_their_events)
{
    world("01 1", 2);
    fit_input.matrix->post_users[0] =
        pair_of(0, MASK_VIEW | MASK_LIKE); /* of post 0: 1 + 7 */
    fit(&algorithm_popular, "weighted=1");
    ask("");
    ck_score(0, 8);
    ck_score(1, 2);
    leave();
}
END_TEST

START_TEST(an_event_counts_half_after_each_half_life)
{
    /* Post 0 today and two days ago, post 1 one day ago. */
    static const int64_t at_ms[] = {2 * DAY_MS, DAY_MS, 0};

    world("01 0", 3);
    fit_input.now_ms = 2 * DAY_MS;
    fit_input.pair_at_ms = at_ms;
    fit(&algorithm_recent_popular, "half_life_days=1");
    ask("");
    ck_score(0, 1 + .25);
    ck_score(1, .5);
    ck_score(2, 0);
    leave();
}
END_TEST

START_TEST(without_times_the_recent_are_the_popular_ones)
{
    world("01 0", 2);
    fit(&algorithm_recent_popular, "");
    ask("");
    ck_score(0, 2);
    ck_score(1, 1);
    leave();
}
END_TEST

START_TEST(chance_stays_between_zero_and_one)
{
    world("0", 9);
    fit(&algorithm_random, "");
    ask("0");
    for (int i = 0; i < 9; i++) {
        ck_assert(scores[i] >= 0 && scores[i] <= 1);
        for (int j = 0; j < i; j++)
            ck_assert_float_ne(scores[i], scores[j]);
    }
    leave();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        popular_counts_the_users_of_a_post,
        weighted_it_adds_the_tenths_of_their_events,
        an_event_counts_half_after_each_half_life,
        without_times_the_recent_are_the_popular_ones,
        chance_stays_between_zero_and_one,
    };

    return run_tests("baseline", tests, sizeof tests / sizeof *tests);
}
