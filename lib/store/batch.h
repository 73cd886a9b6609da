/*
 * batch.h -- precomputed recommendations: the rung below the live model.
 *
 * Order    read by score, largest first; equal scores by smaller post id.
 * Expiry   judged by the database's clock: a row is active while
 *          expires_at > now().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "store/db.h"

enum { BATCH_WRITE_MOST = 50000 };

struct batch_row {
    struct uuid user, post;
    float score;
};

/*
 * Replaces what the users in rows[] had: their rows become exactly these, in
 * one statement. A pair named twice is ERR_INVALID; rows of users or posts
 * that do not exist any more are left out. All rows of one user must come in
 * one call, of at most BATCH_WRITE_MOST rows.
 */
MUST_USE bool batch_write(struct db *db, const struct batch_row *rows,
                          size_t count, int64_t generated_at_ms,
                          int64_t expires_at_ms, int64_t until_us,
                          struct err *err);

struct batch_pick {
    struct uuid post;
    float score;
    int64_t generated_at_ms;
};

/* Active rows of a user; out[most], *count of them are filled. */
MUST_USE bool batch_load(struct db *db, struct uuid user, size_t most,
                         int64_t until_us, struct batch_pick *out,
                         size_t *count, struct err *err);

/* Deletes at most `most` expired rows; call again while *deleted == most. */
MUST_USE bool batch_clean(struct db *db, size_t most, int64_t until_us,
                          size_t *deleted, struct err *err);

MUST_USE bool batch_count(struct db *db, int64_t until_us, int64_t *active,
                          int64_t *expired, struct err *err);
