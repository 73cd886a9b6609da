/*
 * scratch.h -- the working memory of one worker for one model.
 *
 * Lifetime   made when a model is opened, reused by every request, released
 *            before the model is closed.
 * Invariant  between calls into reco/ every cell is zero: who writes clears,
 *            in the same pass that reads.
 * Size       4 bytes a user, 8 bytes and a bit a post; explanations add 8
 *            bytes for each (shown post, profile post), grown when needed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/model.h"

enum {
    SCRATCH_ALIGN = 64, /* a cache line, a 512-bit vector */
    SCRATCH_BLOCK = 64, /* posts that share one `touched` byte */
};

struct reco_scratch {
    uint32_t *dots; /* [users, rounded up to SCRATCH_ALIGN], also as u16 */
    uint64_t *sums; /* [posts, rounded up to SCRATCH_BLOCK] */
    unsigned char *touched; /* [posts / SCRATCH_BLOCK, rounded up to 8] */
    uint32_t *marks;        /* [posts] index + 1 of what is explained */
    uint64_t *shares;       /* grown by recommend_explain */
    size_t shares_cap;
    size_t user_room, post_room; /* items in dots, in sums */
    void *block;
};

MUST_USE bool reco_scratch_init(struct reco_scratch *s,
                                const struct model *model, struct err *err);
/* Accepts a zeroed scratch. */
void reco_scratch_release(struct reco_scratch *s);
