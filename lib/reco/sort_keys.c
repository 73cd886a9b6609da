#include "reco/sort_keys.h"

#include <stdbool.h>
#include <string.h>

enum { KEY_BITS = 64, BYTE_BITS = 8, VALUES = 1 << BYTE_BITS };

static unsigned byte_of(uint64_t key, unsigned shift)
{
    return (unsigned)(key >> shift) & (VALUES - 1);
}

/* Stable; false when all have the same byte, nothing is done then. */
static bool sort_byte(const uint64_t *from, uint64_t *to, size_t count,
                      unsigned shift)
{
    size_t starts[VALUES] = {0}, start = 0;

    for (size_t i = 0; i < count; i++)
        starts[byte_of(from[i], shift)]++;
    if (starts[byte_of(*from, shift)] == count)
        return false;
    for (unsigned v = 0; v < VALUES; v++) {
        size_t some = starts[v];
        starts[v] = start;
        start += some;
    }
    for (size_t i = 0; i < count; i++)
        to[starts[byte_of(from[i], shift)]++] = from[i];
    return true;
}

void sort_keys(uint64_t *keys, uint64_t *spare, size_t count)
{
    uint64_t *from = keys, *to = spare, *swap;

    for (unsigned shift = 0; count && shift < KEY_BITS; shift += BYTE_BITS)
        if (sort_byte(from, to, count, shift)) {
            swap = from;
            from = to;
            to = swap;
        }
    if (from != keys)
        memcpy(keys, from, count * sizeof *keys);
}
