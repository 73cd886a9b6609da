/*
 * cursor.h -- the place in a scroll, carried by the reader: stateless, signed,
 * bound to one reader.
 *
 * Form    seal.h over packed bytes (big-endian). At most CURSOR_TEXT_MOST
 *         characters (400 posts).
 * Posts   remembered by 48-bit hashes: among 400 posts and 100,000 candidates
 *         one wrongly left out every 7 million scrolls.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"
#include "web/token.h"

enum {
    CURSOR_POSTS_MOST = 400,
    CURSOR_TEXT_MOST = 3328,
};

enum cursor_feed { CURSOR_FOR_YOU, CURSOR_LATEST, CURSOR_FEEDS };

struct cursor {
    enum cursor_feed feed;
    int64_t issued_at_ms;    /* of the first page; the life counts from here */
    uint64_t seed;           /* of chance in this scroll */
    uint32_t served_count;   /* posts served so far, also those not kept */
    int64_t published_at_ms; /* CURSOR_LATEST: continue strictly behind this */
    struct uuid post;        /* .. and this post */
    uint32_t key_count;
    uint64_t keys[CURSOR_POSTS_MOST]; /* uuid_key() of posts served */
    bool expired; /* set beside ERR_INVALID: genuine, but too old */
};

/* False when the list is full; served_count grows in any case. */
bool cursor_add(struct cursor *c, struct uuid post);
/* O(key_count). */
bool cursor_has(const struct cursor *c, struct uuid post);

/* Appends the text. */
void cursor_sign(const struct token_keys *keys, struct uuid user,
                 const struct cursor *c, struct buf *out);

/*
 * ERR_INVALID when altered or of another reader (problem `bad_cursor`), or
 * older than life_ms: then c->expired is set (problem `cursor_expired`).
 */
MUST_USE bool cursor_check(const struct token_keys *keys, struct uuid user,
                           struct span text, int64_t now_ms, int64_t life_ms,
                           struct cursor *c, struct err *err);
