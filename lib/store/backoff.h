/*
 * backoff.h -- how long to leave a dependency alone after a failure.
 *
 * from  "Exponential Backoff And Jitter", decorrelated (Brooker 2015):
 *       pause = random(least, 3 * last pause), at most `most`.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"

enum { BACKOFF_LEAST_US = 50 * 1000, BACKOFF_MOST_US = 1000 * 1000 };

struct backoff {
    int64_t pause_us, until_us; /* 0: none */
    struct rng jitter;
};

void backoff_init(struct backoff *b, uint64_t seed);
void backoff_failed(struct backoff *b, int64_t now_us);
/* The next attempt may come at once. */
void backoff_clear(struct backoff *b);

static inline bool backoff_holds(const struct backoff *b, int64_t now_us)
{
    return now_us < b->until_us;
}
