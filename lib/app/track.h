/*
 * track.h -- POST /api/track: a batch of events, each judged on its own.
 *
 * Durable   200 is sent after COMMIT; one statement and one COMMIT a batch.
 *           202 while the database is away: after fsync into the spool.
 * Once      an event id is stored once, whatever is sent again.
 * Whole     a body that cannot be read, a bad token, another reader's id, or a
 *           database and a spool that are both out of reach refuse the batch:
 *           nothing of it is stored.
 */
#pragma once

#include "app/serve.h"

serve_fn track_post;
