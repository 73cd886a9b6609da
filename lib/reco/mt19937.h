/*
 * mt19937.h -- the random numbers of NumPy's legacy generator, to repeat
 * published splits exactly.
 *
 * Same  mt19937_init(s) is numpy.random.seed(s); mt19937_permute is
 *       permutation(n); the first `size` of it are choice(n, size, False).
 * from  Matsumoto, Nishimura 1998 (init_genrand, genrand_int32); the masked
 *       rejection of numpy/random/mtrand (random_interval).
 * Use   only for such splits; everything else uses base/rng.h.
 */
#pragma once

#include <stdint.h>

enum { MT19937_WORDS = 624 };

struct mt19937 {
    uint32_t word[MT19937_WORDS];
    uint32_t next;
};

void mt19937_init(struct mt19937 *g, uint32_t seed);
uint32_t mt19937_next(struct mt19937 *g);

/* Uniform in [0, most]; most = 0 draws nothing. */
uint32_t mt19937_interval(struct mt19937 *g, uint32_t most);

/* out[0..count) becomes a permutation of 0..count-1. */
void mt19937_permute(struct mt19937 *g, uint32_t *out, uint32_t count);
