/*
 * nearest.h -- the k best of users who are found by their places in the index.
 *
 * Floor  a key (neighbour.h) that the k-th best reaches at least: who lies
 *        below it need not be found. It rises in nearest_thin_out(), never
 *        past one who belongs to the k.
 * Order  that of neighbour.h, in whatever order users are found.
 * Owner  out[k] and the three arrays are the caller's.
 * Cost   a user found: O(1), and O(log k) for a few of them. Their scales and
 *        ordinals, in no near cache, are waited for together.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "reco/model.h"
#include "reco/neighbour.h"

struct nearest {
    const struct model *model;
    const uint32_t *erased; /* [erased_count] users, ascending */
    uint32_t erased_count;
    uint32_t self; /* user, or ORDINAL_NONE */
    uint32_t k;
    uint32_t floor;                 /* 1 or more */
    uint32_t count;                 /* of out */
    uint32_t room;                  /* of the arrays; k + 1 or more */
    uint32_t found;                 /* of room */
    uint32_t judged;                /* of these: have keys, may be kept */
    struct neighbour *out;          /* [k] */
    uint32_t *places, *dots, *keys; /* [room] */
};

/* Makes room, at least half of it: raises the floor, and drops who lies below
 * it. */
void nearest_thin_out(struct nearest *n);

static inline void nearest_find(struct nearest *n, uint32_t place, uint32_t dot)
{
    n->places[n->found] = place;
    n->dots[n->found++] = dot;
    if (n->found == n->room)
        nearest_thin_out(n);
}

/* Leaves the best in out, an unsorted heap, and sets count. */
void nearest_end(struct nearest *n);
