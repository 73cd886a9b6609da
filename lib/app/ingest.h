/*
 * ingest.h -- keeps one judged batch: in PostgreSQL, or, while that is away, in
 * the local spool.
 *
 * Durable   true: committed, or fsynced in the spool, from where `kith drain`
 *           stores it. False: to be sent again; the spool holds nothing of it.
 * Spooled   when PostgreSQL cannot be reached or does not answer in time. The
 *           fate of a COMMIT may be unknown then; event ids make the replay
 *           harmless. What only PostgreSQL can tell (a duplicate, an unknown
 *           post) is found at the replay: until then every event counts as
 *           stored.
 * Wait      up to track_wait_ms for a server that is connected. To connect may
 *           take db_wait_ms of it: the spool is quicker than a dial that hangs.
 */
#pragma once

#include "app/app.h"
#include "store/events.h"

MUST_USE bool ingest_keep(struct app *app, const struct spool_batch *batch,
                          int64_t started_us, enum event_fate *fates,
                          bool *is_spooled, struct err *err);
