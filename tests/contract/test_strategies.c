/*
 * What every way of picking posts owes a reader, whatever it is based on.
 * The loop index chooses the strategy.
 */
#include <check.h>

#include "../support/parts_fixture.h"
#include "reco/fallback.h"

enum { POSTS = 40, USERS = 6, MANY = RECOMMEND_MOST };

static struct parts parts;
#define f parts.base
static struct profile p;
static struct reader reader;
static struct err err;
static uint32_t got[MANY];

typedef uint32_t pick_fn(uint32_t want);

static uint32_t pick_neighbours(uint32_t want)
{
    static struct recommendation r;

    ck_assert(recommend(&reader, &f.scratch, 0, want, &r, &err));
    for (uint32_t i = 0; i < r.count; i++)
        got[i] = r.posts[i].post;
    return r.count;
}

static uint32_t pick_random(uint32_t want)
{
    return fallback_random(&reader, 1, want, got);
}

/* Each part of the hybrid on its own, then all of them. */
static uint32_t pick_hybrid(uint32_t want, const char *blend)
{
    static struct hybrid h;
    struct hybrid_settings settings = {.query_terms = CONTENT_QUERY_MOST};

    ck_assert(blend_table_read(blend, &settings.blend, &err));
    ck_assert(hybrid_init(&h, &f.model, &err));
    hybrid_taste(&h, &p, &f.model, NULL, 0, NULL, 0, 0, 0);
    for (uint32_t i = 0; i < p.count; i++)
        h.tastes[h.taste_count++] =
            (struct taste){p.posts[i].post, p.posts[i].weight + 1u};
    ck_assert(hybrid_rank(&h, &reader, &f.scratch, &settings, &err));
    hybrid_forget(&h);
    for (uint32_t i = 0; i < h.blend.count && i < want; i++)
        got[i] = h.blend.posts[i].post;
    hybrid_release(&h);
    return h.blend.count < want ? h.blend.count : want;
}

static uint32_t pick_items(uint32_t want)
{
    return pick_hybrid(want, "0:0/1/0/0");
}

static uint32_t pick_contents(uint32_t want)
{
    return pick_hybrid(want, "0:0/0/1/0");
}

static uint32_t pick_blend(uint32_t want)
{
    return pick_hybrid(want, "0:4/3/2/1");
}

static pick_fn *const strategies[] = {pick_neighbours, pick_random, pick_items,
                                      pick_contents, pick_blend};

enum { STRATEGIES = sizeof strategies / sizeof *strategies };

/* All say the same. */
static const char *const bodies[POSTS] = {
    [0 ... POSTS - 1] = "bread",
};

static void teardown(void)
{
    profile_release(&p);
    parts_close(&parts);
}

/* Every user of the model likes every post. */
static void make(uint32_t users, uint32_t posts, const uint8_t *masks)
{
    parts = (struct parts){0};
    fixture_init(&f, users, posts);
    for (uint32_t u = 0; u < users; u++)
        for (uint32_t i = 0; i < posts; i++)
            fixture_mask(&f, u, i, MASK_LIKE);
    parts_open(&parts, bodies);
    fixture_profile(&f, &p, masks);
}

static void read_as(uint32_t user, const uint64_t *keys, uint32_t key_count)
{
    ck_assert(reader_make(&reader, &f.model, &p, fixture_user(user), keys,
                          key_count, &err));
}

static const uint8_t first_liked[POSTS] = {MASK_LIKE};

START_TEST(more_than_there_is_gives_all_there_is)
{
    make(USERS, POSTS, first_liked);
    read_as(USERS, NULL, 0);
    ck_assert_uint_eq(strategies[_i](MANY), POSTS - 1);
}
END_TEST

START_TEST(no_post_comes_twice)
{
    bool seen[POSTS] = {false};
    uint32_t count;

    make(USERS, POSTS, first_liked);
    read_as(USERS, NULL, 0);
    count = strategies[_i](POSTS);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert(!seen[got[i]]);
        seen[got[i]] = true;
    }
}
END_TEST

START_TEST(asked_for_nothing_it_gives_nothing)
{
    make(USERS, POSTS, first_liked);
    read_as(USERS, NULL, 0);
    ck_assert_uint_eq(strategies[_i](0), 0);
}
END_TEST

START_TEST(what_must_not_be_shown_is_not_shown)
{
    /* 0 liked, 1 hidden, 2 his own, 3 invisible, 4 on an earlier page */
    static const uint8_t masks[POSTS] = {MASK_LIKE, MASK_HIDE};
    uint64_t keys[] = {uuid_key(fixture_post(4))};
    uint32_t count;

    parts = (struct parts){0};
    fixture_init(&f, USERS, POSTS);
    for (uint32_t u = 0; u < USERS; u++)
        for (uint32_t i = 0; i < POSTS; i++)
            fixture_mask(&f, u, i, MASK_LIKE);
    f.authors[2] = fixture_user(USERS);
    f.flags[3] = 0;
    parts_open(&parts, bodies);
    fixture_profile(&f, &p, masks);
    read_as(USERS, keys, 1);
    count = strategies[_i](MANY);
    ck_assert_uint_eq(count, POSTS - 5);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_uint_ge(got[i], 5);
}
END_TEST

START_TEST(a_reader_who_saw_all_gets_nothing)
{
    static uint8_t masks[POSTS];

    memset(masks, MASK_VIEW, sizeof masks);
    make(USERS, POSTS, masks);
    read_as(USERS, NULL, 0);
    ck_assert_uint_eq(strategies[_i](MANY), 0);
}
END_TEST

START_TEST(his_own_row_of_the_model_counts_as_seen)
{
    make(USERS, POSTS, first_liked); /* each user of the model liked all */
    read_as(0, NULL, 0);
    ck_assert_uint_eq(strategies[_i](MANY), 0);
}
END_TEST

START_TEST(an_empty_model_gives_nothing)
{
    make(0, 0, NULL);
    read_as(0, NULL, 0);
    ck_assert_uint_eq(strategies[_i](MANY), 0);
}
END_TEST

START_TEST(a_model_of_one_post_that_he_saw_gives_nothing)
{
    make(1, 1, first_liked);
    read_as(1, NULL, 0);
    ck_assert_uint_eq(strategies[_i](MANY), 0);
}
END_TEST

START_TEST(a_model_of_one_user_serves_another_reader)
{
    make(1, 2, first_liked);
    read_as(1, NULL, 0);
    ck_assert_uint_eq(strategies[_i](MANY), 1);
    ck_assert_uint_eq(got[0], 1);
}
END_TEST

START_TEST(a_model_without_readers_or_without_pairs_is_no_trouble)
{
    make(0, POSTS, first_liked);
    read_as(1, NULL, 0);
    ck_assert_uint_le(strategies[_i](MANY), POSTS - 1);
}
END_TEST

START_TEST(the_same_question_has_the_same_answer)
{
    uint32_t first[POSTS], count;

    make(USERS, POSTS, first_liked);
    read_as(USERS, NULL, 0);
    count = strategies[_i](POSTS / 2);
    memcpy(first, got, sizeof first);
    ck_assert_uint_eq(strategies[_i](POSTS / 2), count);
    ck_assert_mem_eq(got, first, count * sizeof *got);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("strategies");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, NULL, teardown);
#define EACH(name) tcase_add_loop_test(tc, name, 0, STRATEGIES)
    EACH(more_than_there_is_gives_all_there_is);
    EACH(no_post_comes_twice);
    EACH(asked_for_nothing_it_gives_nothing);
    EACH(what_must_not_be_shown_is_not_shown);
    EACH(a_reader_who_saw_all_gets_nothing);
    EACH(his_own_row_of_the_model_counts_as_seen);
    EACH(an_empty_model_gives_nothing);
    EACH(a_model_of_one_post_that_he_saw_gives_nothing);
    EACH(a_model_of_one_user_serves_another_reader);
    EACH(a_model_without_readers_or_without_pairs_is_no_trouble);
    EACH(the_same_question_has_the_same_answer);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
