/*
 * spectral -- a low-pass filter over the graph of posts, plus a little of the
 * graph itself, kept as a sparse item model.
 *
 *     N           = D_u^-user * X * D_i^-post        users x posts
 *     V           = the `rank` strongest right singular vectors of N, s1 the
 *                   largest singular value
 *     H           = 1 - sharp * (s / s1)^2           of each direction
 *     M           = V H V' + linear * N'N / s1^2     posts x posts
 *     W[j][i]     = d_j^-post * M[j][i] * d_i^post, of each i the `keep`
 *                   largest M[j][i]
 *     score(u, i) = sum over the posts j of the history of w(u, j) * W[j][i]
 *
 * with X the weights of pairs, D_u and D_i the sums of its rows and columns.
 *
 * Powers    user = post = .5 is the usual normalisation; users count more
 *           evenly below .5, which ranks better.
 * Sharp     the strongest directions are what everybody reads: held back a
 *           little, the others decide more.
 * Pruning   besides being served in microseconds the pruned filter ranks
 *           better than the dense one: most of what is left out is the ripple
 *           of cutting the spectrum.
 * Cost      fit O(rounds * (pairs + posts * rank) * rank + posts^2 * rank), of
 *           the latter one half; posts * rank floats four times.
 * Unscored  posts that nothing speaks for: NO_SCORE.
 * from      Shen et al. 2021 (GF-CF, arXiv 2108.07567): low-pass and linear
 *           filter with powers .5, dense; sharpening: Choi et al. 2023 (BSPM,
 *           arXiv 2211.09949), there by steps, here in the spectrum
 */
#include <math.h>

#include "base/mem.h"
#include "reco/eigen.h"
#include "reco/item_model.h"
#include "reco/linear.h"

enum setting { RANK, SHARE, USER, POST, LINEAR, SHARP, KEEP, ROUNDS, BINARY };

enum {
    RANK_MOST = 4096,
    KEEP_MOST = 10000,
    ROUNDS_MOST = 20,
    BLOCK_ROWS = 256, /* of M at a time */
};

static const struct algorithm_setting settings[] = {
    [RANK] = {"rank", 1536, 1, RANK_MOST, "directions kept, at most"},
    [SHARE] = {"share", 0.0625, 0, 1,
               "of the smaller side of the matrix that they may be"},
    [USER] = {"user", 0.3, 0, 1, "power of a user's sum that divides him"},
    [POST] = {"post", 0.4, 0, 1, "power of a post's sum that divides it"},
    [LINEAR] = {"linear", 0.3, 0, 100, "weight of the graph itself"},
    [SHARP] = {"sharp", 0.9, 0, 1, "how much the strongest are held back"},
    [KEEP] = {"keep", 400, 1, KEEP_MOST, "weights kept of each post"},
    [ROUNDS] = {"rounds", 3, 0, ROUNDS_MOST, "of subspace iteration"},
    [BINARY] = {"binary", 0, 0, 1, "1: every pair weighs the same"},
    {0},
};

struct filter {
    struct sparse by_user, by_post; /* N and its turned */
    uint32_t rank;
    float *vectors; /* V, [posts * rank] */
    float *held;    /* V H, [posts * rank]; V itself when nothing is held */
    float *values;  /* s, [rank] */
    float linear;   /* over s1^2 */
};

static void filter_release(struct filter *f)
{
    sparse_release(&f->by_user);
    sparse_release(&f->by_post);
    if (f->held != f->vectors)
        mem_give(f->held);
    mem_give(f->vectors);
    mem_give(f->values);
}

/* All directions of a small matrix would be the matrix itself. */
static uint32_t rank_of(const struct matrix *m, const double *values)
{
    uint32_t smaller =
        m->user_count < m->post_count ? m->user_count : m->post_count;
    double most = ceil(smaller * values[SHARE]);

    if (smaller && most < 1)
        most = 1;
    return (uint32_t)(values[RANK] < most ? values[RANK] : most);
}

static bool hold_back(struct filter *f, uint32_t posts, double sharp,
                      struct err *err)
{
    f->held = f->vectors;
    if (sharp <= 0 || !f->rank || f->values[0] <= 0)
        return true;
    if (!mem_take((size_t)posts * f->rank, sizeof *f->held, &f->held, err)) {
        f->held = NULL;
        return false;
    }
    for (size_t i = 0; i < (size_t)posts * f->rank; i++) {
        float s = f->values[i % f->rank] / f->values[0];
        f->held[i] = f->vectors[i] * (1 - (float)sharp * s * s);
    }
    return true;
}

static bool filter_make(struct filter *f, const struct fit_input *in,
                        const double *values, struct err *err)
{
    f->rank = rank_of(in->matrix, values);
    if (!sparse_of_input(in, values[BINARY] > 0, values[USER], values[POST],
                         &f->by_user, err) ||
        !sparse_turn(&f->by_user, &f->by_post, err) ||
        !mem_take((size_t)in->matrix->post_count * f->rank, sizeof *f->vectors,
                  &f->vectors, err) ||
        !mem_take(f->rank, sizeof *f->values, &f->values, err))
        return false;
    if (f->rank && !eigen_right(&f->by_user, &f->by_post, f->rank,
                                (uint32_t)values[ROUNDS], in->seed, f->vectors,
                                f->values, err))
        return false;
    if (f->rank && f->values[0] > 0)
        f->linear = (float)values[LINEAR] / (f->values[0] * f->values[0]);
    return hold_back(f, in->matrix->post_count, values[SHARP], err);
}

/* Offers M row by row, of which it makes the upper half alone. */
static bool offer_all(const struct filter *f, struct item_pruning *p,
                      struct err *err)
{
    uint32_t posts = p->post_count;
    float *block = NULL, *near = NULL;
    bool ok = false;

    if (!mem_take((size_t)BLOCK_ROWS * posts, sizeof *block, &block, err) ||
        !mem_take(posts, sizeof *near, &near, err))
        goto out;
    for (uint32_t from = 0; from < posts; from += BLOCK_ROWS) {
        uint32_t wide = posts - from;
        uint32_t rows = wide < BLOCK_ROWS ? wide : BLOCK_ROWS;
        linear_multiply_turned(block, f->held + (size_t)from * f->rank,
                               f->vectors + (size_t)from * f->rank, rows, wide,
                               f->rank);
        for (uint32_t r = 0; r < rows; r++) {
            float *row = block + (size_t)r * wide;
            sparse_multiply_row(near, &f->by_post, from + r, &f->by_user);
            for (uint32_t i = r + 1; i < wide; i++)
                row[i] += f->linear * near[from + i];
            item_pruning_offer_half(p, row + r + 1);
        }
    }
    ok = true;
out:
    mem_give(block);
    mem_give(near);
    return ok;
}

static bool fit(const struct fit_input *in, const double *values, void **state,
                struct err *err)
{
    bool binary = values[BINARY] > 0;
    struct filter f = {0};
    struct item_pruning p = {0};
    float *before = NULL, *after = NULL;
    bool ok;

    ok = filter_make(&f, in, values, err) &&
         item_pruning_init(&p, BY_TARGET, in->matrix->post_count,
                           (uint32_t)values[KEEP], err) &&
         offer_all(&f, &p, err) &&
         sparse_post_powers(in, binary, -values[POST], &before, err) &&
         sparse_post_powers(in, binary, values[POST], &after, err) &&
         item_model_make(&p, in, binary, before, after, state, err);
    filter_release(&f);
    item_pruning_release(&p);
    mem_give(before);
    mem_give(after);
    return ok;
}

const struct algorithm algorithm_spectral = {
    .name = "spectral",
    .about = "low-pass filter over the graph of posts, as sparse weights",
    .settings = settings,
    .fit = fit,
    ITEM_MODEL_FUNCTIONS,
};
