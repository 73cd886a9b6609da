/*
 * post_bits.h -- the rows of all users once more, arranged for adding up those
 * of many neighbours: what recommend_known() works on in a long job.
 *
 * Slot   posts stand by their readers, most first, equal ones by ordinal.
 * Bits   the pairs of the usual weight (that of a view) on the first
 *        POST_BITS slots; slot s is bit index_bit_of(s). A sum over neighbours
 *        is then made bit by bit of their similarities: the neighbours who have
 *        bit b set are one group whose rows are counted with product 2^b.
 * Rest   every other pair as (slot, mask).
 * Size   512 bytes a user, 4 bytes a pair of the rest, 8 bytes a post. Built
 *        only for users of POST_BITS_MEAN posts on average: at most 12 bytes a
 *        pair, and below that a plain walk is as fast.
 * Use    read only: one for all threads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/kernel.h"
#include "reco/model.h"
#include "reco/neighbour.h"

enum { POST_BITS = KERNEL_TILE, POST_BITS_MEAN = 64 };

struct post_bits {
    const struct model *model;
    uint32_t *slots, *posts; /* [posts] slot of a post, post of a slot */
    uint64_t *bits;          /* [users][POST_BITS / 64]; NULL: not built */
    uint32_t *rows, *rest;   /* [users + 1], pairs (slot, mask) */
};

/* O(pairs). ERR_MEMORY. */
MUST_USE bool post_bits_make(struct post_bits *b, const struct model *model,
                             struct err *err);
/* Where it pays; else *b holds nothing and recommend_known() does without. */
MUST_USE bool post_bits_init(struct post_bits *b, const struct model *model,
                             struct err *err);
/* Accepts zeroed bits. */
void post_bits_release(struct post_bits *b);

/*
 * sums[slot] += sum over the neighbours of similarity * weight: exact, as
 * recommend.h says. sums holds whole KERNEL_POSTS, all zero. count <=
 * NEIGHBOURS_MOST.
 */
void post_bits_add(const struct post_bits *b, const struct kernel *kernel,
                   const struct neighbour *neighbours, uint32_t count,
                   uint64_t *sums);
