#include "reco/index_search.h"

enum {
    TILES_BITS = 20, /* tiles of a row: 2^28 users in tiles of 2^9, and one */
};

static void plan_row(struct index_search *f, const struct model_index_row *row,
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
        const uint16_t *at = index_search_list(f->model, row);
        x->lists[f->list_count++] =
            (struct index_list){at, at + row->list_items, product};
    }
    if (tiles)
        x->bits[f->bits_count++] = (struct index_bits){
            f->model->index_bits + (size_t)row->tile * INDEX_TILE_WORDS,
            product << TILES_BITS | ((1u << TILES_BITS) - 1 - tiles)};
}

/* Radix sort by product, then by tiles, most first. */
static void sort_bits(struct index_search *f)
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

static void make_groups(struct index_search *f)
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
void index_search_end_rows(struct index_search *f, uint32_t tile)
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

/* Where rows begin is in no near cache: all are asked for before one is read.
 */
static void fetch_rows(const struct index_search *f)
{
    const struct model *m = f->model;

    for (uint32_t j = 0; j < f->profile->count; j++)
        __builtin_prefetch(&m->index_posts[f->profile->posts[j].post]);
    for (uint32_t j = 0; j < f->profile->count; j++)
        __builtin_prefetch(
            &m->index_rows[m->index_posts[f->profile->posts[j].post]]);
}

void index_search_plan(struct index_search *f)
{
    fetch_rows(f);
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
    index_search_end_rows(f, 0);
}
