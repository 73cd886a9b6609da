/*
 * neighbours.h -- the K users of the model most similar to a profile, exact.
 *
 *     cosine(u, v) = sum over common posts of w_u * w_v / sqrt(n_u * n_v)
 *
 * with n = sum of squared weights of all posts of one side.
 *
 * Fold-in  the reader need not be in the model; if he is, his own row is
 *          passed as `self` and never his neighbour.
 * Erased   readers named in the scratch are nobody's neighbours.
 * Order    larger cosine first, equal cosines by the smaller ordinal. Dots
 *          and norms are integers and compared as integers: the same list,
 *          bit for bit, on every machine and with every kernel.
 * Newest   a model whose index holds only the newest readers of each post
 *          (KITH_POST_READERS) counts a common post only when v is one of
 *          them; n stays that of the whole profile.
 * Cost     O(pairs of the profile's posts), 0.8 ns each. With an index
 *          (reader_index.h), data of ML-20M's size, 2.06 million pairs a
 *          request: 0.09 ns each when all weigh the same, 0.4 ns with
 *          60/20/12/8 % of four weights (bench_neighbours ml20m --plain). No
 *          allocation.
 * from     Sarwar et al. 2000 (user-based cosine); weights in types.h
 */
#pragma once

#include <stdint.h>

#include "reco/model.h"
#include "reco/neighbour.h"
#include "reco/neighbours_index.h"
#include "reco/profile.h"
#include "reco/scratch.h"

/*
 * Fills out[0..k), best first; returns how many, fewer when fewer users share
 * a post with the profile. 1 <= k <= NEIGHBOURS_MOST. self: ORDINAL_NONE
 * when the reader is not in the model.
 */
uint32_t neighbours_find(const struct model *model, struct reco_scratch *s,
                         const struct profile *profile, uint32_t self,
                         uint32_t k, struct neighbour *out);
