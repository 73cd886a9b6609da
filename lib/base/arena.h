/*
 * arena.h -- memory of one request or batch, given back all at once.
 *
 * Lifetime   pieces live until arena_reset(); none is freed alone.
 * Ownership  the arena owns one block, taken in arena_init (a process-long
 *            matter), given back in arena_release.
 * Shapes     every piece is zeroed and aligned for any type.
 * Cost       a piece costs one addition and one memset.
 * Sanitizer  with ARENA_POISON, bytes not handed out are poisoned and a gap
 *            stands between pieces, so ASan sees an overrun inside the arena.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"

struct arena {
    unsigned char *base;
    size_t used_bytes;
    size_t cap_bytes;
};

MUST_USE bool arena_init(struct arena *a, size_t cap_bytes, struct err *err);
void arena_release(struct arena *a);
void arena_reset(struct arena *a);

/* `out` is the address of a pointer of any object type. */
MUST_USE bool arena_take(struct arena *a, size_t count, size_t item_bytes,
                         void *out, struct err *err);

/* A NUL-terminated copy. */
MUST_USE bool arena_copy_text(struct arena *a, const char *at, size_t bytes,
                              const char **out, struct err *err);
