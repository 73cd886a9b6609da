/*
 * events.h -- store one batch of events of one reader.
 *
 * Once      an event id is stored once, whatever is retried, in parallel or
 *           later. A second `view` of the same (user, request, post) under
 *           another id is a duplicate too.
 * Commit    one statement, one COMMIT; on return the batch is durable. After
 *           ERR_DOWN or ERR_TIMEOUT nothing is known (a COMMIT may have
 *           happened): send the same batch again.
 * Fates     each row has its own. A row PostgreSQL refuses (metadata that is
 *           not JSON for it, a time out of range, a malformed type) is
 *           FATE_REFUSED and does not harm the others.
 * Locks     rows are written in one order, so parallel batches cannot
 *           deadlock.
 * Reader    gets a row in `users` with the first event, unless the host
 *           application owns that table (hosted mode, see the migrations).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"
#include "store/db.h"

enum { EVENTS_MOST = 1000, EVENT_TYPE_BYTES = 32 };

/* What the impression token said of the showing this event answers. */
struct event_attribution {
    struct uuid request;
    int16_t position;
    struct span source, arm, model_version; /* empty: unknown */
    float propensity;                       /* NaN: unknown */
};

struct event_row {
    struct uuid id, post;
    struct span type;     /* a word [a-z][a-z_]*, at most EVENT_TYPE_BYTES */
    int64_t at_ms;        /* corrected time of the event */
    int64_t client_at_ms; /* what the client's clock said; DB_NONE_I64: none */
    struct span metadata; /* text of a JSON object; empty: none */
    bool attributed;
    struct event_attribution shown; /* read only when attributed */
};

enum event_fate {
    FATE_STORED,
    FATE_DUPLICATE,
    FATE_UNKNOWN_POST,
    FATE_REFUSED,
};

/* rows[count], fates[count]; count 0 is fine, over EVENTS_MOST is ERR_LIMIT. */
MUST_USE bool events_insert(struct db *db, struct uuid user,
                            const struct event_row *rows, size_t count,
                            int64_t received_at_ms, int64_t until_us,
                            enum event_fate *fates, struct err *err);
