/*
 * part.h -- the best posts of one way to recommend, kept while they come.
 *
 * Order   larger sum first, equal sums by the smaller ordinal.
 * Items   an ordinal below the model's post_count is a post of the model; above
 *         stand posts that are newer than it, numbered by the caller.
 * Units   sums mean something only beside the others of the same part.
 */
#pragma once

#include <stdint.h>

#include "reco/heap.h"
#include "reco/reader.h"

enum { PART_MOST = 300 };

struct part_post {
    uint64_t sum;
    uint32_t post;
};

struct part {
    uint32_t count, room;              /* room: at most PART_MOST */
    struct part_post posts[PART_MOST]; /* a heap; part_end: best first */
};

/* One post that the reader liked, as the parts see it: newest first. */
struct taste {
    uint32_t post;
    uint32_t weight; /* tenths * TASTE_ONE * decay, 1..2^20 */
};

enum { TASTE_ONE = 256 };

static inline bool part_worse(const void *left, const void *right)
{
    const struct part_post *a = left, *b = right;

    return a->sum != b->sum ? a->sum < b->sum : a->post > b->post;
}

/* Best first, for qsort. */
static inline int part_order(const void *left, const void *right)
{
    return part_worse(left, right) ? 1 : -1;
}

static inline void part_begin(struct part *p, uint32_t room)
{
    p->count = 0;
    p->room = room < PART_MOST ? room : PART_MOST;
}

/* For posts that the caller has already judged. */
static inline void part_keep(struct part *p, uint32_t post, uint64_t sum)
{
    struct part_post one = {sum, post};

    if (sum && heap_wants(p->posts, p->count, p->room, &one, part_worse))
        heap_keep(p->posts, &p->count, p->room, &one, sizeof one, part_worse);
}

/* For posts of the reader's model: kept when he may get them. */
static inline void part_offer(struct part *p, const struct reader *reader,
                              uint32_t post, uint64_t sum)
{
    struct part_post one = {sum, post};

    if (sum && heap_wants(p->posts, p->count, p->room, &one, part_worse) &&
        reader_may_get(reader, post))
        heap_keep(p->posts, &p->count, p->room, &one, sizeof one, part_worse);
}

static inline void part_end(struct part *p)
{
    heap_sort(p->posts, p->count, sizeof *p->posts, part_worse);
}
