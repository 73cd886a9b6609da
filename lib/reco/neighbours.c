#include "reco/neighbours.h"

#include <string.h>

#include "reco/heap.h"

enum {
    DOT16_MOST = UINT16_MAX,
};

static const size_t cell_bytes[KERNEL_WIDTHS] = {
    [KERNEL_16] = sizeof(uint16_t),
    [KERNEL_32] = sizeof(uint32_t),
};

/* One search: what it reads, where it works, what it keeps. */
struct search {
    const struct model *model;
    const struct profile *profile;
    struct reco_scratch *s;
    uint32_t self, k;
    struct neighbour *out;
    uint32_t count;
};

static inline void offer(struct search *f, uint32_t user, uint32_t dot)
{
    struct neighbour n = {user, dot, f->model->user_norms[user], 0};

    if (heap_wants(f->out, f->count, f->k, &n, neighbour_worse))
        heap_keep(f->out, &f->count, f->k, &n, sizeof n, neighbour_worse);
}

/*
 * dots[v] += w_u * w_v over the users of each of the reader's posts. The 16
 * possible products of a post are made first: a pair then costs a load, a
 * table look-up and one add in memory.
 */
#define ADD_ROWS(name, cell)                                                   \
    static void name(const struct search *f, cell *restrict dots)              \
    {                                                                          \
        for (uint32_t j = 0; j < f->profile->count; j++) {                     \
            struct profile_post mine = f->profile->posts[j];                   \
            struct row row = model_post_row(f->model, mine.post);              \
            cell product[MASK_COUNT];                                          \
            for (unsigned m = 0; m < MASK_COUNT; m++)                          \
                product[m] = (cell)(mine.weight * f->model->weight_of[m]);     \
            for (uint32_t i = 0; mine.weight && i < row.count; i++) {          \
                cell *dot = &dots[pair_ordinal(row.pairs[i])];                 \
                *dot = (cell)(*dot + product[pair_mask(row.pairs[i])]);        \
            }                                                                  \
        }                                                                      \
        if (f->self != ORDINAL_NONE)                                           \
            dots[f->self] = 0;                                                 \
        for (uint32_t i = 0; i < f->s->erased_count; i++)                      \
            dots[f->s->erased[i]] = 0;                                         \
    }

ADD_ROWS(add_rows16, uint16_t)
ADD_ROWS(add_rows32, uint32_t)

/* The scales of the last block, 0 past the last user. */
static void copy_tail(const struct model *model, uint32_t block,
                      float tail[KERNEL_USERS])
{
    uint32_t first = block * KERNEL_USERS;

    memset(tail, 0, KERNEL_USERS * sizeof *tail);
    memcpy(tail, model->user_scales + first,
           (model->user_count - first) * sizeof *tail);
}

static uint32_t dot_at(const void *dots, enum kernel_width width, uint32_t user)
{
    return width == KERNEL_16 ? ((const uint16_t *)dots)[user]
                              : ((const uint32_t *)dots)[user];
}

/* Offers the users of block b that reach the floor. */
static void offer_block(struct search *f, enum kernel_width width, uint32_t b,
                        const float *scales, uint32_t floor)
{
    const unsigned char *dots = f->s->dots;
    uint32_t first = b * KERNEL_USERS;
    uint32_t hits = f->s->kernel->dots[width].hits(
        dots + first * cell_bytes[width], scales, floor);

    for (; hits; hits &= hits - 1) {
        uint32_t user = first + (uint32_t)__builtin_ctz(hits);
        offer(f, user, dot_at(dots, width, user));
    }
}

/* Looks at all users: peaks of blocks, a floor from the peaks, then only the
 * blocks that reach it. */
static void scan(struct search *f, enum kernel_width width)
{
    const float *scales = f->model->user_scales;
    struct reco_scratch *s = f->s;
    unsigned char *dots = s->dots;
    uint32_t last = s->user_blocks - 1, floor;
    size_t block_bytes = KERNEL_USERS * cell_bytes[width];
    float tail[KERNEL_USERS];

    if (width == KERNEL_16)
        add_rows16(f, s->dots);
    else
        add_rows32(f, s->dots);
    copy_tail(f->model, last, tail);
    s->kernel->dots[width].peaks(dots, scales, last, s->peaks);
    s->kernel->dots[width].peaks(dots + last * block_bytes, tail, 1,
                                 s->peaks + last);
    floor = neighbour_floor(s->peaks, s->user_blocks, f->k);
    for (uint32_t b = 0; b < last; b++)
        if (s->peaks[b] >= floor)
            offer_block(f, width, b, scales + (size_t)b * KERNEL_USERS, floor);
    if (s->peaks[last] >= floor)
        offer_block(f, width, last, tail, floor);
    memset(dots, 0, s->user_blocks * block_bytes);
}

/* Takes the dots of the users of a row out, each user once. */
static void gather_row(const struct search *f, struct row row,
                       uint32_t *restrict dots, struct found *restrict found)
{
    for (uint32_t i = 0; i < row.count; i++) {
        uint32_t user = pair_ordinal(row.pairs[i]), dot = dots[user];
        dots[user] = 0;
        found->ordinals[found->count] = user;
        found->values[found->count] = dot;
        found->keys[found->count] =
            kernel_bits((float)dot * f->model->user_scales[user]);
        found->count += dot != 0;
    }
}

/* Few users were touched: walks the same rows again instead of all users. */
static void walk(struct search *f)
{
    struct found *found = &f->s->found;
    uint32_t floor;

    add_rows32(f, f->s->dots);
    found->count = 0;
    for (uint32_t j = 0; j < f->profile->count; j++)
        gather_row(f, model_post_row(f->model, f->profile->posts[j].post),
                   f->s->dots, found);
    floor = neighbour_floor(found->keys, found->count, f->k);
    for (uint32_t i = 0; i < found->count; i++)
        if (found->keys[i] >= floor)
            offer(f, found->ordinals[i], (uint32_t)found->values[i]);
}

static uint64_t count_updates(const struct search *f)
{
    uint64_t updates = 0;

    for (uint32_t j = 0; j < f->profile->count; j++)
        updates += model_post_row(f->model, f->profile->posts[j].post).count;
    return updates;
}

/* dot <= sqrt(n_u * n_v) (Cauchy, Schwarz): does every dot fit 16 bits? */
static bool fits16(const struct search *f)
{
    return (uint64_t)f->profile->norm * f->model->meta->largest_norm <=
           (uint64_t)DOT16_MOST * DOT16_MOST;
}

static bool is_thin(const struct search *f)
{
    return count_updates(f) < f->model->user_count / SCRATCH_THIN;
}

/* Few readers are sooner met in the matrix itself, unless the index knows
 * fewer of them. */
static bool needs_index(const struct search *f)
{
    const struct model_index *index = f->model->index;

    return index && f->profile->norm && (index->readers_most || !is_thin(f));
}

static void find_plain(struct search *f)
{
    if (!f->profile->norm)
        return;
    if (is_thin(f))
        walk(f);
    else if (fits16(f))
        scan(f, KERNEL_16);
    else
        scan(f, KERNEL_32);
}

uint32_t neighbours_find(const struct model *model, struct reco_scratch *s,
                         const struct profile *profile, uint32_t self,
                         uint32_t k, struct neighbour *out)
{
    struct search f = {model, profile, s, self, k, out, 0};

    if (!model->user_count)
        return 0;
    if (needs_index(&f))
        f.count = neighbours_by_index(model, s, profile, self, k, out);
    else
        find_plain(&f);
    neighbour_end(out, f.count, profile->norm);
    return f.count;
}
