/*
 * ease -- the linear item model of least squares that may not use a post to
 * predict itself, in closed form.
 *
 *     P           = (X'X + lambda I)^-1
 *     W[j][i]     = -P[j][i] / P[i][i],  W[i][i] = 0
 *     score(u, i) = sum over the posts j of the history of w(u, j) * W[j][i]
 *
 * Truncated  to the `posts` most popular posts, equal ones by the smaller
 *            ordinal; the others are neither scored nor counted. Exact when
 *            there are no more.
 * Pruning    of each i the `keep` largest W[j][i] > 0.
 * Cost       fit O(posts^3) and posts^2 floats: 10,000 posts are 10^12
 *            multiplications and 400 MB.
 * from       Steck 2019 (arXiv 1905.03375)
 */
#include <stdlib.h>

#include "base/mem.h"
#include "reco/item_model.h"
#include "reco/linear.h"

enum setting { LAMBDA, POSTS, KEEP, BINARY };

enum { POSTS_MOST = 40000, KEEP_MOST = 10000 };

static const struct algorithm_setting settings[] = {
    [LAMBDA] = {"lambda", 100, 1e-3, 1e6, "L2 penalty"},
    [POSTS] = {"posts", 10000, 1, POSTS_MOST,
               "the most popular ones that take part"},
    [KEEP] = {"keep", 200, 1, KEEP_MOST, "weights kept of each post"},
    [BINARY] = {"binary", 0, 0, 1, "1: every pair weighs the same"},
    {0},
};

struct popular {
    float sum;
    uint32_t post;
};

/* The posts that take part; column_of[post] is ORDINAL_NONE for the others. */
struct chosen {
    uint32_t count;
    struct popular *posts; /* [all], the first `count` take part */
    uint32_t *column_of;   /* [all] */
};

static int popular_order(const void *a, const void *b)
{
    const struct popular *x = a, *y = b;

    if (x->sum != y->sum)
        return x->sum < y->sum ? 1 : -1;
    return (x->post > y->post) - (x->post < y->post);
}

static int post_order(const void *a, const void *b)
{
    const struct popular *x = a, *y = b;

    return (x->post > y->post) - (x->post < y->post);
}

static bool choose(struct chosen *c, const struct fit_input *in,
                   const double *values, struct err *err)
{
    uint32_t all = in->matrix->post_count;
    float *sums = NULL;
    bool ok = false;

    c->count = values[POSTS] < all ? (uint32_t)values[POSTS] : all;
    if (!sparse_post_powers(in, values[BINARY] > 0, 1, &sums, err) ||
        !mem_take(all, sizeof *c->posts, &c->posts, err) ||
        !mem_take(all, sizeof *c->column_of, &c->column_of, err))
        goto out;
    for (uint32_t i = 0; i < all; i++) {
        bool has = matrix_post_row(in->matrix, i).count;
        c->posts[i] = (struct popular){has ? sums[i] : 0, i};
        c->column_of[i] = ORDINAL_NONE;
    }
    qsort(c->posts, all, sizeof *c->posts, popular_order);
    qsort(c->posts, c->count, sizeof *c->posts, post_order);
    for (uint32_t i = 0; i < c->count; i++)
        c->column_of[c->posts[i].post] = i;
    ok = true;
out:
    mem_give(sums);
    return ok;
}

/* X'X + lambda I over the posts that take part. */
static void add_gram(float *gram, const struct sparse *x,
                     const struct chosen *c, float lambda)
{
    for (uint32_t u = 0; u < x->row_count; u++)
        for (uint32_t a = x->starts[u]; a < x->starts[u + 1]; a++) {
            uint32_t row = c->column_of[x->columns[a]];
            if (row == ORDINAL_NONE)
                continue;
            for (uint32_t b = x->starts[u]; b < x->starts[u + 1]; b++) {
                uint32_t column = c->column_of[x->columns[b]];
                if (column != ORDINAL_NONE)
                    gram[(size_t)row * c->count + column] +=
                        x->values[a] * x->values[b];
            }
        }
    for (uint32_t i = 0; i < c->count; i++)
        gram[(size_t)i * c->count + i] += lambda;
}

/* `inverse` is P. A row of zeros is that of a post that takes no part. */
static bool offer_all(struct item_pruning *p, const float *inverse,
                      const struct chosen *c, struct err *err)
{
    float *row;

    if (!mem_take(p->post_count, sizeof *row, &row, err))
        return false;
    for (uint32_t j = 0; j < p->post_count; j++) {
        uint32_t at = c->column_of[j];
        for (uint32_t i = 0; i < c->count; i++)
            row[c->posts[i].post] = at == ORDINAL_NONE
                                        ? 0
                                        : -inverse[(size_t)at * c->count + i] /
                                              inverse[(size_t)i * c->count + i];
        item_pruning_offer(p, row);
    }
    mem_give(row);
    return true;
}

static bool fit(const struct fit_input *in, const double *values, void **state,
                struct err *err)
{
    bool binary = values[BINARY] > 0;
    struct chosen c = {0};
    struct sparse x = {0};
    struct item_pruning p = {0};
    float *gram = NULL;
    bool ok = false;

    if (!choose(&c, in, values, err) ||
        !sparse_of_input(in, binary, 0, 0, &x, err) ||
        !mem_take((size_t)c.count * c.count, sizeof *gram, &gram, err))
        goto out;
    add_gram(gram, &x, &c, (float)values[LAMBDA]);
    ok = linear_invert(gram, c.count, err) &&
         item_pruning_init(&p, BY_TARGET, in->matrix->post_count,
                           (uint32_t)values[KEEP], err) &&
         offer_all(&p, gram, &c, err) &&
         item_model_make(&p, in, binary, NULL, NULL, state, err);
out:
    mem_give(c.posts);
    mem_give(c.column_of);
    mem_give(gram);
    sparse_release(&x);
    item_pruning_release(&p);
    return ok;
}

const struct algorithm algorithm_ease = {
    .name = "ease",
    .about = "least squares over posts, closed form, the popular ones only",
    .settings = settings,
    .fit = fit,
    ITEM_MODEL_FUNCTIONS,
};
