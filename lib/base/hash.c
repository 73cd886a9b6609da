#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash64(const void *at, size_t bytes)
{
    return XXH3_64bits(at, bytes);
}

uint64_t hash64_seeded(const void *at, size_t bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(at, bytes, seed);
}

void hash_begin(struct hash_stream *h)
{
    h->value = 0;
}

/* The hash of each piece is seeded by all before it: order and borders count.
 */
void hash_add(struct hash_stream *h, const void *at, size_t bytes)
{
    h->value = XXH3_64bits_withSeed(at, bytes, h->value);
}

uint64_t hash_end(const struct hash_stream *h)
{
    return h->value;
}
