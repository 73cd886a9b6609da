#include <check.h>
#include <stdlib.h>

#include "base/rng.h"
#include "reco/interactions.h"

static const struct weights plain = {1, 3, 7, 10, false};

static struct interactions in;
static struct matrix m;
static struct err err;

static void add(uint32_t user, uint32_t post, enum event_type type,
                int64_t at_ms)
{
    ck_assert(interactions_add(&in, user, post, type, at_ms, &err));
}

static void fold(uint32_t users, uint32_t posts)
{
    ck_assert(interactions_fold(&in, &plain, users, posts, &m, &err));
}

START_TEST(events_of_a_pair_become_one_mask)
{
    interactions_init(&in);
    add(0, 1, EVENT_VIEW, 1);
    add(0, 1, EVENT_VIEW, 2);
    add(0, 1, EVENT_LIKE, 3);
    fold(1, 2);
    ck_assert_uint_eq(m.pair_count, 1);
    ck_assert_uint_eq(m.user_posts[0], pair_of(1, MASK_VIEW | MASK_LIKE));
    ck_assert_uint_eq(m.post_users[0], pair_of(0, MASK_VIEW | MASK_LIKE));
    matrix_release(&m);
}
END_TEST

START_TEST(both_directions_hold_the_same_pairs_in_order)
{
    /*
     *         post 0   post 1   post 2
     * user 0  view              share
     * user 1           click    like
     */
    static const uint32_t user_rows[] = {0, 2, 4}, post_rows[] = {0, 1, 2, 4};

    interactions_init(&in);
    add(1, 2, EVENT_LIKE, 1);
    add(0, 2, EVENT_SHARE, 2);
    add(1, 1, EVENT_CLICK, 3);
    add(0, 0, EVENT_VIEW, 4);
    ck_assert_int_eq(in.newest_ms, 4);
    fold(2, 3);
    ck_assert_mem_eq(m.user_rows, user_rows, sizeof user_rows);
    ck_assert_mem_eq(m.post_rows, post_rows, sizeof post_rows);
    ck_assert_uint_eq(m.user_posts[0], pair_of(0, MASK_VIEW));
    ck_assert_uint_eq(m.user_posts[1], pair_of(2, MASK_SHARE));
    ck_assert_uint_eq(m.user_posts[2], pair_of(1, MASK_CLICK));
    ck_assert_uint_eq(m.user_posts[3], pair_of(2, MASK_LIKE));
    ck_assert_uint_eq(m.post_users[2], pair_of(0, MASK_SHARE));
    ck_assert_uint_eq(m.post_users[3], pair_of(1, MASK_LIKE));
    matrix_release(&m);
}
END_TEST

START_TEST(a_like_taken_back_later_leaves_no_like)
{
    interactions_init(&in);
    add(0, 0, EVENT_UNLIKE, 20);
    add(0, 0, EVENT_LIKE, 10);
    add(0, 0, EVENT_VIEW, 5);
    add(1, 0, EVENT_UNLIKE, 10);
    add(1, 0, EVENT_LIKE, 20);
    fold(2, 1);
    ck_assert_uint_eq(m.user_posts[0], pair_of(0, MASK_VIEW));
    ck_assert_uint_eq(m.user_posts[1], pair_of(0, MASK_LIKE));
    matrix_release(&m);
}
END_TEST

START_TEST(pairs_that_weigh_nothing_are_dropped)
{
    interactions_init(&in);
    add(0, 0, EVENT_LIKE, 1);
    add(0, 0, EVENT_HIDE, 2);
    add(1, 0, EVENT_LIKE, 1);
    add(1, 0, EVENT_UNLIKE, 2);
    fold(2, 1);
    ck_assert_uint_eq(m.pair_count, 0);
    matrix_release(&m);
}
END_TEST

START_TEST(a_pair_is_as_new_as_its_newest_event_when_times_are_kept)
{
    interactions_init(&in);
    in.keeps_times = true;
    add(0, 1, EVENT_VIEW, 7);
    add(0, 1, EVENT_LIKE, -3);
    add(1, 0, EVENT_HIDE, 50); /* weighs nothing, takes no place */
    add(1, 1, EVENT_CLICK, 5);
    fold(2, 2);
    ck_assert_uint_eq(m.pair_count, 2);
    ck_assert_int_eq(m.user_times[0], 7);
    ck_assert_int_eq(m.user_times[1], 5);
    matrix_release(&m);

    add(0, 1, EVENT_VIEW, 7);
    fold(1, 2);
    ck_assert_ptr_null(m.user_times);
    matrix_release(&m);
}
END_TEST

START_TEST(rows_may_outnumber_the_ordinals_seen)
{
    static const uint32_t user_rows[] = {0, 0, 1, 1};

    interactions_init(&in);
    add(1, 0, EVENT_VIEW, 1);
    fold(3, 2);
    ck_assert_mem_eq(m.user_rows, user_rows, sizeof user_rows);
    ck_assert_uint_eq(m.post_rows[2], 1);
    matrix_release(&m);
}
END_TEST

START_TEST(nothing_folds_to_an_empty_matrix)
{
    interactions_init(&in);
    ck_assert_int_eq(in.newest_ms, INT64_MIN);
    fold(0, 0);
    ck_assert_uint_eq(m.pair_count, 0);
    ck_assert_uint_eq(m.user_rows[0], 0);
    matrix_release(&m);
    fold(2, 3);
    ck_assert_uint_eq(m.pair_count, 0);
    ck_assert_uint_eq(m.user_rows[2], 0);
    matrix_release(&m);
}
END_TEST

START_TEST(too_few_rows_are_refused)
{
    interactions_init(&in);
    add(4, 0, EVENT_VIEW, 1);
    ck_assert(!interactions_fold(&in, &plain, 4, 1, &m, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert_ptr_null(in.events);
}
END_TEST

START_TEST(ordinals_past_28_bits_are_refused)
{
    interactions_init(&in);
    ck_assert(!interactions_add(&in, PAIR_ORDINALS, 0, EVENT_VIEW, 0, &err));
    ck_assert_int_eq(err.code, ERR_LIMIT);
    ck_assert(!interactions_add(&in, 0, 0, EVENT_VIEW, INT64_MAX, &err));
    ck_assert(!interactions_add(&in, 0, 0, EVENT_VIEW, INT64_MIN, &err));
}
END_TEST

START_TEST(ids_are_ranked_by_their_bytes)
{
    struct uuid ids[] = {{{3}}, {{1}}, {{2}}};
    uint32_t rank[3];
    static const uint32_t want[] = {2, 0, 1};

    ck_assert(ids_sort(ids, 3, rank, &err));
    ck_assert_mem_eq(rank, want, sizeof want);
    ck_assert_uint_eq(ids[0].b[0], 1);
    ck_assert_uint_eq(ids[2].b[0], 3);
}
END_TEST

START_TEST(renumbering_moves_events_to_their_new_ordinals)
{
    static const uint32_t users[] = {1, 0}, posts[] = {2, 1, 0};

    interactions_init(&in);
    add(0, 0, EVENT_VIEW, 1);
    add(1, 1, EVENT_LIKE, 2);
    interactions_renumber(&in, users, posts);
    fold(2, 3);
    ck_assert_uint_eq(m.user_posts[0], pair_of(1, MASK_LIKE));
    ck_assert_uint_eq(m.user_posts[1], pair_of(2, MASK_VIEW));
    matrix_release(&m);
}
END_TEST

enum { EVENTS = 400, USERS = 13, POSTS = 11 };

/* The same events in an order that the seed decides. */
static void add_shuffled(uint64_t order_seed, int data_seed)
{
    struct rng data = rng_of((uint64_t)data_seed), order = rng_of(order_seed);
    struct interaction all[EVENTS];

    for (uint32_t i = 0; i < EVENTS; i++) {
        uint32_t j = rng_below(&order, i + 1);
        struct interaction e;
        e.user = rng_below(&data, USERS);
        e.post = rng_below(&data, POSTS);
        e.when = rng_below(&data, 5) * 8 + rng_below(&data, EVENT_TYPES);
        all[i] = all[j];
        all[j] = e;
    }
    interactions_init(&in);
    for (uint32_t i = 0; i < EVENTS; i++)
        add(all[i].user, all[i].post, (enum event_type)(all[i].when & 7),
            all[i].when >> 3);
}

START_TEST(input_order_does_not_matter)
{
    struct matrix other;

    add_shuffled(1, _i);
    fold(USERS, POSTS);
    other = m;
    add_shuffled(2, _i);
    fold(USERS, POSTS);
    ck_assert_uint_eq(m.pair_count, other.pair_count);
    ck_assert_mem_eq(m.user_rows, other.user_rows, (USERS + 1) * 4);
    ck_assert_mem_eq(m.post_rows, other.post_rows, (POSTS + 1) * 4);
    ck_assert_mem_eq(m.user_posts, other.user_posts, m.pair_count * 4);
    ck_assert_mem_eq(m.post_users, other.post_users, m.pair_count * 4);
    matrix_release(&m);
    matrix_release(&other);
}
END_TEST

/* Folds one pair the slow way: the next event is the least one left. */
static uint8_t expect_mask(uint32_t user, uint32_t post)
{
    uint8_t mask = 0;
    int64_t last = INT64_MIN;

    for (;;) {
        int64_t next = INT64_MAX;
        for (size_t i = 0; i < in.count; i++)
            if (in.events[i].user == user && in.events[i].post == post &&
                in.events[i].when > last && in.events[i].when < next)
                next = in.events[i].when;
        if (next == INT64_MAX)
            return mask;
        mask = mask_fold(mask, (enum event_type)(next & 7));
        last = next;
    }
}

START_TEST(every_pair_is_what_its_events_fold_to)
{
    uint8_t want[USERS][POSTS], weight_of[2 * MASK_COUNT];
    uint32_t next = 0;

    weights_table(&plain, weight_of);
    add_shuffled(1, _i);
    for (uint32_t u = 0; u < USERS; u++)
        for (uint32_t p = 0; p < POSTS; p++)
            want[u][p] = expect_mask(u, p);
    fold(USERS, POSTS);
    for (uint32_t u = 0; u < USERS; u++)
        for (uint32_t p = 0; p < POSTS; p++)
            if (weight_of[want[u][p]])
                ck_assert_uint_eq(m.user_posts[next++], pair_of(p, want[u][p]));
    ck_assert_uint_eq(next, m.pair_count);
    matrix_release(&m);
}
END_TEST

int main(void)
{
    enum { SEEDS = 50 };
    Suite *suite = suite_create("interactions");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_test(tc, events_of_a_pair_become_one_mask);
    tcase_add_test(tc, both_directions_hold_the_same_pairs_in_order);
    tcase_add_test(tc, a_like_taken_back_later_leaves_no_like);
    tcase_add_test(tc, pairs_that_weigh_nothing_are_dropped);
    tcase_add_test(tc,
                   a_pair_is_as_new_as_its_newest_event_when_times_are_kept);
    tcase_add_test(tc, rows_may_outnumber_the_ordinals_seen);
    tcase_add_test(tc, nothing_folds_to_an_empty_matrix);
    tcase_add_test(tc, too_few_rows_are_refused);
    tcase_add_test(tc, ordinals_past_28_bits_are_refused);
    tcase_add_test(tc, ids_are_ranked_by_their_bytes);
    tcase_add_test(tc, renumbering_moves_events_to_their_new_ordinals);
    tcase_add_loop_test(tc, input_order_does_not_matter, 0, SEEDS);
    tcase_add_loop_test(tc, every_pair_is_what_its_events_fold_to, 0, SEEDS);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
