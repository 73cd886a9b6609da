/*
 * arrivals.h -- which posts have become visible since a moment.
 *
 * Asked for, not told: in hosted mode posts is a view of somebody else's
 * table, where no trigger of ours can stand; behind pgBouncer in transaction
 * mode nobody can LISTEN; and a post dated ahead appears without any statement.
 * Cost   one scan of the index posts_newest, no row of the table is read.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "store/db.h"

enum { ARRIVALS_MOST = 1000 };

struct arrival {
    struct uuid post;
    int64_t published_at_ms;
};

/* The newest first, those with published_at > since_ms; most <= ARRIVALS_MOST.
 */
MUST_USE bool arrivals_load(struct db *db, int64_t since_ms, size_t most,
                            int64_t until_us, struct arrival *out,
                            size_t *count, struct err *err);
