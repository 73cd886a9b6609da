/*
 * history.h -- the newest events of one reader, as the recommender sees them.
 *
 * Order  newest first; of one millisecond the larger event id first.
 * Cost   one index-only scan of `most` entries.
 * Skips  types this program does not know (they still count towards `most`).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "reco/types.h"
#include "store/db.h"

/* out[most]; *count of them are filled. */
MUST_USE bool history_load(struct db *db, struct uuid user, size_t most,
                           int64_t until_us, struct history_event *out,
                           size_t *count, struct err *err);

/*
 * The same as it stood at a moment, for replay: of events stored before
 * before_ms. An event's stamp is that of the start of its transaction: one that
 * was being stored at that very moment may be on either side. What has been
 * erased since is not there.
 */
MUST_USE bool history_load_past(struct db *db, struct uuid user, size_t most,
                                int64_t before_ms, int64_t until_us,
                                struct history_event *out, size_t *count,
                                struct err *err);
