/*
 * spool_format.h -- the bytes of the spool: judged batches, one behind the
 * other, each able to prove that it is whole.
 *
 *     segment  record*
 *     record   struct spool_head (48 bytes), payload (head.bytes)
 *     payload  struct spool_batch_head, then for each event
 *              struct spool_event_head, its texts (type, source, arm, model
 *              version, metadata) and zeros up to a multiple of 8
 *
 * Bytes    little-endian, every part 8-byte aligned, no hidden padding.
 * Sums     XXH3-64: one over the head, so that its length can be trusted, one
 *          over the payload, so that a damaged one can be stepped over.
 * Version  of each record. A reader hands out what it knows and counts the
 *          rest; whoever changes the payload raises SPOOL_VERSION and keeps
 *          reading the old one.
 * Pure     nothing here touches a file: what the fuzzer sees is what the
 *          drain sees.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"
#include "store/events.h"

enum {
    SPOOL_VERSION = 1,
    SPOOL_BATCH = 1, /* the only type of record */
    SPOOL_ALIGN = 8,
    SPOOL_RECORD_MOST = 16 << 20, /* bytes; a body is 1 MiB at most */
};

struct spool_head {
    char magic[4];
    uint16_t version, type;
    uint32_t bytes;    /* of the payload */
    uint32_t events;   /* in it */
    uint64_t sequence; /* in its segment, from 0 */
    int64_t spooled_at_ms;
    uint64_t checksum;      /* of the payload */
    uint64_t head_checksum; /* of all above */
};
_Static_assert(sizeof(struct spool_head) == 48, "no hidden padding");

struct spool_batch_head {
    struct uuid user;
    int64_t received_at_ms;
    uint32_t count, zero;
};
_Static_assert(sizeof(struct spool_batch_head) == 32, "no hidden padding");

struct spool_event_head {
    struct uuid id, post, request;
    int64_t at_ms, client_at_ms;
    float propensity;
    int16_t position;
    uint16_t attributed;
    uint32_t metadata_bytes;
    uint16_t type_bytes, source_bytes, arm_bytes, model_bytes;
    uint32_t zero;
};
_Static_assert(sizeof(struct spool_event_head) == 88, "no hidden padding");

/* One reader's batch; rows[count], their texts borrowed. */
struct spool_batch {
    struct uuid user;
    int64_t received_at_ms;
    const struct event_row *rows;
    size_t count;
};

/* Appends one record. ERR_LIMIT: more than a record holds. */
MUST_USE bool spool_write(struct buf *out, const struct spool_batch *batch,
                          uint64_t sequence, int64_t spooled_at_ms,
                          struct err *err);

/* Judges a head alone: magic, its checksum, lengths within the limits. */
bool spool_head_check(const struct spool_head *head);

struct spool_record {
    struct spool_head head;
    struct span payload; /* its checksum holds */
};

/*
 * The records of a segment. What is damaged is stepped over: by its length
 * when its head is sound, else to the next sound head.
 */
struct spool_reader {
    struct span rest;
    uint64_t next;      /* sequence that is due */
    uint64_t damaged;   /* places that cannot be read, or records missing */
    uint64_t unknown;   /* whole records of another version or type */
    bool is_unfinished; /* it ends within a record: never acknowledged */
    bool is_gap;        /* the damage explains a jump of the sequence */
};

static inline struct spool_reader spool_read(struct span segment)
{
    return (struct spool_reader){.rest = segment};
}

/* Iterator: false at the end. Never fails; the counters tell what it met. */
bool spool_next(struct spool_reader *r, struct spool_record *out);

/*
 * The batch of a record, into rows[EVENTS_MOST]. ERR_CORRUPT: the parts do not
 * fit into the payload (a checksum that holds does not make them true).
 */
MUST_USE bool spool_batch_read(const struct spool_record *record,
                               struct event_row *rows, struct spool_batch *out,
                               struct err *err);
