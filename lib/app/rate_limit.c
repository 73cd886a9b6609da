#include "app/rate_limit.h"

#include "base/hash.h"
#include "base/mem.h"

enum { US_PER_S = 1000 * 1000, WAYS = 4, PLACES = RATE_LIMIT_READERS / WAYS };

struct rate_bucket {
    struct uuid user;
    int64_t full_at_us; /* in the past: it is full */
};

bool rate_limit_init(struct rate_limit *r, uint32_t per_s, uint32_t burst,
                     uint64_t seed, struct err *err)
{
    *r = (struct rate_limit){.seed = seed};
    if (!per_s)
        return true;
    r->event_us = US_PER_S / per_s;
    r->burst_us = r->event_us * burst;
    return mem_take(RATE_LIMIT_READERS, sizeof *r->buckets, &r->buckets, err);
}

void rate_limit_release(struct rate_limit *r)
{
    mem_give(r->buckets);
    *r = (struct rate_limit){0};
}

static int64_t cost_us(const struct rate_limit *r, uint32_t count)
{
    int64_t us = count * r->event_us;

    return us < r->burst_us ? us : r->burst_us;
}

/* The reader's bucket, or the fullest of its place, made his. */
static struct rate_bucket *bucket_of(struct rate_limit *r, struct uuid user)
{
    uint64_t place = hash64_seeded(user.b, UUID_BYTES, r->seed) % PLACES;
    struct rate_bucket *at = &r->buckets[place * WAYS], *fullest = at;

    for (size_t i = 0; i < WAYS; i++) {
        if (uuid_equal(at[i].user, user))
            return &at[i];
        if (at[i].full_at_us < fullest->full_at_us)
            fullest = &at[i];
    }
    *fullest = (struct rate_bucket){.user = user};
    return fullest;
}

bool rate_limit_take(struct rate_limit *r, struct uuid user, uint32_t count,
                     int64_t now_us, uint32_t *wait_s)
{
    int64_t need_us = cost_us(r, count), late_us;
    struct rate_bucket *b;

    if (!r->event_us)
        return true;
    b = bucket_of(r, user);
    if (b->full_at_us < now_us)
        b->full_at_us = now_us;
    late_us = b->full_at_us + need_us - now_us - r->burst_us;
    if (late_us > 0) {
        *wait_s = (uint32_t)((late_us + US_PER_S - 1) / US_PER_S);
        return false;
    }
    b->full_at_us += need_us;
    return true;
}

void rate_limit_give(struct rate_limit *r, struct uuid user, uint32_t count)
{
    if (r->event_us)
        bucket_of(r, user)->full_at_us -= cost_us(r, count);
}
