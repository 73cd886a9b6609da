/*
 * The index of readers against the obvious way: many users, so that rows have
 * bits in several tiles, lists in several blocks, and pairs; every kernel, with
 * and without an index, with and without a limit of newest readers.
 */
#include <check.h>
#include <math.h>
#include <pthread.h>

#include "../support/model_fixture.h"
#include "reco/neighbours_batch.h"
#include "reco/reader_index.h"
#include "reco/recommend.h"

enum { POSTS = 40, SEEDS = 18, K = 60, READERS_MOST = 700, NOW_MS = 1 << 20 };

static struct fixture f;
static uint8_t (*masks)[POSTS]; /* [users] */
static bool (*counts)[POSTS];   /* [users] the index holds the pair */
static int64_t *pair_at_ms;

/* A dense world: post p is known by about (p + 1)^2 / POSTS^2 of the users,
 * the more, the smaller their ordinal is. */
static void make_events(struct rng *rng, bool equal)
{
    enum { VIEWED = 3 };

    for (uint32_t u = 0; u < f.user_count; u++) {
        double keen = 1.0 - 0.5 * u / f.user_count;
        for (uint32_t p = 0; p < POSTS; p++) {
            double share = (double)(p + 1) * (p + 1) / (POSTS * POSTS);
            if (rng_unit(rng) > share * keen * keen)
                continue;
            masks[u][p] = equal || rng_below(rng, VIEWED)
                              ? MASK_VIEW
                              : (uint8_t)(1 + rng_below(rng, MASK_STORED));
            fixture_mask(&f, u, p, masks[u][p]);
        }
    }
}

struct dated {
    int64_t at_ms;
    uint32_t user;
};

static int newest_first(const void *left, const void *right)
{
    const struct dated *a = left, *b = right;

    if (a->at_ms != b->at_ms)
        return a->at_ms > b->at_ms ? -1 : 1;
    return a->user < b->user ? -1 : 1;
}

/* Times of pairs in the order of users and posts, as the matrix has them. */
static void limit_readers(struct rng *rng)
{
    struct dated *all;
    uint32_t count, i = 0;
    struct err err;

    fixture_must(mem_take((size_t)f.user_count * POSTS, sizeof *pair_at_ms,
                          &pair_at_ms, &err),
                 &err);
    fixture_must(mem_take(f.user_count, sizeof *all, &all, &err), &err);
    for (uint32_t p = 0; p < POSTS; p++) {
        count = i = 0;
        for (uint32_t u = 0; u < f.user_count; u++)
            for (uint32_t q = 0; q < POSTS; q++) {
                if (!masks[u][q])
                    continue;
                if (!p)
                    pair_at_ms[i] = rng_below(rng, NOW_MS);
                if (q == p)
                    all[count++] = (struct dated){pair_at_ms[i], u};
                i++;
            }
        qsort(all, count, sizeof *all, newest_first);
        for (uint32_t n = 0; n < count && n < READERS_MOST; n++)
            counts[all[n].user][p] = true;
    }
    mem_give(all);
    f.index.readers_most = READERS_MOST;
    f.index.pair_at_ms = pair_at_ms;
}

static void make_world(int seed)
{
    static const struct weights kinds[] = {
        {1, 3, 7, 10, false}, {1, 3, 7, 10, true}, {15, 15, 15, 15, false}};
    static const struct index_plan plans[] = {
        {0}, {.tile_cost = 40, .split_least = 1}, {.split_least = 100}};
    static const uint32_t users[] = {3000, 20000, 80000};
    struct rng rng = rng_of((uint64_t)seed);
    struct err err;

    fixture_init(&f, users[seed % 3], POSTS);
    fixture_must(mem_take(f.user_count, sizeof *masks, &masks, &err), &err);
    fixture_must(mem_take(f.user_count, sizeof *counts, &counts, &err), &err);
    f.weights = kinds[seed / 3 % 3];
    f.index = plans[seed / 2 % 3];
    make_events(&rng, seed % 5 == 4);
    if (seed % 4 == 3)
        limit_readers(&rng);
    else
        memset(counts, true, f.user_count * sizeof *counts);
    fixture_open(&f);
}

/* No post has a row of one weight, and every dot is far over the number of
 * common posts. */
static void make_short_world(int seed)
{
    enum { USERS = 3 * INDEX_TILE, ODDS = 3 };
    struct rng rng = rng_of((uint64_t)seed);
    struct err err;

    fixture_init(&f, USERS, POSTS);
    fixture_must(mem_take(f.user_count, sizeof *masks, &masks, &err), &err);
    fixture_must(mem_take(f.user_count, sizeof *counts, &counts, &err), &err);
    f.weights = (struct weights){1, 3, 7, 10, true};
    f.index = (struct index_plan){.split_least = UINT32_MAX};
    for (uint32_t u = 0; u < USERS; u++)
        for (uint32_t p = 0; p < POSTS; p++)
            if (rng_below(&rng, ODDS)) {
                masks[u][p] = MASK_SHARE;
                fixture_mask(&f, u, p, masks[u][p]);
            }
    fixture_open(&f);
}

static void end_world(void)
{
    mem_give(masks);
    mem_give(counts);
    mem_give(pair_at_ms);
    pair_at_ms = NULL;
    fixture_close(&f);
}

static int closer_first(const void *left, const void *right)
{
    const struct neighbour *a = left, *b = right;
    long double x = (long double)a->dot * a->dot * b->norm;
    long double y = (long double)b->dot * b->dot * a->norm;

    if (x != y)
        return x > y ? -1 : 1;
    return a->user < b->user ? -1 : 1;
}

static bool is_erased(uint32_t user)
{
    for (uint32_t i = 0; i < f.scratch.erased_count; i++)
        if (f.scratch.erased[i] == user)
            return true;
    return false;
}

static uint32_t expect(const struct profile *p, uint32_t self,
                       struct neighbour *all)
{
    uint32_t count = 0;

    for (uint32_t u = 0; u < f.user_count; u++) {
        struct neighbour n = {.user = u, .norm = f.model.user_norms[u]};
        for (uint32_t j = 0; j < p->count; j++) {
            uint32_t post = p->posts[j].post;
            if (counts[u][post])
                n.dot += p->posts[j].weight * f.model.weight_of[masks[u][post]];
        }
        if (n.dot && u != self && !is_erased(u))
            all[count++] = n;
    }
    qsort(all, count, sizeof *all, closer_first);
    for (uint32_t i = 0; i < count && i < K; i++)
        all[i].similarity = similarity_of(all[i].dot, p->norm, all[i].norm);
    return count < K ? count : K;
}

/* own: his masks; user: himself, or ORDINAL_NONE. */
static void check_user(const uint8_t *own, uint32_t user, struct neighbour *all)
{
    struct neighbour have[K];
    struct profile p;
    uint32_t count;

    fixture_profile(&f, &p, own);
    count = expect(&p, user, all);
    for (unsigned i = 0; kernel_at(i); i++) {
        struct model bare = f.model;
        f.scratch.kernel = kernel_at(i);
        ck_assert_uint_eq(
            neighbours_find(&f.model, &f.scratch, &p, user, K, have), count);
        ck_assert_mem_eq(have, all, count * sizeof *have);
        bare.index = NULL;
        if (f.index.readers_most)
            continue;
        ck_assert_uint_eq(neighbours_find(&bare, &f.scratch, &p, user, K, have),
                          count);
        ck_assert_mem_eq(have, all, count * sizeof *have);
    }
    profile_release(&p);
}

START_TEST(neighbours_of_many_are_those_of_a_full_sort)
{
    enum { ASKED = 12 };
    static const uint32_t erased[] = {1, 7, 30, 2000};
    /* Of the two least read posts: few enough readers to walk to them. */
    static const uint8_t newcomer[POSTS] = {MASK_VIEW, MASK_VIEW};
    struct neighbour *all;
    struct err err;

    make_world(_i);
    if (_i % 2) {
        f.scratch.erased = erased;
        f.scratch.erased_count = sizeof erased / sizeof *erased;
    }
    fixture_must(mem_take(f.user_count, sizeof *all, &all, &err), &err);
    for (uint32_t i = 0; i < ASKED; i++) {
        uint32_t user =
            (uint32_t)((uint64_t)f.user_count * i * i / (ASKED * ASKED));
        check_user(masks[user], user, all);
    }
    check_user(newcomer, ORDINAL_NONE, all);
    mem_give(all);
    end_world();
}
END_TEST

enum { ASKED = 40, WANT = 20, THREADS = 3 };

/* Answers of readers of every size, and those of one who answers a share of
 * them in batches. */
struct share {
    uint32_t first;
    const struct kernel *kernel;
    struct post_bits *bits;
    struct recommendation *out; /* [ASKED] */
    pthread_t thread;
};

static uint32_t asked_user(uint32_t i)
{
    return (uint32_t)((uint64_t)f.user_count * i * i / (ASKED * ASKED));
}

static void ask_alone(struct recommendation *out)
{
    static struct reader reader;
    struct profile p;
    struct err err;

    for (uint32_t i = 0; i < ASKED; i++) {
        fixture_profile(&f, &p, masks[asked_user(i)]);
        fixture_must(reader_make(&reader, &f.model, &p,
                                 fixture_user(asked_user(i)), NULL, 0, &err) &&
                         recommend(&reader, &f.scratch, K, WANT, &out[i], &err),
                     &err);
        profile_release(&p);
    }
}

static void answer(const struct share *s, struct reco_scratch *scratch,
                   const struct neighbours_batch *b, uint32_t i, uint32_t at)
{
    struct reader *reader;
    const struct neighbour *near;
    struct profile p;
    struct err err;
    uint32_t count;

    fixture_must(mem_take(1, sizeof *reader, &reader, &err), &err);
    fixture_profile(&f, &p, masks[asked_user(i)]);
    near = neighbours_batch_at(b, at, &count);
    fixture_must(reader_make(reader, &f.model, &p, fixture_user(asked_user(i)),
                             NULL, 0, &err) &&
                     recommend_known(reader, scratch, s->bits, near, count,
                                     WANT, &s->out[i], &err),
                 &err);
    profile_release(&p);
    mem_give(reader);
}

/* Every THREADS-th reader, five at a time. */
static void *ask_share(void *arg)
{
    enum { SOME = 5 };
    const struct share *s = arg;
    struct reco_scratch scratch;
    struct neighbours_batch b;
    struct profile p;
    struct err err;

    fixture_must(reco_scratch_init(&scratch, &f.model, &err), &err);
    scratch.kernel = s->kernel;
    scratch.erased = f.scratch.erased;
    scratch.erased_count = f.scratch.erased_count;
    fixture_must(neighbours_batch_init(&b, &f.model, &scratch, SOME, K, &err),
                 &err);
    for (uint32_t from = s->first; from < ASKED; from += SOME * THREADS) {
        neighbours_batch_begin(&b);
        for (uint32_t i = from; i < ASKED && i < from + SOME * THREADS;
             i += THREADS) {
            fixture_profile(&f, &p, masks[asked_user(i)]);
            fixture_must(neighbours_batch_add(&b, &p, asked_user(i), &err),
                         &err);
            profile_release(&p);
        }
        neighbours_batch_search(&b);
        for (uint32_t at = 0; at < b.count; at++)
            answer(s, &scratch, &b, from + at * THREADS, at);
    }
    neighbours_batch_release(&b);
    reco_scratch_release(&scratch);
    return NULL;
}

static void check_shares(const struct kernel *kernel, struct post_bits *bits,
                         const struct recommendation *alone,
                         struct recommendation *out)
{
    struct share shares[THREADS];

    for (uint32_t t = 0; t < THREADS; t++) {
        shares[t] = (struct share){t, kernel, bits, out, 0};
        ck_assert(
            !pthread_create(&shares[t].thread, NULL, ask_share, &shares[t]));
    }
    for (uint32_t t = 0; t < THREADS; t++)
        pthread_join(shares[t].thread, NULL);
    for (uint32_t i = 0; i < ASKED; i++) {
        ck_assert_uint_eq(out[i].neighbour_count, alone[i].neighbour_count);
        ck_assert_uint_eq(out[i].count, alone[i].count);
        ck_assert_mem_eq(out[i].neighbours, alone[i].neighbours,
                         alone[i].neighbour_count *
                             sizeof *alone[i].neighbours);
        ck_assert_mem_eq(out[i].posts, alone[i].posts,
                         alone[i].count * sizeof *alone[i].posts);
    }
}

/* In several threads, by every kernel, with and without bits of posts. */
static void check_batches(void)
{
    struct recommendation *alone, *out;
    struct post_bits bits;
    struct err err;

    fixture_must(mem_take(ASKED, sizeof *alone, &alone, &err), &err);
    fixture_must(mem_take(ASKED, sizeof *out, &out, &err), &err);
    fixture_must(post_bits_make(&bits, &f.model, &err), &err);
    ask_alone(alone);
    for (unsigned i = 0; kernel_at(i); i++) {
        check_shares(kernel_at(i), NULL, alone, out);
        check_shares(kernel_at(i), &bits, alone, out);
    }
    post_bits_release(&bits);
    mem_give(alone);
    mem_give(out);
}

/* Some readers are thin, some have nothing. */
START_TEST(a_batch_gives_what_each_gets_alone)
{
    static const uint32_t erased[] = {1, 7, 30, 2000};

    make_world(_i);
    if (_i % 2) {
        f.scratch.erased = erased;
        f.scratch.erased_count = sizeof erased / sizeof *erased;
    }
    check_batches();
    end_world();
}
END_TEST

START_TEST(a_batch_adds_up_what_short_posts_weigh)
{
    make_short_world(_i);
    check_batches();
    end_world();
}
END_TEST

/* Which parts of the index the worlds above have, so that none goes untested:
 * rows with several tiles, lists with several blocks, rows of pairs. */
START_TEST(the_worlds_have_every_kind_of_row)
{
    bool tiles = false, blocks = false, pairs = false;

    for (int seed = 0; seed < SEEDS; seed++) {
        make_world(seed);
        for (uint32_t r = 0; r < f.model.index->row_count; r++) {
            const struct model_index_row *row = &f.model.index_rows[r];
            const uint16_t *list =
                (const void *)(f.model.index_lists + row->list);
            uint32_t first = row->list_items ? list[1] + 3u : 0;
            tiles |= index_row_tiles(row) > 2;
            pairs |= !index_row_weight(row);
            blocks |= index_row_weight(row) && first < row->list_items;
        }
        end_world();
    }
    ck_assert(tiles);
    ck_assert(pairs);
    ck_assert(blocks);
}
END_TEST

/* 8 readers, 8 posts, each with one reader: 8 is not more than 8 * 8 / 8. One
 * post more, and it is. */
START_TEST(a_matrix_of_thin_readers_has_no_index)
{
    enum { READERS = 8 };

    for (uint32_t more = 0; more < 2; more++) {
        fixture_init(&f, READERS, READERS + 1);
        for (uint32_t i = 0; i < READERS + more; i++)
            fixture_event(&f, i % READERS, i, EVENT_VIEW);
        fixture_open(&f);
        ck_assert_int_eq(f.model.index != NULL, more);
        fixture_close(&f);
    }
}
END_TEST

START_TEST(bits_and_places_are_each_other_s_inverse)
{
    for (uint32_t place = 0; place < INDEX_TILE; place++)
        ck_assert_uint_eq(index_place_of(index_bit_of(place)), place);
    ck_assert_uint_eq(index_bit_of(0), 0);
    ck_assert_uint_eq(index_bit_of(1), 16);
    ck_assert_uint_eq(index_bit_of(32), 1);
    ck_assert_uint_eq(index_bit_of(512 + 33), 512 + 17);
}
END_TEST

int main(void)
{
    enum { LIMIT_S = 240 };
    Suite *suite = suite_create("reader_index");
    TCase *tc = tcase_create("seeds");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_set_timeout(tc, LIMIT_S);
    tcase_add_loop_test(tc, neighbours_of_many_are_those_of_a_full_sort, 0,
                        SEEDS);
    tcase_add_loop_test(tc, a_batch_gives_what_each_gets_alone, 0, SEEDS);
    tcase_add_loop_test(tc, a_batch_adds_up_what_short_posts_weigh, 0, 2);
    tcase_add_test(tc, the_worlds_have_every_kind_of_row);
    tcase_add_test(tc, a_matrix_of_thin_readers_has_no_index);
    tcase_add_test(tc, bits_and_places_are_each_other_s_inverse);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
