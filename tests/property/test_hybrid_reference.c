/*
 * Parts of the hybrid against slow, obvious references; the loop index is the
 * seed.
 */
#include <check.h>
#include <math.h>

#include "../support/parts_fixture.h"

enum { USERS = 30, POSTS = 40, LOOPS = 40, WORDS = 60, WORDS_A_POST = 12 };

static struct parts p;
static struct hybrid h; /* large */
static struct profile profile;
static struct reader reader;
static struct err err;
static char bodies[POSTS][WORDS_A_POST * 8];
static const char *body_list[POSTS];
static uint8_t masks[POSTS];

static void make(uint64_t seed)
{
    struct rng rng = rng_of(seed);

    p = (struct parts){0};
    fixture_init(&p.base, USERS, POSTS);
    for (uint32_t u = 0; u < USERS; u++)
        for (uint32_t i = 0; i < POSTS; i++)
            if (!rng_below(&rng, 4))
                fixture_mask(&p.base, u, i, 1 + rng_below(&rng, 15));
    for (uint32_t i = 0; i < POSTS; i++) {
        bodies[i][0] = 0;
        for (uint32_t w = 0; w < WORDS_A_POST; w++)
            snprintf(bodies[i] + strlen(bodies[i]),
                     sizeof bodies[i] - strlen(bodies[i]), "w%02ux ",
                     rng_below(&rng, WORDS));
        body_list[i] = bodies[i];
    }
    parts_open(&p, body_list);
    memset(masks, 0, sizeof masks);
    for (uint32_t i = 0; i < 5; i++)
        masks[rng_below(&rng, POSTS)] = MASK_LIKE;
    fixture_profile(&p.base, &profile, masks);
    ck_assert(reader_make(&reader, &p.base.model, &profile, fixture_user(USERS),
                          NULL, 0, &err));
    ck_assert(hybrid_init(&h, &p.base.model, &err));
}

static void teardown(void)
{
    hybrid_release(&h);
    profile_release(&profile);
    parts_close(&p);
}

static void rank(const char *blend)
{
    static struct history_event events[POSTS];
    struct hybrid_settings settings = {.query_terms = CONTENT_QUERY_MOST};
    uint32_t count = 0;

    for (uint32_t i = 0; i < POSTS; i++)
        if (masks[i])
            events[count++] =
                (struct history_event){fixture_post(i), 0, EVENT_LIKE};
    ck_assert(blend_table_read(blend, &settings.blend, &err));
    hybrid_taste(&h, &profile, &p.base.model, events, count, NULL, 0, 0, 0);
    ck_assert(hybrid_rank(&h, &reader, &p.base.scratch, &settings, &err));
}

static uint32_t weight(uint32_t user, uint32_t post)
{
    struct row row = matrix_user_row(&p.base.matrix, user);

    for (uint32_t i = 0; i < row.count; i++)
        if (pair_ordinal(row.pairs[i]) == post)
            return p.base.model.weight_of[pair_mask(row.pairs[i])];
    return 0;
}

/* Cosine of two columns of the matrix. */
static double column_cosine(uint32_t a, uint32_t z)
{
    double dot = 0, norm_a = 0, norm_z = 0;

    for (uint32_t u = 0; u < USERS; u++) {
        dot += weight(u, a) * (double)weight(u, z);
        norm_a += weight(u, a) * (double)weight(u, a);
        norm_z += weight(u, z) * (double)weight(u, z);
    }
    return dot > 0 ? dot / sqrt(norm_a * norm_z) : 0;
}

START_TEST(similar_posts_are_those_of_the_whole_cosine_matrix)
{
    const struct part *part = &h.parts[BLEND_ITEMS];

    make((uint64_t)_i);
    rank("0:0/100/0/0");
    for (uint32_t i = 0; i < POSTS; i++) {
        double expected = 0, found = 0;
        for (uint32_t j = 0; j < POSTS; j++)
            if (masks[j] && !masks[i])
                expected += 7.0 * TASTE_ONE * column_cosine(j, i);
        for (uint32_t n = 0; n < part->count; n++)
            if (part->posts[n].post == i)
                found = (double)part->posts[n].sum;
        ck_assert_double_eq_tol(found / (1 << SIMILAR_BITS), expected,
                                expected * 1e-5 + 1e-3);
    }
}
END_TEST

/* BM25 vectors from the words themselves, in doubles. */
static double bm25_vector(uint32_t post, double vector[WORDS + 3])
{
    double length = 0, total = 0, norm = 0, tf[WORDS + 3] = {0};
    uint32_t n[WORDS + 3] = {0};

    for (uint32_t d = 0; d < POSTS; d++) {
        double mine[WORDS + 3] = {0};
        unsigned w;
        for (const char *at = bodies[d]; sscanf(at, "w%2ux", &w) == 1; at += 5)
            mine[w] += TERMS_BODY;
        /* The tag "t0" is a term and, as a word, counts like a title's. */
        mine[WORDS + d % 3] = TERMS_TAG;
        for (uint32_t t = 0; t < WORDS + 3; t++) {
            n[t] += mine[t] > 0;
            total += mine[t];
            tf[t] = d == post ? mine[t] : tf[t];
        }
        total += TERMS_TITLE;
    }
    for (uint32_t t = 0; t < WORDS + 3; t++)
        length += tf[t];
    length += TERMS_TITLE;
    for (uint32_t t = 0; t < WORDS + 3; t++) {
        double idf = log(1 + (POSTS - n[t] + .5) / (n[t] + .5));
        double damp = 1.2 * (.25 + .75 * length / (total / POSTS));
        vector[t] = tf[t] > 0 ? idf * tf[t] * 2.2 / (tf[t] + damp) : 0;
        norm += vector[t] * vector[t];
        /* The tag's word stands in as many posts as the tag. */
        if (t >= WORDS && tf[t] > 0) {
            double word = idf * TERMS_TITLE * 2.2 / (TERMS_TITLE + damp);
            norm += word * word;
        }
    }
    return sqrt(norm);
}

static double reference_cosine(uint32_t a, uint32_t z)
{
    double va[WORDS + 3], vz[WORDS + 3], dot = 0;
    double norm = bm25_vector(a, va) * bm25_vector(z, vz);

    for (uint32_t t = 0; t < WORDS + 3; t++) {
        dot += va[t] * vz[t];
        /* the tag's word: the same form with 3 in place of 4 */
        if (t >= WORDS && va[t] > 0 && vz[t] > 0)
            dot += va[t] * vz[t] * (TERMS_TITLE / (double)TERMS_TAG) *
                   (TERMS_TITLE / (double)TERMS_TAG) *
                   ((TERMS_TAG + 1.2 * 1) / (TERMS_TITLE + 1.2 * 1)) *
                   ((TERMS_TAG + 1.2 * 1) / (TERMS_TITLE + 1.2 * 1));
    }
    return dot / norm;
}

/* All posts are of equal length here, so that len / avg is 1. */
START_TEST(contents_compare_as_bm25_vectors_do)
{
    make((uint64_t)_i);
    for (uint32_t a = 0; a < POSTS; a += 7)
        for (uint32_t z = 0; z < POSTS; z++)
            ck_assert_double_eq_tol(
                content_cosine(content_of(&p.base.model, a),
                               content_of(&p.base.model, z)),
                reference_cosine(a, z), 2e-3);
}
END_TEST

START_TEST(content_sums_are_the_sums_over_own_posts)
{
    const struct part *part = &h.parts[BLEND_CONTENT];
    const struct model *m = &p.base.model;

    make((uint64_t)_i);
    rank("0:0/0/100/0");
    for (uint32_t n = 0; n < part->count; n++) {
        struct content_vector v = content_of(m, part->posts[n].post);
        uint64_t sum = 0;
        for (uint32_t t = 0; t < h.taste_count; t++)
            sum +=
                h.tastes[t].weight *
                content_shared(&h.content, content_of(m, h.tastes[t].post), v);
        ck_assert_uint_eq(part->posts[n].sum, sum);
    }
    hybrid_forget(&h);
    for (uint32_t t = 0; t < m->content->term_count; t++)
        ck_assert_uint_eq(h.content.taste[t], 0);
}
END_TEST

START_TEST(shares_of_all_reasons_add_up_to_one)
{
    enum { SHOWN = 10 };
    static struct hybrid_reasons why[SHOWN];
    uint32_t count;

    make((uint64_t)_i);
    rank("0:40/30/20/10");
    count = h.blend.count < SHOWN ? h.blend.count : SHOWN;
    ck_assert(hybrid_explain(&h, &reader, &p.base.scratch, h.blend.posts, count,
                             why, &err));
    ck_assert_uint_gt(count, 0);
    for (uint32_t i = 0; i < count; i++) {
        double sum = 0;
        for (uint32_t r = 0; r < why[i].count; r++) {
            double named = 0;
            sum += (double)why[i].at[r].share;
            for (uint32_t k = 0; k < why[i].at[r].count; k++)
                named += (double)why[i].at[r].at[k].share;
            ck_assert_double_le(named, (double)why[i].at[r].share + 1e-6);
        }
        ck_assert_double_eq_tol(sum, 1, 1e-5);
    }
    hybrid_forget(&h);
}
END_TEST

START_TEST(the_same_question_has_the_same_answer)
{
    static struct blended first[BLEND_MOST];
    uint32_t count;

    make((uint64_t)_i);
    rank("0:40/30/20/10");
    hybrid_forget(&h);
    count = h.blend.count;
    memcpy(first, h.blend.posts, count * sizeof *first);
    rank("0:40/30/20/10");
    hybrid_forget(&h);
    ck_assert_uint_eq(h.blend.count, count);
    ck_assert_mem_eq(first, h.blend.posts, count * sizeof *first);
    for (uint32_t i = 0; i < POSTS; i++)
        ck_assert_uint_eq(p.base.scratch.sums[i], 0);
}
END_TEST

START_TEST(similar_contents_never_name_the_post_itself)
{
    static struct part out;
    struct content_room room;

    make((uint64_t)_i);
    ck_assert(content_room_init(&room, &p.base.model, &err));
    for (uint32_t i = 0; i < POSTS; i++) {
        uint32_t count = content_similar(&p.base.model, &room,
                                         p.base.scratch.sums, i, 5, &out);
        ck_assert_uint_gt(count, 0);
        for (uint32_t n = 0; n < count; n++)
            ck_assert_uint_ne(out.posts[n].post, i);
    }
    content_room_release(&room);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hybrid_reference");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_loop_test(tc, similar_posts_are_those_of_the_whole_cosine_matrix,
                        0, LOOPS);
    tcase_add_loop_test(tc, contents_compare_as_bm25_vectors_do, 0, LOOPS);
    tcase_add_loop_test(tc, content_sums_are_the_sums_over_own_posts, 0, LOOPS);
    tcase_add_loop_test(tc, shares_of_all_reasons_add_up_to_one, 0, LOOPS);
    tcase_add_loop_test(tc, the_same_question_has_the_same_answer, 0, LOOPS);
    tcase_add_loop_test(tc, similar_contents_never_name_the_post_itself, 0, 1);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
