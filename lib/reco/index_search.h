/*
 * index_search.h -- one search in an index of readers, and its parts. Used by
 * neighbours_index.c only, which says how they work together.
 *
 * Order   plan; then strip by strip add_lists or pass_lists and, tile by tile,
 *         end_rows; who may be near goes to `best` (nearest.h).
 * Places  users as the index orders them (reader_index.h); only what is kept
 *         becomes an ordinal.
 * Cost    of each part beside its function; nothing allocates.
 */
#pragma once

#include "reco/model.h"
#include "reco/nearest.h"
#include "reco/profile.h"
#include "reco/reader_index.h"
#include "reco/scratch.h"

struct index_search {
    const struct model *model;
    const struct profile *profile;
    struct index_scratch *x;
    uint16_t *dots;  /* [INDEX_STRIP], zero between strips */
    uint32_t *cells; /* [users] of 32 bits, zero between searches */
    const struct kernel *kernel;
    bool done;
    struct nearest best;
    uint32_t wide;        /* places below it have 32-bit dots */
    uint32_t list_count;  /* of x->lists */
    uint32_t pairs_count; /* of x->pairs */
    uint32_t bits_count;  /* of x->bits */
    uint32_t group_count; /* of x->groups */
    uint32_t group_end;   /* tile at which the next row ends */
    uint64_t weight_sum;
    uint32_t weight_most; /* of the profile */
};

/* ---- index_search_rows.c: the rows of the profile ---- */

/* Lists, pairs and groups of bits of all its posts; O(rows). */
void index_search_plan(struct index_search *f);
/* Rows that end before this tile leave their groups; sets group_end. */
void index_search_end_rows(struct index_search *f, uint32_t tile);

static inline const uint16_t *index_search_list(const struct model *m,
                                                const struct model_index_row *r)
{
    return (const void *)(m->index_lists + r->list);
}

/* ---- index_search_lists.c: lists and pairs, strip by strip ---- */

/* dots += what the lists say of this block, which is the strip. */
void index_search_add_lists(struct index_search *f, uint32_t block);
/* The same when nobody of it is looked at. */
void index_search_pass_lists(struct index_search *f, uint32_t block);

/* ---- index_search_wide.c: places one by one, in 32 bits ---- */

/* Finds all places below `end`, out of the heads of the same rows, which are
 * walked twice: no array but theirs is looked at. */
void index_search_count_wide(struct index_search *f, uint32_t end);
