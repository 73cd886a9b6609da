/*
 * user_knn_idf -- posts of the K most similar users, where a rare post says
 * more of a user than a common one.
 *
 *     g(i)             = 255 * (idf(i) / most)^(2 * idf), rounded, 1..255
 *                        with idf(i) = ln(users / (1 + users of i)), at least 0
 *     dot(u, v)        = sum over common posts of g * w_u * w_v
 *     similarity(u, v) = dot(u, v) / (sqrt(n_u * n_v) + shrink)
 *                        with n_u = dot(u, u)
 *     score(u, i)      = sum over the neighbours v of
 *                        similarity(u, v)^q * w(v, i) / users(i)^beta
 *
 * Weights     tenths, divided by what is common to all of them.
 * Order       larger similarity first, equal ones by the smaller user. Dots
 *             and norms are integers: no order of sums changes them.
 * Unscored    posts that no neighbour has: NO_SCORE.
 * from        Breese, Heckerman, Kadie 1998 (inverse user frequency, case
 *             amplification); Aiolli 2013 (locality q)
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "reco/algorithm.h"
#include "reco/heap.h"
#include "reco/knn_room.h"

enum setting { K, IDF, Q, BETA, SHRINK, BINARY };

enum {
    K_MOST = 100000,
    RARITY_MOST = 255, /* of a post, 8 bits */
};

/* Doubles that differ by more than this factor order as the exact values do. */
#define SURELY_LESS (1 - 1e-12)

static const struct algorithm_setting settings[] = {
    [K] = {"k", 200, 1, K_MOST, "neighbours"},
    [IDF] = {"idf", 1.5, 0, 4, "how much more rare posts count; 0: not"},
    [Q] = {"q", 1.5, 0.1, 16, "locality: power of the similarity"},
    [BETA] = {"beta", 0.2, 0, 2, "popularity discount of the posts scored"},
    [SHRINK] = {"shrink", 0, 0, 1e9, "damps similarities of short histories"},
    [BINARY] = {"binary", 0, 0, 1, "1: every pair weighs the same"},
    {0},
};

struct peer {
    double similarity;
    uint32_t user;
};

_Static_assert(sizeof(struct peer) <= HEAP_ITEM_BYTES, "fits a heap");

struct knn {
    const struct matrix *matrix; /* the caller's, lives as long */
    uint32_t k;
    double q, shrink;
    uint8_t weight_of[MASK_COUNT];
    uint8_t *rarity;  /* [posts] g */
    double *discount; /* [posts] users(i)^-beta */
    double *roots;    /* [users] sqrt(n) */
};

static bool is_worse(const void *a, const void *b)
{
    const struct peer *x = a, *y = b;

    if (x->similarity != y->similarity)
        return x->similarity < y->similarity;
    return x->user > y->user;
}

/* Adds the products of the query; returns the root of its norm. */
static double add_dots(struct knn_room *r, const struct query *q)
{
    const struct knn *knn = r->knn;
    uint64_t norm = 0;

    for (uint32_t i = 0; i < q->count; i++) {
        uint32_t post = q->posts[i].post;
        uint32_t w = knn->weight_of[q->posts[i].mask & MASK_STORED];
        uint32_t by = knn->rarity[post] * w;
        struct row row = matrix_post_row(knn->matrix, post);

        norm += (uint64_t)by * w;
        for (uint32_t j = 0; j < row.count; j++)
            r->dots[pair_ordinal(row.pairs[j])] +=
                by * knn->weight_of[pair_mask(row.pairs[j])];
    }
    return sqrt((double)norm);
}

/* Keeps the K best in r->peers, best first; clears the dots. */
static void select_peers(struct knn_room *r, double root, uint32_t self)
{
    const struct knn *knn = r->knn;
    double floor = 0;

    r->count = 0;
    for (uint32_t v = 0; v < knn->matrix->user_count; v++) {
        double dot = r->dots[v], over = root * knn->roots[v] + knn->shrink;
        struct peer peer;

        r->dots[v] = 0;
        /* One test, which all but a few fail: two are mispredicted. */
        if ((dot <= 0) | (dot < floor * over) | (v == self))
            continue;
        peer = (struct peer){dot / over, v};
        if (!heap_wants(r->peers, r->count, knn->k, &peer, is_worse))
            continue;
        heap_keep(r->peers, &r->count, knn->k, &peer, sizeof peer, is_worse);
        if (r->count == knn->k)
            floor = r->peers[0].similarity * SURELY_LESS;
    }
    heap_sort(r->peers, r->count, sizeof *r->peers, is_worse);
}

static void score(const void *state, void *room, const struct query *q,
                  float *scores)
{
    const struct knn *knn = state;
    struct knn_room *r = room;

    select_peers(r, add_dots(r, q), q->self);
    for (uint32_t i = 0; i < r->count; i++) {
        struct row row = matrix_user_row(knn->matrix, r->peers[i].user);
        double by = pow(r->peers[i].similarity, knn->q);
        for (uint32_t j = 0; j < row.count; j++)
            r->sums[pair_ordinal(row.pairs[j])] +=
                by * knn->weight_of[pair_mask(row.pairs[j])];
    }
    knn_room_scores(r, knn->matrix->post_count, knn->discount, scores);
}

static bool room_open(const void *state, void **room, struct err *err)
{
    const struct knn *knn = state;

    return knn_room_open(knn, knn->matrix, knn->k, sizeof(struct peer), room,
                         err);
}

/* ---- fit ---- */

static uint8_t common_divisor(uint8_t a, uint8_t b)
{
    while (b) {
        uint8_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static void make_weights(struct knn *knn, const uint8_t *weight_of, bool binary)
{
    uint8_t common = 0;

    for (unsigned mask = 0; mask < MASK_COUNT; mask++)
        common = common_divisor(common, weight_of[mask]);
    for (unsigned mask = 0; mask < MASK_COUNT; mask++)
        knn->weight_of[mask] = binary   ? weight_of[mask] > 0
                               : common ? weight_of[mask] / common
                                        : 0;
}

static double idf(const struct knn *knn, uint32_t post)
{
    uint32_t users = matrix_post_row(knn->matrix, post).count;
    double value = log((double)knn->matrix->user_count / (1.0 + users));

    return value > 0 ? value : 0;
}

static void make_posts(struct knn *knn, double power, double beta)
{
    uint32_t posts = knn->matrix->post_count;
    double most = 0;

    for (uint32_t i = 0; i < posts; i++)
        if (matrix_post_row(knn->matrix, i).count)
            most = fmax(most, idf(knn, i));
    for (uint32_t i = 0; i < posts; i++) {
        uint32_t users = matrix_post_row(knn->matrix, i).count;
        double part = most > 0 ? fmin(idf(knn, i) / most, 1) : 1;
        double g = round(RARITY_MOST * pow(part, 2 * power));
        knn->rarity[i] = (uint8_t)(g < 1 ? 1 : g);
        knn->discount[i] = users ? pow(users, -beta) : 1;
    }
}

static bool make_roots(struct knn *knn, struct err *err)
{
    for (uint32_t u = 0; u < knn->matrix->user_count; u++) {
        struct row row = matrix_user_row(knn->matrix, u);
        uint64_t norm = 0;
        for (uint32_t i = 0; i < row.count; i++) {
            uint32_t w = knn->weight_of[pair_mask(row.pairs[i])];
            norm += (uint64_t)w * w * knn->rarity[pair_ordinal(row.pairs[i])];
        }
        /* No dot exceeds the larger of the two norms. */
        if (norm > UINT32_MAX)
            return err_set(err, ERR_LIMIT,
                           "user_knn_idf: norm of 2^32 or more");
        knn->roots[u] = sqrt((double)norm);
    }
    return true;
}

static void release(void *state)
{
    struct knn *knn = state;

    if (!knn)
        return;
    mem_give(knn->rarity);
    mem_give(knn->discount);
    mem_give(knn->roots);
    mem_give(knn);
}

static bool fit(const struct fit_input *in, const double *values, void **state,
                struct err *err)
{
    struct knn *knn;

    if (!mem_take(1, sizeof *knn, &knn, err))
        return false;
    knn->matrix = in->matrix;
    knn->k = (uint32_t)values[K];
    if (knn->k > in->matrix->user_count && in->matrix->user_count)
        knn->k = in->matrix->user_count;
    knn->q = values[Q];
    knn->shrink = values[SHRINK];
    make_weights(knn, in->weight_of, values[BINARY] > 0);
    if (!mem_take(in->matrix->post_count, sizeof *knn->rarity, &knn->rarity,
                  err) ||
        !mem_take(in->matrix->post_count, sizeof *knn->discount, &knn->discount,
                  err) ||
        !mem_take(in->matrix->user_count, sizeof *knn->roots, &knn->roots, err))
        goto failed;
    make_posts(knn, values[IDF], values[BETA]);
    if (!make_roots(knn, err))
        goto failed;
    *state = knn;
    return true;
failed:
    release(knn);
    return false;
}

/* With the matrix: without it nothing could be scored. */
static size_t bytes(const void *state)
{
    const struct knn *knn = state;
    const struct matrix *m = knn->matrix;

    return sizeof *knn + m->user_count * sizeof *knn->roots +
           m->post_count * (sizeof *knn->rarity + sizeof *knn->discount) +
           matrix_bytes(m);
}

const struct algorithm algorithm_user_knn_idf = {
    .name = "user_knn_idf",
    .about = "posts of the most similar readers, rare posts count more",
    .settings = settings,
    .fit = fit,
    .release = release,
    .room_open = room_open,
    .room_close = knn_room_close,
    .score = score,
    .bytes = bytes,
};
