/*
 * knn_room.h -- what a thread needs to score posts by the nearest users.
 *
 * Zero     dots and sums between calls: who reads them clears them.
 * Peers    users chosen, in the algorithm's own form.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/interactions.h"

struct peer; /* each algorithm has its own */

struct knn_room {
    const void *knn;    /* the state that it serves */
    uint32_t *dots;     /* [users] */
    struct peer *peers; /* [as many as asked for] */
    uint32_t count;     /* of them chosen */
    double *sums;       /* [posts] */
};

MUST_USE bool knn_room_open(const void *knn, const struct matrix *m,
                            uint32_t peers, size_t peer_bytes, void **room,
                            struct err *err);
/* NULL is fine. */
void knn_room_close(void *room);

/* (float)(sum * by[post]), by NULL: 1, or NO_SCORE where that is 0; clears the
 * sums. */
void knn_room_scores(struct knn_room *r, uint32_t post_count, const double *by,
                     float *scores);
