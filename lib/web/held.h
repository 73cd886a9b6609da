/*
 * held.h -- the posts a reader was given lately, carried by himself: a signed
 * cookie, so that the next feed holds them back, on whatever worker, with or
 * without a database, and nothing is stored about it on our side.
 *
 * Form    seal.h over: version, time of signing, and for each post its 48-bit
 *         key and its age in seconds, oldest first. At most HELD_TEXT_MOST
 *         characters, sent to /api/feeds alone.
 * Trust   of another reader, altered or foreign: as if there were none.
 * Lost    without a cookie (or with two tabs at once) a post may come again:
 *         holding back is a courtesy, what was seen is a rule (reader.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "base/uuid.h"
#include "web/token.h"

#define HELD_COOKIE "kith_held"

enum {
    HELD_MOST = 100,
    HELD_TEXT_MOST = 1103,
    HELD_LIFE_MOST_S = UINT16_MAX, /* of one post */
};

struct held {
    uint32_t count;
    uint64_t keys[HELD_MOST]; /* uuid_key(), oldest first */
    int64_t at_ms[HELD_MOST]; /* when it was given */
};

/* Reads what is not older than life_ms; `out` is empty when there is none. */
void held_open(const struct token_keys *keys, struct uuid user,
               struct span text, int64_t now_ms, int64_t life_ms,
               struct held *out);

/* Given now; of more than HELD_MOST the oldest is forgotten. */
void held_add(struct held *h, struct uuid post, int64_t now_ms);

/* Appends the text. */
void held_sign(const struct token_keys *keys, struct uuid user,
               const struct held *h, int64_t now_ms, struct buf *out);
