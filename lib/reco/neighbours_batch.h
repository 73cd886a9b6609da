/*
 * neighbours_batch.h -- the neighbours of many readers, tile by tile.
 *
 * Same    bit for bit what neighbours_find() gives each of them.
 * How     a tile of the index (4,096 users) is laid out in a near cache once
 *         for all readers of a batch: the bits that it has, longer pieces of
 *         lists spread into bits, shorter ones as they are.
 *         Each reader's dots of the tile are then counted as in
 *         neighbours_index.h. Readers for whom that does not pay, or whose dots
 *         may pass 16 bits, are asked alone.
 * Memory  6 kB and 16 * k bytes a reader, 8 bytes for each row of the index
 *         that he meets, 2 MB of bits, 96 bytes a row of the index.
 * Use     one thread; any number of batches, each begun, filled, searched.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/nearest.h"
#include "reco/profile.h"
#include "reco/scratch.h"

enum { NEIGHBOURS_BATCH = 2048 };

/* A row of the index that a reader meets. */
struct tiled_item {
    uint32_t rank;    /* of the row among all, most readers first */
    uint32_t product; /* for each of its users, or the reader's weight */
};

struct tiled_search {
    struct nearest best;
    size_t first, pairs, end; /* of items: rows of one weight, short ones */
    uint64_t weight_sum;
    uint32_t weight_most;
    uint32_t norm;
    bool done; /* asked alone */
};

/* Of the index, without its readers. */
struct tiled_row {
    uint32_t tile, tiles, row;
    bool is_short;
};

/* How far a row's list is read. */
struct tiled_list {
    const void *at, *stop, *end; /* stop: of the segment */
};

/* What a row has in a tile: bits, a few users, or nothing at all. */
struct tiled_here {
    const void *at;
    uint32_t count; /* of users; 0: bits, when there is an `at` */
};

struct neighbours_batch {
    const struct model *model;
    struct reco_scratch *scratch;
    uint32_t k, most, count;
    struct tiled_search *searches; /* [most] */
    struct neighbour *out;         /* [most][k] */
    uint32_t *found;               /* [most][3][BATCH_FOUND] */
    struct tiled_item *items;
    size_t item_count, items_cap;
    uint64_t *keys; /* [keys_cap] while items are sorted */
    size_t keys_cap;
    uint32_t *ranks;        /* [rows] by row */
    struct tiled_row *rows; /* [rows] by rank, as all below */
    struct tiled_list *lists;
    uint32_t *next;          /* first place that is not yet read */
    struct tiled_here *here; /* of this tile */
    uint64_t *near; /* its bits, together; the first of them stays empty */
    uint32_t near_count;
    uint16_t *copies; /* its few users, together */
    uint32_t copy_count;
    float lengths[KERNEL_LINES]; /* of this tile */
    const uint64_t **met;        /* [met_cap] rows of one reader */
    struct kernel_group *groups; /* beside met */
    size_t met_cap, groups_cap;
};

/*
 * For up to `most` readers at once, 1..NEIGHBOURS_BATCH, and k neighbours of
 * each, 1..NEIGHBOURS_MOST. The scratch says who is erased and is used by
 * neighbours_batch_search().
 */
MUST_USE bool neighbours_batch_init(struct neighbours_batch *b,
                                    const struct model *model,
                                    struct reco_scratch *scratch, uint32_t most,
                                    uint32_t k, struct err *err);
/* Accepts a zeroed batch. */
void neighbours_batch_release(struct neighbours_batch *b);

void neighbours_batch_begin(struct neighbours_batch *b);
/* One reader more; the profile may change afterwards. ERR_LIMIT: full. */
MUST_USE bool neighbours_batch_add(struct neighbours_batch *b,
                                   const struct profile *profile, uint32_t self,
                                   struct err *err);
void neighbours_batch_search(struct neighbours_batch *b);
/* Those of reader i in order of adding, best first; valid until the next
 * neighbours_batch_begin(). */
const struct neighbour *neighbours_batch_at(const struct neighbours_batch *b,
                                            uint32_t i, uint32_t *count);
