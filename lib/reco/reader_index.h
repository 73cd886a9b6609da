/*
 * reader_index.h -- the readers of each post once more, arranged for counting
 * whole profiles: what neighbours_find() works on when the model has it.
 *
 * Place    users stand by norm, largest first, then by ordinal: those with many
 *          posts lie together and make dense tiles. A place says which bit of
 *          which tile a user is; ordinals decide ties as everywhere.
 * Row      readers of one post who weigh the same (a constant increment, no
 *          weight is read). Places below tiles * INDEX_TILE are bits, the rest
 *          is a list. A post with few readers is one row of weight 0 instead:
 *          its list holds pairs (place, mask), see pair.h.
 * Bits     the place 512 * n + 32 * k + l is bit 512 * n + 16 * l + k: the
 *          transpose that turns 16 bit planes into 16-bit counts then leaves
 *          counts in order of their places, in vectors of any width.
 * List     16-bit units: segments (place >> 16, readers - 1, the low 16 bits of
 *          each place, ascending), blocks ascending; rows start at whole words.
 * Newest   with readers_most a row holds only that many newest readers of a
 *          post, by their newest event on it, equal times by the smaller
 *          ordinal. Norms and scales stay those of whole profiles.
 * Size     tiles reach as far as a tile costs less than the list it replaces
 *          (tile_cost), at most INDEX_PAIR_BYTES a pair in all.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/interactions.h"
#include "reco/kernel.h"
#include "reco/model_format.h"

enum {
    INDEX_TILE = KERNEL_TILE,           /* users of a tile */
    INDEX_TILE_WORDS = INDEX_TILE / 64, /* of 64 bits */
    INDEX_BLOCK = 1 << 16,              /* users of a segment */
    INDEX_THIN = 8,                     /* see reader_index_pays() */
    INDEX_SHAPE_BITS = 8,               /* of the weight in a row's shape */
    INDEX_WEIGHT_MASK = (1 << INDEX_SHAPE_BITS) - 1,
};

static inline uint32_t index_tiles(uint32_t users)
{
    return (uint32_t)(((uint64_t)users + INDEX_TILE - 1) / INDEX_TILE);
}

static inline uint32_t index_row_tiles(const struct model_index_row *row)
{
    return row->shape >> INDEX_SHAPE_BITS;
}

static inline uint32_t index_row_weight(const struct model_index_row *row)
{
    return row->shape & INDEX_WEIGHT_MASK;
}

/* 32-bit words of LISTS that a row takes. */
static inline uint64_t index_row_words(const struct model_index_row *row)
{
    return index_row_weight(row) ? ((uint64_t)row->list_items + 1) / 2
                                 : row->list_items;
}

/* The bit of a place within its tile, and back. */
static inline uint32_t index_bit_of(uint32_t place)
{
    enum { LINE = 512, LANES = 32, LANE_BITS = 16 };

    return place % INDEX_TILE / LINE * LINE + place % LANES * LANE_BITS +
           place % LINE / LANES;
}

static inline uint32_t index_place_of(uint32_t bit)
{
    enum { LINE = 512, LANES = 32, LANE_BITS = 16 };

    return bit / LINE * LINE + bit % LANE_BITS * LANES + bit % LINE / LANE_BITS;
}

/* How to build; 0 stands for the usual. */
struct index_plan {
    uint32_t readers_most;     /* 0: all */
    const int64_t *pair_at_ms; /* beside matrix.user_posts; for readers_most */
    uint32_t tile_cost;        /* of a tile in list entries */
    uint32_t split_least;      /* readers of a post with rows by weight */
};

struct reader_index {
    struct model_index meta;
    uint32_t post_count, user_count;
    uint32_t *users; /* [user_count] */
    uint32_t *posts; /* [post_count + 1] */
    struct model_index_row *rows;
    uint64_t *bits;
    uint32_t *lists;
    size_t rows_cap, bits_cap, lists_cap; /* items */
};

/*
 * Is it worth its bytes? A plan that asks for something is; else when readers
 * meet more than 1 / INDEX_THIN of all users on average (sum of squared
 * readers of each post / users): those who meet fewer are answered from the
 * matrix (neighbours.c), index or not. O(posts).
 */
bool reader_index_pays(const struct matrix *matrix,
                       const struct index_plan *plan);

/*
 * From the matrix that the weights were folded with and the norms of its
 * users. Heap: 4 bytes a pair besides the result, 12 more with readers_most.
 * O(pairs). ERR_LIMIT: more than 2^32 tiles or words.
 */
MUST_USE bool reader_index_build(const struct matrix *matrix,
                                 const uint8_t *weight_of,
                                 const uint32_t *norms,
                                 const struct index_plan *plan,
                                 struct reader_index *out, struct err *err);
/* Accepts a zeroed index. */
void reader_index_release(struct reader_index *x);
