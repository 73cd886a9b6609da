/*
 * explore.h -- a bounded share of the slots is given to chance, and the chance
 * is known.
 *
 * Slots     of `want` slots behind the first one, ratio * want are drawn
 *           without replacement; a fraction is rounded up or down at random, so
 *           that the expectation is exact. Never more than the next whole
 *           number above ratio * want, never the first slot.
 * Chance    of a slot to be drawn: expected draws / (want - 1). A post of a
 *           pool of n that is drawn for it was put there with that / n; a post
 *           that was not drawn for its slot, with 1 - that.
 * Same      given the seed the same slots and picks.
 * from      fixed-share exploration with logged propensities: Li et al. 2010;
 *           Bottou et al. 2013.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { EXPLORE_SLOTS_MOST = 64 };

struct explore_plan {
    uint32_t count; /* drawn slots */
    bool is_drawn[EXPLORE_SLOTS_MOST];
    double chance; /* of each slot but the first to be drawn */
};

/* percent 0..100 of want slots; want at most EXPLORE_SLOTS_MOST. */
struct explore_plan explore_slots(uint32_t want, uint32_t percent,
                                  uint64_t seed);

/* Draws `want` (or count) of pool[0..count) to its front, uniformly. Returns
 * how many. */
uint32_t explore_draw(uint32_t *pool, uint32_t count, uint32_t want,
                      uint64_t seed);
