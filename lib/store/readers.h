/*
 * readers.h -- names of readers, for the demo's reader switcher.
 *
 * Ownership  names are copied into the caller's rows, cut at READER_NAME_BYTES.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "store/db.h"

enum { READERS_MOST = 64, READER_NAME_BYTES = 96 };

struct reader_row {
    struct uuid id;
    int64_t interactions; /* readers_active only */
    size_t name_bytes;
    char name[READER_NAME_BYTES];
};

/* Those of ids[0..count) that exist, in no order; count <= READERS_MOST. */
MUST_USE bool readers_by_ids(struct db *db, const struct uuid *ids,
                             size_t count, int64_t until_us,
                             struct reader_row *out, size_t *found,
                             struct err *err);

/* The most active ones first; most <= READERS_MOST. Scans all interactions. */
MUST_USE bool readers_active(struct db *db, size_t most, int64_t until_us,
                             struct reader_row *out, size_t *found,
                             struct err *err);
