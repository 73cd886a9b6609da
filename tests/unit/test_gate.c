/* What the gate asks, and what it says. */
#include <check.h>
#include <math.h>

#include "../support/model_fixture.h"
#include "app/gate.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)
#define DAY_MS INT64_C(86400000)
#define NOW_MS (100 * DAY_MS)

/* ---- judging ---- */

static struct config config;
static struct gate gate;
static struct err err;

static void set_up(void)
{
    config = (struct config){.gate_days = 7,
                             .gate_ndcg_margin = 5,
                             .gate_coverage_margin = 20,
                             .gate_counts_least = 50,
                             .neighbours = 100,
                             .weight_view = 1,
                             .weight_click = 3,
                             .weight_like = 7,
                             .weight_share = 10};
    gate = (struct gate){
        .has_live = true,
        .compared = true,
        .readers = 300,
        .candidate = {100, 200, 3000, 0.40, 0.50},
        .live = {100, 200, 3000, 0.40, 0.50},
    };
}

static void assert_judged(bool passed, const char *piece)
{
    gate_judge(&config, &gate);
    ck_assert_msg(gate.passed == passed, "%s", gate.reason);
    ck_assert_msg(strstr(gate.reason, piece) != NULL, "no '%s' in '%s'", piece,
                  gate.reason);
}

START_TEST(an_equal_model_passes_and_says_on_what)
{
    assert_judged(true, "NDCG@20 0.4000 (live 0.4000), coverage@20 0.5000 "
                        "(live 0.5000) for 300 readers of the last 7 days");
}
END_TEST

START_TEST(ndcg_may_fall_by_the_margin_and_no_further)
{
    gate.candidate.ndcg = 0.3801;
    assert_judged(true, "NDCG");
    gate.candidate.ndcg = 0.3799;
    assert_judged(false, "NDCG@20 is 0.3799, the live model's 0.4000: more "
                         "than 5 % worse (KITH_GATE_NDCG_MARGIN)");
    config.gate_ndcg_margin = 6;
    assert_judged(true, "NDCG");
}
END_TEST

START_TEST(coverage_may_fall_by_its_own_margin)
{
    gate.candidate.coverage = 0.401;
    assert_judged(true, "coverage");
    gate.candidate.coverage = 0.399;
    assert_judged(false, "KITH_GATE_COVERAGE_MARGIN");
}
END_TEST

START_TEST(a_better_model_passes_whatever_the_margin)
{
    config.gate_ndcg_margin = config.gate_coverage_margin = 0;
    gate.candidate.ndcg = 0.41;
    assert_judged(true, "NDCG@20 0.4100");
    gate.live.ndcg = gate.live.coverage = 0;
    gate.candidate.ndcg = gate.candidate.coverage = 0;
    assert_judged(true, "NDCG@20 0.0000");
}
END_TEST

START_TEST(collapsed_counts_are_refused_before_anything_else)
{
    gate.candidate.pairs = 1499;
    assert_judged(false, "it has 1499 pairs of reader and post, the live model "
                         "3000: less than 50 %");
    gate.candidate.pairs = 1500;
    assert_judged(true, "NDCG");
    gate.candidate.users = 49;
    assert_judged(false, "49 readers");
    gate.candidate.users = 50;
    gate.candidate.posts = 99;
    assert_judged(false, "99 posts");
    config.gate_counts_least = 0;
    assert_judged(true, "NDCG");
}
END_TEST

START_TEST(counts_are_asked_also_where_nothing_can_be_compared)
{
    gate.compared = false;
    gate.readers = 3;
    assert_judged(true, "not compared: 3 readers of the last 7 days are known "
                        "to both models, 30 are needed");
    gate.candidate.posts = 1;
    assert_judged(false, "posts");
    gate.candidate.posts = 200;
    config.gate_days = 0;
    assert_judged(true, "KITH_GATE_DAYS is 0");
}
END_TEST

START_TEST(the_first_model_passes)
{
    gate = (struct gate){0};
    assert_judged(true, "the first model");
}
END_TEST

/* ---- measuring ---- */

enum { READERS = 40, POSTS = 20, OLD = 6, GROUP = POSTS / 2 };

/*
 * Two tastes of 20 readers and 10 posts. Before T0 each reader likes 6 posts of
 * his taste (a window that moves from reader to reader), after T0 two more.
 */
static struct split_log event_log;
static struct fixture fixture;
static struct uuid users[READERS], posts[POSTS];

static uint32_t post_of(uint32_t reader, uint32_t n)
{
    return reader % 2 * GROUP + (reader / 2 + n) % GROUP;
}

static void log_event(uint32_t reader, uint32_t post, int64_t at_ms)
{
    MUST(split_log_add(
        &event_log,
        (struct split_event){
            .user = reader, .post = post, .at_ms = at_ms, .type = EVENT_LIKE},
        &err));
}

/* The live model has the first `known` posts of everybody. */
static void make_world(uint32_t known)
{
    event_log = (struct split_log){
        .user_count = READERS, .post_count = POSTS, .has_times = true};
    fixture_init(&fixture, READERS, POSTS);
    for (uint32_t u = 0; u < READERS; u++) {
        users[u] = fixture_user(u);
        for (uint32_t n = 0; n < OLD + 2; n++) {
            log_event(u, post_of(u, n),
                      n < OLD ? NOW_MS - 20 * DAY_MS : NOW_MS - DAY_MS);
            if (n < known)
                fixture_event(&fixture, u, post_of(u, n), EVENT_LIKE);
        }
    }
    for (uint32_t p = 0; p < POSTS; p++)
        posts[p] = fixture_post(p);
    fixture_open(&fixture);
}

static void end_world(void)
{
    split_log_release(&event_log);
    fixture_close(&fixture);
}

static void measure(void)
{
    const struct gate_data data = {.log = &event_log,
                                   .user_ids = users,
                                   .post_ids = posts,
                                   .newest_ms = NOW_MS - DAY_MS};

    gate = (struct gate){.has_live = true};
    MUST(gate_measure(&config, &data, &fixture.model, &gate, &err));
}

START_TEST(the_same_data_and_settings_measure_the_same)
{
    make_world(OLD);
    measure();
    ck_assert(gate.compared);
    ck_assert_uint_eq(gate.readers, READERS);
    ck_assert_double_gt(gate.candidate.ndcg, 0.3);
    ck_assert_double_eq(gate.candidate.ndcg, gate.live.ndcg);
    ck_assert_double_eq(gate.candidate.coverage, gate.live.coverage);
    end_world();
}
END_TEST

/* A live model of yesterday has seen what it is asked for. */
START_TEST(what_the_live_model_learned_after_the_cut_does_not_count)
{
    make_world(OLD + 2);
    measure();
    ck_assert_double_eq(gate.candidate.ndcg, gate.live.ndcg);
    end_world();
}
END_TEST

START_TEST(a_candidate_that_lost_history_is_worse)
{
    size_t kept = 0;

    make_world(OLD);
    /* Of everybody's old events only the first is left. */
    for (size_t i = 0; i < event_log.count; i++)
        if (i % (OLD + 2) == 0 || i % (OLD + 2) >= OLD)
            event_log.events[kept++] = event_log.events[i];
    event_log.count = kept;
    measure();
    ck_assert(gate.compared);
    ck_assert_double_lt(gate.candidate.ndcg, 0.95 * gate.live.ndcg);
    gate.candidate.users = gate.live.users = 1; /* counts are others' matter */
    gate_judge(&config, &gate);
    ck_assert(!gate.passed);
    end_world();
}
END_TEST

START_TEST(other_settings_measure_differently)
{
    make_world(OLD);
    config.neighbours = 1;
    measure();
    ck_assert(gate.compared);
    ck_assert_double_ne(gate.candidate.ndcg, gate.live.ndcg);
    end_world();
}
END_TEST

START_TEST(readers_whom_the_live_model_does_not_know_are_not_asked)
{
    make_world(OLD);
    for (uint32_t u = READERS - 5; u < READERS; u++)
        users[u] = fixture_user(1000 + u);
    measure();
    ck_assert_uint_eq(gate.readers, READERS - 5);
    for (uint32_t u = GATE_READERS_LEAST - 1; u < READERS; u++)
        users[u] = fixture_user(1000 + u);
    measure();
    ck_assert_uint_eq(gate.readers, GATE_READERS_LEAST - 1);
    ck_assert(!gate.compared);
    end_world();
}
END_TEST

START_TEST(of_many_readers_some_are_asked_always_the_same)
{
    enum { MANY = 5000 };
    static struct uuid many[MANY];
    const struct gate_data data = {.log = &event_log,
                                   .user_ids = many,
                                   .post_ids = posts,
                                   .newest_ms = NOW_MS};
    uint32_t first;

    event_log = (struct split_log){
        .user_count = MANY, .post_count = POSTS, .has_times = true};
    fixture_init(&fixture, MANY, POSTS);
    for (uint32_t p = 0; p < POSTS; p++)
        posts[p] = fixture_post(p);
    for (uint32_t u = 0; u < MANY; u++) {
        many[u] = fixture_user(u);
        log_event(u, u % POSTS, NOW_MS - 20 * DAY_MS);
        log_event(u, (u + 1) % POSTS, NOW_MS - 19 * DAY_MS);
        log_event(u, (u + 2) % POSTS, NOW_MS);
        fixture_event(&fixture, u, u % POSTS, EVENT_LIKE);
    }
    fixture_open(&fixture);
    gate = (struct gate){.has_live = true};
    MUST(gate_measure(&config, &data, &fixture.model, &gate, &err));
    first = gate.readers;
    /* 1,000 +- 5 standard deviations of sqrt(5000 * .2 * .8) = 28. */
    ck_assert_uint_ge(first, 860);
    ck_assert_uint_le(first, 1140);
    MUST(gate_measure(&config, &data, &fixture.model, &gate, &err));
    ck_assert_uint_eq(gate.readers, first);
    end_world();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("gate");
    TCase *tc = tcase_create("judge"), *of = tcase_create("measure");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, an_equal_model_passes_and_says_on_what);
    tcase_add_test(tc, ndcg_may_fall_by_the_margin_and_no_further);
    tcase_add_test(tc, coverage_may_fall_by_its_own_margin);
    tcase_add_test(tc, a_better_model_passes_whatever_the_margin);
    tcase_add_test(tc, collapsed_counts_are_refused_before_anything_else);
    tcase_add_test(tc, counts_are_asked_also_where_nothing_can_be_compared);
    tcase_add_test(tc, the_first_model_passes);
    suite_add_tcase(s, tc);
    tcase_add_checked_fixture(of, set_up, NULL);
    tcase_set_timeout(of, 30);
    tcase_add_test(of, the_same_data_and_settings_measure_the_same);
    tcase_add_test(of,
                   what_the_live_model_learned_after_the_cut_does_not_count);
    tcase_add_test(of, a_candidate_that_lost_history_is_worse);
    tcase_add_test(of, other_settings_measure_differently);
    tcase_add_test(of, readers_whom_the_live_model_does_not_know_are_not_asked);
    tcase_add_test(of, of_many_readers_some_are_asked_always_the_same);
    suite_add_tcase(s, of);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
