#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "reco/evaluate.h"

#define NEAR 1e-9

enum { POSTS = 6, USERS = 40, KNOWN = SPLIT_TRAIN | SPLIT_HISTORY };

static const struct weights plain = {1, 3, 7, 10, false};
static const struct evaluate_plan one_thread = {
    .cuts = {1, 3}, .cut_count = 2, .threads = 1, .seed = 1};

static struct split_log events;
static struct split s;
static struct evaluation e, other;
static struct err err;

static void teardown(void)
{
    evaluation_release(&e);
    evaluation_release(&other);
    split_release(&s);
    split_log_release(&events);
}

static void add(uint32_t user, uint32_t post, uint8_t role)
{
    struct split_event event = {user, post, 0, EVENT_VIEW, role};

    ck_assert(split_log_add(&events, event, &err));
}

static void make(int64_t cut_ms)
{
    ck_assert(split_make(&events, &plain, cut_ms, &s, &err));
}

/* ---- an algorithm that says what the test wants ---- */

static const float *said;

static bool room_open(const void *state, void **room, struct err *why)
{
    (void)state;
    (void)why;
    *room = NULL;
    return true;
}

static void room_close(void *room)
{
    (void)room;
}

static void say(const void *state, void *room, const struct query *q,
                float *scores)
{
    (void)state;
    (void)room;
    (void)q;
    memcpy(scores, said, POSTS * sizeof *scores);
}

static const struct algorithm parrot = {
    .name = "parrot",
    .room_open = room_open,
    .room_close = room_close,
    .score = say,
};

/* User 0 has post 0 and finds 3 and 5; user 1 has everything but 5. */
static void world(const float *scores)
{
    said = scores;
    add(0, 0, KNOWN);
    add(0, 3, SPLIT_TEST);
    add(0, 5, SPLIT_TEST);
    for (uint32_t p = 0; p < 5; p++)
        add(1, p, KNOWN);
    make(INT64_MIN);
}

static void evaluate(const struct evaluate_plan *plan)
{
    ck_assert(evaluation_init(&e, plan, &err));
    ck_assert(evaluation_add(&e, &s, SPLIT_MAIN, &parrot, NULL, &err));
}

static double mean(enum metric metric, uint32_t cut)
{
    struct estimate x;

    ck_assert(evaluation_mean(&e, metric, cut, &x, &err));
    return x.value;
}

static void assert_list(uint32_t count, uint32_t a, uint32_t b, uint32_t c)
{
    const uint32_t wanted[] = {a, b, c};

    ck_assert_uint_eq(e.list_counts[0], count);
    ck_assert_mem_eq(e.lists, wanted, count * sizeof *wanted);
}

START_TEST(larger_scores_stand_first_and_seen_posts_nowhere)
{
    static const float scores[] = {9, 1, 2, 3, 0, 8};

    world(scores);
    evaluate(&one_thread);
    ck_assert_uint_eq(e.count, 1);
    assert_list(3, 5, 3, 2);
    ck_assert_double_eq_tol(mean(METRIC_RECALL, 0), 0.5, NEAR);
    ck_assert_double_eq_tol(mean(METRIC_RECALL, 1), 1, NEAR);
    ck_assert_double_eq_tol(mean(METRIC_PRECISION, 1), 2 / 3.0, NEAR);
}
END_TEST

START_TEST(equal_scores_stand_by_ordinal_and_never_favour_what_is_tested)
{
    static const float scores[] = {1, 1, 1, 1, 1, 1};

    world(scores);
    evaluate(&one_thread);
    assert_list(3, 1, 2, 3);
    ck_assert_double_eq(mean(METRIC_HIT, 0), 0);
}
END_TEST

START_TEST(no_score_is_not_ranked)
{
    static const float scores[] = {5, NO_SCORE, NO_SCORE, NO_SCORE, 0, -2};

    world(scores);
    evaluate(&one_thread);
    assert_list(2, 4, 5, 0);
}
END_TEST

START_TEST(what_is_not_alive_is_not_ranked)
{
    static const float scores[] = {9, 1, 2, 3, 0, 8};

    world(scores);
    s.alive = malloc(POSTS);
    ck_assert_ptr_nonnull(s.alive);
    memset(s.alive, 1, POSTS);
    s.alive[5] = 0;
    evaluate(&one_thread);
    assert_list(3, 3, 2, 1);
}
END_TEST

START_TEST(a_score_that_is_no_number_is_refused)
{
    static const float scores[] = {1, 2, 3, NAN, 5, 6};

    world(scores);
    ck_assert(evaluation_init(&e, &one_thread, &err));
    ck_assert(!evaluation_add(&e, &s, SPLIT_MAIN, &parrot, NULL, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert_uint_eq(e.count, 0);
}
END_TEST

START_TEST(novelty_is_the_surprise_of_the_posts_shown)
{
    static const float scores[] = {9, 1, 2, 3, 0, 8};

    world(scores);
    evaluate(&one_thread);
    /* Two training users, post 5 with nobody: log2(3 / 1); post 3 with one:
     * log2(3 / 2), post 2 the same. */
    ck_assert_double_eq_tol(mean(METRIC_NOVELTY, 0), log2(3), NEAR);
    ck_assert_double_eq_tol(mean(METRIC_NOVELTY, 1),
                            (log2(3) + 2 * log2(1.5)) / 3, NEAR);
}
END_TEST

START_TEST(diversity_is_one_minus_the_cosine_of_contents)
{
    /* Posts 5 and 3 say the same, post 2 something else. */
    static const float scores[] = {9, 1, 2, 3, 0, 8};
    static const uint32_t rows[] = {0, 0, 0, 1, 2, 2, 3}, terms[] = {1, 0, 0};
    static const uint16_t counts[] = {1, 1, 4};
    static const struct contents contents = {2, rows, terms, counts};

    world(scores);
    s.contents = &contents;
    evaluate(&one_thread);
    ck_assert_double_eq(mean(METRIC_DIVERSITY, 0), 0); /* a list of one */
    ck_assert_double_eq_tol(mean(METRIC_DIVERSITY, 1), 2 / 3.0, 1e-6);
}
END_TEST

START_TEST(cuts_must_ascend_within_their_bounds)
{
    static const struct evaluate_plan bad[] = {
        {.cut_count = 0},
        {.cuts = {0}, .cut_count = 1},
        {.cuts = {5, 5}, .cut_count = 2},
        {.cuts = {1001}, .cut_count = 1},
        {.cut_count = 9},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert(!evaluation_init(&e, &bad[i], &err));
        ck_assert_int_eq(err.code, ERR_INVALID);
    }
}
END_TEST

/* ---- many readers ---- */

static void crowd(void)
{
    for (uint32_t u = 0; u < USERS; u++)
        for (uint32_t p = 0; p < USERS; p++)
            add(u, p, (u * p) % 7 == 3 ? SPLIT_TEST : (u + p) % 3 ? KNOWN : 0);
    make(INT64_MIN);
}

static void fit_and_add(struct evaluation *out, const char *name,
                        uint32_t threads)
{
    const struct algorithm *a = algorithm_find(name);
    struct evaluate_plan plan = one_thread;
    struct fit_input in = split_fit_input(&s, 1, threads);
    double values[ALGORITHM_SETTINGS_MOST] = {0};
    void *state;

    plan.threads = threads;
    for (int i = 0; a->settings[i].name; i++)
        values[i] = a->settings[i].value;
    ck_assert(a->fit(&in, values, &state, &err));
    ck_assert(evaluation_init(out, &plan, &err));
    ck_assert(evaluation_add(out, &s, SPLIT_MAIN, a, state, &err));
    a->release(state);
}

START_TEST(any_number_of_threads_gives_the_same_values)
{
    static const char *const names[] = {"random", "user_knn"};

    crowd();
    fit_and_add(&e, names[_i], 1);
    fit_and_add(&other, names[_i], 4);
    ck_assert_uint_eq(e.count, other.count);
    ck_assert_uint_gt(e.count, 20);
    ck_assert_mem_eq(e.lists, other.lists, e.count * 3 * sizeof *e.lists);
    ck_assert_mem_eq(e.values, other.values,
                     e.count * METRICS * 2 * sizeof *e.values);
}
END_TEST

START_TEST(a_window_more_appends_its_cases)
{
    static const float scores[] = {9, 1, 2, 3, 0, 8};
    struct estimate x;

    world(scores);
    evaluate(&one_thread);
    ck_assert(evaluation_add(&e, &s, SPLIT_MAIN, &parrot, NULL, &err));
    ck_assert_uint_eq(e.count, 2);
    ck_assert(evaluation_mean(&e, METRIC_RECALL, 0, &x, &err));
    ck_assert_double_eq_tol(x.value, 0.5, NEAR);
    ck_assert_double_eq(x.error, 0); /* the same user twice is one unit */
}
END_TEST

START_TEST(comparisons_are_of_the_same_readers)
{
    const struct evaluation *both[] = {&e, &other};
    struct bootstrap b;
    struct paired p;

    crowd();
    fit_and_add(&e, "random", 1);
    fit_and_add(&other, "popular", 1);
    ck_assert(evaluation_bootstrap(both, 2, 1000, &b, &err));
    ck_assert_uint_eq(b.columns, 2 * ACCURACY_METRICS * 2);
    ck_assert(bootstrap_pair(&b, METRIC_NDCG * 2 + 1,
                             (ACCURACY_METRICS + METRIC_NDCG) * 2 + 1, &p,
                             &err));
    ck_assert_double_eq_tol(
        p.difference,
        -mean(METRIC_NDCG, 1) +
            b.observed[(ACCURACY_METRICS + METRIC_NDCG) * 2 + 1],
        NEAR);
    ck_assert_double_le(p.low, p.difference);
    ck_assert_double_ge(p.high, p.difference);
    bootstrap_release(&b);
    other.users[0]++;
    ck_assert(!evaluation_bootstrap(both, 2, 1000, &b, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

/* A clock that ticks by what the test wants, once before and once after. */
static int64_t ticks_us, step_us;

static int64_t tick(void)
{
    ticks_us += step_us;
    step_us++;
    return ticks_us;
}

START_TEST(a_request_costs_what_the_clock_of_the_caller_says)
{
    static const float scores[POSTS] = {1};
    struct evaluate_plan timed = one_thread;
    struct evaluation_cost cost;

    crowd();
    said = scores;
    timed.thread_us = tick;
    step_us = 0;
    ck_assert(evaluation_init(&e, &timed, &err));
    ck_assert(evaluation_add(&e, &s, SPLIT_MAIN, &parrot, NULL, &err));
    /* Case n takes 2n + 1 us: 1, 3, 5, ... */
    ck_assert(evaluation_cost(&e, &cost, &err));
    ck_assert_double_eq_tol(cost.mean_us, (double)e.count, NEAR);
    ck_assert_uint_eq(cost.half_us, (e.count - 1) / 2 * 2 + 1);
    ck_assert_uint_eq(cost.most_us, (e.count - 1) * 99 / 100 * 2 + 1);
}
END_TEST

START_TEST(without_a_clock_a_request_costs_nothing)
{
    static const float scores[POSTS] = {1};
    struct evaluation_cost cost;

    ck_assert(evaluation_init(&e, &one_thread, &err));
    ck_assert(evaluation_cost(&e, &cost, &err));
    ck_assert_uint_eq(cost.most_us, 0);
    crowd();
    said = scores;
    ck_assert(evaluation_add(&e, &s, SPLIT_MAIN, &parrot, NULL, &err));
    ck_assert(evaluation_cost(&e, &cost, &err));
    ck_assert_double_eq(cost.mean_us, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("evaluate");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, larger_scores_stand_first_and_seen_posts_nowhere);
    tcase_add_test(
        tc, equal_scores_stand_by_ordinal_and_never_favour_what_is_tested);
    tcase_add_test(tc, no_score_is_not_ranked);
    tcase_add_test(tc, what_is_not_alive_is_not_ranked);
    tcase_add_test(tc, a_score_that_is_no_number_is_refused);
    tcase_add_test(tc, novelty_is_the_surprise_of_the_posts_shown);
    tcase_add_test(tc, diversity_is_one_minus_the_cosine_of_contents);
    tcase_add_test(tc, cuts_must_ascend_within_their_bounds);
    tcase_add_loop_test(tc, any_number_of_threads_gives_the_same_values, 0, 2);
    tcase_add_test(tc, a_window_more_appends_its_cases);
    tcase_add_test(tc, comparisons_are_of_the_same_readers);
    tcase_add_test(tc, a_request_costs_what_the_clock_of_the_caller_says);
    tcase_add_test(tc, without_a_clock_a_request_costs_nothing);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
