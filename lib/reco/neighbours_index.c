#include "reco/neighbours_index.h"

#include "reco/index_search.h"

enum {
    DOT16_MOST = UINT16_MAX,
    STRIP_TILES = INDEX_STRIP / INDEX_TILE,
    TILE_BLOCKS = INDEX_TILE / KERNEL_USERS,
    /* Fewer readers than that share of all users are gathered one by one: each
     * waits for far memory twice. */
    WALKED_SHARE = 256,
};

/* Keys are floats; bounds get this much more, far over all rounding. */
#define BOUND_SLACK 1.000001

/* Sums that bounds are made of. */
static void count_weights(struct index_search *f)
{
    for (uint32_t j = 0; j < f->profile->count; j++) {
        uint32_t weight = f->profile->posts[j].weight;
        f->weight_sum += weight;
        f->weight_most = weight > f->weight_most ? weight : f->weight_most;
    }
}

/* No key of this tile is larger. */
static float tile_bound(const struct index_search *f, uint32_t tile)
{
    const struct index_tile *t = &f->x->tiles[tile];
    double theirs = f->weight_most * (double)t->most_sum;
    double own =
        (double)f->weight_sum * f->model->weight_most * (double)t->most_scale;

    return (float)((theirs < own ? theirs : own) * BOUND_SLACK);
}

static void drop_wide(struct index_search *f, uint32_t tile, uint16_t *dots)
{
    uint32_t first = tile * INDEX_TILE;

    for (uint32_t i = first; i < f->wide && i < first + INDEX_TILE; i++)
        dots[i - first] = 0;
}

static void find_block(struct index_search *f, uint32_t first, uint32_t hits,
                       const uint16_t *dots)
{
    for (; hits; hits &= hits - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(hits);
        nearest_find(&f->best, first + i, dots[i]);
    }
}

/* Notes the users of a tile that reach the floor. */
static void find_tile(struct index_search *f, uint32_t tile,
                      const uint16_t *dots)
{
    const float *scales =
        tile == f->model->user_count / INDEX_TILE
            ? f->x->last_scales
            : f->model->index_scales + (size_t)tile * INDEX_TILE;

    uint32_t hits[TILE_BLOCKS];
    uint32_t groups =
        f->kernel->reach(dots, scales, TILE_BLOCKS, f->best.floor, hits);

    for (; groups; groups &= groups - 1) {
        uint32_t b = (uint32_t)__builtin_ctz(groups) * KERNEL_GROUP;
        for (int i = 0; i < KERNEL_GROUP; i++, b++)
            find_block(f, tile * INDEX_TILE + b * KERNEL_USERS, hits[b],
                       dots + b * KERNEL_USERS);
    }
}

/* Can anybody of this tile reach the floor? */
static bool is_near(const struct index_search *f, uint32_t tile)
{
    return f->best.floor == 1 ||
           kernel_bits(tile_bound(f, tile)) >= f->best.floor;
}

static void count_tile(struct index_search *f, uint32_t tile, uint16_t *dots)
{
    if (tile >= f->group_end)
        index_search_end_rows(f, tile);
    if (f->group_count)
        f->kernel->add_tile(f->x->groups, f->group_count, tile, 1, dots);
    drop_wide(f, tile, dots);
    find_tile(f, tile, dots);
}

/* first: a strip's first tile. Each tile is cleared while it is in the nearest
 * cache. */
static void count_strip(struct index_search *f, uint32_t first, uint32_t tiles)
{
    bool any = false;

    for (uint32_t t = 0; t < tiles; t++)
        any = any || is_near(f, first + t);
    if (!any) {
        index_search_pass_lists(f, first / STRIP_TILES);
        return;
    }
    index_search_add_lists(f, first / STRIP_TILES);
    for (uint32_t t = 0; t < tiles; t++) {
        uint16_t *dots = f->dots + (size_t)t * INDEX_TILE;
        if (is_near(f, first + t))
            count_tile(f, first + t, dots);
        f->kernel->clear(dots, INDEX_TILE * sizeof *dots);
    }
}

static uint64_t count_readers(const struct index_search *f)
{
    const struct model *m = f->model;
    uint64_t readers = 0, most = m->index->readers_most;

    for (uint32_t j = 0; j < f->profile->count; j++) {
        uint32_t some = model_post_row(m, f->profile->posts[j].post).count;
        readers += most && some > most ? most : some;
    }
    return readers;
}

/* Places whose dots may pass 16 bits: dot <= sqrt(n_u * n_v). */
static uint32_t wide_end(const struct index_search *f)
{
    const struct model *m = f->model;
    uint64_t most = (uint64_t)DOT16_MOST * DOT16_MOST / f->profile->norm;
    uint32_t from = 0, count = m->user_count;

    while (count) {
        uint32_t half = count / 2;
        if (m->user_norms[m->index_users[from + half]] > most) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return from;
}

/* What can be done alone: all of it when few readers are met. */
static void begin(struct index_search *f)
{
    const struct model *m = f->model;

    if (count_readers(f) < m->user_count / WALKED_SHARE) {
        index_search_count_wide(f, m->user_count);
        f->done = true;
        return;
    }
    f->wide = wide_end(f);
    if (f->wide)
        index_search_count_wide(f, f->wide);
    index_search_plan(f);
    count_weights(f);
}

uint32_t neighbours_by_index(const struct model *model, struct reco_scratch *s,
                             const struct profile *profile, uint32_t self,
                             uint32_t k, struct neighbour *out)
{
    struct index_search f = {.model = model,
                             .profile = profile,
                             .x = &s->index,
                             .dots = s->index.dots,
                             .cells = s->dots,
                             .kernel = s->kernel,
                             .best = {.model = model,
                                      .erased = s->erased,
                                      .erased_count = s->erased_count,
                                      .self = self,
                                      .k = k,
                                      .floor = 1,
                                      .room = INDEX_FOUND,
                                      .out = out,
                                      .places = s->index.found_places,
                                      .dots = s->index.found_dots,
                                      .keys = s->index.found_keys}};
    uint32_t tiles = index_tiles(model->user_count);

    begin(&f);
    for (uint32_t tile = 0; tile < tiles && !f.done; tile += STRIP_TILES)
        count_strip(&f, tile,
                    tiles - tile < STRIP_TILES ? tiles - tile : STRIP_TILES);
    nearest_end(&f.best);
    return f.best.count;
}
