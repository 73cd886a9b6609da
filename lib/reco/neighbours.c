#include "reco/neighbours.h"

#include <math.h>
#include <string.h>

#include "reco/heap.h"

enum {
    DOT16_MOST = UINT16_MAX,
    /*
     * Peaks are rounded three times (dot, scale, product), 2^-24 each; the
     * floor is lowered by 16 units of the last place, at least 2^-20, so that
     * no user who might belong to the K is passed over.
     */
    PEAK_SLACK = 16,
};

__extension__ typedef unsigned __int128 u128;

/* a stands behind b: dot^2 / norm smaller, or equal and a larger ordinal. */
static bool worse(const void *left, const void *right)
{
    const struct neighbour *a = left, *b = right;
    u128 x = (u128)((uint64_t)a->dot * a->dot) * b->norm;
    u128 y = (u128)((uint64_t)b->dot * b->dot) * a->norm;

    return x != y ? x < y : a->user > b->user;
}

uint32_t similarity_of(uint32_t dot, uint32_t norm_u, uint32_t norm_v)
{
    double length = sqrt((double)((uint64_t)norm_u * norm_v));

    return (uint32_t)((double)dot * (1 << SIMILARITY_BITS) / length);
}

/*
 * dots[v] += w_u * w_v over the users of each of the reader's posts. The 16
 * possible products of a post are made first: a pair then costs a load, a
 * table look-up and one add in memory.
 */
#define ADD_ROWS(name, cell)                                                   \
    static void name(const struct model *model, const struct profile *profile, \
                     cell *restrict dots)                                      \
    {                                                                          \
        for (uint32_t j = 0; j < profile->count; j++) {                        \
            struct row row = model_post_row(model, profile->posts[j].post);    \
            cell product[MASK_COUNT];                                          \
            if (!profile->posts[j].weight)                                     \
                continue;                                                      \
            for (unsigned m = 0; m < MASK_COUNT; m++)                          \
                product[m] =                                                   \
                    (cell)(profile->posts[j].weight * model->weight_of[m]);    \
            for (uint32_t i = 0; i < row.count; i++)                           \
                dots[pair_ordinal(row.pairs[i])] =                             \
                    (cell)(dots[pair_ordinal(row.pairs[i])] +                  \
                           product[pair_mask(row.pairs[i])]);                  \
        }                                                                      \
    }

ADD_ROWS(add_rows16, uint16_t)
ADD_ROWS(add_rows32, uint32_t)

struct choice {
    const struct model *model;
    struct neighbour *out;
    uint32_t k, count;
    uint32_t floor; /* bits of the least peak worth looking at */
};

static inline void offer(struct choice *c, uint32_t user, uint32_t dot)
{
    struct neighbour n = {user, dot, c->model->user_norms[user], 0};

    if (heap_wants(c->out, c->count, c->k, &n, worse))
        heap_keep(c->out, &c->count, c->k, &n, sizeof n, worse);
}

/*
 * Looks into the blocks whose peak reaches the floor, and clears every block
 * that is not empty. The last block may reach past the last user: its peak
 * was made with scales of 0, and no dot stands there.
 */
#define CHOOSE(name, cell)                                                     \
    static void name(struct choice *c, struct reco_scratch *s, cell *dots)     \
    {                                                                          \
        const float *scales = c->model->user_scales;                           \
        for (uint32_t b = 0; b < s->user_blocks; b++) {                        \
            cell *block = dots + (size_t)b * KERNEL_USERS;                     \
            uint32_t first = b * KERNEL_USERS;                                 \
            if (!s->peaks[b])                                                  \
                continue;                                                      \
            for (uint32_t i = 0; s->peaks[b] >= c->floor && i < KERNEL_USERS;  \
                 i++)                                                          \
                if (block[i] && kernel_bits((float)block[i] *                  \
                                            scales[first + i]) >= c->floor)    \
                    offer(c, first + i, block[i]);                             \
            memset(block, 0, KERNEL_USERS * sizeof *block);                    \
        }                                                                      \
    }

CHOOSE(choose16, uint16_t)
CHOOSE(choose32, uint32_t)

/* The scales of the last block, 0 past the last user. */
static const float *tail_scales(const struct model *model, uint32_t block,
                                float tail[KERNEL_USERS])
{
    uint32_t first = block * KERNEL_USERS;
    uint32_t count = model->user_count - first;

    memset(tail, 0, KERNEL_USERS * sizeof *tail);
    memcpy(tail, model->user_scales + first, count * sizeof *tail);
    return tail;
}

static void find16(struct choice *c, struct reco_scratch *s,
                   const struct profile *profile, uint32_t self)
{
    uint16_t *dots = s->dots;
    uint32_t whole = s->user_blocks - 1;
    float tail[KERNEL_USERS];

    add_rows16(c->model, profile, dots);
    if (self != ORDINAL_NONE)
        dots[self] = 0;
    s->kernel->peaks16(dots, c->model->user_scales, whole, s->peaks);
    s->kernel->peaks16(dots + (size_t)whole * KERNEL_USERS,
                       tail_scales(c->model, whole, tail), 1, s->peaks + whole);
    c->floor = kernel_floor(s->peaks, s->user_blocks, c->k);
    c->floor = c->floor > PEAK_SLACK ? c->floor - PEAK_SLACK : 1;
    choose16(c, s, dots);
}

static void find32(struct choice *c, struct reco_scratch *s,
                   const struct profile *profile, uint32_t self)
{
    uint32_t *dots = s->dots;
    uint32_t whole = s->user_blocks - 1;
    float tail[KERNEL_USERS];

    add_rows32(c->model, profile, dots);
    if (self != ORDINAL_NONE)
        dots[self] = 0;
    s->kernel->peaks32(dots, c->model->user_scales, whole, s->peaks);
    s->kernel->peaks32(dots + (size_t)whole * KERNEL_USERS,
                       tail_scales(c->model, whole, tail), 1, s->peaks + whole);
    c->floor = kernel_floor(s->peaks, s->user_blocks, c->k);
    c->floor = c->floor > PEAK_SLACK ? c->floor - PEAK_SLACK : 1;
    choose32(c, s, dots);
}

uint32_t neighbours_find(const struct model *model, struct reco_scratch *s,
                         const struct profile *profile, uint32_t self,
                         uint32_t k, struct neighbour *out)
{
    struct choice c = {.model = model, .out = out, .k = k};

    if (!model->user_count || !profile->norm)
        return 0;
    /* dot <= sqrt(n_u * n_v) (Cauchy, Schwarz): does every dot fit? */
    if ((uint64_t)profile->norm * model->meta->largest_norm <=
        (uint64_t)DOT16_MOST * DOT16_MOST)
        find16(&c, s, profile, self);
    else
        find32(&c, s, profile, self);
    heap_sort(out, c.count, sizeof *out, worse);
    for (uint32_t i = 0; i < c.count; i++)
        out[i].similarity =
            similarity_of(out[i].dot, profile->norm, out[i].norm);
    return c.count;
}
