#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
enum { ARENA_GAP_BYTES = 16 };
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)0)
enum { ARENA_GAP_BYTES = 0 };
#endif

bool arena_init(struct arena *a, size_t cap_bytes, struct err *err)
{
    *a = (struct arena){.cap_bytes = cap_bytes};
    if (!mem_take(cap_bytes, 1, &a->base, err))
        return false;
    ASAN_POISON_MEMORY_REGION(a->base, a->cap_bytes);
    return true;
}

void arena_release(struct arena *a)
{
    if (a->base)
        ASAN_UNPOISON_MEMORY_REGION(a->base, a->cap_bytes);
    mem_give(a->base);
    *a = (struct arena){0};
}

void arena_reset(struct arena *a)
{
    ASAN_POISON_MEMORY_REGION(a->base, a->cap_bytes);
    a->used_bytes = 0;
}

bool arena_take(struct arena *a, size_t count, size_t item_bytes, void *out,
                struct err *err)
{
    unsigned char *next = a->base + a->used_bytes;
    size_t pad = (size_t)(-(uintptr_t)next) & (alignof(max_align_t) - 1);
    size_t bytes, whole;

    if (__builtin_mul_overflow(count, item_bytes, &bytes) ||
        __builtin_add_overflow(bytes, pad + ARENA_GAP_BYTES, &whole) ||
        whole > a->cap_bytes - a->used_bytes)
        return err_set(err, ERR_MEMORY, "arena: %zu x %zu, %zu of %zu used",
                       count, item_bytes, a->used_bytes, a->cap_bytes);
    ASAN_UNPOISON_MEMORY_REGION(next + pad, bytes);
    next = memset(next + pad, 0, bytes);
    memcpy(out, &next, sizeof next);
    a->used_bytes += whole;
    return true;
}

bool arena_copy_text(struct arena *a, const char *at, size_t bytes,
                     const char **out, struct err *err)
{
    char *copy;

    if (!arena_take(a, bytes + 1, 1, &copy, err))
        return false;
    if (bytes)
        memcpy(copy, at, bytes);
    *out = copy;
    return true;
}
