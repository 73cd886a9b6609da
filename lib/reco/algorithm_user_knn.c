/*
 * user_knn -- posts of the K users most similar to the reader, exact.
 *
 *     similarity(u, v) = dot(u, v) / (sqrt(n_u * n_v) + shrink)
 *     score(u, i)      = sum over the neighbours v of
 *                        similarity(u, v) * w(v, i)
 *
 * with dot = sum over common posts of w_u * w_v and n = sum of squared weights.
 *
 * Neighbours  the K most similar users; with `reverse` those v that have u
 *             among *their* K, as several published numbers do without saying
 *             so. As similarity is symmetric, the worst neighbour of each v
 *             is all that has to be kept for that.
 * Order       larger similarity first, equal ones by the smaller user; dots and
 *             norms are integers, and without shrink so is the comparison.
 * Unscored    posts that no neighbour has: NO_SCORE.
 * from        Sarwar et al. 2000; DL-evaluation's Compute_Similarity for
 *             shrink and orientation.
 */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "reco/algorithm.h"
#include "reco/heap.h"
#include "reco/knn_room.h"

enum setting { K, SHRINK, BINARY, REVERSE };

enum {
    K_MOST = 100000,
    THREADS_MOST = 256,
    USERS_A_TURN = 64, /* that a thread of fit takes at a time */
};

/* Doubles that differ by more than this factor order as the exact values do. */
#define SURELY_LESS (1 - 1e-12)

static const struct algorithm_setting settings[] = {
    [K] = {"k", 100, 1, K_MOST, "neighbours"},
    [SHRINK] = {"shrink", 0, 0, 1e6, "damps similarities of short histories"},
    [BINARY] = {"binary", 0, 0, 1, "1: every pair weighs the same"},
    [REVERSE] = {"reverse", 0, 0, 1, "1: users who have the reader as theirs"},
    {0},
};

struct peer {
    double similarity;
    uint32_t user;
    uint32_t dot;
    uint64_t norm;
};

_Static_assert(sizeof(struct peer) <= HEAP_ITEM_BYTES, "fits a heap");

struct user_knn {
    const struct matrix *matrix; /* the caller's, lives as long */
    uint32_t k;
    double shrink;
    bool reverse;
    uint8_t weight_of[MASK_COUNT];
    uint64_t *norms;    /* [users] */
    double *roots;      /* [users] of the norms */
    struct peer *worst; /* [users] reverse only: the last of each one's K; a
                           similarity of 0 when there are fewer */
};

/* Behind in the order of similarity. */
static bool is_worse(const void *a, const void *b)
{
    const struct peer *x = a, *y = b;

    if (x->similarity != y->similarity)
        return x->similarity < y->similarity;
    return x->user > y->user;
}

/*
 * The same from dot^2 / n alone, in whole numbers: cosines that are equal as
 * fractions may differ in the last bit as doubles.
 */
static bool is_worse_exactly(const void *a, const void *b)
{
    const struct peer *x = a, *y = b;
    unsigned __int128 left =
        (unsigned __int128)((uint64_t)x->dot * x->dot) * y->norm;
    unsigned __int128 right =
        (unsigned __int128)((uint64_t)y->dot * y->dot) * x->norm;

    if (left != right)
        return left < right;
    return x->user > y->user;
}

static bool is_behind(const struct user_knn *knn, const struct peer *a,
                      const struct peer *b)
{
    return knn->shrink > 0 ? is_worse(a, b) : is_worse_exactly(a, b);
}

static struct peer peer_of(const struct user_knn *knn, uint64_t norm,
                           uint32_t user, uint32_t dot)
{
    uint64_t other = knn->norms[user];

    return (struct peer){dot /
                             (sqrt((double)norm * (double)other) + knn->shrink),
                         user, dot, other};
}

/* Whether the similarity is surely below `least`: a look without division. */
static bool is_below(const struct user_knn *knn, double root, uint32_t user,
                     uint32_t dot, double least)
{
    return dot < SURELY_LESS * least * (root * knn->roots[user] + knn->shrink);
}

/* ---- dots ---- */

/* Adds the products of the query; returns its own norm. */
static uint64_t add_dots(struct knn_room *r, const struct query_post *posts,
                         uint32_t count)
{
    const struct user_knn *knn = r->knn;
    uint64_t norm = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t w = knn->weight_of[posts[i].mask & MASK_STORED];
        struct row row = matrix_post_row(knn->matrix, posts[i].post);

        norm += (uint64_t)w * w;
        for (uint32_t j = 0; j < row.count; j++)
            r->dots[pair_ordinal(row.pairs[j])] +=
                w * knn->weight_of[pair_mask(row.pairs[j])];
    }
    return norm;
}

/* ---- the two orientations ---- */

/* Keeps the K best in r->peers, best first; clears the dots. */
static void select_nearest(struct knn_room *r, uint64_t norm, uint32_t self)
{
    const struct user_knn *knn = r->knn;
    uint32_t users = knn->matrix->user_count;
    heap_worse_fn *worse = knn->shrink > 0 ? is_worse : is_worse_exactly;
    double root = sqrt((double)norm), least = 0;

    r->count = 0;
    for (uint32_t v = 0; v < users; v++) {
        uint32_t dot = r->dots[v];
        struct peer peer;

        r->dots[v] = 0;
        /* One test, which all but a few fail: two are mispredicted. */
        if (!dot | (v == self) | is_below(knn, root, v, dot, least))
            continue;
        peer = peer_of(knn, norm, v, dot);
        if (!heap_wants(r->peers, r->count, knn->k, &peer, worse))
            continue;
        heap_keep(r->peers, &r->count, knn->k, &peer, sizeof peer, worse);
        least = r->count == knn->k ? r->peers[0].similarity : 0;
    }
    heap_sort(r->peers, r->count, sizeof *r->peers, worse);
}

/* Those among whose K the reader is, or would be, by user; clears the dots. */
static void select_reverse(struct knn_room *r, uint64_t norm, uint32_t self)
{
    const struct user_knn *knn = r->knn;
    uint32_t users = knn->matrix->user_count;
    double root = sqrt((double)norm);

    r->count = 0;
    for (uint32_t v = 0; v < users; v++) {
        const struct peer *worst = &knn->worst[v];
        uint32_t dot = r->dots[v];
        struct peer peer, reader;

        r->dots[v] = 0;
        if (!dot || v == self || is_below(knn, root, v, dot, worst->similarity))
            continue;
        peer = reader = peer_of(knn, norm, v, dot);
        reader.user = self; /* ORDINAL_NONE stands behind all his equals */
        reader.norm = norm;
        if (!is_behind(knn, &reader, worst))
            r->peers[r->count++] = peer;
    }
}

/* ---- scoring ---- */

static void add_peer(struct knn_room *r, const struct peer *peer)
{
    const struct user_knn *knn = r->knn;
    struct row row = matrix_user_row(knn->matrix, peer->user);
    double part[MASK_COUNT];

    for (unsigned mask = 0; mask < MASK_COUNT; mask++)
        part[mask] = peer->similarity * knn->weight_of[mask];
    for (uint32_t j = 0; j < row.count; j++)
        r->sums[pair_ordinal(row.pairs[j])] += part[pair_mask(row.pairs[j])];
}

static void score(const void *state, void *room, const struct query *q,
                  float *scores)
{
    const struct user_knn *knn = state;
    struct knn_room *r = room;
    uint64_t norm = add_dots(r, q->posts, q->count);

    if (knn->reverse)
        select_reverse(r, norm, q->self);
    else
        select_nearest(r, norm, q->self);
    for (uint32_t i = 0; i < r->count; i++)
        add_peer(r, &r->peers[i]);
    knn_room_scores(r, knn->matrix->post_count, NULL, scores);
}

static bool room_open(const void *state, void **room, struct err *err)
{
    const struct user_knn *knn = state;
    uint32_t users = knn->matrix->user_count;

    return knn_room_open(knn, knn->matrix,
                         knn->reverse || knn->k > users ? users : knn->k,
                         sizeof(struct peer), room, err);
}

/* ---- fit ---- */

static bool make_norms(struct user_knn *knn, struct err *err)
{
    for (uint32_t u = 0; u < knn->matrix->user_count; u++) {
        struct row row = matrix_user_row(knn->matrix, u);
        for (uint32_t i = 0; i < row.count; i++) {
            uint32_t w = knn->weight_of[pair_mask(row.pairs[i])];
            knn->norms[u] += (uint64_t)w * w;
        }
        /* No dot exceeds the larger of the two norms. */
        if (knn->norms[u] > UINT32_MAX)
            return err_set(err, ERR_LIMIT, "user_knn: a norm of 2^32 or more");
        knn->roots[u] = sqrt((double)knn->norms[u]);
    }
    return true;
}

struct worst_job {
    struct user_knn *knn;
    atomic_uint next;
};

struct worst_thread {
    struct worst_job *job;
    pthread_t thread;
    bool started;
    void *room;
};

static void find_worst(struct user_knn *knn, struct knn_room *r, uint32_t user)
{
    struct row row = matrix_user_row(knn->matrix, user);
    uint64_t norm = 0;

    for (uint32_t i = 0; i < row.count; i++) {
        struct query_post post = {.post = pair_ordinal(row.pairs[i]),
                                  .mask = pair_mask(row.pairs[i])};
        norm += add_dots(r, &post, 1);
    }
    select_nearest(r, norm, user);
    if (r->count == knn->k)
        knn->worst[user] = r->peers[r->count - 1];
    else /* a cosine of 0: everybody who shares a post is nearer */
        knn->worst[user] = (struct peer){.norm = 1};
}

static void *find_worst_of_many(void *arg)
{
    struct worst_thread *t = arg;
    struct user_knn *knn = t->job->knn;
    uint32_t users = knn->matrix->user_count, from;

    while ((from = atomic_fetch_add(&t->job->next, USERS_A_TURN)) < users)
        for (uint32_t u = from; u < users && u - from < USERS_A_TURN; u++)
            find_worst(knn, t->room, u);
    return NULL;
}

static bool make_worst(struct user_knn *knn, uint32_t threads, struct err *err)
{
    struct worst_job job = {.knn = knn};
    struct worst_thread all[THREADS_MOST] = {0};
    uint32_t count = threads < THREADS_MOST ? threads : THREADS_MOST;
    bool ok =
        mem_take(knn->matrix->user_count, sizeof *knn->worst, &knn->worst, err);

    knn->reverse = false; /* rooms of the first pass hold K */
    for (uint32_t i = 0; ok && i < count; i++) {
        all[i].job = &job;
        ok = room_open(knn, &all[i].room, err);
    }
    for (uint32_t i = 1; ok && i < count; i++)
        all[i].started =
            !pthread_create(&all[i].thread, NULL, find_worst_of_many, &all[i]);
    if (ok)
        find_worst_of_many(&all[0]);
    for (uint32_t i = 0; i < count; i++) {
        if (all[i].started)
            pthread_join(all[i].thread, NULL);
        knn_room_close(all[i].room);
    }
    knn->reverse = true;
    return ok;
}

static void release(void *state)
{
    struct user_knn *knn = state;

    if (!knn)
        return;
    mem_give(knn->norms);
    mem_give(knn->roots);
    mem_give(knn->worst);
    mem_give(knn);
}

static bool fit(const struct fit_input *in, const double *values, void **state,
                struct err *err)
{
    struct user_knn *knn;

    if (!mem_take(1, sizeof *knn, &knn, err))
        return false;
    knn->matrix = in->matrix;
    knn->k = (uint32_t)values[K];
    knn->shrink = values[SHRINK];
    knn->reverse = values[REVERSE] > 0;
    memcpy(knn->weight_of, in->weight_of, sizeof knn->weight_of);
    for (unsigned mask = 0; values[BINARY] > 0 && mask < MASK_COUNT; mask++)
        knn->weight_of[mask] = knn->weight_of[mask] > 0;
    if (!mem_take(in->matrix->user_count, sizeof *knn->norms, &knn->norms,
                  err) ||
        !mem_take(in->matrix->user_count, sizeof *knn->roots, &knn->roots,
                  err) ||
        !make_norms(knn, err) ||
        (knn->reverse && !make_worst(knn, in->threads, err))) {
        release(knn);
        return false;
    }
    *state = knn;
    return true;
}

/* With the matrix: without it nothing could be scored. */
static size_t bytes(const void *state)
{
    const struct user_knn *knn = state;
    size_t of_user = sizeof *knn->norms + sizeof *knn->roots +
                     (knn->reverse ? sizeof *knn->worst : 0);

    return sizeof *knn + knn->matrix->user_count * of_user +
           matrix_bytes(knn->matrix);
}

const struct algorithm algorithm_user_knn = {
    .name = "user_knn",
    .about = "posts of the most similar readers (cosine), exact",
    .settings = settings,
    .fit = fit,
    .release = release,
    .room_open = room_open,
    .room_close = knn_room_close,
    .score = score,
    .bytes = bytes,
};
