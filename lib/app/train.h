/*
 * train.h -- from the database to a model file that is judged, recorded and, if
 * it is no worse than the live one (gate.h), published.
 *
 * One moment  interactions and posts are read in one snapshot.
 * Same        the same rows give the same matrix and data hash, whatever the
 *             order the database returns them in.
 * Safety      the file is published by rename; on failure, and when the
 *             database goes away at any moment, the old one stays.
 * Record      every run, failed ones too as long as there is a database.
 * Memory      16 bytes an event while reading (40 when it will be compared with
 *             a live model), then 8 a pair; post texts are streamed, never all
 *             in memory.
 */
#pragma once

#include <stdint.h>

#include "app/candidate.h"
#include "base/config.h"
#include "base/err.h"
#include "store/db.h"

enum train_stage {
    TRAIN_POSTS,        /* reading the catalogue */
    TRAIN_INTERACTIONS, /* reading the events */
    TRAIN_WRITE,        /* writing the posts into the model */
    TRAIN_COMPARE,      /* comparing with the live model: one call, no total */
};

struct train_watch {
    void (*at)(void *arg, enum train_stage stage, uint64_t done,
               uint64_t total); /* total 0: not known; NULL: nobody watches */
    void *arg;
};

struct train_options {
    const struct train_watch *watch; /* NULL: nobody */
    bool force;                      /* publish a worse model too */
    const char *revision;            /* of the program; NULL: not known */
};

struct train_report {
    char version[VERSION_TEXT + 1];
    int64_t built_at_ms, trained_until_ms; /* 0: no event */
    int64_t oldest_ms;                     /* as trained_until_ms */
    uint64_t events, skipped;              /* skipped: unknown type or post */
    uint32_t users, posts, pairs;
    uint64_t data_hash;
    int64_t read_us, fold_us, write_us;
    struct candidate candidate; /* how it was judged, whether it is live */
};

/*
 * Trains on everything up to now. False: failed, nothing has changed. A refused
 * model is no failure: report.candidate.is_live tells. *record (initialised by
 * the call, released by the caller whatever is returned) is what was recorded
 * under report.candidate.run_id.
 */
MUST_USE bool train_make(struct db *db, const struct config *config,
                         const struct train_options *options,
                         struct train_report *out, struct run_record *record,
                         struct err *err);

/* The same with default options and without the record. */
MUST_USE bool train_run(struct db *db, const struct config *config,
                        const struct train_watch *watch,
                        struct train_report *out, struct err *err);
