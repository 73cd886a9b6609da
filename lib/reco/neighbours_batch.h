/*
 * neighbours_batch.h -- the neighbours of many readers, line by line.
 *
 * Same    bit for bit what neighbours_find() gives each of them.
 * How     a tile of the index is laid out in a near cache once for all readers
 *         of a batch (near_rows.h). Each reader's dots of a line are counted as
 *         bit planes and judged there: only who reaches his floor becomes a
 *         number. Readers for whom that does not pay, or whose dots may pass 16
 *         bits, are asked alone.
 * Memory  6 kB and 16 * k bytes a reader, 4 to 8 bytes for each row of the
 *         index that he meets, and the near rows.
 * Use     one thread; any number of batches, each begun, filled, searched.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/near_rows.h"
#include "reco/nearest.h"
#include "reco/profile.h"
#include "reco/scratch.h"

enum { NEIGHBOURS_BATCH = 4096 };

/* A row that is not near, as a reader meets it. */
struct batch_few {
    uint32_t at; /* of rows.few */
    uint32_t weight;
};

struct batch_search {
    struct nearest best;
    size_t slots, groups, few; /* first of his */
    uint32_t group_count, few_count;
    uint64_t dot_most; /* a bound of all dots */
    uint32_t bits;     /* every dot is below 2^bits */
    uint32_t weight_most;
    uint32_t norm;
    bool done; /* asked alone */
};

struct neighbours_batch {
    const struct model *model;
    struct reco_scratch *scratch;
    uint32_t k, most, count;
    struct batch_search *searches; /* [most] */
    struct neighbour *out;         /* [most][k] */
    uint32_t *found;               /* [most][3][BATCH_FOUND] */
    struct near_rows rows;
    float lengths[KERNEL_LINES]; /* least sqrt(n_v) in each line */
    /* Of all readers, one behind the other. */
    uint32_t *slots;
    struct kernel_slots *groups;
    struct batch_few *few;
    size_t slot_count, group_count, few_count;
    size_t slots_cap, groups_cap, few_cap;
    uint64_t *keys; /* [keys_cap] while rows are sorted */
    size_t keys_cap;
    kernel_plane (*planes)[KERNEL_PLANES]; /* [KERNEL_LINES], zero between */
};

/*
 * For up to `most` readers at once, 1..NEIGHBOURS_BATCH, and k neighbours of
 * each, 1..NEIGHBOURS_MOST. The scratch says who is erased and is used by
 * neighbours_batch_search().
 */
MUST_USE bool neighbours_batch_init(struct neighbours_batch *b,
                                    const struct model *model,
                                    struct reco_scratch *scratch, uint32_t most,
                                    uint32_t k, struct err *err);
/* Accepts a zeroed batch. */
void neighbours_batch_release(struct neighbours_batch *b);

void neighbours_batch_begin(struct neighbours_batch *b);
/* One reader more; the profile may change afterwards. ERR_LIMIT: full. */
MUST_USE bool neighbours_batch_add(struct neighbours_batch *b,
                                   const struct profile *profile, uint32_t self,
                                   struct err *err);
void neighbours_batch_search(struct neighbours_batch *b);
/* Those of reader i in order of adding, best first; valid until the next
 * neighbours_batch_begin(). */
const struct neighbour *neighbours_batch_at(const struct neighbours_batch *b,
                                            uint32_t i, uint32_t *count);
