/*
 * scratch.h -- the working memory of one worker for one model.
 *
 * Lifetime   made when a model is opened, reused by every request, released
 *            before the model is closed.
 * Invariant  between calls into reco/ every cell is zero unless said
 *            otherwise: who writes clears, in the pass that reads.
 * Size       4 bytes a user, 12 bytes and a bit a post, 2 bytes for the larger
 *            of both; with an index 4 bytes a user and 120 bytes a row of it
 *            more, of which a request touches what it needs; explanations add 8
 *            bytes for each (shown post, profile post), grown when needed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/kernel.h"
#include "reco/model.h"

/*
 * What a thin request touched, gathered by walking its rows again instead of
 * scanning all cells: worth it while that is less than 1 / SCRATCH_THIN of
 * them. The arrays have room for that many.
 */
enum { SCRATCH_THIN = 8 };

struct found {
    uint32_t *ordinals;
    uint64_t *values; /* dots or sums */
    uint32_t *keys;   /* bits of a float that orders them, see kernel.h */
    uint32_t count;
};

/* The segments of a row that are not yet added. */
struct index_list {
    const uint16_t *at, *end;
    uint32_t product;
};

struct index_pairs {
    const uint32_t *at, *end;
    uint32_t weight;
};

struct index_bits {
    const uint64_t *at;
    uint32_t key; /* product << 20 | 2^20 - 1 - tiles */
};

/* About the users of a tile, see neighbours_index.h. */
struct index_tile {
    float most_sum;   /* of sqrt(d_v) >= sum of w_v / sqrt(n_v) */
    float most_scale; /* of 1 / sqrt(n_v) */
};

/* INDEX_STRIP: users whose dots are added up at a time. A block of the lists,
 * so that each list is read on in long pieces; 128 kB, a nearer cache's. */
enum { INDEX_FOUND = 2048, INDEX_STRIP = 1 << 16 };

/* For a model with an index; nothing is kept zero but dots. */
struct index_scratch {
    uint16_t *dots;                      /* [INDEX_STRIP] */
    uint32_t *places;                    /* [users] */
    float *last_scales;                  /* of the last tile, then 0 */
    struct index_tile *tiles;            /* filled by reco_scratch_init */
    struct index_list *lists;            /* [rows of the index] */
    struct index_pairs *pairs;           /* [rows] */
    struct index_bits *bits, *more_bits; /* [rows] */
    const uint64_t **rows;               /* [rows] */
    struct kernel_group *groups;         /* [rows] */
    uint32_t found_places[INDEX_FOUND], found_dots[INDEX_FOUND];
    uint32_t found_keys[INDEX_FOUND];
    void *block;
};

struct reco_scratch {
    const struct kernel *kernel;
    uint32_t user_blocks, post_blocks; /* of KERNEL_USERS, KERNEL_POSTS */
    void *dots;         /* [users, whole blocks] of u32, or of u16 */
    uint64_t *sums;     /* [posts, whole blocks] */
    uint32_t *peaks;    /* [user_blocks or post_blocks]; not kept zero */
    struct found found; /* not kept zero */
    uint64_t *seen;     /* [posts] bits: what recommend() must not show */
    uint32_t *marks;    /* [posts] what recommend_explain looks for */
    uint64_t *parts;    /* grown by recommend_explain; not kept zero */
    size_t parts_cap;
    /* Set by the caller, ascending: readers who do not count any more (erased
     * since the model was built) and are nobody's neighbours. */
    const uint32_t *erased;
    uint32_t erased_count;
    struct index_scratch index;
    void *block;
};

MUST_USE bool reco_scratch_init(struct reco_scratch *s,
                                const struct model *model, struct err *err);
/* Accepts a zeroed scratch. */
void reco_scratch_release(struct reco_scratch *s);
