#include "reco/index_search.h"

/* Adds the readers of a row below `end` to cells, notes them in x->places. */
static uint32_t spread_bits(struct index_search *f, const uint64_t *bits,
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

static uint32_t spread_list(struct index_search *f, const uint16_t *at,
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
static uint32_t spread_row(struct index_search *f,
                           const struct model_index_row *row, uint32_t weight,
                           uint32_t end, uint32_t *restrict cells)
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
    count =
        spread_list(f, index_search_list(m, row),
                    index_search_list(m, row) + row->list_items, end, count);
    product = weight * index_row_weight(row);
    for (uint32_t i = 0; i < count; i++)
        cells[places[i]] += product;
    return count;
}

/* Gathers what spread_row() left in the cells, each place once. */
static void gather(struct index_search *f, uint32_t count,
                   uint32_t *restrict cells)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = f->x->places[i], dot = cells[place];
        cells[place] = 0;
        nearest_find(&f->best, place, dot);
    }
}

/* Everything below `end` in 32 bits: spread all rows, then gather them. */
void index_search_count_wide(struct index_search *f, uint32_t end)
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
                    spread_row(f, &m->index_rows[r], weight, end, f->cells);
                if (gathers)
                    gather(f, count, f->cells);
            }
        }
}
