#include "reco/near_rows.h"

#include <string.h>

#include "base/mem.h"
#include "reco/reader_index.h"
#include "reco/sort_keys.h"

enum {
    NEAR_SHARE = 2,  /* lines for each reader of a near row, at most */
    ROWS_AHEAD = 16, /* rows whose next users are fetched */
    LINE_BYTES = 64,
    ID_BITS = 16,
    WORD_BITS = 64,
    HALF_BITS = 32,
};

_Static_assert(KERNEL_LINES == 8, "few_lines has a bit for each");

/* ---- rows by the number of readers ---- */

static bool lies_near(const struct model *m, const struct model_index_row *row)
{
    return index_row_weight(row) &&
           (index_row_tiles(row) ||
            row->list_items >= m->user_count / (KERNEL_LINE * NEAR_SHARE));
}

/* Ascending: near rows first, each kind by the readers of its post. */
static void make_keys(const struct model *m, uint64_t *keys)
{
    for (uint32_t post = 0; post < m->post_count; post++)
        for (uint32_t r = m->index_posts[post]; r < m->index_posts[post + 1];
             r++) {
            uint64_t far = !lies_near(m, &m->index_rows[r]);
            uint64_t fewer = INT32_MAX - model_post_row(m, post).count;
            keys[r] = far << (WORD_BITS - 1) | fewer << HALF_BITS | r;
        }
}

static bool rank_rows(struct near_rows *n, struct err *err)
{
    const struct model *m = n->model;
    uint32_t rows = m->index->row_count;
    uint64_t *keys;

    if (!mem_take((size_t)rows + 1, 2 * sizeof *keys, &keys, err))
        return false;
    make_keys(m, keys);
    sort_keys(keys, keys + rows, rows);
    for (uint32_t rank = 0; rank < rows; rank++) {
        uint32_t r = (uint32_t)keys[rank];
        const struct model_index_row *row = &m->index_rows[r];
        n->ranks[r] = rank;
        n->rows[rank] = (struct tile_row){r, row->tile, index_row_tiles(row),
                                          (uint8_t)index_row_weight(row)};
        n->near_count += lies_near(m, row);
    }
    mem_give(keys);
    return true;
}

/* Pairs of the tile that has most. */
static size_t most_pairs(const struct model *m)
{
    size_t most = 0, some = 0;

    for (uint32_t place = 0; place < m->user_count; place++) {
        if (place % INDEX_TILE == 0)
            some = 0;
        some += model_user_row(m, m->index_users[place]).count;
        most = some > most ? some : most;
    }
    return most;
}

bool near_rows_init(struct near_rows *n, const struct model *model,
                    struct err *err)
{
    size_t rows = (size_t)model->index->row_count + 1;

    *n = (struct near_rows){.model = model};
    if (mem_take(rows, sizeof *n->ranks, &n->ranks, err) &&
        mem_take(rows, sizeof *n->rows, &n->rows, err) &&
        mem_take(rows, sizeof *n->lists, &n->lists, err) &&
        mem_take(rows, sizeof *n->next, &n->next, err) &&
        mem_take(rows, sizeof *n->few, &n->few, err) &&
        mem_take(rows, sizeof *n->few_lines, &n->few_lines, err) &&
        mem_take(most_pairs(model), sizeof *n->entries, &n->entries, err) &&
        rank_rows(n, err) &&
        mem_take_wide((n->near_count + (size_t)1) * KERNEL_LINES,
                      sizeof(kernel_plane), &n->near, err))
        return true;
    near_rows_release(n);
    return false;
}

void near_rows_release(struct near_rows *n)
{
    mem_give(n->ranks);
    mem_give(n->rows);
    mem_give(n->lists);
    mem_give(n->next);
    mem_give(n->few);
    mem_give(n->few_lines);
    mem_give(n->entries);
    mem_give(n->near);
    *n = (struct near_rows){0};
}

/* ---- lists, read on from tile to tile ---- */

/* Enters the next segment, returns its first place. */
static uint32_t enter_segment(struct tile_list *l)
{
    const uint16_t *at = l->stop;

    if (at == l->end)
        return UINT32_MAX;
    l->at = at + 2;
    l->stop = at + 2 + at[1] + 1;
    return (uint32_t)at[0] << ID_BITS | at[2];
}

void near_rows_begin(struct near_rows *n)
{
    const struct model *m = n->model;

    for (uint32_t rank = 0; rank < m->index->row_count; rank++) {
        const struct model_index_row *row = &m->index_rows[n->rows[rank].row];
        const uint32_t *words = m->index_lists + row->list;
        struct tile_list *l = &n->lists[rank];

        l->at = l->stop = words;
        if (n->rows[rank].weight) {
            l->end = (const uint16_t *)words + row->list_items;
            n->next[rank] = enter_segment(l);
        } else {
            l->end = words + row->list_items;
            n->next[rank] = pair_ordinal(*words);
        }
    }
}

/* The next place of the segment, which has one when *at is before the stop. */
static uint32_t read_on(struct near_rows *n, uint32_t rank, const uint16_t *at)
{
    struct tile_list *l = &n->lists[rank];

    l->at = at;
    return at < (const uint16_t *)l->stop
               ? n->next[rank] >> ID_BITS << ID_BITS | *at
               : enter_segment(l);
}

static void set_bit(struct near_rows *n, uint32_t rank, uint32_t place)
{
    uint32_t bit = index_bit_of(place % KERNEL_LINE);
    uint64_t *bits = near_rows_line(n, place % INDEX_TILE / KERNEL_LINE) +
                     near_rows_slot(rank);

    bits[bit / WORD_BITS] |= UINT64_C(1) << bit % WORD_BITS;
}

/* A segment ends with a tile at the latest, so places compare by 16 bits. */
static void spread(struct near_rows *n, uint32_t rank, uint32_t last)
{
    const uint16_t *at = n->lists[rank].at, *stop = n->lists[rank].stop;

    for (; at < stop && *at <= (uint16_t)last; at++)
        set_bit(n, rank, *at);
    n->next[rank] = read_on(n, rank, at);
}

static struct tile_entry entry_of(uint32_t place, uint8_t weight)
{
    return (struct tile_entry){(uint16_t)(place % INDEX_TILE), weight};
}

static uint32_t read_list(struct near_rows *n, uint32_t rank, uint32_t last,
                          struct tile_entry *to)
{
    const uint16_t *at = n->lists[rank].at, *stop = n->lists[rank].stop;
    uint32_t count = 0;

    for (; at < stop && *at <= (uint16_t)last; at++)
        to[count++] = entry_of(*at, n->rows[rank].weight);
    n->next[rank] = read_on(n, rank, at);
    return count;
}

static uint32_t read_pairs(struct near_rows *n, uint32_t rank, uint32_t last,
                           struct tile_entry *to)
{
    struct tile_list *l = &n->lists[rank];
    const uint32_t *at = l->at, *end = l->end;
    uint32_t count = 0;

    for (; at < end && pair_ordinal(*at) <= last; at++)
        to[count++] =
            entry_of(pair_ordinal(*at), n->model->weight_of[pair_mask(*at)]);
    l->at = at;
    n->next[rank] = at < end ? pair_ordinal(*at) : UINT32_MAX;
    return count;
}

/* ---- a tile ---- */

static void copy_bits(struct near_rows *n, uint32_t rank, const uint64_t *bits)
{
    for (uint32_t line = 0; line < KERNEL_LINES; line++)
        memcpy(near_rows_line(n, line) + near_rows_slot(rank),
               bits + (size_t)line * KERNEL_LINE_WORDS, LINE_BYTES);
}

static void open_near(struct near_rows *n, uint32_t tile, uint32_t last)
{
    static const uint64_t none[INDEX_TILE_WORDS];
    const uint64_t *all =
        n->model->index_bits + (size_t)tile * INDEX_TILE_WORDS;

    for (uint32_t rank = 0; rank < n->near_count; rank++) {
        const struct tile_row *row = &n->rows[rank];

        if (rank + ROWS_AHEAD < n->near_count)
            __builtin_prefetch(n->lists[rank + ROWS_AHEAD].at);
        if (tile < row->tiles) {
            copy_bits(n, rank, all + (size_t)row->tile * INDEX_TILE_WORDS);
            continue;
        }
        copy_bits(n, rank, none);
        if (n->next[rank] <= last)
            spread(n, rank, last);
    }
}

static void open_few(struct near_rows *n, uint32_t last)
{
    uint32_t rows = n->model->index->row_count, used = 0;

    for (uint32_t rank = n->near_count; rank < rows; rank++) {
        uint32_t at = rank - n->near_count, count, lines = 0;
        struct tile_entry *to = n->entries + used;

        n->few_lines[at] = 0;
        if (n->next[rank] > last)
            continue;
        count = n->rows[rank].weight ? read_list(n, rank, last, to)
                                     : read_pairs(n, rank, last, to);
        for (uint32_t i = 0; i < count; i++)
            lines |= 1u << to[i].place / KERNEL_LINE;
        n->few_lines[at] = (uint8_t)lines;
        n->few[at] = (struct tile_few){used, count};
        used += count;
    }
}

void near_rows_open(struct near_rows *n, uint32_t tile)
{
    uint32_t last = tile * INDEX_TILE + INDEX_TILE - 1;

    open_near(n, tile, last);
    open_few(n, last);
}
