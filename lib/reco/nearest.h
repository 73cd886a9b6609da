/*
 * nearest.h -- the k best of users who are found by their places in the index.
 *
 * Floor  a key (neighbour.h) that the k-th best reaches at least: who lies
 *        below it need not be offered. It rises while users are offered, never
 *        past one who belongs to the k.
 * Order  that of neighbour.h, in whatever order users are offered.
 * Owner  out[k] and found[NEAREST_ROOM] are the caller's.
 * Cost   an offer: O(1), and O(log k) for a few of them.
 */
#pragma once

#include <stdint.h>

#include "reco/kernel.h"
#include "reco/model.h"
#include "reco/neighbour.h"

enum { NEAREST_ROOM = 512 };

struct nearest_found {
    uint32_t place, dot;
};

struct nearest {
    const struct model *model;
    const uint32_t *erased; /* [erased_count] users, ascending */
    uint32_t erased_count;
    uint32_t self; /* user, or ORDINAL_NONE */
    uint32_t k;
    uint32_t floor; /* 1 or more */
    uint32_t count; /* of out */
    uint32_t found_count;
    struct neighbour *out;       /* [k] */
    struct nearest_found *found; /* [NEAREST_ROOM] */
};

static inline uint32_t nearest_key(const struct model *m,
                                   struct nearest_found f)
{
    return kernel_bits((float)f.dot * m->index_scales[f.place]);
}

/* Nobody's neighbour, because he asks or has been erased. */
bool nearest_is_barred(const struct nearest *n, uint32_t user);
/* Makes room: raises the floor, and drops who lies below it. */
void nearest_thin_out(struct nearest *n);

static inline void nearest_offer(struct nearest *n, uint32_t place,
                                 uint32_t dot)
{
    struct nearest_found f = {place, dot};

    n->found[n->found_count] = f;
    n->found_count += nearest_key(n->model, f) >= n->floor &&
                      !nearest_is_barred(n, n->model->index_users[place]);
    if (n->found_count == NEAREST_ROOM)
        nearest_thin_out(n);
}

/* Leaves the best in out, an unsorted heap, and sets count. */
void nearest_end(struct nearest *n);
