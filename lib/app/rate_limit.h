/*
 * rate_limit.h -- how many events a reader may send to this worker.
 *
 * Rule    per reader a bucket of `burst` events, refilled by `per_s` events a
 *         second; a batch is taken whole or not at all.
 * Bounds  RATE_LIMIT_READERS buckets, whatever comes: a reader beyond them
 * takes the place of the one who has been quiet longest among a few, so the
 *         table forgets in the reader's favour only.
 * Units   instants in us of the monotonic clock.
 * from    GCRA, ITU-T I.371: one instant a bucket says how full it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"

enum { RATE_LIMIT_READERS = 4096 };

struct rate_limit {
    int64_t event_us; /* that one event takes to be refilled; 0: no limit */
    int64_t burst_us; /* the same of a whole bucket */
    uint64_t seed;    /* of the places: not to be guessed from outside */
    struct rate_bucket *buckets;
};

/* per_s 0: nobody is limited, and no memory is taken. */
MUST_USE bool rate_limit_init(struct rate_limit *r, uint32_t per_s,
                              uint32_t burst, uint64_t seed, struct err *err);
/* Accepts a zeroed struct. */
void rate_limit_release(struct rate_limit *r);

/*
 * Takes `count` events from the reader's bucket. False when they are not in it:
 * *wait_s, at least 1, is when they will be. More than the burst fit a full
 * bucket only.
 */
bool rate_limit_take(struct rate_limit *r, struct uuid user, uint32_t count,
                     int64_t now_us, uint32_t *wait_s);

/* Gives back what was taken for a batch that could not be kept. */
void rate_limit_give(struct rate_limit *r, struct uuid user, uint32_t count);
