/*
 * buf.h -- bytes appended one after another: answers, files, log lines.
 *
 * Errors     remembered, not returned: after the limit or the heap is spent
 *            every append is ignored and `failed` stays true. The writer
 *            checks once, at the end.
 * Ownership  owns its block; buf_reset keeps it for the next use.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct buf {
    char *at;
    size_t bytes;
    size_t cap_bytes;
    size_t most_bytes;
    bool failed;
};

/* Takes no memory yet; holds at most most_bytes. */
void buf_init(struct buf *b, size_t most_bytes);
void buf_release(struct buf *b);
void buf_reset(struct buf *b);

void buf_add(struct buf *b, const void *at, size_t bytes);
void buf_char(struct buf *b, char c);
void buf_text(struct buf *b, const char *text);
void buf_span(struct buf *b, struct span s);
void buf_u64(struct buf *b, uint64_t value);
void buf_i64(struct buf *b, int64_t value);
void buf_fmt(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static inline struct span buf_view(const struct buf *b)
{
    return (struct span){b->at, b->bytes};
}
