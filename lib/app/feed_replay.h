/*
 * feed_replay.h -- a past answer made again, byte for byte, or the reason why
 * not.
 *
 * Inputs   the record (feed_served.h) names who asked, when and for what;
 *          model, history, overlay, settings and signing key are taken as they
 *          are now and compared by digest. A feed is a pure function of them,
 * so equal inputs give equal bytes; `program` set alone says that the code has
 * changed. History  events stored up to the moment of the answer.
 */
#pragma once

#include "app/feed_served.h"

struct replay_verdict {
    bool same; /* byte for byte */
    /* What differs now from what went in then. */
    bool model, history, newer, settings, key, cursor, program;
};

/*
 * The feeder's model must be open; another version gives the verdict `model`
 * and no answer. Appends the answer to body. ERR_DOWN, ERR_TIMEOUT: the
 * database is away.
 */
MUST_USE bool feed_replay(struct feeder *f, const struct token_keys *keys,
                          const struct served_found *found, int64_t until_us,
                          struct buf *body, struct replay_verdict *out,
                          struct err *err);
