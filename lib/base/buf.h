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
#include <string.h>

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

/* Room for `more` bytes behind those that are there; false: the buffer failed.
 * buf_room() asks it. */
bool buf_grow(struct buf *b, size_t more);

/* The next `bytes`, which the caller writes all of; NULL: the buffer failed. */
static inline char *buf_room(struct buf *b, size_t bytes)
{
    char *room;

    /* Most appends fit what is there already. */
    if ((b->failed || bytes > b->cap_bytes - b->bytes ||
         bytes > b->most_bytes - b->bytes) &&
        !buf_grow(b, bytes))
        return NULL;
    room = b->at + b->bytes;
    b->bytes += bytes;
    return room;
}

static inline void buf_add(struct buf *b, const void *at, size_t bytes)
{
    char *room = bytes ? buf_room(b, bytes) : NULL;

    if (room)
        memcpy(room, at, bytes);
}

static inline void buf_char(struct buf *b, char c)
{
    char *room = buf_room(b, 1);

    if (room)
        *room = c;
}

static inline void buf_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

static inline void buf_span(struct buf *b, struct span s)
{
    buf_add(b, s.at, s.bytes);
}

void buf_u64(struct buf *b, uint64_t value);
void buf_i64(struct buf *b, int64_t value);
void buf_fmt(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static inline struct span buf_view(const struct buf *b)
{
    return (struct span){b->at, b->bytes};
}
