/*
 * spool.h -- the durable local queue of events while PostgreSQL is away.
 *
 * Promise   spool_add() returns true after fdatasync: the batch survives a
 *           kill and a power cut, and `kith drain` will store it. False:
 *           nothing of it is in the spool.
 * Folder    spool-<time>-<pid>-<n>.seg   segments, names in order of age
 *           bad/                         what could not be read, kept aside
 *           drain.lock                   one drain at a time
 *           Made when first needed, mode 0700: it names readers.
 * Writers   any number of processes, each with a segment of its own, locked
 *           (flock) while a record is appended. A locked segment is live; one
 *           that can be locked is at rest, whoever wrote it, and the drain may
 *           take it. A writer whose segment is locked, gone or moved away
 *           begins a new one.
 * Bounds    `most_bytes` for all segments together, looked up before each
 *           append (writers at the same moment may pass it by one record
 *           each). A segment is closed at an eighth of it, at most 8 MiB.
 * Failure   ERR_LIMIT: no room (most_bytes, disk, quota, ulimit). ERR_DOWN:
 *           the disk fails. A record that was begun is cut off again. After a
 *           failed fsync nothing may be trusted to what the kernel still holds:
 *           the segment is left for the drain and never appended to again.
 * Format    spool_format.h
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/spool_format.h"

enum { SPOOL_NAME = 64, SPOOL_PATH = 4096 };

#define SPOOL_LOCK "drain.lock"
#define SPOOL_BAD "bad"

struct spool {
    const char *folder; /* borrowed; "" : there is no spool */
    uint64_t most_bytes;
    int fd; /* -1: no segment */
    char path[SPOOL_PATH];
    uint64_t bytes, sequence; /* of the segment */
    uint64_t number;          /* of segments begun */
    struct buf record;
};

/* Touches no file. */
void spool_init(struct spool *s, const char *folder, uint64_t most_bytes);
/* The segment stays for the drain. */
void spool_release(struct spool *s);

static inline bool spool_is_on(const struct spool *s)
{
    return s->folder && *s->folder;
}

/* Durable on return, see above. An fsync: 0.1 to 10 ms. */
MUST_USE bool spool_add(struct spool *s, const struct spool_batch *batch,
                        struct err *err);

/* Is this the name of a segment? */
bool spool_is_segment(const char *name);

struct spool_depth {
    uint64_t segments, records, events, bytes;
    int64_t oldest_at_ms; /* of the oldest record; 0: none */
    uint64_t bad_segments, bad_bytes;
};

/*
 * How much waits, at a glance: reads the heads alone (a read of 48 bytes a
 * record) and takes what it finds behind a damaged one as not there. A folder
 * that does not exist is an empty spool.
 */
MUST_USE bool spool_depth_load(const char *folder, struct spool_depth *out,
                               struct err *err);
