/*
 * pack.h -- fields of signed texts as bytes, big-endian, without padding.
 *
 * The caller has judged the room: nothing is checked here.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/uuid.h"

enum { PACK_BYTE_BITS = 8 };

/* The lowest `bytes` bytes of value; returns what follows. */
static inline unsigned char *pack_uint(unsigned char *p, uint64_t value,
                                       size_t bytes)
{
    for (size_t i = bytes; i-- > 0; value >>= PACK_BYTE_BITS)
        p[i] = (unsigned char)value;
    return p + bytes;
}

static inline unsigned char *pack_uuid(unsigned char *p, struct uuid id)
{
    memcpy(p, id.b, UUID_BYTES);
    return p + UUID_BYTES;
}

/* Moves *p behind the number. */
static inline uint64_t unpack_uint(const unsigned char **p, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value = value << PACK_BYTE_BITS | *(*p)++;
    return value;
}

static inline const unsigned char *unpack_uuid(const unsigned char *p,
                                               struct uuid *id)
{
    memcpy(id->b, p, UUID_BYTES);
    return p + UUID_BYTES;
}
