#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ITEMS = 16 };

bool mem_take(size_t count, size_t item_bytes, void *out, struct err *err)
{
    void *at = calloc(count ? count : 1, item_bytes);

    if (!at)
        return err_set(err, ERR_MEMORY, "heap: %zu x %zu bytes", count,
                       item_bytes);
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
