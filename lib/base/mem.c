#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { FIRST_ITEMS = 16, LINE_BYTES = 64, LARGE_PAGE_BYTES = 1 << 21 };

bool mem_take(size_t count, size_t item_bytes, void *out, struct err *err)
{
    void *at = calloc(count ? count : 1, item_bytes);

    if (!at)
        return err_set(err, ERR_MEMORY, "heap: %zu x %zu bytes", count,
                       item_bytes);
    memcpy(out, &at, sizeof at);
    return true;
}

bool mem_take_wide(size_t count, size_t item_bytes, void *out, struct err *err)
{
    size_t bytes, whole, unit = LINE_BYTES;
    void *at = NULL;

    if (!__builtin_mul_overflow(count ? count : 1, item_bytes, &bytes)) {
        unit = bytes < LARGE_PAGE_BYTES ? LINE_BYTES : LARGE_PAGE_BYTES;
        if (!__builtin_add_overflow(bytes, unit - 1, &whole))
            at = aligned_alloc(unit, whole / unit * unit);
    }
    if (!at)
        return err_set(err, ERR_MEMORY, "heap: %zu x %zu bytes", count,
                       item_bytes);
    /* Only faster with them: without, it works as well. */
    if (unit == LARGE_PAGE_BYTES)
        (void)madvise(at, whole / unit * unit, MADV_HUGEPAGE);
    memset(at, 0, bytes);
    memcpy(out, &at, sizeof at);
    return true;
}

bool mem_grow(void *array, size_t *cap, size_t need, size_t item_bytes,
              struct err *err)
{
    void *at;
    size_t items = *cap ? *cap : FIRST_ITEMS;
    size_t bytes;

    if (need <= *cap)
        return true;
    while (items < need)
        if (__builtin_mul_overflow(items, 2, &items))
            items = need;
    memcpy(&at, array, sizeof at);
    if (__builtin_mul_overflow(items, item_bytes, &bytes) ||
        !(at = realloc(at, bytes)))
        return err_set(err, ERR_MEMORY, "heap: %zu x %zu bytes", need,
                       item_bytes);
    memcpy(array, &at, sizeof at);
    *cap = items;
    return true;
}

void mem_give(void *at)
{
    free(at);
}
