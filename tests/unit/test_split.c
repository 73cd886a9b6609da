#include <check.h>
#include <stdlib.h>

#include "reco/split.h"

enum { KNOWN = SPLIT_TRAIN | SPLIT_HISTORY };

static const struct weights plain = {1, 3, 7, 10, false};
static struct split_log events;
static struct split s;
static struct err err;

static void teardown(void)
{
    split_release(&s);
    split_log_release(&events);
}

static void add(uint32_t user, uint32_t post, enum event_type type,
                int64_t at_ms, uint8_t role)
{
    struct split_event e = {user, post, at_ms, (uint8_t)type, role};

    ck_assert(split_log_add(&events, e, &err));
}

static void make(int64_t cut_ms)
{
    events.has_times = true;
    ck_assert(split_make(&events, &plain, cut_ms, &s, &err));
}

static uint32_t cases_in(enum split_group g)
{
    return s.group_from[g + 1] - s.group_from[g];
}

START_TEST(roles_decide_what_is_trained_on_asked_with_and_tested)
{
    const struct split_case *c;

    add(0, 0, EVENT_VIEW, 1, KNOWN);
    add(0, 1, EVENT_LIKE, 2, SPLIT_HISTORY);
    add(0, 2, EVENT_VIEW, 3, SPLIT_TEST);
    add(1, 2, EVENT_VIEW, 1, SPLIT_TRAIN);
    add(1, 0, EVENT_VIEW, 1, 0);
    make(INT64_MIN);
    ck_assert_uint_eq(s.train.pair_count, 2);
    ck_assert_uint_eq(cases_in(SPLIT_MAIN), 1);
    c = &s.cases[0];
    ck_assert_uint_eq(c->user, 0);
    ck_assert_uint_eq(c->self, 0);
    ck_assert_uint_eq(c->history_count, 2);
    ck_assert_uint_eq(s.history[c->history_from].post, 1); /* newest first */
    ck_assert_uint_eq(s.history[c->history_from].mask, MASK_LIKE);
    ck_assert_int_eq(s.history[c->history_from].at_ms, 2);
    ck_assert_uint_eq(s.history[c->history_from + 1].post, 0);
    ck_assert_uint_eq(c->test_count, 1);
    ck_assert_uint_eq(s.tests[c->test_from], 2);
    ck_assert_int_eq(s.now_ms, 2);
}
END_TEST

START_TEST(a_reader_outside_the_matrix_is_a_stranger)
{
    add(0, 0, EVENT_VIEW, 1, SPLIT_TRAIN);
    add(1, 0, EVENT_VIEW, 1, SPLIT_HISTORY);
    add(1, 1, EVENT_VIEW, 2, SPLIT_TEST);
    make(INT64_MIN);
    ck_assert_uint_eq(cases_in(SPLIT_MAIN), 1);
    ck_assert_uint_eq(s.cases[0].self, ORDINAL_NONE);
}
END_TEST

START_TEST(times_of_pairs_are_those_of_their_newest_event)
{
    add(0, 3, EVENT_VIEW, 5, SPLIT_TRAIN);
    add(0, 1, EVENT_VIEW, 9, SPLIT_TRAIN);
    add(0, 3, EVENT_LIKE, 7, SPLIT_TRAIN);
    make(INT64_MIN);
    ck_assert_uint_eq(pair_ordinal(s.train.user_posts[0]), 1);
    ck_assert_int_eq(s.pair_at_ms[0], 9);
    ck_assert_int_eq(s.pair_at_ms[1], 7);
}
END_TEST

START_TEST(a_hidden_post_is_masked_but_no_taste)
{
    const struct split_case *c;

    add(0, 0, EVENT_VIEW, 1, KNOWN);
    add(0, 1, EVENT_LIKE, 2, KNOWN);
    add(0, 1, EVENT_HIDE, 3, KNOWN);
    add(0, 2, EVENT_VIEW, 4, KNOWN);
    add(0, 3, EVENT_VIEW, 5, SPLIT_TEST);
    make(INT64_MIN);
    c = &s.cases[0];
    ck_assert_uint_eq(c->history_count, 2);
    ck_assert_uint_eq(c->seen_count, 3);
    ck_assert_uint_eq(s.history[c->history_from].post, 2);
    ck_assert_uint_eq(s.history[c->history_from + 1].post, 0);
    ck_assert_uint_eq(s.history[c->history_from + 2].post, 1);
}
END_TEST

START_TEST(each_post_is_tested_once_and_not_if_seen)
{
    add(0, 0, EVENT_VIEW, 1, KNOWN);
    add(0, 0, EVENT_LIKE, 5, SPLIT_TEST);
    add(0, 1, EVENT_VIEW, 6, SPLIT_TEST);
    add(0, 1, EVENT_LIKE, 7, SPLIT_TEST);
    make(INT64_MIN);
    ck_assert_uint_eq(s.cases[0].test_count, 1);
    ck_assert_uint_eq(s.counts.test_pairs, 2);
    ck_assert_uint_eq(s.counts.seen_pairs, 1);
}
END_TEST

START_TEST(a_reader_with_nothing_left_to_find_is_no_case)
{
    add(0, 0, EVENT_VIEW, 1, KNOWN);
    add(0, 0, EVENT_VIEW, 2, SPLIT_TEST);
    add(1, 0, EVENT_VIEW, 1, KNOWN);
    make(INT64_MIN);
    ck_assert_uint_eq(s.group_from[SPLIT_GROUPS], 0);
    ck_assert_uint_eq(s.counts.test_users, 0);
}
END_TEST

/* ---- time ---- */

/*
 * Cut at 10. User 0 knows post 0 and finds 1 and the cold 2; post 3 comes
 * late. User 1 is cold.
 */
static void make_timed(void)
{
    static const int64_t published_ms[] = {0, 0, 5, 12};

    add(0, 0, EVENT_VIEW, 1, 0);
    add(2, 1, EVENT_VIEW, 2, 0);
    add(0, 1, EVENT_LIKE, 10, 0);
    add(0, 2, EVENT_LIKE, 11, 0);
    add(0, 3, EVENT_LIKE, 13, 0);
    add(1, 0, EVENT_VIEW, 14, 0);
    add(2, 0, EVENT_HIDE, 15, 0);
    ck_assert(events.post_count == 4);
    events.post_published_ms = malloc(sizeof published_ms);
    ck_assert_ptr_nonnull(events.post_published_ms);
    memcpy(events.post_published_ms, published_ms, sizeof published_ms);
}

START_TEST(an_instant_parts_what_is_known_from_what_is_asked)
{
    make_timed();
    split_by_time(&events, 10, 100);
    make(10);
    ck_assert_int_eq(s.now_ms, 10);
    ck_assert_uint_eq(s.train.pair_count, 2);
    ck_assert_uint_eq(cases_in(SPLIT_MAIN), 1);
    ck_assert_uint_eq(s.cases[0].test_count, 2);
    ck_assert_uint_eq(s.tests[s.cases[0].test_from], 1);
    ck_assert_uint_eq(s.tests[s.cases[0].test_from + 1], 2);
}
END_TEST

START_TEST(cold_users_and_cold_posts_stand_apart)
{
    const struct split_case *cold;

    make_timed();
    split_by_time(&events, 10, 100);
    make(10);
    ck_assert_uint_eq(cases_in(SPLIT_COLD_USERS), 1);
    ck_assert_uint_eq(s.cases[s.group_from[SPLIT_COLD_USERS]].user, 1);
    ck_assert_uint_eq(s.counts.cold_users, 1);
    ck_assert_uint_eq(cases_in(SPLIT_COLD_POSTS), 1);
    cold = &s.cases[s.group_from[SPLIT_COLD_POSTS]];
    ck_assert_uint_eq(cold->user, 0);
    ck_assert_uint_eq(cold->test_count, 1);
    ck_assert_uint_eq(s.tests[cold->test_from], 2);
    ck_assert_uint_eq(s.counts.cold_pairs, 1);
}
END_TEST

START_TEST(posts_that_do_not_exist_yet_are_neither_ranked_nor_tested)
{
    make_timed();
    split_by_time(&events, 10, 100);
    make(10);
    ck_assert_uint_eq(s.alive[2], 1);
    ck_assert_uint_eq(s.alive[3], 0);
    ck_assert_uint_eq(s.counts.late_pairs, 1);
}
END_TEST

START_TEST(without_times_of_publication_the_first_event_counts)
{
    add(0, 0, EVENT_VIEW, 1, 0);
    add(0, 1, EVENT_VIEW, 10, 0);
    split_by_time(&events, 10, 100);
    make(10);
    ck_assert_uint_eq(s.alive[0], 1);
    ck_assert_uint_eq(s.alive[1], 0);
}
END_TEST

START_TEST(a_window_ends_where_the_next_begins)
{
    make_timed();
    split_by_time(&events, 10, 11);
    ck_assert_uint_eq(events.events[2].role, SPLIT_TEST);
    ck_assert_uint_eq(events.events[3].role, 0);
    split_by_time(&events, 11, 12);
    ck_assert_uint_eq(events.events[2].role, KNOWN);
    ck_assert_uint_eq(events.events[3].role, SPLIT_TEST);
}
END_TEST

START_TEST(hiding_is_never_something_to_find)
{
    make_timed();
    split_by_time(&events, 10, 100);
    ck_assert_uint_eq(events.events[6].role, 0);
}
END_TEST

START_TEST(a_share_of_the_events_lies_before_its_time)
{
    int64_t at_ms;

    make_timed();
    events.has_times = true;
    /* 1 2 10 11 13 14 15: three of seven before 11. */
    ck_assert(split_time_of_share(&events, 0.5, &at_ms, &err));
    ck_assert_int_eq(at_ms, 11);
    events.count = 0;
    ck_assert(!split_time_of_share(&events, 0.5, &at_ms, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

/* ---- a tenth ---- */

START_TEST(a_tenth_is_held_back_and_the_test_part_untouched)
{
    size_t held = 0;

    for (uint32_t u = 0; u < 100; u++)
        for (uint32_t p = 0; p < 100; p++)
            add(u, p, EVENT_VIEW, 1, KNOWN);
    add(0, 100, EVENT_VIEW, 1, SPLIT_TEST);
    split_hold_tenth(&events);
    for (size_t i = 0; i < 10000; i++)
        held += events.events[i].role == SPLIT_TEST;
    ck_assert_uint_ge(held, 900);
    ck_assert_uint_le(held, 1100);
    ck_assert_uint_eq(events.events[10000].role, 0);
}
END_TEST

START_TEST(events_of_one_pair_are_held_back_together)
{
    for (uint32_t u = 0; u < 200; u++) {
        add(u, 0, EVENT_VIEW, 1, KNOWN);
        add(u, 0, EVENT_LIKE, 2, KNOWN);
    }
    split_hold_tenth(&events);
    for (size_t i = 0; i < events.count; i += 2)
        ck_assert_uint_eq(events.events[i].role, events.events[i + 1].role);
}
END_TEST

/* ---- strong generalisation ---- */

/*
 * Ten users with five posts each. With seed 0 NumPy's permutation(10) is 2 8 4
 * 9 1 6 7 3 0 5: users 0 and 5 are tested, 7 and 3 validate. The generator
 * seeded anew, permutation(5) is 2 0 1 3 4: user 0's event 2 is held out. User
 * 5 has post 50, which nobody trains on: four events are left, none held.
 */
static void make_strong(enum split_side side)
{
    for (uint32_t u = 0; u < 10; u++)
        for (uint32_t p = 0; p < 5; p++)
            add(u, u == 5 && !p ? 50 : p, EVENT_VIEW, 0, 0);
    add(10, 0, EVENT_VIEW, 0, 0); /* one event is too few */
    ck_assert(split_strong(&events, 0, 2, side, &err));
}

START_TEST(strong_generalisation_repeats_the_reference_code)
{
    make_strong(SPLIT_TEST_SIDE);
    ck_assert_uint_eq(events.user_count, 10);
    ck_assert_uint_eq(events.post_count, 5);
    ck_assert_uint_eq(events.count, 49);
    for (size_t i = 0; i < events.count; i++) {
        const struct split_event *e = &events.events[i];
        unsigned role = e->user == 3 || e->user == 7   ? 0
                        : e->user == 0 && e->post == 2 ? SPLIT_TEST
                        : e->user == 0 || e->user == 5 ? SPLIT_HISTORY
                                                       : SPLIT_TRAIN;
        ck_assert_uint_eq(e->role, role);
    }
}
END_TEST

START_TEST(the_validation_side_leaves_the_test_users_alone)
{
    make_strong(SPLIT_VALIDATION_SIDE);
    for (size_t i = 0; i < events.count; i++) {
        const struct split_event *e = &events.events[i];
        if (e->user == 0 || e->user == 5)
            ck_assert_uint_eq(e->role, 0);
        if (e->user == 3)
            ck_assert_uint_eq(e->role,
                              e->post == 2 ? SPLIT_TEST : SPLIT_HISTORY);
    }
}
END_TEST

START_TEST(too_few_users_to_hold_back_are_refused)
{
    add(0, 0, EVENT_VIEW, 0, 0);
    ck_assert(!split_strong(&events, 0, 1, SPLIT_TEST_SIDE, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("split");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, roles_decide_what_is_trained_on_asked_with_and_tested);
    tcase_add_test(tc, a_reader_outside_the_matrix_is_a_stranger);
    tcase_add_test(tc, times_of_pairs_are_those_of_their_newest_event);
    tcase_add_test(tc, a_hidden_post_is_masked_but_no_taste);
    tcase_add_test(tc, each_post_is_tested_once_and_not_if_seen);
    tcase_add_test(tc, a_reader_with_nothing_left_to_find_is_no_case);
    tcase_add_test(tc, an_instant_parts_what_is_known_from_what_is_asked);
    tcase_add_test(tc, cold_users_and_cold_posts_stand_apart);
    tcase_add_test(tc,
                   posts_that_do_not_exist_yet_are_neither_ranked_nor_tested);
    tcase_add_test(tc, without_times_of_publication_the_first_event_counts);
    tcase_add_test(tc, a_window_ends_where_the_next_begins);
    tcase_add_test(tc, hiding_is_never_something_to_find);
    tcase_add_test(tc, a_share_of_the_events_lies_before_its_time);
    tcase_add_test(tc, a_tenth_is_held_back_and_the_test_part_untouched);
    tcase_add_test(tc, events_of_one_pair_are_held_back_together);
    tcase_add_test(tc, strong_generalisation_repeats_the_reference_code);
    tcase_add_test(tc, the_validation_side_leaves_the_test_users_alone);
    tcase_add_test(tc, too_few_users_to_hold_back_are_refused);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
