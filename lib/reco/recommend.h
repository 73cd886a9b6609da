/*
 * recommend.h -- collaborative_filtering_v1: posts that similar readers liked.
 *
 *     sum(i) = sum over the K neighbours v of similarity(v) * weight(v, i)
 *
 * Units    similarity is fixed point (2^24 = 1), weight in tenths: sums are
 *          exact integers below 2^40 and do not depend on any order.
 * Order    larger sum first, equal sums by the smaller ordinal.
 * Given    only posts that the reader may get (reader.h) with a sum over 0:
 *          fewer than wanted, or none, is a normal answer.
 * Cost     neighbours_find + O(pairs of the neighbours + posts / 64). No
 *          allocation.
 * from     Herlocker et al. 1999 without the division by the similarities of
 *          those who rated: that one breaks top-N lists.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "reco/model.h"
#include "reco/neighbours.h"
#include "reco/post_bits.h"
#include "reco/reader.h"
#include "reco/scratch.h"

enum {
    RECOMMEND_MOST = 500,
    REASONS_MOST = 3,
};

struct recommended {
    uint32_t post;
    float score; /* sum / (similarities of all neighbours * weight_most) */
    uint64_t sum;
};

/* About 24 kB: of process lifetime or in the caller's arena. */
struct recommendation {
    uint32_t neighbour_count, count;
    struct neighbour neighbours[NEIGHBOURS_MOST]; /* best first */
    struct recommended posts[RECOMMEND_MOST];     /* best first */
};

/*
 * k = 0 stands for the model's own K. ERR_INVALID: k over NEIGHBOURS_MOST or
 * want over RECOMMEND_MOST. An empty profile gives no post.
 */
MUST_USE bool recommend(const struct reader *reader, struct reco_scratch *s,
                        uint32_t k, uint32_t want, struct recommendation *out,
                        struct err *err);

/*
 * The second half of recommend(), for neighbours that are known
 * (neighbours_batch.h): the same answer, several times as fast where the bits
 * hold something. bits may be NULL. ERR_INVALID as there.
 */
MUST_USE bool recommend_known(const struct reader *reader,
                              struct reco_scratch *s,
                              const struct post_bits *bits,
                              const struct neighbour *neighbours,
                              uint32_t count, uint32_t want,
                              struct recommendation *out, struct err *err);

/* One post of the reader's own profile and what it did for a shown post. */
struct reason {
    uint32_t post;
    float share; /* of the shown post's score, 0..1 */
};

struct reasons {
    uint32_t neighbour_count; /* neighbours who know the shown post */
    uint32_t count;           /* of at[]; 0 when no neighbour knows the post */
    struct reason at[REASONS_MOST]; /* larger share first, then smaller post */
};

/*
 * Why each of posts[0..count), all different, was recommended. As similarity(v)
 * is itself a sum over the reader's posts j, the score of post i splits
 * exactly:
 *
 *     part(i, j) = sum over v of w_uj * w_vj * w_vi * r_v
 *     r_v        = floor(2^44 / sqrt(n_u * n_v))
 *     share      = part(i, j) / sum over all j of part(i, j)
 *
 * in integers up to the last division: the shares of all j add up to 1.
 * `from` is the answer of recommend() for the same reader. count <=
 * RECOMMEND_MOST (else ERR_INVALID). Cost O(pairs of the neighbours + sum over
 * v of common posts * shown posts of v + count * profile). ERR_MEMORY when
 * the table of count * profile parts cannot be had.
 */
MUST_USE bool recommend_explain(const struct reader *reader,
                                struct reco_scratch *s,
                                const struct recommendation *from,
                                const uint32_t *posts, uint32_t count,
                                struct reasons *out, struct err *err);

/* All parts of one post, parts[j] for profile->posts[j]: what the shares are
 * made of. For tests and tools. */
MUST_USE bool recommend_parts(const struct reader *reader,
                              struct reco_scratch *s,
                              const struct recommendation *from, uint32_t post,
                              uint64_t *parts, struct err *err);
