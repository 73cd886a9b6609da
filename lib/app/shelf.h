/*
 * shelf.h -- posts straight from the database, for answers that cannot use a
 * model: the newest visible ones, or those precomputed for a reader.
 *
 * Freshness  read again when older than SHELF_LIFE_MS and the database
 *            answers; otherwise what was read last is kept.
 * Bound      SHELF_POSTS posts, about 2 kB each.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/err.h"
#include "store/db.h"

enum { SHELF_POSTS = 500, SHELF_LIFE_MS = 5000 };

struct shelf_post {
    struct uuid id, author;
    int64_t published_at_ms;
    size_t offset, bytes; /* of its members (post_wire.h) in texts */
    float score;          /* precomputed ones */
};

struct shelf {
    struct shelf_post posts[SHELF_POSTS]; /* newest or best first */
    uint32_t count;
    struct buf texts;
    int64_t read_at_us; /* 0: never */
};

void shelf_init(struct shelf *s);
void shelf_release(struct shelf *s);

/* On failure the old posts stay. */
MUST_USE bool shelf_follow(struct shelf *s, struct db *db,
                           const struct config *config, int64_t until_us,
                           struct err *err);

/* Reads one page: the same shape, any place in the order; see posts_newest. */
MUST_USE bool shelf_read(struct shelf *s, struct db *db,
                         const struct config *config, size_t most,
                         int64_t before_ms, struct uuid before_id,
                         int64_t until_us, struct err *err);

/* The posts of posts_precomputed, at most SHELF_POSTS. */
MUST_USE bool shelf_read_precomputed(struct shelf *s, struct db *db,
                                     const struct config *config,
                                     struct uuid user, int64_t until_us,
                                     struct err *err);

static inline struct span shelf_text(const struct shelf *s, uint32_t i)
{
    return (struct span){s->texts.at + s->posts[i].offset, s->posts[i].bytes};
}
