#include "reco/neighbours_index.h"

#include <string.h>

#include "reco/heap.h"
#include "reco/reader_index.h"

enum {
    DOT16_MOST = UINT16_MAX,
    BLOCK_TILES = INDEX_BLOCK / INDEX_TILE,
    TILE_BLOCKS = INDEX_TILE / KERNEL_USERS,
    TILES_BITS = 20, /* tiles of a row: 2^28 users in tiles of 2^9, and one */
};

/* Keys are floats; bounds get this much more, far over all rounding. */
#define BOUND_SLACK 1.000001

struct search {
    const struct model *model;
    const struct profile *profile;
    struct neighbours_ask *ask;
    struct index_scratch *x;
    uint32_t *cells; /* [users] of 32 bits */
    const struct kernel *kernel;
    bool done;
    const uint32_t *erased; /* [erased_count] users, ascending */
    uint32_t erased_count;
    uint32_t k;
    struct neighbour *out;
    uint32_t count;       /* of out */
    uint32_t self;        /* place, or ORDINAL_NONE */
    uint32_t wide;        /* places below it have 32-bit dots */
    uint32_t list_count;  /* of x->lists */
    uint32_t bits_count;  /* of x->bits */
    uint32_t group_count; /* of x->groups */
    uint32_t group_end;   /* tile at which the next row ends */
    uint32_t floor;       /* 1 or more */
    uint32_t found;       /* of x->found_* */
    uint64_t weight_sum;
    uint32_t weight_most; /* of the profile */
};

/* ---- the best k ---- */

static void keep(struct search *f, uint32_t place, uint32_t dot)
{
    uint32_t user = f->model->index_users[place];
    struct neighbour n = {user, dot, f->model->user_norms[user], 0};

    if (heap_wants(f->out, f->count, f->k, &n, neighbour_worse))
        heap_keep(f->out, &f->count, f->k, &n, sizeof n, neighbour_worse);
}

static void keep_found(struct search *f)
{
    struct index_scratch *x = f->x;

    for (uint32_t i = 0; i < f->found; i++)
        if (x->found_keys[i] >= f->floor)
            keep(f, x->found_places[i], x->found_dots[i]);
    f->found = 0;
}

/* Raises the floor and drops what lies below it. All equal: nothing drops,
 * and the exact order has to decide. */
static void thin_out(struct search *f)
{
    struct index_scratch *x = f->x;
    uint32_t floor = neighbour_floor(x->found_keys, f->found, f->k), left = 0;

    f->floor = floor > f->floor ? floor : f->floor;
    for (uint32_t i = 0; i < f->found; i++) {
        x->found_keys[left] = x->found_keys[i];
        x->found_places[left] = x->found_places[i];
        x->found_dots[left] = x->found_dots[i];
        left += x->found_keys[i] >= f->floor;
    }
    f->found = left;
    if (left > INDEX_FOUND / 2)
        keep_found(f);
}

static bool is_erased(const struct search *f, uint32_t user)
{
    const uint32_t *at = f->erased;
    uint32_t count = f->erased_count;

    while (count) {
        uint32_t half = count / 2;
        if (at[half] == user)
            return true;
        if (at[half] < user) {
            at += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return false;
}

static inline void find(struct search *f, uint32_t place, uint32_t dot)
{
    struct index_scratch *x = f->x;

    x->found_places[f->found] = place;
    x->found_dots[f->found] = dot;
    x->found_keys[f->found] =
        kernel_bits((float)dot * f->model->index_scales[place]);
    f->found +=
        dot && !(f->erased_count && is_erased(f, f->model->index_users[place]));
}

/* ---- rows of the profile ---- */

static const uint16_t *list_of(const struct model *m,
                               const struct model_index_row *row)
{
    return (const void *)(m->index_lists + row->list);
}

static void add_short(struct search *f, const struct model_index_row *row,
                      uint32_t weight)
{
    const uint32_t *pairs = f->model->index_lists + row->list;
    uint16_t *restrict dots = f->x->dots;
    uint16_t product[MASK_COUNT];

    for (unsigned m = 0; m < MASK_COUNT; m++)
        product[m] = (uint16_t)(weight * f->model->weight_of[m]);
    for (uint32_t i = 0; i < row->list_items; i++) {
        uint16_t *dot = &dots[pair_ordinal(pairs[i])];
        *dot = (uint16_t)(*dot + product[pair_mask(pairs[i])]);
    }
}

static void plan_row(struct search *f, const struct model_index_row *row,
                     uint32_t weight)
{
    struct index_scratch *x = f->x;
    uint32_t product = weight * index_row_weight(row);
    uint32_t tiles = index_row_tiles(row);

    if (!index_row_weight(row)) {
        add_short(f, row, weight);
        return;
    }
    if (row->list_items) {
        const uint16_t *at = list_of(f->model, row);
        x->lists[f->list_count++] =
            (struct index_list){at, at + row->list_items, product};
    }
    if (tiles)
        x->bits[f->bits_count++] = (struct index_bits){
            f->model->index_bits + (size_t)row->tile * INDEX_TILE_WORDS,
            product << TILES_BITS | ((1u << TILES_BITS) - 1 - tiles)};
}

/* Radix sort by product, then by tiles, most first. */
static void sort_bits(struct search *f)
{
    enum { DIGIT_BITS = 11, DIGITS = 3, SPAN = 1 << DIGIT_BITS };
    struct index_bits *from = f->x->bits, *to = f->x->more_bits, *other;
    uint32_t next[DIGITS][SPAN] = {0};

    for (uint32_t i = 0; i < f->bits_count; i++)
        for (int d = 0; d < DIGITS; d++)
            next[d][from[i].key >> d * DIGIT_BITS & (SPAN - 1)]++;
    for (int d = 0; d < DIGITS; d++) {
        uint32_t sum = 0;
        if (next[d][from[0].key >> d * DIGIT_BITS & (SPAN - 1)] ==
            f->bits_count)
            continue;
        for (uint32_t i = 0; i < SPAN; i++) {
            uint32_t count = next[d][i];
            next[d][i] = sum;
            sum += count;
        }
        for (uint32_t i = 0; i < f->bits_count; i++)
            to[next[d][from[i].key >> d * DIGIT_BITS & (SPAN - 1)]++] = from[i];
        other = from;
        from = to;
        to = other;
    }
    f->x->bits = from;
    f->x->more_bits = to;
}

static uint32_t tiles_of(const struct index_bits *bits)
{
    return (1u << TILES_BITS) - 1 - (bits->key & ((1u << TILES_BITS) - 1));
}

static void make_groups(struct search *f)
{
    struct index_scratch *x = f->x;
    uint32_t last = 0;

    if (f->bits_count)
        sort_bits(f);
    for (uint32_t i = 0; i < f->bits_count; i++) {
        uint32_t product = x->bits[i].key >> TILES_BITS;
        x->rows[i] = x->bits[i].at;
        if (product != last)
            x->groups[f->group_count++] =
                (struct kernel_group){product, 0, x->rows + i};
        x->groups[f->group_count - 1].count++;
        last = product;
    }
}

/* Rows that end before this tile leave their groups. */
static void end_rows(struct search *f, uint32_t tile)
{
    struct index_scratch *x = f->x;
    uint32_t left = 0;

    f->group_end = UINT32_MAX;
    for (uint32_t g = 0; g < f->group_count; g++) {
        struct kernel_group group = x->groups[g];
        const struct index_bits *bits = x->bits + (group.rows - x->rows);
        while (group.count && tiles_of(&bits[group.count - 1]) <= tile)
            group.count--;
        if (!group.count)
            continue;
        x->groups[left++] = group;
        if (tiles_of(&bits[group.count - 1]) < f->group_end)
            f->group_end = tiles_of(&bits[group.count - 1]);
    }
    f->group_count = left;
}

static void plan(struct search *f)
{
    for (uint32_t j = 0; j < f->profile->count; j++) {
        struct profile_post mine = f->profile->posts[j];
        const struct model *m = f->model;
        if (!mine.weight)
            continue;
        for (uint32_t r = m->index_posts[mine.post];
             r < m->index_posts[mine.post + 1]; r++)
            plan_row(f, &m->index_rows[r], mine.weight);
    }
    make_groups(f);
    end_rows(f, 0);
}

/* ---- places one by one, in 32 bits ---- */

/* Adds the readers of a row below `end` to cells, notes them in x->places. */
static uint32_t spread_bits(struct search *f, const uint64_t *bits,
                            uint32_t tiles, uint32_t end, uint32_t count)
{
    enum { WORD_BITS = 64 };
    uint32_t *places = f->x->places;

    for (uint32_t w = 0; w < tiles * INDEX_TILE_WORDS; w++)
        for (uint64_t rest = bits[w]; rest; rest &= rest - 1) {
            uint32_t bit = w % INDEX_TILE_WORDS * WORD_BITS +
                           (uint32_t)__builtin_ctzll(rest);
            uint32_t place =
                w / INDEX_TILE_WORDS * INDEX_TILE + index_place_of(bit);
            if (place < end)
                places[count++] = place;
        }
    return count;
}

static uint32_t spread_list(struct search *f, const uint16_t *at,
                            const uint16_t *stop, uint32_t end, uint32_t count)
{
    enum { ID_BITS = 16 };
    uint32_t *places = f->x->places;

    while (at < stop) {
        uint32_t high = (uint32_t)at[0] << ID_BITS, size = at[1] + 1u;
        at += 2;
        for (uint32_t i = 0; i < size && high + at[i] < end; i++)
            places[count++] = high + at[i];
        at += size;
    }
    return count;
}

/* cells[place] += product over the readers below `end`; they stay in
 * x->places[0 .. returned). */
static uint32_t spread_row(struct search *f, const struct model_index_row *row,
                           uint32_t weight, uint32_t end,
                           uint32_t *restrict cells)
{
    const struct model *m = f->model;
    uint32_t *places = f->x->places, count = 0, product;
    uint32_t tiles = index_row_tiles(row), most = index_tiles(end);

    if (!index_row_weight(row)) {
        const uint32_t *pairs = m->index_lists + row->list;
        for (; count < row->list_items && pair_ordinal(pairs[count]) < end;
             count++) {
            places[count] = pair_ordinal(pairs[count]);
            cells[places[count]] +=
                weight * m->weight_of[pair_mask(pairs[count])];
        }
        return count;
    }
    count = spread_bits(f, m->index_bits + (size_t)row->tile * INDEX_TILE_WORDS,
                        tiles < most ? tiles : most, end, 0);
    count = spread_list(f, list_of(m, row), list_of(m, row) + row->list_items,
                        end, count);
    product = weight * index_row_weight(row);
    for (uint32_t i = 0; i < count; i++)
        cells[places[i]] += product;
    return count;
}

/* Gathers what spread_row() left in the cells, each place once. */
static void gather(struct search *f, uint32_t count, uint32_t *restrict cells)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = f->x->places[i], dot = cells[place];
        cells[place] = 0;
        if (f->found == INDEX_FOUND)
            thin_out(f);
        if (place != f->self)
            find(f, place, dot);
    }
}

/* Everything below `end` in 32 bits: spread all rows, then gather them. */
static void count_wide(struct search *f, uint32_t end, uint32_t *cells)
{
    const struct model *m = f->model;

    for (int gathers = 0; gathers < 2; gathers++)
        for (uint32_t j = 0; j < f->profile->count; j++) {
            struct profile_post mine = f->profile->posts[j];
            if (!mine.weight)
                continue;
            for (uint32_t r = m->index_posts[mine.post];
                 r < m->index_posts[mine.post + 1]; r++) {
                uint32_t weight = gathers ? 0 : mine.weight;
                uint32_t count =
                    spread_row(f, &m->index_rows[r], weight, end, cells);
                if (gathers)
                    gather(f, count, cells);
            }
        }
}

/* ---- all users, block by block ---- */

static void add_lists(struct search *f, uint32_t block)
{
    uint16_t *restrict dots = f->x->dots + (size_t)block * INDEX_BLOCK;

    for (uint32_t l = 0; l < f->list_count; l++) {
        struct index_list *list = &f->x->lists[l];
        const uint16_t *at = list->at;
        uint16_t product = (uint16_t)list->product;
        uint32_t size;

        if (at == list->end || at[0] != block)
            continue;
        size = at[1] + 1u;
        at += 2;
        for (uint32_t i = 0; i < size; i++)
            dots[at[i]] = (uint16_t)(dots[at[i]] + product);
        list->at = at + size;
    }
}

/* Sums that bounds are made of. */
static void count_weights(struct search *f)
{
    for (uint32_t j = 0; j < f->profile->count; j++) {
        uint32_t weight = f->profile->posts[j].weight;
        f->weight_sum += weight;
        f->weight_most = weight > f->weight_most ? weight : f->weight_most;
    }
}

/* No key of this tile is larger. */
static float tile_bound(const struct search *f, uint32_t tile)
{
    const struct index_tile *t = &f->x->tiles[tile];
    double theirs = f->weight_most * (double)t->most_sum;
    double own =
        (double)f->weight_sum * f->model->weight_most * (double)t->most_scale;

    return (float)((theirs < own ? theirs : own) * BOUND_SLACK);
}

static void drop_others(struct search *f, uint32_t tile)
{
    uint32_t first = tile * INDEX_TILE;

    if (f->self >= first && f->self < first + INDEX_TILE)
        f->x->dots[f->self] = 0;
    for (uint32_t i = first; i < f->wide && i < first + INDEX_TILE; i++)
        f->x->dots[i] = 0;
}

/* Notes the users of a tile that reach the floor. */
static void find_tile(struct search *f, uint32_t tile)
{
    const uint16_t *dots = f->x->dots + (size_t)tile * INDEX_TILE;
    const float *scales =
        tile == f->model->user_count / INDEX_TILE
            ? f->x->last_scales
            : f->model->index_scales + (size_t)tile * INDEX_TILE;
    uint32_t peaks[TILE_BLOCKS];

    f->kernel->dots[KERNEL_16].peaks(dots, scales, TILE_BLOCKS, peaks);
    for (uint32_t b = 0; b < TILE_BLOCKS; b++) {
        uint32_t first = b * KERNEL_USERS, hits;
        if (peaks[b] < f->floor)
            continue;
        if (f->found > INDEX_FOUND - KERNEL_USERS)
            thin_out(f);
        hits = f->kernel->dots[KERNEL_16].hits(dots + first, scales + first,
                                               f->floor);
        for (; hits; hits &= hits - 1) {
            uint32_t i = first + (uint32_t)__builtin_ctz(hits);
            find(f, tile * INDEX_TILE + i, dots[i]);
        }
    }
}

static void count_tile(struct search *f, uint32_t tile)
{
    uint16_t *dots = f->x->dots + (size_t)tile * INDEX_TILE;

    if (tile >= f->group_end)
        end_rows(f, tile);
    if (f->floor == 1 || kernel_bits(tile_bound(f, tile)) >= f->floor) {
        if (f->group_count)
            f->kernel->add_tile(f->x->groups, f->group_count, tile, dots);
        drop_others(f, tile);
        find_tile(f, tile);
    }
    memset(dots, 0, INDEX_TILE * sizeof *dots);
}

static uint64_t count_readers(const struct search *f)
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
static uint32_t wide_end(const struct search *f)
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

static uint32_t place_of(const struct model *m, uint32_t user)
{
    uint32_t norm = m->user_norms[user], from = 0, count = m->user_count;

    while (count) {
        uint32_t half = count / 2, other = m->index_users[from + half];
        uint32_t theirs = m->user_norms[other];
        if (theirs > norm || (theirs == norm && other < user)) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return from;
}

/* What can be done alone: all of it when few readers are met. */
static void begin(struct search *f, uint32_t user)
{
    const struct model *m = f->model;

    if (user != ORDINAL_NONE)
        f->self = place_of(m, user);
    if (count_readers(f) < m->user_count / SCRATCH_THIN) {
        count_wide(f, m->user_count, f->cells);
        f->done = true;
        return;
    }
    f->wide = wide_end(f);
    if (f->wide)
        count_wide(f, f->wide, f->cells);
    plan(f);
    count_weights(f);
}

/* A tile's rows stay in a near cache for all searches of the batch. */
static void count_all(struct search *all, uint32_t count, uint32_t users)
{
    uint32_t tiles = index_tiles(users);

    for (uint32_t tile = 0; tile < tiles; tile++)
        for (uint32_t i = 0; i < count; i++) {
            if (all[i].done)
                continue;
            if (tile % BLOCK_TILES == 0)
                add_lists(&all[i], tile / BLOCK_TILES);
            count_tile(&all[i], tile);
        }
}

void neighbours_by_index(const struct model *model, uint32_t k,
                         struct neighbours_ask *asks, uint32_t count)
{
    struct search all[NEIGHBOURS_BATCH];
    uint32_t some = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct neighbours_ask *ask = &asks[i];
        ask->count = 0;
        if (!ask->profile->norm)
            continue;
        all[some] = (struct search){.model = model,
                                    .profile = ask->profile,
                                    .x = &ask->scratch->index,
                                    .cells = ask->scratch->dots,
                                    .kernel = ask->scratch->kernel,
                                    .erased = ask->scratch->erased,
                                    .erased_count = ask->scratch->erased_count,
                                    .k = k,
                                    .out = ask->out,
                                    .ask = ask,
                                    .self = ORDINAL_NONE,
                                    .floor = 1};
        begin(&all[some++], ask->self);
    }
    count_all(all, some, model->user_count);
    for (uint32_t i = 0; i < some; i++) {
        thin_out(&all[i]);
        keep_found(&all[i]);
        all[i].ask->count = all[i].count;
    }
}
