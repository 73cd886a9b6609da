/*
 * rng.h -- seeded pseudo-random numbers: same seed, same numbers, everywhere.
 *
 * from  SplitMix64 (Steele, Lea, Flood 2014). Not for secrets.
 */
#pragma once

#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline struct rng rng_of(uint64_t seed)
{
    return (struct rng){seed};
}

static inline uint64_t rng_next(struct rng *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Uniform in [0, bound), bound >= 1, without bias (Lemire 2019). */
static inline uint32_t rng_below(struct rng *r, uint32_t bound)
{
    uint64_t m = (rng_next(r) >> 32) * bound;

    if ((uint32_t)m < bound) {
        uint32_t least = -bound % bound;
        while ((uint32_t)m < least)
            m = (rng_next(r) >> 32) * bound;
    }
    return (uint32_t)(m >> 32);
}

/* Uniform in [0, 1), 53 bits. */
static inline double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1.0p-53;
}
