/*
 * drain.h -- from the spool into PostgreSQL.
 *
 * Order     segments by age, records by sequence, each record as the batch it
 *           was: one statement. Up to 64 share a COMMIT; when that fails, each
 *           gets its own.
 * Once      event ids make a replay harmless, so the position is not kept: a
 *           segment is deleted after the COMMIT of its last record, and one
 *           that was interrupted is replayed from its start.
 * Locks     drain.lock: one drain at a time, until its process ends, however it
 *           ends. Each segment is locked while it is replayed; one in which a
 *           writer is at work is left for the next pass.
 * Aside     a segment with anything that cannot be read, or that PostgreSQL
 *           will never take, goes to bad/ as it is, after the rest of it has
 *           been stored. Nothing is deleted unread. Moved back into the folder
 *           it is tried again.
 * Refused   events whose post is unknown, or that PostgreSQL refuses, are
 *           counted and reported: they were accepted while nobody could tell.
 * Erased    what a reader sent before he was erased is not stored.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"
#include "store/spool.h"

struct drain_report {
    uint64_t segments, records, events;
    uint64_t stored, duplicates, unknown_posts, refused, erased;
    uint64_t aside;      /* segments moved to bad/ */
    uint64_t damaged;    /* places in them that cannot be read */
    uint64_t unfinished; /* records that end too early: never acknowledged */
    uint64_t unknown;    /* records of another version of this program */
    uint64_t poison;     /* records that PostgreSQL refuses as a whole */
    uint64_t busy;       /* segments in which a writer was at work */
};

/* An event whose post is not known. It may be told again when a COMMIT fails.
 */
typedef void drain_refused_fn(void *arg, const struct event_row *row,
                              int64_t received_at_ms);

struct drain {
    const char *folder; /* borrowed */
    struct db *db;      /* borrowed */
    int lock_fd;
    int folder_fd;
    bool (*should_stop)(void); /* asked before each record; may be NULL */
    drain_refused_fn *refused; /* may be NULL */
    void *refused_arg;
    struct event_row *rows; /* of the running record */
    struct drain_report report;
};

/* Makes the folder if need be. *alone is false when another drain holds it. */
MUST_USE bool drain_open(struct drain *d, const char *folder, struct db *db,
                         bool *alone, struct err *err);
void drain_close(struct drain *d);

/*
 * One pass over all segments, adding to d->report. False with ERR_DOWN,
 * ERR_TIMEOUT or ERR_MEMORY: call again later, nothing is lost.
 */
MUST_USE bool drain_pass(struct drain *d, struct err *err);

/* True when records were lost to the eye: something acknowledged may be among
 * what cannot be stored. */
static inline bool drain_is_damaged(const struct drain_report *r)
{
    return r->damaged || r->unknown || r->poison;
}
