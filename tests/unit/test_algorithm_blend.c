/* Each part is asked alone first; the blend has to be made of those. */
#include <math.h>
#include <string.h>

#include "support/algorithm_fixture.h"

extern const struct algorithm algorithm_blend, algorithm_spectral,
    algorithm_user_knn_idf;

#define PARTS "rank=2 share=1 user=0.5 post=0.5 linear=1 idf=1 k=3 q=1 beta=0"

static const char users[] = "01 12 013 34 034";
static float filter[FIXTURE_POSTS_MOST], near[FIXTURE_POSTS_MOST];

static void ask_parts(const char *posts)
{
    world(users, 5);
    fit(&algorithm_spectral, PARTS);
    ask(posts);
    memcpy(filter, scores, sizeof scores);
    leave();
    world(users, 5);
    fit(&algorithm_user_knn_idf, PARTS);
    ask(posts);
    memcpy(near, scores, sizeof scores);
    leave();
}

/* The mean over posts 1 to 4, fewer than are looked at: the reader has 0. */
static double top(const float *part)
{
    double sum = 0, count = 0;

    for (int i = 1; i < 5; i++)
        if (part[i] > 0) {
            sum += (double)part[i];
            count++;
        }
    return sum / count;
}

START_TEST(each_part_is_scaled_by_its_largest_scores_outside_the_history)
{
    ask_parts("0");
    world(users, 5);
    fit(&algorithm_blend, PARTS " knn=0.5");
    ask("0");
    for (int i = 1; i < 5; i++) {
        double sum = 0;
        if (filter[i] > 0)
            sum += (double)filter[i] / top(filter);
        if (near[i] > 0)
            sum += 0.5 * (double)near[i] / top(near);
        if (sum > 0)
            ck_score(i, sum);
        else
            ck_unscored(i);
    }
    leave();
}
END_TEST

START_TEST(without_weight_the_nearest_users_say_nothing)
{
    ask_parts("0");
    world(users, 5);
    fit(&algorithm_blend, PARTS " knn=0");
    ask("0");
    for (int i = 1; i < 5; i++)
        if (filter[i] > 0)
            ck_score(i, (double)filter[i] / top(filter));
        else
            ck_unscored(i);
    leave();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_part_is_scaled_by_its_largest_scores_outside_the_history,
        without_weight_the_nearest_users_say_nothing,
    };

    return run_tests("algorithm_blend", tests, sizeof tests / sizeof *tests);
}
