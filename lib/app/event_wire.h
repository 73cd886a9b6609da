/*
 * event_wire.h -- one event of POST /api/track: from its parts to a row, or to
 * the reason why it is refused.
 *
 * Fields  event_id (made when absent), type, post_id, ts (received_at when
 *         absent), impression, metadata, user_id (must be the reader);
 *         others are counted and ignored.
 * Time    the device's clock may be wrong: when sent_at and our clock differ
 *         by over CLOCK_SKEW_MS, the difference is added to ts. The result is
 *         never later than received_at_ms; too old or too far ahead (settings)
 *         is refused.
 * Proof   an impression that is genuine, of this reader and this post, makes
 *         the event attributed; any other text leaves it unattributed.
 * Borrows rows point into the body (metadata) and the arena.
 */
#pragma once

#include <stdint.h>

#include "app/event_body.h"
#include "base/arena.h"
#include "base/config.h"
#include "reco/types.h"
#include "store/events.h"
#include "web/problem.h"
#include "web/token.h"

enum { CLOCK_SKEW_MS = 2000 };

struct event_frame {
    const struct config *config;
    const struct token_keys *keys;
    struct arena *arena; /* keeps what rows borrow */
    struct uuid user;
    int64_t received_at_ms;
    int64_t offset_ms;      /* to be added to client times */
    uint32_t ignored_count; /* unknown fields so far */
};

/* What to add to client times of a request sent at sent_at_ms (its clock). */
int64_t event_clock_offset(int64_t received_at_ms, int64_t sent_at_ms);

struct event_verdict {
    bool ok;
    bool id_known;      /* row.id is set */
    bool id_made;       /* by us */
    bool foreign;       /* names another reader: the whole batch is refused */
    enum rejection why; /* unless ok */
};

/* ERR_MEMORY and the like only; what the client did wrong is a verdict. */
MUST_USE bool event_wire_read(struct event_frame *f,
                              const struct event_parts *event,
                              struct event_row *row, struct event_verdict *out,
                              struct err *err);

/* Optional members of the batch too. False when one is there and of another
 * type or out of range; *found false and *out untouched when it is absent. */
bool event_wire_uuid(struct event_frame *f, const struct json_part *part,
                     struct uuid *out, bool *found);
bool event_wire_ms(const struct json_part *part, int64_t *out, bool *found);
