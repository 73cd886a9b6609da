#include "store/backoff.h"

enum { GROWTH = 3 };

void backoff_init(struct backoff *b, uint64_t seed)
{
    *b = (struct backoff){.jitter = rng_of(seed)};
}

void backoff_failed(struct backoff *b, int64_t now_us)
{
    int64_t last = b->pause_us ? b->pause_us : BACKOFF_LEAST_US;
    int64_t top = last * GROWTH;

    if (top > BACKOFF_MOST_US)
        top = BACKOFF_MOST_US;
    b->pause_us = BACKOFF_LEAST_US +
                  rng_below(&b->jitter, (uint32_t)(top - BACKOFF_LEAST_US) + 1);
    b->until_us = now_us + b->pause_us;
}

void backoff_clear(struct backoff *b)
{
    b->pause_us = b->until_us = 0;
}
