/*
 * pair.h -- one interaction as 32 bits: an ordinal and the mask of types.
 *
 *     31                    4 3    0
 *    +-----------------------+------+
 *    |        ordinal        | mask |
 *    +-----------------------+------+
 *
 * Order  pairs of one row compare like their ordinals.
 * Limit  fewer than 2^28 users and posts.
 */
#pragma once

#include <stdint.h>

#include "reco/types.h"

enum { PAIR_MASK_BITS = 4, PAIR_ORDINALS = 1 << 28 };
/* No such user or post. */
#define ORDINAL_NONE UINT32_MAX

static inline uint32_t pair_of(uint32_t ordinal, uint8_t mask)
{
    return ordinal << PAIR_MASK_BITS | (mask & MASK_STORED);
}

static inline uint32_t pair_ordinal(uint32_t pair)
{
    return pair >> PAIR_MASK_BITS;
}

static inline uint8_t pair_mask(uint32_t pair)
{
    return (uint8_t)(pair & MASK_STORED);
}

/* The pairs of one user (ordinals are posts) or one post (users), ascending. */
struct row {
    const uint32_t *pairs;
    uint32_t count;
};
