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
        .candidate = {100, 200, 3000, 9000, 0.40, 0.50},
        .live = {100, 200, 3000, 9000, 0.40, 0.50},
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
    assert_judged(false, "NDCG@20 of collaborative_filtering_v1 is 0.3799, the "
                         "live model's 0.4000: more than 5 % worse "
                         "(KITH_GATE_NDCG_MARGIN)");
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

START_TEST(the_sentence_names_what_is_served)
{
    assert_judged(true, "collaborative_filtering_v1: NDCG@20");
    config.algorithm = "hybrid_v2";
    assert_judged(true, "hybrid_v2: NDCG@20");
    gate.candidate.ndcg = 0.3;
    assert_judged(false, "NDCG@20 of hybrid_v2 is 0.3000");
}
END_TEST

START_TEST(words_are_counted_where_they_are_served)
{
    gate.candidate.words = 4499;
    assert_judged(true, "NDCG");
    config.algorithm = "hybrid_v2";
    assert_judged(false, "it has 4499 words of posts, the live model 9000");
    gate.candidate.words = 4500;
    assert_judged(true, "NDCG");
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

static const struct model *judged; /* the candidate's file, or NULL */

static void measure(void)
{
    const struct gate_data data = {.log = &event_log,
                                   .user_ids = users,
                                   .post_ids = posts,
                                   .newest_ms = NOW_MS - DAY_MS,
                                   .candidate = judged};

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

static void serve_hybrid(const char *blend)
{
    config.algorithm = "hybrid_v2";
    config.blend = blend;
    config.query_terms = 64;
    config.similar_posts = 50;
    config.trend_half_life_s = 172800;
}

START_TEST(with_the_hybrid_the_hybrid_is_measured)
{
    double neighbours;

    make_world(OLD);
    serve_hybrid("0:100/0/0/0");
    measure();
    ck_assert(gate.compared);
    ck_assert_double_eq(gate.candidate.ndcg, gate.live.ndcg);
    neighbours = gate.candidate.ndcg;
    ck_assert_double_gt(neighbours, 0.3);
    /* The trend alone is the same list for everybody. */
    serve_hybrid("0:0/0/0/100");
    measure();
    ck_assert_double_lt(gate.candidate.ndcg, neighbours);
    end_world();
}
END_TEST

START_TEST(a_hybrid_that_lost_history_is_worse)
{
    size_t kept = 0;

    make_world(OLD);
    for (size_t i = 0; i < event_log.count; i++)
        if (i % (OLD + 2) == 0 || i % (OLD + 2) >= OLD)
            event_log.events[kept++] = event_log.events[i];
    event_log.count = kept;
    serve_hybrid("0:100/30/0/0");
    measure();
    ck_assert_double_lt(gate.candidate.ndcg, 0.95 * gate.live.ndcg);
    end_world();
}
END_TEST

/* The posts of the live model are all of the first week. */
START_TEST(contents_and_publication_are_the_candidates)
{
    make_world(OLD);
    judged = &fixture.model;
    serve_hybrid("0:100/30/30/0");
    config.post_half_life_s = 86400;
    measure();
    judged = NULL;
    ck_assert(gate.compared);
    ck_assert_double_eq(gate.candidate.ndcg, gate.live.ndcg);
    ck_assert_double_gt(gate.candidate.ndcg, 0.3);
    end_world();
}
END_TEST

START_TEST(a_blend_that_cannot_be_read_is_an_error)
{
    make_world(OLD);
    serve_hybrid("nonsense");
    {
        const struct gate_data data = {.log = &event_log,
                                       .user_ids = users,
                                       .post_ids = posts,
                                       .newest_ms = NOW_MS - DAY_MS};
        ck_assert(!gate_measure(&config, &data, &fixture.model, &gate, &err));
        ck_assert_int_eq(err.code, ERR_INVALID);
    }
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
    tcase_add_test(tc, the_sentence_names_what_is_served);
    tcase_add_test(tc, words_are_counted_where_they_are_served);
    suite_add_tcase(s, tc);
    tcase_add_checked_fixture(of, set_up, NULL);
    tcase_set_timeout(of, 30);
    tcase_add_test(of, the_same_data_and_settings_measure_the_same);
    tcase_add_test(of,
                   what_the_live_model_learned_after_the_cut_does_not_count);
    tcase_add_test(of, a_candidate_that_lost_history_is_worse);
    tcase_add_test(of, other_settings_measure_differently);
    tcase_add_test(of, with_the_hybrid_the_hybrid_is_measured);
    tcase_add_test(of, a_hybrid_that_lost_history_is_worse);
    tcase_add_test(of, contents_and_publication_are_the_candidates);
    tcase_add_test(of, a_blend_that_cannot_be_read_is_an_error);
    tcase_add_test(of, readers_whom_the_live_model_does_not_know_are_not_asked);
    tcase_add_test(of, of_many_readers_some_are_asked_always_the_same);
    suite_add_tcase(s, of);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
