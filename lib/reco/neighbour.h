/*
 * neighbour.h -- one similar user: how near, and who stands before whom.
 *
 * Order   larger cosine first, equal cosines by the smaller ordinal, compared
 *         as integers.
 * Keys    while users are searched, cosines are compared as floats first:
 *         dot * scale, of which only a floor under the K-th is used.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    SIMILARITY_BITS = 24, /* similarity 1 is 2^24 */
};

struct neighbour {
    uint32_t user;
    uint32_t dot;        /* sum of w_u * w_v, at least 1 */
    uint32_t norm;       /* n_v */
    uint32_t similarity; /* floor(2^24 * cosine), 0..2^24 */
};

__extension__ typedef unsigned __int128 neighbour_product;

/* a stands behind b: dot^2 / norm smaller, or equal and a larger ordinal. */
static inline bool neighbour_worse(const void *left, const void *right)
{
    const struct neighbour *a = left, *b = right;
    neighbour_product x =
        (neighbour_product)((uint64_t)a->dot * a->dot) * b->norm;
    neighbour_product y =
        (neighbour_product)((uint64_t)b->dot * b->dot) * a->norm;

    return x != y ? x < y : a->user > b->user;
}

/* A floor under the k-th largest key that no rounding of keys can pass. */
uint32_t neighbour_floor(const uint32_t *keys, uint32_t count, uint32_t k);

/*
 * floor(2^24 * dot / sqrt(norm_u * norm_v)), computed in doubles of which
 * each operation is correctly rounded: the same on every machine. 2^24 when
 * dot is larger than that allows. Norms >= 1.
 */
uint32_t similarity_of(uint32_t dot, uint32_t norm_u, uint32_t norm_v);

/* Turns a heap of the best into a list, best first, with their similarities to
 * a profile of this norm. */
void neighbour_end(struct neighbour *heap, uint32_t count, uint32_t norm);
