/* What every entry of algorithms[] has to keep, whatever it computes. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "reco/algorithm.h"

enum { USERS = 60, POSTS = 40, TERMS = 8, HISTORY = 5, NOW_MS = 1 << 30 };

static const struct weights plain = {1, 3, 7, 10, false};

static struct matrix m;
static uint8_t weight_of[2 * MASK_COUNT];
static int64_t pair_at_ms[USERS * POSTS], published_ms[POSTS];
static uint32_t term_rows[POSTS + 1], terms[POSTS * TERMS];
static uint16_t term_counts[POSTS * TERMS];
static struct contents contents;
static struct fit_input in;
static struct query_post posts[HISTORY];
static double values[ALGORITHM_SETTINGS_MOST];
static float got[POSTS], again[POSTS];
static const struct algorithm *a;
static void *state;
static struct err err;

static void fold(struct interactions *events, uint32_t users, uint32_t count)
{
    ck_assert(interactions_fold(events, &plain, users, count, &m, &err));
    in = (struct fit_input){
        .matrix = &m,
        .weight_of = weight_of,
        .now_ms = NOW_MS,
        .seed = 1,
        .threads = 1,
    };
}

/* Two thirds of the users like the first half of the posts more, posts 0 to 2
 * nobody; with times and contents of everything. */
static void world(void)
{
    struct rng rng = rng_of(5);
    struct interactions events;

    interactions_init(&events);
    for (uint32_t i = 0; i < USERS * 12; i++) {
        uint32_t user = rng_below(&rng, USERS), half = user % 3 == 0;
        uint32_t post = rng_below(&rng, POSTS / 2 - 2) + 2 +
                        (rng_below(&rng, 4) ? half : 1 - half) * POSTS / 2;
        ck_assert(interactions_add(&events, user, post < 3 ? 3 : post,
                                   rng_below(&rng, 4), (int64_t)i, &err));
    }
    fold(&events, USERS, POSTS);
    for (uint32_t i = 0; i < m.pair_count; i++)
        pair_at_ms[i] = (int64_t)rng_below(&rng, NOW_MS);
    for (uint32_t i = 0; i < POSTS; i++) {
        term_rows[i + 1] = term_rows[i];
        for (uint32_t t = 0; t < TERMS; t++)
            if (rng_below(&rng, 2)) {
                term_counts[term_rows[i + 1]] = (uint16_t)(1 + t % 3);
                terms[term_rows[i + 1]++] = t;
            }
    }
    contents = (struct contents){TERMS, term_rows, terms, term_counts};
    in.pair_at_ms = pair_at_ms;
    in.post_published_ms = published_ms;
    in.contents = &contents;
}

static void setup(void)
{
    weights_table(&plain, weight_of);
}

static void teardown(void)
{
    if (state)
        a->release(state);
    state = NULL;
    matrix_release(&m);
}

static void take(int index)
{
    a = algorithms[index];
    for (int i = 0; a->settings[i].name; i++)
        values[i] = a->settings[i].value;
}

static void fit(void)
{
    if (state)
        a->release(state);
    state = NULL;
    ck_assert_msg(a->fit(&in, values, &state, &err), "%s: %s", a->name,
                  err.what);
}

/* The question of a user of the matrix, with his newest posts first. */
static struct query question(uint32_t user)
{
    struct row row = matrix_user_row(&m, user);
    struct query q = {.self = user, .posts = posts, .now_ms = NOW_MS};

    for (; q.count < row.count && q.count < HISTORY; q.count++)
        posts[q.count] = (struct query_post){
            .post = pair_ordinal(row.pairs[q.count]),
            .mask = pair_mask(row.pairs[q.count]),
            .at_ms = NOW_MS - (int64_t)q.count,
        };
    return q;
}

static void *open_room(void)
{
    void *room;

    ck_assert(a->room_open(state, &room, &err));
    return room;
}

/* Fills with a mark that is no number first: it must be gone afterwards. */
static void ask_in(void *room, const struct query *q, float *scores)
{
    for (uint32_t i = 0; i < m.post_count; i++)
        scores[i] = NAN;
    a->score(state, room, q, scores);
    for (uint32_t i = 0; i < m.post_count; i++)
        ck_assert_msg(!isnan(scores[i]) && !(isinf(scores[i]) && scores[i] > 0),
                      "%s, post %u: %g", a->name, i, (double)scores[i]);
}

static void ask(const struct query *q, float *scores)
{
    void *room = open_room();

    ask_in(room, q, scores);
    a->room_close(room);
}

START_TEST(it_has_a_name_of_its_own_and_says_what_it_does)
{
    take(_i);
    ck_assert(a->name && *a->name && a->about && *a->about);
    ck_assert_ptr_eq(algorithm_find(a->name), a);
    for (const char *c = a->name; *c; c++)
        ck_assert_msg(*c == '_' || (*c >= 'a' && *c <= 'z') ||
                          (*c >= '0' && *c <= '9'),
                      "%s", a->name);
}
END_TEST

START_TEST(its_settings_have_reasons_and_defaults_within_their_range)
{
    int count = 0;

    take(_i);
    for (; a->settings[count].name; count++) {
        const struct algorithm_setting *s = &a->settings[count];
        ck_assert_msg(s->why && *s->why, "%s.%s", a->name, s->name);
        ck_assert_msg(s->least <= s->value && s->value <= s->most, "%s.%s",
                      a->name, s->name);
        for (int i = 0; i < count; i++)
            ck_assert_str_ne(s->name, a->settings[i].name);
    }
    ck_assert_int_le(count, ALGORITHM_SETTINGS_MOST);
}
END_TEST

START_TEST(every_cell_is_written_with_a_number)
{
    struct query q;

    world();
    take(_i);
    fit();
    for (uint32_t u = 0; u < USERS; u++) {
        q = question(u);
        ask(&q, got);
    }
    ck_assert_uint_gt(a->bytes(state), 0);
}
END_TEST

START_TEST(the_same_question_has_the_same_answer)
{
    struct query q;

    world();
    take(_i);
    fit();
    q = question(1);
    ask(&q, got);
    fit();
    ask(&q, again);
    ck_assert_mem_eq(got, again, sizeof got);
}
END_TEST

START_TEST(a_room_remembers_nothing)
{
    struct query first, second;
    void *room;

    world();
    take(_i);
    fit();
    room = open_room();
    first = question(1);
    ask_in(room, &first, got);
    second = question(2);
    ask_in(room, &second, again);
    first = question(1);
    ask_in(room, &first, again);
    ck_assert_mem_eq(got, again, sizeof got);
    a->room_close(room);
}
END_TEST

START_TEST(many_asked_in_a_row_get_what_each_gets_alone)
{
    struct query q;
    void *room;

    world();
    take(_i);
    fit();
    room = open_room();
    for (uint32_t u = 0; u < USERS; u++) {
        q = question(u);
        ask_in(room, &q, got);
        ask(&q, again);
        ck_assert_mem_eq(got, again, sizeof got);
    }
    a->room_close(room);
}
END_TEST

START_TEST(any_number_of_threads_fits_the_same)
{
    struct query q;

    world();
    take(_i);
    fit();
    q = question(1);
    ask(&q, got);
    in.threads = 3;
    fit();
    ask(&q, again);
    ck_assert_mem_eq(got, again, sizeof got);
}
END_TEST

START_TEST(a_stranger_is_served)
{
    struct query q;

    world();
    take(_i);
    fit();
    q = question(1);
    q.self = ORDINAL_NONE;
    ask(&q, got);
}
END_TEST

START_TEST(a_reader_without_history_is_no_trouble)
{
    struct query q = {.self = ORDINAL_NONE, .now_ms = NOW_MS};

    world();
    take(_i);
    fit();
    ask(&q, got);
    q.self = 0;
    ask(&q, got);
}
END_TEST

START_TEST(a_history_of_posts_that_nobody_else_has_is_no_trouble)
{
    struct query q = {
        .self = ORDINAL_NONE, .posts = posts, .count = 1, .now_ms = NOW_MS};

    world();
    posts[0] = (struct query_post){.post = 0, .mask = MASK_LIKE};
    take(_i);
    fit();
    ask(&q, got);
}
END_TEST

START_TEST(neither_times_nor_contents_are_needed)
{
    struct query q;

    world();
    in.pair_at_ms = in.post_published_ms = NULL;
    in.contents = NULL;
    take(_i);
    fit();
    q = question(1);
    for (uint32_t i = 0; i < q.count; i++)
        posts[i].at_ms = 0;
    ask(&q, got);
}
END_TEST

static void empty(uint32_t users, uint32_t count)
{
    struct interactions events;

    interactions_init(&events);
    fold(&events, users, count);
}

START_TEST(a_matrix_without_a_pair_is_no_trouble)
{
    struct query q = {.self = ORDINAL_NONE, .now_ms = NOW_MS};

    empty(3, 4);
    take(_i);
    fit();
    ask(&q, got);
}
END_TEST

START_TEST(a_matrix_without_anything_is_no_trouble)
{
    struct query q = {.self = ORDINAL_NONE, .now_ms = NOW_MS};

    empty(0, 0);
    take(_i);
    fit();
    ask(&q, got);
}
END_TEST

START_TEST(one_reader_alone_is_no_trouble)
{
    struct interactions events;
    struct query q;

    interactions_init(&events);
    ck_assert(interactions_add(&events, 0, 1, EVENT_LIKE, 1, &err));
    fold(&events, 1, 2);
    take(_i);
    fit();
    q = question(0);
    ask(&q, got);
}
END_TEST

START_TEST(readers_and_posts_that_are_all_alike_are_no_trouble)
{
    struct interactions events;
    struct query q;

    interactions_init(&events);
    for (uint32_t u = 0; u < USERS; u++)
        for (uint32_t p = 0; p < POSTS; p++)
            ck_assert(interactions_add(&events, u, p, EVENT_LIKE, 1, &err));
    fold(&events, USERS, POSTS);
    take(_i);
    fit();
    q = question(0);
    ask(&q, got);
}
END_TEST

START_TEST(the_ends_of_every_setting_work)
{
    struct query q;

    world();
    take(_i);
    for (int i = 0; a->settings[i].name; i++) {
        const double ends[] = {a->settings[i].least, a->settings[i].most};
        for (int end = 0; end < 2; end++) {
            take(_i);
            values[i] = ends[end];
            fit();
            q = question(1);
            ask(&q, got);
        }
    }
}
END_TEST

/* From the defaults to one value other than its own. */
static void change_one(int setting, double to)
{
    double from[ALGORITHM_SETTINGS_MOST];
    bool changed = false;

    fit();
    memcpy(from, values, sizeof from);
    values[setting] = to;
    ck_assert(a->change(&in, from, values, state, &changed, &err));
    if (!changed)
        fit();
}

START_TEST(a_change_of_settings_makes_what_a_fit_would)
{
    struct query q;

    world();
    take(_i);
    for (int i = 0; a->change && a->settings[i].name; i++) {
        take(_i);
        change_one(i, a->settings[i].least);
        q = question(1);
        ask(&q, got);
        fit();
        ask(&q, again);
        ck_assert_msg(!memcmp(got, again, sizeof got), "%s.%s", a->name,
                      a->settings[i].name);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("algorithms");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed, count = 0;

    while (algorithms[count])
        count++;
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
#define EACH(name) tcase_add_loop_test(tc, name, 0, count)
    EACH(it_has_a_name_of_its_own_and_says_what_it_does);
    EACH(its_settings_have_reasons_and_defaults_within_their_range);
    EACH(every_cell_is_written_with_a_number);
    EACH(the_same_question_has_the_same_answer);
    EACH(a_room_remembers_nothing);
    EACH(many_asked_in_a_row_get_what_each_gets_alone);
    EACH(any_number_of_threads_fits_the_same);
    EACH(a_stranger_is_served);
    EACH(a_reader_without_history_is_no_trouble);
    EACH(a_history_of_posts_that_nobody_else_has_is_no_trouble);
    EACH(neither_times_nor_contents_are_needed);
    EACH(a_matrix_without_a_pair_is_no_trouble);
    EACH(a_matrix_without_anything_is_no_trouble);
    EACH(one_reader_alone_is_no_trouble);
    EACH(readers_and_posts_that_are_all_alike_are_no_trouble);
    EACH(the_ends_of_every_setting_work);
    EACH(a_change_of_settings_makes_what_a_fit_would);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
