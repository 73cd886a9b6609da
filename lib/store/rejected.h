/*
 * rejected.h -- samples of events that were not taken, for the operator.
 *
 * Bounds  REJECTED_BYTES a sample; how many there are is the writer's matter
 *         (app/reject_sample.h) and that of rejected_clean().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "store/db.h"

enum { REJECTED_BYTES = 1024, REJECTED_LIFE_S = 7 * 24 * 60 * 60 };

/* codes[count], events[count]; an event is at most REJECTED_BYTES of UTF-8. */
MUST_USE bool rejected_write(struct db *db, const struct span *codes,
                             const struct span *events, size_t count,
                             int64_t received_at_ms, int64_t until_us,
                             struct err *err);

/* Deletes at most `most` samples older than REJECTED_LIFE_S; call again while
 * *deleted == most. */
MUST_USE bool rejected_clean(struct db *db, size_t most, int64_t until_us,
                             size_t *deleted, struct err *err);

struct rejected_row {
    struct span code;
    struct span event;      /* newest only */
    int64_t count;          /* by code only */
    int64_t received_at_ms; /* by code: of the newest */
};

/* Iterators; spans are good until the next step. */
struct rejected {
    struct db_rows rows;
    size_t next;
    bool by_code;
    bool failed;
};
struct rejected rejected_newest(struct db *db, size_t most, int64_t until_us,
                                struct err *err);
struct rejected rejected_by_code(struct db *db, int64_t until_us,
                                 struct err *err);
bool rejected_next(struct rejected *it, struct rejected_row *row);
void rejected_end(struct rejected *it);
