/*
 * item_knn -- posts like those in the history: cosine of two posts over the
 * users who have both, each post's K most similar ones.
 *
 *     similarity(i, j) = sum over users v of x_vi * x_vj /
 *                        (|x_i| * |x_j| + shrink),  x_vi = w(v, i) * d_v^-user
 *     score(u, i)      = sum over the posts j of the history of
 *                        w(u, j) * similarity(i, j) / d_i^beta
 *
 * with d_v and d_i the sums of weights of a user and a post. A user with many
 * posts says little of any two of them: that is what the power `user` is for.
 *
 * Pruning   by_target 1: j counts for i when it is among the K of i (SLIM and
 *           most studies); 0: when i is among the K of j.
 * Unscored  posts that nothing speaks for: NO_SCORE.
 * from      Sarwar et al. 2001; Deshpande, Karypis 2004
 */
#include <math.h>

#include "base/mem.h"
#include "reco/item_model.h"

enum setting { K, SHRINK, USER, BETA, BY, BINARY };

enum { K_MOST = 10000 };

static const struct algorithm_setting settings[] = {
    [K] = {"k", 200, 1, K_MOST, "similar posts kept of each post"},
    [SHRINK] = {"shrink", 2, 0, 1e6, "damps similarities of few users"},
    [USER] = {"user", 0.4, 0, 1, "power of a user's sum that divides him"},
    [BETA] = {"beta", 0, 0, 2, "popularity discount of the posts scored"},
    [BY] = {"by_target", 1, 0, 1,
            "1: the K of the post scored, 0: of the history"},
    [BINARY] = {"binary", 0, 0, 1, "1: every pair weighs the same"},
    {0},
};

static void make_norms(const struct sparse *by_post, float *norms)
{
    for (uint32_t i = 0; i < by_post->row_count; i++) {
        double sum = 0;
        for (uint32_t c = by_post->starts[i]; c < by_post->starts[i + 1]; c++)
            sum += (double)by_post->values[c] * (double)by_post->values[c];
        norms[i] = (float)sqrt(sum);
    }
}

static bool offer_all(struct item_pruning *p, const struct sparse *by_user,
                      const struct sparse *by_post, float shrink,
                      struct err *err)
{
    uint32_t posts = by_user->column_count;
    float *norms = NULL, *row = NULL;
    bool ok = false;

    if (!mem_take(posts, sizeof *norms, &norms, err) ||
        !mem_take(posts, sizeof *row, &row, err))
        goto out;
    make_norms(by_post, norms);
    for (uint32_t j = 0; j < posts; j++) {
        sparse_multiply_row(row, by_post, j, by_user);
        for (uint32_t i = j + 1; i < posts; i++)
            if (row[i] > 0)
                row[i] /= norms[i] * norms[j] + shrink;
        item_pruning_offer_half(p, row + j + 1);
    }
    ok = true;
out:
    mem_give(norms);
    mem_give(row);
    return ok;
}

static bool fit(const struct fit_input *in, const double *values, void **state,
                struct err *err)
{
    uint32_t posts = in->matrix->post_count;
    enum item_side side = values[BY] > 0 ? BY_TARGET : BY_HISTORY;
    struct sparse by_user = {0}, by_post = {0};
    struct item_pruning p = {0};
    float *after = NULL;
    bool binary = values[BINARY] > 0, ok;

    ok = sparse_of_input(in, binary, values[USER], 0, &by_user, err) &&
         sparse_turn(&by_user, &by_post, err) &&
         item_pruning_init(&p, side, posts, (uint32_t)values[K], err) &&
         offer_all(&p, &by_user, &by_post, (float)values[SHRINK], err) &&
         sparse_post_powers(in, binary, -values[BETA], &after, err) &&
         item_model_make(&p, in, binary, NULL, after, state, err);
    sparse_release(&by_user);
    sparse_release(&by_post);
    item_pruning_release(&p);
    mem_give(after);
    return ok;
}

const struct algorithm algorithm_item_knn = {
    .name = "item_knn",
    .about = "posts similar to those of the history (cosine)",
    .settings = settings,
    .fit = fit,
    ITEM_MODEL_FUNCTIONS,
};
