/*
 * baseline.h -- the algorithms that every other one has to beat.
 *
 *     random          score(u, i) = hash(seed of the query, i) in [0, 1)
 *     popular         score(i) = number of users with i, or with `weighted`
 *                     the sum of their weights
 *     recent_popular  score(i) = sum over the pairs (u, i) of
 *                     w(u, i) * 2^(-(now - at(u, i)) / half_life)
 *
 * Times  without times of pairs recent_popular is popular by weights.
 * from   the decay is that of architecture's trending part; `random` is the
 *        floor that shows whether a protocol leaks.
 */
#pragma once

#include "reco/algorithm.h"

extern const struct algorithm algorithm_random, algorithm_popular,
    algorithm_recent_popular;
