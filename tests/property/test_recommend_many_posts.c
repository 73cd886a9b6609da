/*
 * Recommendations against the obvious way where sums of all posts are more than
 * a near cache holds: posts enough for many strips, crowded, empty and mostly
 * refused ones. The loop index is the seed.
 */
#include <check.h>

#include "../support/model_fixture.h"

enum {
    USERS = 24,
    POSTS_LEAST = 65537,
    POSTS_MOST = 90000,
    CROWDS = 12, /* places where posts are read */
    CROWD_POSTS = 4000,
    K = 20,
    WANT_MOST = 60,
    SEEDS = 8,
    WORD_BITS = 64,
};

static struct fixture f;
static struct rng rng;
static uint8_t mask[USERS][POSTS_MOST], own[POSTS_MOST];
static bool paged[POSTS_MOST];
static struct profile profile;
static struct reader reader;
static struct recommendation got;
static uint64_t keys[READER_KEYS_MOST];
static uint32_t key_count, want;
static struct recommended all[POSTS_MOST];

static bool one_of(uint32_t count)
{
    return !rng_below(&rng, count);
}

/* Each user reads a share of some crowds of neighbouring posts. */
static void make_rows(void)
{
    enum { MISSED = 3, SHARES_MOST = 6 };

    memset(mask, 0, sizeof mask);
    for (uint32_t crowd = 0; crowd < CROWDS; crowd++) {
        uint32_t first = rng_below(&rng, f.post_count - CROWD_POSTS);
        uint32_t kinds = one_of(2) ? 1 : MASK_COUNT - 1;
        for (uint32_t u = 0; u < USERS; u++) {
            uint32_t share = 1 + rng_below(&rng, SHARES_MOST);
            if (one_of(MISSED))
                continue;
            for (uint32_t p = first; p < first + CROWD_POSTS; p += share)
                mask[u][p] = (uint8_t)(1 + rng_below(&rng, kinds));
        }
    }
    for (uint32_t u = 0; u < USERS; u++)
        for (uint32_t p = 0; p < f.post_count; p++)
            fixture_mask(&f, u, p, mask[u][p]);
}

/* Where refused posts lie thick, the floor has to be lowered. */
static void refuse_posts(uint32_t user)
{
    enum { BLOCK = 10000, OFTEN = 40, PAGED = 200 };
    uint32_t one_in = 2, keys_most = one_of(2) ? READER_KEYS_MOST : 0;

    key_count = 0;
    for (uint32_t p = 0; p < f.post_count; p++) {
        if (p % BLOCK == 0)
            one_in = 1 + rng_below(&rng, OFTEN);
        f.flags[p] = one_of(one_in) ? MODEL_VISIBLE : 0;
        if (one_of(OFTEN))
            f.authors[p] = fixture_user(user);
        paged[p] = key_count < keys_most && one_of(PAGED);
        if (paged[p])
            keys[key_count++] = uuid_key(fixture_post(p));
    }
}

static void make_own(uint32_t user)
{
    enum { HIDES = 50, OTHERS = 300 };

    memset(own, 0, sizeof own);
    for (uint32_t p = 0; p < f.post_count; p++) {
        if (mask[user][p] && !one_of(2))
            own[p] = mask[user][p];
        if (one_of(OTHERS))
            own[p] = MASK_VIEW;
        if (own[p] && one_of(HIDES))
            own[p] |= MASK_HIDE;
    }
}

static void make_world(int seed)
{
    uint32_t user, posts;
    struct err err;

    rng = rng_of((uint64_t)seed);
    posts = POSTS_LEAST + rng_below(&rng, POSTS_MOST - POSTS_LEAST);
    fixture_init(&f, USERS, posts);
    user = rng_below(&rng, USERS);
    make_rows();
    refuse_posts(user);
    make_own(user);
    want = 1 + rng_below(&rng, WANT_MOST);
    fixture_open(&f);
    fixture_profile(&f, &profile, own);
    fixture_must(reader_make(&reader, &f.model, &profile, fixture_user(user),
                             keys, key_count, &err),
                 &err);
}

static void end_world(void)
{
    profile_release(&profile);
    fixture_close(&f);
}

static bool may_get(uint32_t post)
{
    return f.flags[post] && !paged[post] && !own[post] &&
           !mask[reader.self][post] &&
           !uuid_equal(f.authors[post], reader.user);
}

static int better_first(const void *left, const void *right)
{
    const struct recommended *a = left, *b = right;

    if (a->sum != b->sum)
        return a->sum > b->sum ? -1 : 1;
    return a->post < b->post ? -1 : 1;
}

static uint32_t expect_posts(void)
{
    uint32_t count = 0;

    for (uint32_t p = 0; p < f.post_count; p++) {
        uint64_t sum = 0;
        for (uint32_t n = 0; n < got.neighbour_count; n++)
            sum += (uint64_t)got.neighbours[n].similarity *
                   f.model.weight_of[mask[got.neighbours[n].user][p]];
        if (sum && may_get(p))
            all[count++] = (struct recommended){p, 0, sum};
    }
    qsort(all, count, sizeof *all, better_first);
    return count < want ? count : want;
}

START_TEST(posts_of_many_are_those_of_a_full_sort)
{
    struct err err;
    uint32_t count;

    make_world(_i);
    for (unsigned i = 0; kernel_at(i); i++) {
        f.scratch.kernel = kernel_at(i);
        fixture_must(recommend(&reader, &f.scratch, K, want, &got, &err), &err);
        ck_assert_uint_eq(got.neighbour_count, K);
        count = expect_posts();
        ck_assert_uint_eq(got.count, count);
        for (uint32_t n = 0; n < count; n++) {
            ck_assert_uint_eq(got.posts[n].post, all[n].post);
            ck_assert_uint_eq(got.posts[n].sum, all[n].sum);
        }
    }
    end_world();
}
END_TEST

START_TEST(posts_of_many_are_the_same_in_a_long_job)
{
    static struct recommendation known;
    struct post_bits bits;
    struct err err;

    make_world(_i);
    fixture_must(post_bits_make(&bits, &f.model, &err), &err);
    fixture_must(recommend(&reader, &f.scratch, K, want, &got, &err), &err);
    fixture_must(recommend_known(&reader, &f.scratch, &bits, got.neighbours,
                                 got.neighbour_count, want, &known, &err),
                 &err);
    ck_assert_uint_eq(known.count, got.count);
    ck_assert_mem_eq(known.posts, got.posts, got.count * sizeof *got.posts);
    post_bits_release(&bits);
    end_world();
}
END_TEST

START_TEST(many_posts_leave_the_scratch_clean)
{
    const struct reco_scratch *s = &f.scratch;
    struct err err;

    make_world(_i);
    fixture_must(recommend(&reader, &f.scratch, K, want, &got, &err), &err);
    for (uint32_t p = 0; p < f.post_count; p++) {
        ck_assert_uint_eq(s->sums[p], 0);
        ck_assert_uint_eq(s->seen[p / WORD_BITS], 0);
    }
    end_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recommend_many_posts");
    TCase *tc = tcase_create("seeds");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tc, posts_of_many_are_those_of_a_full_sort, 0, SEEDS);
    tcase_add_loop_test(tc, posts_of_many_are_the_same_in_a_long_job, 0, SEEDS);
    tcase_add_loop_test(tc, many_posts_leave_the_scratch_clean, 0, 2);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
