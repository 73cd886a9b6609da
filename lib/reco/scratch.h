/*
 * scratch.h -- the working memory of one worker for one model.
 *
 * Lifetime   made when a model is opened, reused by every request, released
 *            before the model is closed.
 * Invariant  between calls into reco/ every cell is zero unless said
 *            otherwise: who writes clears, in the pass that reads.
 * Size       4 bytes a user, 13 bytes a post; explanations add 8 bytes for
 *            each (shown post, profile post), grown when needed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/kernel.h"
#include "reco/model.h"

struct reco_scratch {
    const struct kernel *kernel;
    uint32_t user_blocks, post_blocks; /* of KERNEL_USERS, KERNEL_POSTS */
    void *dots;             /* [users, whole blocks] of u32, or of u16 */
    uint64_t *sums;         /* [posts, whole blocks] */
    unsigned char *touched; /* [post_blocks] a sum in the block is not 0 */
    uint32_t *peaks;        /* [user_blocks or post_blocks]; not kept zero */
    uint32_t *marks;        /* [posts] what recommend_explain looks for */
    uint64_t *parts;        /* grown by recommend_explain; not kept zero */
    size_t parts_cap;
    void *block;
};

MUST_USE bool reco_scratch_init(struct reco_scratch *s,
                                const struct model *model, struct err *err);
/* Accepts a zeroed scratch. */
void reco_scratch_release(struct reco_scratch *s);
