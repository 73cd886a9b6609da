/*
 * batch_body.h -- a batch of events as the tracker sends it: ids of version 7,
 * signed impressions of one feed of 20 posts, mostly views.
 */
#pragma once

#include "base/buf.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "web/token.h"

enum { BATCH_EVENTS = 20 };

struct batch_of {
    const struct token_keys *keys;
    struct uuid user;
    const struct uuid *posts; /* to choose from */
    uint32_t post_count;      /* at least BATCH_EVENTS */
    int64_t at_ms;
};

/* Appends the JSON body; everything new in it comes from rng. */
void batch_body(struct buf *out, const struct batch_of *b, struct rng *rng);

/* An id of version 4 made of rng. */
struct uuid batch_id(struct rng *rng);
