#include "reco/neighbours_batch.h"

#include <string.h>

#include "base/mem.h"
#include "reco/heap.h"
#include "reco/neighbours.h"
#include "reco/reader_index.h"
#include "reco/sort_keys.h"

enum {
    DOT16_MOST = UINT16_MAX,
    COUNT_MOST = 240,  /* rows of count_tile() */
    BATCH_FOUND = 512, /* users of a reader who may be near */
    FOUND_ARRAYS = 3,  /* places, dots, keys */
    THIN_FROM = 3,     /* times k found users raise the floor */
    LISTS_AHEAD = 16,  /* lists whose next users are fetched */
    BATCH_BLOCKS = INDEX_TILE / KERNEL_USERS,
    BATCH_DENSE = 16,     /* users of a list that cost as much as bits */
    NEAR_TILES = 1 << 12, /* 2 MB: what a near cache and a bit more hold */
    ID_BITS = 16,
    WORD_BITS = 64,
    HALF_BITS = 32,
};

/* Keys are floats; bounds get this much more, far over all rounding. */
#define BOUND_SLACK 1.000001

/* ---- rows by the number of readers ---- */

static bool rank_rows(struct neighbours_batch *b, struct err *err)
{
    const struct model *m = b->model;
    uint32_t rows = m->index->row_count;
    uint64_t *keys;

    if (!mem_take((size_t)rows + 1, 2 * sizeof *keys, &keys, err))
        return false;
    for (uint32_t post = 0; post < m->post_count; post++)
        for (uint32_t r = m->index_posts[post]; r < m->index_posts[post + 1];
             r++)
            keys[r] = (uint64_t)~model_post_row(m, post).count << HALF_BITS | r;
    sort_keys(keys, keys + rows, rows);
    for (uint32_t rank = 0; rank < rows; rank++) {
        uint32_t r = (uint32_t)keys[rank];
        const struct model_index_row *row = &m->index_rows[r];
        b->ranks[r] = rank;
        b->rows[rank] = (struct tiled_row){row->tile, index_row_tiles(row), r,
                                           !index_row_weight(row)};
    }
    mem_give(keys);
    return true;
}

bool neighbours_batch_init(struct neighbours_batch *b,
                           const struct model *model,
                           struct reco_scratch *scratch, uint32_t most,
                           uint32_t k, struct err *err)
{
    size_t rows = model->index ? model->index->row_count : 0;

    *b = (struct neighbours_batch){
        .model = model, .scratch = scratch, .k = k, .most = most};
    if (mem_take(most, sizeof *b->searches, &b->searches, err) &&
        mem_take(most, k * sizeof *b->out, &b->out, err) &&
        (!model->index ||
         (mem_take(most, FOUND_ARRAYS * BATCH_FOUND * sizeof *b->found,
                   &b->found, err) &&
          mem_take(rows + 1, sizeof *b->ranks, &b->ranks, err) &&
          mem_take(rows + 1, sizeof *b->rows, &b->rows, err) &&
          mem_take(rows + 1, sizeof *b->lists, &b->lists, err) &&
          mem_take(rows + 1, sizeof *b->next, &b->next, err) &&
          mem_take(rows + 1, sizeof *b->here, &b->here, err) &&
          mem_take(rows + 1, BATCH_DENSE * sizeof *b->copies, &b->copies,
                   err) &&
          mem_take(NEAR_TILES, INDEX_TILE / 8, &b->near, err) &&
          rank_rows(b, err))))
        return true;
    neighbours_batch_release(b);
    return false;
}

void neighbours_batch_release(struct neighbours_batch *b)
{
    mem_give(b->searches);
    mem_give(b->out);
    mem_give(b->found);
    mem_give(b->items);
    mem_give(b->ranks);
    mem_give(b->rows);
    mem_give(b->lists);
    mem_give(b->next);
    mem_give(b->here);
    mem_give(b->copies);
    mem_give(b->near);
    mem_give(b->met);
    mem_give(b->groups);
    mem_give(b->keys);
    *b = (struct neighbours_batch){0};
}

/* ---- readers ---- */

void neighbours_batch_begin(struct neighbours_batch *b)
{
    b->count = 0;
    b->item_count = 0;
}

/* Does it pay to look at every user, and do all dots fit 16 bits? */
static bool fits_batch(const struct model *m, const struct profile *p)
{
    uint64_t readers = 0, rows = 0, most;

    if (!m->index || !p->norm ||
        (uint64_t)p->norm * m->meta->largest_norm >
            (uint64_t)DOT16_MOST * DOT16_MOST)
        return false;
    most = m->index->readers_most;
    for (uint32_t j = 0; j < p->count; j++) {
        uint32_t post = p->posts[j].post;
        uint32_t some = model_post_row(m, post).count;
        readers += most && some > most ? most : some;
        rows += m->index_posts[post + 1] - m->index_posts[post];
    }
    return rows && readers >= m->user_count / SCRATCH_THIN;
}

/* Largest product first, then most readers. */
static void sort_items(struct tiled_item *items, size_t count, uint64_t *keys)
{
    for (size_t i = 0; i < count; i++)
        keys[i] = (uint64_t)~items[i].product << HALF_BITS | items[i].rank;
    sort_keys(keys, keys + count, count);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct tiled_item){(uint32_t)keys[i],
                                       ~(uint32_t)(keys[i] >> HALF_BITS)};
}

/* Rows of one weight, or the short ones. */
static void add_rows(struct neighbours_batch *b, const struct profile *p,
                     bool is_short)
{
    const struct model *m = b->model;

    for (uint32_t j = 0; j < p->count; j++) {
        struct profile_post mine = p->posts[j];
        for (uint32_t r = m->index_posts[mine.post];
             mine.weight && r < m->index_posts[mine.post + 1]; r++) {
            uint32_t weight = index_row_weight(&m->index_rows[r]);
            if (!weight == is_short)
                b->items[b->item_count++] = (struct tiled_item){
                    b->ranks[r], mine.weight * (weight ? weight : 1)};
        }
    }
}

static uint32_t count_rows(const struct model *m, const struct profile *p)
{
    uint32_t count = 0;

    for (uint32_t j = 0; j < p->count; j++) {
        uint32_t post = p->posts[j].post;
        count += m->index_posts[post + 1] - m->index_posts[post];
    }
    return count;
}

static bool plan(struct neighbours_batch *b, struct tiled_search *s,
                 const struct profile *p, struct err *err)
{
    size_t rows = count_rows(b->model, p);

    if (!mem_grow(&b->items, &b->items_cap, b->item_count + rows,
                  sizeof *b->items, err) ||
        !mem_grow(&b->met, &b->met_cap, rows + KERNEL_ROWS, sizeof *b->met,
                  err) ||
        !mem_grow(&b->keys, &b->keys_cap, 2 * rows, sizeof *b->keys, err) ||
        !mem_grow(&b->groups, &b->groups_cap, rows, sizeof *b->groups, err))
        return false;
    s->first = b->item_count;
    add_rows(b, p, false);
    s->pairs = b->item_count;
    add_rows(b, p, true);
    s->end = b->item_count;
    sort_items(b->items + s->first, s->pairs - s->first, b->keys);
    for (uint32_t j = 0; j < p->count; j++) {
        uint32_t weight = p->posts[j].weight;
        s->weight_sum += weight;
        s->weight_most = weight > s->weight_most ? weight : s->weight_most;
    }
    return true;
}

static void set_found(struct nearest *n, uint32_t *at)
{
    n->room = BATCH_FOUND;
    n->places = at;
    n->dots = at + BATCH_FOUND;
    n->keys = at + 2 * (size_t)BATCH_FOUND;
}

bool neighbours_batch_add(struct neighbours_batch *b,
                          const struct profile *profile, uint32_t self,
                          struct err *err)
{
    uint32_t i = b->count;
    struct tiled_search *s = &b->searches[i];

    if (i == b->most)
        return err_set(err, ERR_LIMIT, "batch of %u readers is full", i);
    *s =
        (struct tiled_search){.best = {.model = b->model,
                                       .erased = b->scratch->erased,
                                       .erased_count = b->scratch->erased_count,
                                       .self = self,
                                       .k = b->k,
                                       .floor = 1,
                                       .out = b->out + (size_t)i * b->k},
                              .norm = profile->norm};
    if (!fits_batch(b->model, profile)) {
        s->best.count = neighbours_find(b->model, b->scratch, profile, self,
                                        b->k, s->best.out);
        s->done = true;
    } else {
        set_found(&s->best, b->found + (size_t)i * FOUND_ARRAYS * BATCH_FOUND);
        if (!plan(b, s, profile, err))
            return false;
    }
    b->count++;
    return true;
}

/* ---- a tile ---- */

/* Enters the next segment, returns its first place. */
static uint32_t enter_segment(struct tiled_list *l)
{
    const uint16_t *at = l->stop;

    if (at == l->end)
        return UINT32_MAX;
    l->at = at + 2;
    l->stop = at + 2 + at[1] + 1;
    return (uint32_t)at[0] << ID_BITS | at[2];
}

static void begin_rows(struct neighbours_batch *b)
{
    const struct model *m = b->model;

    for (uint32_t rank = 0; rank < m->index->row_count; rank++) {
        const struct model_index_row *row = &m->index_rows[b->rows[rank].row];
        const uint32_t *words = m->index_lists + row->list;
        struct tiled_list *l = &b->lists[rank];

        l->at = l->stop = words;
        if (index_row_weight(row)) {
            l->end = (const uint16_t *)words + row->list_items;
            b->next[rank] = enter_segment(l);
        } else {
            l->end = words + row->list_items;
            b->next[rank] = pair_ordinal(*words);
        }
    }
}

/* The users of a tile that are still in the list. */
static struct tiled_here read_list(struct neighbours_batch *b, uint32_t rank,
                                   uint32_t tile)
{
    struct tiled_list *l = &b->lists[rank];
    const uint16_t *from = l->at, *at = from, *stop = l->stop;
    uint32_t limit = (tile % (INDEX_BLOCK / INDEX_TILE) + 1) * INDEX_TILE;

    while (at < stop && *at < limit)
        at++;
    l->at = at;
    b->next[rank] = at < stop ? b->next[rank] >> ID_BITS << ID_BITS | *at
                              : enter_segment(l);
    return (struct tiled_here){from, (uint32_t)(at - from)};
}

static struct tiled_here read_pairs(struct neighbours_batch *b, uint32_t rank,
                                    uint32_t tile)
{
    struct tiled_list *l = &b->lists[rank];
    const uint32_t *from = l->at, *at = from, *end = l->end;

    while (at < end && pair_ordinal(*at) / INDEX_TILE == tile)
        at++;
    l->at = at;
    b->next[rank] = at < end ? pair_ordinal(*at) : UINT32_MAX;
    return (struct tiled_here){from, (uint32_t)(at - from)};
}

static void spread(struct tiled_here few, uint64_t *bits)
{
    const uint16_t *at = few.at;

    memset(bits, 0, INDEX_TILE / 8);
    for (uint32_t i = 0; i < few.count; i++) {
        uint32_t bit = index_bit_of(at[i] % INDEX_TILE);
        bits[bit / WORD_BITS] |= UINT64_C(1) << bit % WORD_BITS;
    }
}

/* The next of the tiles in the near cache; NULL when all are taken. */
static uint64_t *take_near(struct neighbours_batch *b)
{
    if (b->near_count == NEAR_TILES)
        return NULL;
    return b->near + (size_t)b->near_count++ * INDEX_TILE_WORDS;
}

static struct tiled_here open_bits(struct neighbours_batch *b,
                                   const struct tiled_row *row, uint32_t tile)
{
    const uint64_t *bits =
        b->model->index_bits + (size_t)(row->tile + tile) * INDEX_TILE_WORDS;
    uint64_t *copy = take_near(b);

    if (copy)
        memcpy(copy, bits, INDEX_TILE / 8);
    return (struct tiled_here){copy ? copy : bits, 0};
}

static struct tiled_here open_list(struct neighbours_batch *b, uint32_t rank,
                                   uint32_t tile)
{
    struct tiled_here few = read_list(b, rank, tile);
    uint64_t *bits = NULL;

    if (few.count < BATCH_DENSE) {
        uint16_t *copy = b->copies + b->copy_count;
        memcpy(copy, few.at, few.count * sizeof *copy);
        b->copy_count += few.count;
        return (struct tiled_here){copy, few.count};
    }
    bits = take_near(b);
    if (!bits)
        return few;
    spread(few, bits);
    return (struct tiled_here){bits, 0};
}

static void open_tile(struct neighbours_batch *b, uint32_t tile)
{
    uint32_t rows = b->model->index->row_count;
    uint64_t end = ((uint64_t)tile + 1) * INDEX_TILE;

    b->near_count = 1;
    b->copy_count = 0;
    for (uint32_t rank = 0; rank < rows; rank++) {
        const struct tiled_row *row = &b->rows[rank];

        if (rank + LISTS_AHEAD < rows)
            __builtin_prefetch(b->lists[rank + LISTS_AHEAD].at);
        if (tile < row->tiles)
            b->here[rank] = open_bits(b, row, tile);
        else if (b->next[rank] >= end)
            b->here[rank] = (struct tiled_here){NULL, 0};
        else if (row->is_short)
            b->here[rank] = read_pairs(b, rank, tile);
        else
            b->here[rank] = open_list(b, rank, tile);
    }
}

static const float *scales_of(const struct neighbours_batch *b, uint32_t tile)
{
    return tile == b->model->user_count / INDEX_TILE
               ? b->scratch->index.last_scales
               : b->model->index_scales + (size_t)tile * INDEX_TILE;
}

/* 1 / the largest scale of each line: scales ascend, with zeros behind the last
 * user. */
static void set_lengths(struct neighbours_batch *b, uint32_t tile)
{
    const float *scales = scales_of(b, tile);

    for (uint32_t i = 0; i < KERNEL_LINES; i++) {
        float most = 0;
        for (uint32_t u = 0; u < KERNEL_LINE; u++, scales++)
            most = *scales > most ? *scales : most;
        b->lengths[i] = most > 0 ? 1 / most : DOT16_MOST + 1;
    }
}

/* ---- one reader in a tile ---- */

static void add_few(struct tiled_here few, uint32_t product, uint16_t *dots)
{
    const uint16_t *at = few.at;

    for (uint32_t i = 0; i < few.count; i++) {
        uint16_t *dot = &dots[at[i] % INDEX_TILE];
        *dot = (uint16_t)(*dot + product);
    }
}

static void add_pairs(const struct model *m, struct tiled_here few,
                      uint32_t weight, uint16_t *dots)
{
    const uint32_t *at = few.at;

    for (uint32_t i = 0; i < few.count; i++) {
        uint16_t *dot = &dots[pair_ordinal(at[i]) % INDEX_TILE];
        *dot = (uint16_t)(*dot + weight * m->weight_of[pair_mask(at[i])]);
    }
}

/* Everything but the bits of the last group of rows, which are left in *last
 * for count_tile(). */
static void add_rest(struct neighbours_batch *b, const struct tiled_search *s,
                     struct kernel_group *last)
{
    const struct tiled_item *item = b->items + s->first;
    const struct tiled_item *pairs = b->items + s->pairs;
    const struct tiled_item *end = b->items + s->end;
    uint32_t met = 0, groups = 0;
    uint16_t *dots = b->scratch->index.dots;

    while (item < pairs) {
        struct kernel_group *g = &b->groups[groups];
        *g = (struct kernel_group){item->product, met, b->met + met};
        for (; item < pairs && item->product == g->product; item++) {
            struct tiled_here here = b->here[item->rank];
            b->met[met] = here.at;
            met += here.at && !here.count;
            if (here.count)
                add_few(here, item->product, dots);
        }
        g->count = met - g->count;
        groups += g->count > 0;
    }
    for (; item < end; item++)
        if (b->here[item->rank].count)
            add_pairs(b->model, b->here[item->rank], item->product, dots);
    *last = (struct kernel_group){.rows = b->met};
    if (groups)
        *last = b->groups[--groups];
    for (uint32_t i = 0; i < KERNEL_ROWS; i++)
        b->met[met + i] = b->near;
    if (groups)
        b->scratch->kernel->add_tile(b->groups, groups, 0, 0, dots);
}

/* What each line's cells need to reach the floor: a little less than the
 * quotient, far over all rounding. 65,535 also stands for more. */
static void set_least(const struct neighbours_batch *b, uint32_t floor,
                      uint16_t least[KERNEL_LINES])
{
    const float slack = 0.99999F;
    union {
        uint32_t bits;
        float value;
    } f = {.bits = floor};

    for (uint32_t i = 0; i < KERNEL_LINES; i++) {
        float need = f.value * slack * b->lengths[i];
        need = need > DOT16_MOST ? DOT16_MOST : need;
        least[i] = (uint16_t)(int32_t)(need < 1 ? 1 : need);
    }
}

/* Adds the bits of the last group; tells who reaches the floor. */
static void count_last(struct neighbours_batch *b, const struct kernel_group *g,
                       uint32_t floor, uint32_t *hits)
{
    uint16_t least[KERNEL_LINES];
    uint32_t done = 0, count;

    set_least(b, floor, least);
    do {
        count = g->count - done < COUNT_MOST ? g->count - done : COUNT_MOST;
        b->scratch->kernel->count_tile(
            &(struct kernel_rows){g->product,
                                  (count + KERNEL_ROWS - 1) / KERNEL_ROWS *
                                      KERNEL_ROWS,
                                  g->rows + done},
            least, b->scratch->index.dots, hits);
        done += count;
    } while (done < g->count);
}

/* Of a reader's first tile everybody reaches the floor. It is raised to what so
 * many of its blocks have that k of them belong to others than him and the
 * erased. */
static void find_first(const struct neighbours_batch *b, struct nearest *n,
                       uint32_t tile, uint32_t *hits)
{
    const struct kernel *kernel = b->scratch->kernel;
    const uint16_t *dots = b->scratch->index.dots;
    const float *scales = scales_of(b, tile);
    uint32_t peaks[BATCH_BLOCKS];

    kernel->dots[KERNEL_16].peaks(dots, scales, BATCH_BLOCKS, peaks);
    n->floor = neighbour_floor(peaks, BATCH_BLOCKS, n->k + 1 + n->erased_count);
    for (uint32_t i = 0; i < BATCH_BLOCKS; i++) {
        hits[i] = 0;
        if (peaks[i] >= n->floor)
            hits[i] = kernel->dots[KERNEL_16].hits(
                dots + i * KERNEL_USERS, scales + i * KERNEL_USERS, n->floor);
    }
}

static void search_tile(struct neighbours_batch *b, struct tiled_search *s,
                        uint32_t tile)
{
    uint16_t *dots = b->scratch->index.dots;
    struct kernel_group last;
    uint32_t hits[BATCH_BLOCKS];

    add_rest(b, s, &last);
    count_last(b, &last, s->best.floor, hits);
    if (s->best.floor == 1)
        find_first(b, &s->best, tile, hits);
    for (uint32_t k = 0; k < BATCH_BLOCKS; k++)
        for (; hits[k]; hits[k] &= hits[k] - 1) {
            uint32_t i = k * KERNEL_USERS + (uint32_t)__builtin_ctz(hits[k]);
            nearest_find(&s->best, tile * INDEX_TILE + i, dots[i]);
        }
    b->scratch->kernel->clear(dots, INDEX_TILE * sizeof *dots);
    if (s->best.found > THIN_FROM * b->k)
        nearest_thin_out(&s->best);
}

/* Can anybody of this tile reach the floor? As in neighbours_index.h. */
static bool is_near(const struct neighbours_batch *b,
                    const struct tiled_search *s, uint32_t tile)
{
    const struct index_tile *t = &b->scratch->index.tiles[tile];
    double theirs = s->weight_most * (double)t->most_sum;
    double own =
        (double)s->weight_sum * b->model->weight_most * (double)t->most_scale;

    return kernel_bits((float)((theirs < own ? theirs : own) * BOUND_SLACK)) >=
           s->best.floor;
}

void neighbours_batch_search(struct neighbours_batch *b)
{
    uint32_t tiles = b->item_count ? index_tiles(b->model->user_count) : 0;

    if (tiles)
        begin_rows(b);
    for (uint32_t tile = 0; tile < tiles; tile++) {
        open_tile(b, tile);
        set_lengths(b, tile);
        for (uint32_t i = 0; i < b->count; i++) {
            struct tiled_search *s = &b->searches[i];
            if (s->done || !is_near(b, s, tile))
                continue;
            search_tile(b, s, tile);
        }
    }
    for (uint32_t i = 0; i < b->count; i++)
        if (!b->searches[i].done) {
            nearest_end(&b->searches[i].best);
            neighbour_end(b->searches[i].best.out, b->searches[i].best.count,
                          b->searches[i].norm);
        }
}

const struct neighbour *neighbours_batch_at(const struct neighbours_batch *b,
                                            uint32_t i, uint32_t *count)
{
    *count = b->searches[i].best.count;
    return b->searches[i].best.out;
}
