/*
 * feed_wire.h -- a feed as the JSON of GET /api/feeds.
 *
 * Cost  the posts are copied as they stand in the model; only position,
 *       source, score, reasons and impression are written for each.
 */
#pragma once

#include <stdint.h>

#include "app/feed.h"
#include "base/buf.h"
#include "base/uuid.h"
#include "web/token.h"

struct feed_wire {
    const struct feed *feed;
    const struct token_keys *keys; /* NULL: without impressions and cursor */
    struct uuid user, request;
    const char *request_text;
    int64_t now_ms;
    int64_t started_us; /* for took_us; 0: it is given */
    int64_t took_us;
};

/* Appends one JSON object; returns the took_us that stands in it. */
int64_t feed_wire_write(struct buf *out, const struct feed_wire *w);

/* The value of the header Server-Timing (durations in milliseconds). */
void feed_wire_timing(struct buf *out, const struct feed *feed,
                      int64_t total_us);
