/*
 * uuid.h -- 128-bit ids (RFC 9562).
 *
 * Order  bytewise, the same as PostgreSQL's and as that of the text form.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/span.h"

enum { UUID_BYTES = 16, UUID_TEXT = 36, UUID_KEY_BITS = 48 };

struct uuid {
    unsigned char b[UUID_BYTES];
};

static inline int uuid_compare(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->b, b->b, UUID_BYTES);
}

static inline bool uuid_equal(struct uuid a, struct uuid b)
{
    return !memcmp(a.b, b.b, UUID_BYTES);
}

/* The form 8-4-4-4-12 of hexadecimal digits, either case; nothing else. */
bool uuid_find(struct span text, struct uuid *out);

/* Writes UUID_TEXT lower-case characters and a NUL. */
void uuid_text(struct uuid id, char out[UUID_TEXT + 1]);

/* 48 bits of a hash of the id: short enough for a cursor full of them. */
uint64_t uuid_key(struct uuid id);

/* Random bytes with version 4 and variant bits set; ERR_DOWN never happens on
 * Linux after boot but is passed on. */
MUST_USE bool uuid_v4(struct uuid *out, struct err *err);
/* Time-ordered: 48 bits of milliseconds, then random. */
MUST_USE bool uuid_v7(int64_t at_ms, struct uuid *out, struct err *err);
/* Derived from a name: the same name gives the same id (SHA-1, RFC 9562). */
struct uuid uuid_v5(struct uuid space, struct span name);
