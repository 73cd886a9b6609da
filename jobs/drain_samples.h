/*
 * drain_samples.h -- keeps some of the events that a replay found to be of
 * unknown posts, where the operator looks for rejected events.
 *
 * Bounds   DRAIN_SAMPLES a write, the first ones; the counts are in the report.
 * Secret   no reader: type, post, time and the event's id.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "store/drain.h"

enum { DRAIN_SAMPLES = 10 };

struct drain_samples {
    struct buf text;
    size_t ends[DRAIN_SAMPLES];
    size_t count;
    int64_t received_at_ms; /* of the newest */
};

void drain_samples_init(struct drain_samples *s);
void drain_samples_release(struct drain_samples *s);

/* A drain_refused_fn; arg is the struct. */
drain_refused_fn drain_samples_add;

/* Writes and forgets them. Best effort: logged, not returned. */
void drain_samples_write(struct drain_samples *s, struct db *db);
