/*
 * heap.h -- keep the k best of a stream: a binary heap whose root is the
 * worst one kept.
 *
 * Order   `worse(a, b)`: a stands behind b. It must be a total order; then
 *         the list is the same whatever the order of the offers.
 * Shapes  items is the caller's, room for `room` items of item_bytes.
 * Cost    O(log k) a kept offer, one comparison a refused one.
 * Inline  so that every use becomes a heap of its own type.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef bool heap_worse_fn(const void *a, const void *b);

#define HEAP_INLINE static inline __attribute__((always_inline))

/* Largest item a heap can hold: see the buffers below. */
enum { HEAP_ITEM_BYTES = 32 };

/* Lets `item` sink from the hole at the root to its place. */
HEAP_INLINE void heap_sink(unsigned char *items, uint32_t count,
                           const void *item, size_t item_bytes,
                           heap_worse_fn *worse)
{
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count)
            break;
        if (child + 1 < count &&
            worse(items + (child + 1) * item_bytes, items + child * item_bytes))
            child++;
        if (!worse(items + child * item_bytes, item))
            break;
        memcpy(items + at * item_bytes, items + child * item_bytes, item_bytes);
        at = child;
    }
    memcpy(items + at * item_bytes, item, item_bytes);
}

HEAP_INLINE void heap_rise(unsigned char *items, uint32_t count,
                           const void *item, size_t item_bytes,
                           heap_worse_fn *worse)
{
    size_t at = count;

    while (at) {
        size_t parent = (at - 1) / 2;
        if (!worse(item, items + parent * item_bytes))
            break;
        memcpy(items + at * item_bytes, items + parent * item_bytes,
               item_bytes);
        at = parent;
    }
    memcpy(items + at * item_bytes, item, item_bytes);
}

/* Whether the heap would keep the item. */
HEAP_INLINE bool heap_wants(const void *items, uint32_t count, uint32_t room,
                            const void *item, heap_worse_fn *worse)
{
    return count < room || (room && worse(items, item));
}

/* To be called when heap_wants() said so. */
HEAP_INLINE void heap_keep(void *items, uint32_t *count, uint32_t room,
                           const void *item, size_t item_bytes,
                           heap_worse_fn *worse)
{
    if (*count < room)
        heap_rise(items, (*count)++, item, item_bytes, worse);
    else
        heap_sink(items, *count, item, item_bytes, worse);
}

/* Best first; the array is no heap any more. */
HEAP_INLINE void heap_sort(void *items, uint32_t count, size_t item_bytes,
                           heap_worse_fn *worse)
{
    unsigned char *at = items;
    unsigned char last[HEAP_ITEM_BYTES];

    while (count > 1) {
        count--;
        memcpy(last, at + count * item_bytes, item_bytes);
        memcpy(at + count * item_bytes, at, item_bytes);
        heap_sink(at, count, last, item_bytes, worse);
    }
}
