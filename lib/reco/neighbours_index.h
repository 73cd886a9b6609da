/*
 * neighbours_index.h -- neighbours_find() on a model with an index.
 *
 * The dots of all users are counted strip by strip (65,536 users): lists add
 * constants to 16-bit cells, then tile by tile (4,096 users) the bits are added
 * (kernel.h) and the cells compared with what a user of that norm needs to
 * reach a floor under the K-th best so far. A tile whose users cannot reach the
 * floor is left out:
 *
 *     dot(u, v) <= largest w_u * sum of w_v
 *     dot(u, v) <= sum of w_u * largest weight there is
 *
 * Wide   users with n_u * n_v > 65,535^2 might overflow 16 bits. They are the
 *        first places; their dots are added up once more in 32 bits, from the
 *        heads of the same rows.
 * Thin   when the profile's posts have few readers in all, these are gathered
 *        instead of all users (neighbours.c does so in the matrix, unless the
 *        index holds only the newest readers).
 */
#pragma once

#include "reco/model.h"
#include "reco/neighbour.h"
#include "reco/profile.h"
#include "reco/scratch.h"

/*
 * Leaves an unsorted heap of the best k in out[k], returns how many. The norm
 * of the profile is not 0, 1 <= k <= NEIGHBOURS_MOST.
 */
uint32_t neighbours_by_index(const struct model *model, struct reco_scratch *s,
                             const struct profile *profile, uint32_t self,
                             uint32_t k, struct neighbour *out);
