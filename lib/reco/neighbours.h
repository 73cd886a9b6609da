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
 * Cost     O(pairs of the profile's posts + users / vector width); about 1 ns
 *          a pair. No allocation.
 * from     Sarwar et al. 2000 (user-based cosine); weights in types.h
 */
#pragma once

#include <stdint.h>

#include "reco/model.h"
#include "reco/profile.h"
#include "reco/scratch.h"

enum {
    SIMILARITY_BITS = 24, /* similarity 1 is 2^24 */
};

struct neighbour {
    uint32_t user;
    uint32_t dot;        /* sum of w_u * w_v, at least 1 */
    uint32_t norm;       /* n_v */
    uint32_t similarity; /* floor(2^24 * cosine), 0..2^24 */
};

/*
 * Fills out[0..k), best first; returns how many, fewer when fewer users share
 * a post with the profile. 1 <= k <= NEIGHBOURS_MOST. self: ORDINAL_NONE
 * when the reader is not in the model.
 */
uint32_t neighbours_find(const struct model *model, struct reco_scratch *s,
                         const struct profile *profile, uint32_t self,
                         uint32_t k, struct neighbour *out);

/*
 * floor(2^24 * dot / sqrt(norm_u * norm_v)), computed in doubles of which
 * each operation is correctly rounded: the same on every machine.
 * dot <= sqrt(norm_u * norm_v), norms >= 1.
 */
uint32_t similarity_of(uint32_t dot, uint32_t norm_u, uint32_t norm_v);
