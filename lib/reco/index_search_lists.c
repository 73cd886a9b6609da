#include "reco/index_search.h"

_Static_assert((int)INDEX_STRIP == (int)INDEX_BLOCK,
               "segments end with strips");

enum {
    SEGMENT_HEAD = 2, /* units before the places of a segment */
    LISTS_AHEAD = 16, /* lists whose next readers are fetched */
    LINE_UNITS = 32,  /* 16-bit units of a cache line */
    LINE_PAIRS = 16,
};

static void add_places(const uint16_t *at, uint32_t count, uint16_t product,
                       uint16_t *restrict dots)
{
    enum { STEP = 8 };
    const uint16_t *end = at + count;

    for (; end - at >= STEP; at += STEP)
        for (int i = 0; i < STEP; i++)
            dots[at[i]] = (uint16_t)(dots[at[i]] + product);
    for (; at < end; at++)
        dots[*at] = (uint16_t)(dots[*at] + product);
}

/* Behind the segment of this block, when the list has one: else where it is. */
static const uint16_t *past_segment(const struct index_list *list,
                                    uint32_t block)
{
    return list->at[0] == block ? list->at + SEGMENT_HEAD + list->at[1] + 1
                                : list->at;
}

static void add_pairs(struct index_search *f, struct index_pairs *row,
                      uint32_t end)
{
    uint16_t product[MASK_COUNT];

    for (unsigned m = 0; m < MASK_COUNT; m++)
        product[m] = (uint16_t)(row->weight * f->model->weight_of[m]);
    for (; row->at < row->end && pair_ordinal(*row->at) < end; row->at++) {
        uint16_t *dot = &f->dots[pair_ordinal(*row->at) % INDEX_STRIP];
        *dot = (uint16_t)(*dot + product[pair_mask(*row->at)]);
    }
}

/*
 * Each visit reads some bytes of another list: no processor guesses where, and
 * waiting for them would be most of the time. Lists that have ended leave.
 */
static void add_lists(struct index_search *f, uint32_t block)
{
    struct index_list *lists = f->x->lists;
    uint32_t left = 0;

    for (uint32_t l = 0; l < f->list_count; l++) {
        struct index_list list = lists[l];
        const uint16_t *next = past_segment(&list, block);
        if (l + LISTS_AHEAD < f->list_count) {
            __builtin_prefetch(lists[l + LISTS_AHEAD].at);
            __builtin_prefetch(lists[l + LISTS_AHEAD].at + LINE_UNITS);
        }
        if (next != list.at)
            add_places(list.at + SEGMENT_HEAD, list.at[1] + 1u,
                       (uint16_t)list.product, f->dots);
        list.at = next;
        lists[left] = list;
        left += next != list.end;
    }
    f->list_count = left;
}

void index_search_add_lists(struct index_search *f, uint32_t block)
{
    uint32_t end = (block + 1) * INDEX_BLOCK, left = 0;
    struct index_pairs *pairs = f->x->pairs;

    add_lists(f, block);
    for (uint32_t l = 0; l < f->pairs_count; l++) {
        struct index_pairs row = pairs[l];
        if (l + LISTS_AHEAD < f->pairs_count) {
            __builtin_prefetch(pairs[l + LISTS_AHEAD].at);
            __builtin_prefetch(pairs[l + LISTS_AHEAD].at + LINE_PAIRS);
        }
        add_pairs(f, &row, end);
        pairs[left] = row;
        left += row.at < row.end;
    }
    f->pairs_count = left;
}

void index_search_pass_lists(struct index_search *f, uint32_t block)
{
    uint32_t end = (block + 1) * INDEX_BLOCK, left = 0;
    struct index_list *lists = f->x->lists;

    for (uint32_t l = 0; l < f->list_count; l++) {
        lists[left] = lists[l];
        lists[left].at = past_segment(&lists[l], block);
        left += lists[left].at != lists[left].end;
    }
    f->list_count = left;
    for (uint32_t l = 0; l < f->pairs_count; l++) {
        struct index_pairs *row = &f->x->pairs[l];
        while (row->at < row->end && pair_ordinal(*row->at) < end)
            row->at++;
    }
}
