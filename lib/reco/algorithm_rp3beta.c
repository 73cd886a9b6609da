/*
 * rp3beta -- a walk of three steps: from the reader to a post of his, to one
 * of its users, to a post of theirs.
 *
 *     W[j][i]     = sum over users v of (w(v, j) / d_j)^alpha *
 *                   (w(v, i) / d_v)^alpha_user / d_i^beta
 *     score(u, i) = sum over the posts j of the history of w(u, j) * W[j][i]
 *
 * with d_j, d_i and d_v the sums of weights of posts and users. The paper has
 * alpha_user = alpha; powers of their own cost nothing and rank better.
 *
 * Pruning   as item_knn: by_target 1 keeps the K of the post scored.
 * Unscored  posts that no walk reaches: NO_SCORE.
 * from      Christoffel, Paudel, Newell, Bernstein 2015 (RP3beta); Cooper et
 *           al. 2014 (P3alpha, beta = 0)
 */
#include <math.h>

#include "base/mem.h"
#include "reco/item_model.h"

enum setting { K, ALPHA, ALPHA_USER, BETA, BY, BINARY };

enum { K_MOST = 10000 };

static const struct algorithm_setting settings[] = {
    [K] = {"k", 300, 1, K_MOST, "posts kept of each post"},
    [ALPHA] = {"alpha", 0.6, 0, 2,
               "power of the step from a post of the history"},
    [ALPHA_USER] = {"alpha_user", 0.7, 0, 2, "power of the step from a user"},
    [BETA] = {"beta", 0.2, 0, 2, "popularity discount of the posts scored"},
    [BY] = {"by_target", 1, 0, 1,
            "1: the K of the post scored, 0: of the history"},
    [BINARY] = {"binary", 0, 0, 1, "1: every pair weighs the same"},
    {0},
};

static bool offer_all(struct item_pruning *p, const struct sparse *from_users,
                      const struct sparse *from_posts, struct err *err)
{
    float *row;

    if (!mem_take(p->post_count, sizeof *row, &row, err))
        return false;
    for (uint32_t j = 0; j < p->post_count; j++) {
        sparse_multiply_row(row, from_posts, j, from_users);
        item_pruning_offer(p, row);
    }
    mem_give(row);
    return true;
}

static void to_powers(struct sparse *s, double power)
{
    for (uint32_t i = 0; i < s->starts[s->row_count]; i++)
        s->values[i] = (float)pow((double)s->values[i], power);
}

static bool fit(const struct fit_input *in, const double *values, void **state,
                struct err *err)
{
    bool binary = values[BINARY] > 0;
    enum item_side side = values[BY] > 0 ? BY_TARGET : BY_HISTORY;
    struct sparse from_users = {0}, by_user = {0}, from_posts = {0};
    struct item_pruning p = {0};
    float *after = NULL;
    bool ok = false;

    if (!sparse_of_input(in, binary, 1, 0, &from_users, err) ||
        !sparse_of_input(in, binary, 0, 1, &by_user, err))
        goto out;
    to_powers(&from_users, values[ALPHA_USER]);
    to_powers(&by_user, values[ALPHA]);
    ok = sparse_turn(&by_user, &from_posts, err) &&
         item_pruning_init(&p, side, in->matrix->post_count,
                           (uint32_t)values[K], err) &&
         offer_all(&p, &from_users, &from_posts, err) &&
         sparse_post_powers(in, binary, -values[BETA], &after, err) &&
         item_model_make(&p, in, binary, NULL, after, state, err);
out:
    sparse_release(&from_users);
    sparse_release(&by_user);
    sparse_release(&from_posts);
    item_pruning_release(&p);
    mem_give(after);
    return ok;
}

const struct algorithm algorithm_rp3beta = {
    .name = "rp3beta",
    .about = "a walk over posts and users, popular posts discounted",
    .settings = settings,
    .fit = fit,
    ITEM_MODEL_FUNCTIONS,
};
