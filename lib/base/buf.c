#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { DIGITS_MAX = 20 }; /* of 2^64 - 1 */

void buf_init(struct buf *b, size_t most_bytes)
{
    *b = (struct buf){.most_bytes = most_bytes};
}

void buf_release(struct buf *b)
{
    mem_give(b->at);
    *b = (struct buf){0};
}

void buf_reset(struct buf *b)
{
    b->bytes = 0;
    b->failed = false;
}

bool buf_grow(struct buf *b, size_t more)
{
    struct err err;

    if (b->failed)
        return false;
    if (more > b->most_bytes - b->bytes ||
        !mem_grow(&b->at, &b->cap_bytes, b->bytes + more, 1, &err))
        b->failed = true;
    return !b->failed;
}

void buf_u64(struct buf *b, uint64_t value)
{
    char digits[DIGITS_MAX];
    size_t first = DIGITS_MAX;

    do
        digits[--first] = (char)('0' + value % 10);
    while ((value /= 10));
    buf_add(b, digits + first, DIGITS_MAX - first);
}

void buf_i64(struct buf *b, int64_t value)
{
    if (value < 0)
        buf_char(b, '-');
    buf_u64(b, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
    va_list args;
    int bytes;

    va_start(args, fmt);
    bytes = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (bytes < 0)
        b->failed = true;
    if (!buf_grow(b, (size_t)bytes + 1))
        return;
    va_start(args, fmt);
    vsnprintf(b->at + b->bytes, (size_t)bytes + 1, fmt, args);
    va_end(args);
    b->bytes += (size_t)bytes;
}
