/*
 * past.h -- the history of a reader as it stood at a moment: for replay.
 *
 * Stamps  an event's is that of the start of its transaction: one that was
 *         being stored at that very moment may be on either side.
 * Lost    what has been erased since is not there.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "reco/types.h"
#include "store/db.h"

/* As history_load (history.h), of events stored before before_ms. */
MUST_USE bool past_history_load(struct db *db, struct uuid user, size_t most,
                                int64_t before_ms, int64_t until_us,
                                struct history_event *out, size_t *count,
                                struct err *err);
