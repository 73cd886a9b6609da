#include "reco/index_search.h"

enum {
    BLOCK_TILES = INDEX_BLOCK / INDEX_TILE,
    STRIP_TILES = INDEX_STRIP / INDEX_TILE,
    LISTS_AHEAD = 16, /* lists whose next readers are fetched */
};

/* Finds the segments of a block; a list that has ended leaves. */
void index_search_enter_block(struct index_search *f, uint32_t block)
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

static void add_pairs(struct index_search *f, struct index_pairs *row,
                      uint32_t end)
{
    for (; row->at < row->end && pair_ordinal(*row->at) < end; row->at++) {
        uint16_t *dot = &f->dots[pair_ordinal(*row->at) % INDEX_STRIP];
        *dot = (uint16_t)(*dot + row->weight *
                                     f->model->weight_of[pair_mask(*row->at)]);
    }
}

/* The lists of the strip that begins with this tile. */
void index_search_add_lists(struct index_search *f, uint32_t tile)
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
void index_search_pass_lists(struct index_search *f, uint32_t tile)
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
