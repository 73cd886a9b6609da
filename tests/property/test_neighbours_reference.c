/*
 * Neighbours, recommendations and reasons against the obvious way: dense
 * tables, all users, full sorts. The loop index is the seed.
 */
#include <check.h>
#include <math.h>

#include "../support/model_fixture.h"
#include "base/hash.h"

/* Many blocks of users and posts for few wanted: the floors get work. */
enum {
    USERS_MOST = 900,
    POSTS_MOST = 500,
    SMALL = 24, /* every other world is at most this large */
    K_MOST = 20,
    WANT_MOST = 12,
    SEEDS = 120,
};

/* One random world, dense. */
struct world {
    struct fixture f;
    struct rng rng;
    uint8_t mask[USERS_MOST][POSTS_MOST]; /* what the events were made from */
    uint8_t weight_of[2 * MASK_COUNT];
    bool views_only;
    uint8_t profile_mask[POSTS_MOST];
    struct profile profile;
    struct reader reader;
    uint64_t keys[POSTS_MOST];
    uint32_t key_count, k, want;
};

static struct world w;
static struct recommendation got;

static uint8_t random_mask(unsigned density)
{
    enum { PERCENT = 100, KINDS = 4 };

    if (rng_below(&w.rng, PERCENT) >= density)
        return 0;
    if (w.views_only)
        return MASK_VIEW;
    return (uint8_t)(1 + rng_below(&w.rng, MASK_COUNT - 1));
}

static void random_weights(void)
{
    static const struct weights kinds[] = {
        {1, 3, 7, 10, false},
        {1, 3, 7, 10, true},
        {15, 15, 15, 15, false}, /* norms past 16 bits of dot */
        {1, 0, 0, 0, false},     /* all weights equal: ties everywhere */
    };

    w.f.weights = kinds[rng_below(&w.rng, sizeof kinds / sizeof *kinds)];
    w.views_only = !w.f.weights.share;
    weights_table(&w.f.weights, w.weight_of);
}

static void make_reader(unsigned density)
{
    enum { HALF = 2, THIRD = 3, TENTH = 10 };
    bool paged = !rng_below(&w.rng, THIRD);
    uint32_t user = rng_below(&w.rng, w.f.user_count + 1); /* one is unknown */
    struct err err;

    for (uint32_t i = 0; i < w.f.post_count; i++) {
        w.profile_mask[i] = random_mask(density);
        if (user < w.f.user_count && rng_below(&w.rng, HALF))
            w.profile_mask[i] = w.mask[user][i];
        if (!rng_below(&w.rng, TENTH))
            w.profile_mask[i] |= MASK_HIDE;
        if (!rng_below(&w.rng, TENTH))
            w.f.flags[i] = 0;
        if (!rng_below(&w.rng, TENTH))
            w.f.authors[i] = fixture_user(user);
        if (paged && !rng_below(&w.rng, TENTH))
            w.keys[w.key_count++] = uuid_key(fixture_post(i));
    }
    fixture_open(&w.f);
    fixture_profile(&w.f, &w.profile, w.profile_mask);
    fixture_must(reader_make(&w.reader, &w.f.model, &w.profile,
                             fixture_user(user), w.keys, w.key_count, &err),
                 &err);
}

static void make_world(int seed)
{
    enum { DENSITY_MOST = 50, THIN_MOST = 2 };
    uint32_t users, posts;
    unsigned density;

    memset(&w, 0, sizeof w);
    w.rng = rng_of((uint64_t)seed);
    users = 1 + rng_below(&w.rng, seed % 2 ? SMALL : USERS_MOST);
    posts = 1 + rng_below(&w.rng, seed % 2 ? SMALL : POSTS_MOST);
    fixture_init(&w.f, users, posts);
    random_weights();
    density = 1 + rng_below(&w.rng, seed % 4 ? DENSITY_MOST : THIN_MOST);
    for (uint32_t u = 0; u < w.f.user_count; u++)
        for (uint32_t i = 0; i < w.f.post_count; i++) {
            w.mask[u][i] = random_mask(density);
            fixture_mask(&w.f, u, i, w.mask[u][i]);
        }
    w.k = 1 + rng_below(&w.rng, K_MOST);
    w.want = rng_below(&w.rng, WANT_MOST);
    make_reader(density);
}

static void end_world(void)
{
    profile_release(&w.profile);
    fixture_close(&w.f);
}

static uint32_t own_weight(uint32_t post)
{
    return w.weight_of[w.profile_mask[post]];
}

static uint32_t weight(uint32_t user, uint32_t post)
{
    return w.weight_of[w.mask[user][post]];
}

static uint64_t own_norm(void)
{
    uint64_t norm = 0;

    for (uint32_t i = 0; i < w.f.post_count; i++)
        norm += (uint64_t)own_weight(i) * own_weight(i);
    return norm;
}

static int closer_first(const void *left, const void *right)
{
    const struct neighbour *a = left, *b = right;
    long double x = (long double)a->dot * a->dot * b->norm;
    long double y = (long double)b->dot * b->dot * a->norm; /* exact: < 2^64 */

    if (x != y)
        return x > y ? -1 : 1;
    return a->user < b->user ? -1 : 1;
}

static uint32_t expect_neighbours(struct neighbour *out)
{
    struct neighbour all[USERS_MOST];
    uint32_t count = 0;

    for (uint32_t u = 0; u < w.f.user_count; u++) {
        struct neighbour n = {.user = u};
        for (uint32_t i = 0; i < w.f.post_count; i++) {
            n.dot += own_weight(i) * weight(u, i);
            n.norm += weight(u, i) * weight(u, i);
        }
        if (!n.dot || u == w.reader.self)
            continue;
        n.similarity =
            (uint32_t)floor((double)n.dot * 16777216.0 /
                            sqrt((double)own_norm() * (double)n.norm));
        all[count++] = n;
    }
    qsort(all, count, sizeof *all, closer_first);
    count = count < w.k ? count : w.k;
    memcpy(out, all, count * sizeof *all);
    return count;
}

static bool may_get(uint32_t post)
{
    uint32_t self = w.reader.self;

    for (uint32_t i = 0; i < w.key_count; i++)
        if (w.keys[i] == uuid_key(fixture_post(post)))
            return false;
    return w.f.flags[post] && !w.profile_mask[post] &&
           !uuid_equal(w.f.authors[post], w.reader.user) &&
           !(self != ORDINAL_NONE && weight(self, post));
}

static int better_first(const void *left, const void *right)
{
    const struct recommended *a = left, *b = right;

    if (a->sum != b->sum)
        return a->sum > b->sum ? -1 : 1;
    return a->post < b->post ? -1 : 1;
}

static uint32_t expect_posts(struct recommended *out)
{
    uint32_t count = 0, most = 0;
    uint64_t similarities = 0;

    for (unsigned m = 0; m < MASK_COUNT; m++)
        most = w.weight_of[m] > most ? w.weight_of[m] : most;
    for (uint32_t n = 0; n < got.neighbour_count; n++)
        similarities += got.neighbours[n].similarity;
    for (uint32_t i = 0; i < w.f.post_count; i++) {
        struct recommended one = {.post = i};
        for (uint32_t n = 0; n < got.neighbour_count; n++)
            one.sum += (uint64_t)got.neighbours[n].similarity *
                       weight(got.neighbours[n].user, i);
        one.score =
            (float)((double)one.sum / ((double)similarities * (double)most));
        if (one.sum && may_get(i))
            out[count++] = one;
    }
    qsort(out, count, sizeof *out, better_first);
    return count < w.want ? count : w.want;
}

static void recommend_now(void)
{
    struct err err;

    fixture_must(recommend(&w.reader, &w.f.scratch, w.k, w.want, &got, &err),
                 &err);
}

START_TEST(neighbours_are_those_of_a_full_sort)
{
    struct neighbour want[USERS_MOST], have[USERS_MOST];
    uint32_t count;

    make_world(_i);
    count = expect_neighbours(want);
    for (unsigned i = 0; kernel_at(i); i++) {
        w.f.scratch.kernel = kernel_at(i);
        ck_assert_uint_eq(neighbours_find(&w.f.model, &w.f.scratch, &w.profile,
                                          w.reader.self, w.k, have),
                          count);
        ck_assert_mem_eq(have, want, count * sizeof *want);
    }
    end_world();
}
END_TEST

START_TEST(posts_are_those_of_a_full_sort)
{
    struct recommended want[POSTS_MOST];
    uint32_t count;

    make_world(_i);
    for (unsigned i = 0; kernel_at(i); i++) {
        w.f.scratch.kernel = kernel_at(i);
        recommend_now();
        count = expect_posts(want);
        ck_assert_uint_eq(got.count, count);
        ck_assert_mem_eq(got.posts, want, count * sizeof *want);
    }
    end_world();
}
END_TEST

static bool all_zero(const void *at, size_t bytes)
{
    const unsigned char *p = at;

    for (size_t i = 0; i < bytes; i++)
        if (p[i])
            return false;
    return true;
}

START_TEST(a_request_leaves_the_scratch_clean)
{
    struct reco_scratch *s = &w.f.scratch;
    struct reasons reasons[1];
    struct err err;

    make_world(_i);
    recommend_now();
    if (got.count)
        fixture_must(recommend_explain(&w.reader, s, &got, &got.posts[0].post,
                                       1, reasons, &err),
                     &err);
    ck_assert(
        all_zero(s->dots, s->user_blocks * KERNEL_USERS * sizeof(uint32_t)));
    ck_assert(
        all_zero(s->sums, s->post_blocks * KERNEL_POSTS * sizeof *s->sums));
    ck_assert(all_zero(s->marks, w.f.post_count * sizeof *s->marks));
    end_world();
}
END_TEST

/* The real share of profile post j in the score of `post`, in doubles. */
static double expect_part(uint32_t post, uint32_t j)
{
    double part = 0;

    for (uint32_t n = 0; n < got.neighbour_count; n++) {
        const struct neighbour *v = &got.neighbours[n];
        part += (double)own_weight(j) * weight(v->user, j) *
                weight(v->user, post) /
                sqrt((double)own_norm() * (double)v->norm);
    }
    return part;
}

static uint32_t expect_knowing(uint32_t post)
{
    uint32_t count = 0;

    for (uint32_t n = 0; n < got.neighbour_count; n++)
        count += weight(got.neighbours[n].user, post) > 0;
    return count;
}

static void check_reasons(uint32_t post, const struct reasons *r)
{
    const double tolerance = 1e-6;
    double total = 0, least = 1;
    uint32_t some = 0, above = 0;

    for (uint32_t j = 0; j < w.f.post_count; j++)
        total += expect_part(post, j);
    for (uint32_t i = 0; i < r->count; i++) {
        double share = expect_part(post, r->at[i].post) / total;
        ck_assert_double_eq_tol(r->at[i].share, share, tolerance);
        ck_assert(!i || r->at[i].share <= r->at[i - 1].share);
        least = share;
    }
    for (uint32_t j = 0; j < w.f.post_count; j++) {
        some += expect_part(post, j) > 0;
        above += expect_part(post, j) / total > least + tolerance;
    }
    ck_assert_uint_eq(r->count, some < REASONS_MOST ? some : REASONS_MOST);
    ck_assert_uint_lt(above, REASONS_MOST);
    ck_assert_uint_eq(r->neighbour_count, expect_knowing(post));
}

START_TEST(reasons_are_the_true_shares)
{
    uint32_t posts[POSTS_MOST];
    struct reasons reasons[POSTS_MOST];
    struct err err;

    make_world(_i);
    recommend_now();
    for (uint32_t i = 0; i < got.count; i++)
        posts[i] = got.posts[i].post;
    fixture_must(recommend_explain(&w.reader, &w.f.scratch, &got, posts,
                                   got.count, reasons, &err),
                 &err);
    for (uint32_t i = 0; i < got.count; i++)
        check_reasons(posts[i], &reasons[i]);
    end_world();
}
END_TEST

START_TEST(shares_of_all_profile_posts_add_up_to_one)
{
    uint64_t parts[POSTS_MOST], total = 0;
    double shares = 0;
    struct err err;

    make_world(_i);
    recommend_now();
    if (got.count) {
        fixture_must(recommend_parts(&w.reader, &w.f.scratch, &got,
                                     got.posts[0].post, parts, &err),
                     &err);
        for (uint32_t j = 0; j < w.profile.count; j++)
            total += parts[j];
        for (uint32_t j = 0; j < w.profile.count; j++)
            shares += (double)parts[j] / (double)total;
        ck_assert_double_eq_tol(shares, 1.0, 1e-12);
        /* The parts' total is the score itself, scaled by 2^(44 - 24). */
        ck_assert_double_eq_tol(
            (double)total / 1048576.0 / (double)got.posts[0].sum, 1.0, 1e-3);
    }
    end_world();
}
END_TEST

/*
 * The literal is what gcc -O2, clang -O2, -march=x86-64 and -march=native
 * builds all print: answers do not depend on compiler or processor.
 */
START_TEST(answers_are_the_same_bits_everywhere)
{
    struct hash_stream h;
    struct reasons reasons[POSTS_MOST];
    uint32_t posts[POSTS_MOST];
    struct err err;

    hash_begin(&h);
    for (int seed = 0; seed < SEEDS; seed++) {
        make_world(seed);
        recommend_now();
        for (uint32_t i = 0; i < got.count; i++)
            posts[i] = got.posts[i].post;
        fixture_must(recommend_explain(&w.reader, &w.f.scratch, &got, posts,
                                       got.count, reasons, &err),
                     &err);
        hash_add(&h, got.neighbours,
                 got.neighbour_count * sizeof *got.neighbours);
        hash_add(&h, got.posts, got.count * sizeof *got.posts);
        hash_add(&h, reasons, got.count * sizeof *reasons);
        end_world();
    }
    ck_assert_uint_eq(hash_end(&h), 14074749591112082577u);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("neighbours_reference");
    TCase *tc = tcase_create("seeds");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tc, neighbours_are_those_of_a_full_sort, 0, SEEDS);
    tcase_add_loop_test(tc, posts_are_those_of_a_full_sort, 0, SEEDS);
    tcase_add_loop_test(tc, a_request_leaves_the_scratch_clean, 0, SEEDS);
    tcase_add_loop_test(tc, reasons_are_the_true_shares, 0, SEEDS);
    tcase_add_loop_test(tc, shares_of_all_profile_posts_add_up_to_one, 0,
                        SEEDS);
    tcase_add_test(tc, answers_are_the_same_bits_everywhere);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
