#include "reco/neighbours_index.h"

#include "reco/heap.h"
#include "reco/reader_index.h"

enum {
    DOT16_MOST = UINT16_MAX,
    BLOCK_TILES = INDEX_BLOCK / INDEX_TILE,
    STRIP_TILES = INDEX_STRIP / INDEX_TILE,
    LISTS_AHEAD = 16, /* lists whose next readers are fetched */
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
    uint16_t *dots;  /* [INDEX_STRIP], zero between strips; of all searches */
    uint32_t *cells; /* [users] of 32 bits, of all searches */
    const struct kernel *kernel;
    uint32_t ahead; /* of kernel.h */
    bool done;
    const uint32_t *erased; /* [erased_count] users, ascending */
    uint32_t erased_count;
    uint32_t k;
    struct neighbour *out;
    uint32_t count;       /* of out */
    uint32_t self;        /* place, or ORDINAL_NONE */
    uint32_t wide;        /* places below it have 32-bit dots */
    uint32_t list_count;  /* of x->lists */
    uint32_t pairs_count; /* of x->pairs */
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
        x->found_keys[f->found] >= f->floor &&
        !(f->erased_count && is_erased(f, f->model->index_users[place]));
}

/* ---- rows of the profile ---- */

static const uint16_t *list_of(const struct model *m,
                               const struct model_index_row *row)
{
    return (const void *)(m->index_lists + row->list);
}

static void plan_row(struct search *f, const struct model_index_row *row,
                     uint32_t weight)
{
    struct index_scratch *x = f->x;
    uint32_t product = weight * index_row_weight(row);
    uint32_t tiles = index_row_tiles(row);

    if (!index_row_weight(row)) {
        const uint32_t *at = f->model->index_lists + row->list;
        x->pairs[f->pairs_count++] =
            (struct index_pairs){at, at + row->list_items, weight};
        return;
    }
    if (row->list_items) {
        const uint16_t *at = list_of(f->model, row);
        x->lists[f->list_count++] =
            (struct index_list){at, at, at + row->list_items, product};
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

/* ---- all users, strip by strip ---- */

/* Finds the segments of a block; a list that has ended leaves. */
static void enter_block(struct search *f, uint32_t block)
{
    enum { HEAD = 2 };
    uint32_t left = 0;

    for (uint32_t l = 0; l < f->list_count; l++) {
        struct index_list list = f->x->lists[l];
        if (list.at == list.end)
            continue;
        list.stop = list.at;
        if (list.at[0] == block) {
            list.stop = list.at + HEAD + list.at[1] + 1;
            list.at += HEAD;
        }
        f->x->lists[left++] = list;
    }
    f->list_count = left;
}

/* Ascending places below the limit; four at a time while that is sure. */
static const uint16_t *add_list(const uint16_t *at, const uint16_t *stop,
                                uint32_t limit, uint16_t product,
                                uint16_t *restrict dots)
{
    enum { FOUR = 4 };

    while (stop - at >= FOUR && at[FOUR - 1] < limit) {
        for (int i = 0; i < FOUR; i++) {
            uint16_t *dot = &dots[at[i] % INDEX_STRIP];
            *dot = (uint16_t)(*dot + product);
        }
        at += FOUR;
    }
    for (; at < stop && *at < limit; at++) {
        uint16_t *dot = &dots[*at % INDEX_STRIP];
        *dot = (uint16_t)(*dot + product);
    }
    return at;
}

static void add_pairs(struct search *f, struct index_pairs *row, uint32_t end)
{
    for (; row->at < row->end && pair_ordinal(*row->at) < end; row->at++) {
        uint16_t *dot = &f->dots[pair_ordinal(*row->at) % INDEX_STRIP];
        *dot = (uint16_t)(*dot + row->weight *
                                     f->model->weight_of[pair_mask(*row->at)]);
    }
}

/* The lists of the strip that begins with this tile. */
static void add_lists(struct search *f, uint32_t tile)
{
    uint32_t limit = (tile % BLOCK_TILES + STRIP_TILES) * INDEX_TILE;
    struct index_list *lists = f->x->lists;

    /* Each visit reads some bytes of another list: no processor guesses
     * where, and waiting for them would be most of the time. */
    for (uint32_t l = 0; l < f->list_count && l < LISTS_AHEAD; l++)
        __builtin_prefetch(lists[l].at);
    for (uint32_t l = 0; l < f->list_count; l++) {
        if (l + LISTS_AHEAD < f->list_count)
            __builtin_prefetch(lists[l + LISTS_AHEAD].at);
        lists[l].at = add_list(lists[l].at, lists[l].stop, limit,
                               (uint16_t)lists[l].product, f->dots);
    }
    for (uint32_t l = 0; l < f->pairs_count; l++)
        add_pairs(f, &f->x->pairs[l], (tile + STRIP_TILES) * INDEX_TILE);
}

static const uint16_t *past(const uint16_t *at, const uint16_t *stop,
                            uint32_t limit)
{
    size_t count = (size_t)(stop - at);

    while (count) {
        size_t half = count / 2;
        if (at[half] < limit) {
            at += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return at;
}

/* The same when nobody of the strip is looked at. */
static void pass_lists(struct search *f, uint32_t tile)
{
    uint32_t limit = (tile % BLOCK_TILES + STRIP_TILES) * INDEX_TILE;
    struct index_list *lists = f->x->lists;

    for (uint32_t l = 0; l < f->list_count; l++)
        lists[l].at = past(lists[l].at, lists[l].stop, limit);
    for (uint32_t l = 0; l < f->pairs_count; l++) {
        struct index_pairs *row = &f->x->pairs[l];
        while (row->at < row->end &&
               pair_ordinal(*row->at) < (tile + STRIP_TILES) * INDEX_TILE)
            row->at++;
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

static void drop_others(struct search *f, uint32_t tile, uint16_t *dots)
{
    uint32_t first = tile * INDEX_TILE;

    if (f->self >= first && f->self < first + INDEX_TILE)
        dots[f->self - first] = 0;
    for (uint32_t i = first; i < f->wide && i < first + INDEX_TILE; i++)
        dots[i - first] = 0;
}

/* Notes the users of a tile that reach the floor. Scales ascend with places:
 * the last of a block is its largest. */
static void find_tile(struct search *f, uint32_t tile, const uint16_t *dots)
{
    const float *scales =
        tile == f->model->user_count / INDEX_TILE
            ? f->x->last_scales
            : f->model->index_scales + (size_t)tile * INDEX_TILE;

    uint32_t hits[TILE_BLOCKS];

    f->kernel->reach(dots, scales, TILE_BLOCKS, f->floor, hits);
    for (uint32_t b = 0; b < TILE_BLOCKS; b++) {
        if (!hits[b])
            continue;
        if (f->found > INDEX_FOUND - KERNEL_USERS)
            thin_out(f);
        for (; hits[b]; hits[b] &= hits[b] - 1) {
            uint32_t i = b * KERNEL_USERS + (uint32_t)__builtin_ctz(hits[b]);
            find(f, tile * INDEX_TILE + i, dots[i]);
        }
    }
}

/* Can anybody of this tile reach the floor? */
static bool is_near(const struct search *f, uint32_t tile)
{
    return f->floor == 1 || kernel_bits(tile_bound(f, tile)) >= f->floor;
}

static void count_tile(struct search *f, uint32_t tile, uint16_t *dots)
{
    if (tile >= f->group_end)
        end_rows(f, tile);
    if (f->group_count)
        f->kernel->add_tile(f->x->groups, f->group_count, tile, f->ahead, dots);
    drop_others(f, tile, dots);
    find_tile(f, tile, dots);
}

static void count_strip(struct search *f, uint32_t first, uint32_t tiles)
{
    bool any = false;

    if (first % BLOCK_TILES == 0)
        enter_block(f, first / BLOCK_TILES);
    for (uint32_t t = 0; t < tiles; t++)
        any = any || is_near(f, first + t);
    if (!any) {
        pass_lists(f, first);
        return;
    }
    add_lists(f, first);
    for (uint32_t t = 0; t < tiles; t++)
        if (is_near(f, first + t))
            count_tile(f, first + t, f->dots + (size_t)t * INDEX_TILE);
    scratch_clear(f->dots, (size_t)tiles * INDEX_TILE * sizeof *f->dots);
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

/* A strip's bits stay in a near cache for all searches of the batch. */
static void count_all(struct search *all, uint32_t count, uint32_t users)
{
    uint32_t tiles = index_tiles(users);

    for (uint32_t tile = 0; tile < tiles; tile += STRIP_TILES)
        for (uint32_t i = 0; i < count; i++)
            if (!all[i].done)
                count_strip(&all[i], tile,
                            tiles - tile < STRIP_TILES ? tiles - tile
                                                       : STRIP_TILES);
}

void neighbours_by_index(const struct model *model, uint32_t k,
                         struct neighbours_ask *const *asks, uint32_t count)
{
    struct search all[NEIGHBOURS_BATCH];

    for (uint32_t i = 0; i < count; i++) {
        struct neighbours_ask *ask = asks[i];
        all[i] = (struct search){.model = model,
                                 .profile = ask->profile,
                                 .x = &ask->scratch->index,
                                 .dots = asks[0]->scratch->index.dots,
                                 .cells = asks[0]->scratch->dots,
                                 .kernel = ask->scratch->kernel,
                                 .erased = ask->scratch->erased,
                                 .erased_count = ask->scratch->erased_count,
                                 .k = k,
                                 .ahead = count == 1 ? 1 : 0,
                                 .out = ask->out,
                                 .ask = ask,
                                 .self = ORDINAL_NONE,
                                 .floor = 1};
        begin(&all[i], ask->self);
    }
    count_all(all, count, model->user_count);
    for (uint32_t i = 0; i < count; i++) {
        thin_out(&all[i]);
        keep_found(&all[i]);
        all[i].ask->count = all[i].count;
    }
}
