/* user_knn against the definition, written down as slowly as it is said. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "reco/algorithm.h"

enum { USERS = 24, POSTS = 30, EVENTS = 180, ROUNDS = 15 };

static const struct weights plain = {1, 3, 7, 10, false};

static struct matrix m;
static uint8_t weight_of[2 * MASK_COUNT];
static int w[USERS][POSTS];
static struct err err;

static void make(unsigned seed)
{
    struct rng rng = rng_of(seed);
    struct interactions events;

    interactions_init(&events);
    for (int i = 0; i < EVENTS; i++)
        ck_assert(interactions_add(&events, rng_below(&rng, USERS),
                                   rng_below(&rng, POSTS), rng_below(&rng, 4),
                                   i, &err));
    weights_table(&plain, weight_of);
    ck_assert(interactions_fold(&events, &plain, USERS, POSTS, &m, &err));
}

static void fill(bool binary)
{
    for (uint32_t u = 0; u < USERS; u++) {
        struct row row = matrix_user_row(&m, u);
        for (uint32_t i = 0; i < row.count; i++) {
            int weight = weight_of[pair_mask(row.pairs[i])];
            w[u][pair_ordinal(row.pairs[i])] = binary ? 1 : weight;
        }
    }
}

static double similarity(uint32_t u, uint32_t v, double shrink)
{
    double dot = 0, nu = 0, nv = 0;

    for (int i = 0; i < POSTS; i++) {
        dot += w[u][i] * w[v][i];
        nu += w[u][i] * w[u][i];
        nv += w[v][i] * w[v][i];
    }
    return dot > 0 ? dot / (sqrt(nu * nv) + shrink) : 0;
}

/* Whether v is among the k of u: fewer than k others stand before him. */
static bool is_among(uint32_t u, uint32_t v, int k, double shrink)
{
    double s = similarity(u, v, shrink);
    int before = 0;

    for (uint32_t x = 0; x < USERS; x++) {
        double other = similarity(u, x, shrink);
        if (x != u && x != v &&
            (other > s + 1e-12 || (fabs(other - s) <= 1e-12 && x < v)))
            before++;
    }
    return u != v && s > 0 && before < k;
}

static void reference(uint32_t u, const double *values, double *out)
{
    for (int i = 0; i < POSTS; i++)
        out[i] = 0;
    for (uint32_t v = 0; v < USERS; v++) {
        bool near = values[3] > 0 ? is_among(v, u, (int)values[0], values[1])
                                  : is_among(u, v, (int)values[0], values[1]);
        for (int i = 0; near && i < POSTS; i++)
            out[i] += similarity(u, v, values[1]) * w[v][i];
    }
}

static void ask(const struct algorithm *a, const void *state, uint32_t u,
                float *scores)
{
    struct query_post posts[POSTS];
    struct query q = {.self = u, .posts = posts};
    struct row row = matrix_user_row(&m, u);
    void *room;

    for (; q.count < row.count; q.count++)
        posts[q.count] = (struct query_post){
            .post = pair_ordinal(row.pairs[q.count]),
            .mask = pair_mask(row.pairs[q.count]),
        };
    ck_assert(a->room_open(state, &room, &err));
    a->score(state, room, &q, scores);
    a->room_close(room);
}

static void compare(const double *values)
{
    const struct algorithm *a = algorithm_find("user_knn");
    struct fit_input in = {.matrix = &m, .weight_of = weight_of, .threads = 2};
    double wanted[POSTS];
    float scores[POSTS];
    void *state;

    ck_assert(a->fit(&in, values, &state, &err));
    for (uint32_t u = 0; u < USERS; u++) {
        ask(a, state, u, scores);
        reference(u, values, wanted);
        for (int i = 0; i < POSTS; i++)
            if (wanted[i] > 0)
                ck_assert_float_eq_tol(scores[i], (float)wanted[i], 1e-4f);
            else
                ck_assert(scores[i] == NO_SCORE);
    }
    a->release(state);
}

START_TEST(scores_agree_with_the_definition)
{
    /* k, shrink, binary, reverse */
    static const double all[][4] = {
        {3, 0, 0, 0},  {3, 0, 1, 0},  {3, 0, 0, 1},  {3, 0, 1, 1},
        {5, 20, 0, 0}, {5, 20, 0, 1}, {1, 0, 1, 0},  {1, 0, 1, 1},
        {99, 0, 0, 0}, {99, 0, 0, 1}, {99, 5, 1, 0}, {2, 5, 1, 1},
    };

    make((unsigned)_i); /* the loop index is the seed */
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        fill(all[i][2] > 0);
        compare(all[i]);
    }
    matrix_release(&m);
}
END_TEST

START_TEST(equal_cosines_are_settled_by_the_smaller_user_though_doubles_differ)
{
    /*
     * User 3 shares one of one post with user 2 and, weighing alike, three of
     * nine with user 1: dot^2 / n is 1 / 1 and 9 / 9 of the same n.
     */
    const struct algorithm *a = algorithm_find("user_knn");
    struct fit_input in = {.matrix = &m, .weight_of = weight_of, .threads = 1};
    double values[] = {1, 0, 1, 0};
    struct interactions events;
    float scores[14];
    void *state;

    interactions_init(&events);
    weights_table(&plain, weight_of);
    for (uint32_t p = 0; p < 3; p++)
        ck_assert(interactions_add(&events, 3, p, EVENT_VIEW, 1, &err));
    for (uint32_t p = 0; p < 9; p++)
        ck_assert(interactions_add(&events, 1, p, EVENT_VIEW, 1, &err));
    ck_assert(interactions_add(&events, 2, 0, EVENT_VIEW, 1, &err));
    ck_assert(interactions_fold(&events, &plain, 4, 14, &m, &err));
    ck_assert(a->fit(&in, values, &state, &err));
    ask(a, state, 3, scores);
    ck_assert(scores[8] > 0); /* only user 1 has post 8 */
    a->release(state);
    matrix_release(&m);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("user_knn");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tc, scores_agree_with_the_definition, 0, ROUNDS);
    tcase_add_test(
        tc,
        equal_cosines_are_settled_by_the_smaller_user_though_doubles_differ);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
