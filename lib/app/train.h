/*
 * train.h -- from the database to a published model file.
 *
 * One moment  interactions and posts are read in one snapshot.
 * Same        the same rows give the same matrix and data hash, whatever the
 *             order the database returns them in.
 * Safety      the file is published by rename; on failure the old one stays.
 * Memory      16 bytes an event while reading, then 8 a pair; post texts are
 *             streamed, never all in memory.
 */
#pragma once

#include <stdint.h>

#include "app/version.h"
#include "base/config.h"
#include "base/err.h"
#include "store/db.h"

enum train_stage {
    TRAIN_POSTS,        /* reading the catalogue */
    TRAIN_INTERACTIONS, /* reading the events */
    TRAIN_WRITE,        /* writing the posts into the model */
};

struct train_watch {
    void (*at)(void *arg, enum train_stage stage, uint64_t done,
               uint64_t total); /* total 0: not known; NULL: nobody watches */
    void *arg;
};

struct train_report {
    char version[VERSION_TEXT + 1];
    int64_t built_at_ms, trained_until_ms; /* 0: no event */
    uint64_t events, skipped;              /* skipped: unknown type or post */
    uint32_t users, posts, pairs;
    uint64_t data_hash;
    int64_t read_us, fold_us, write_us;
};

/* Trains on everything up to now and publishes config->model. */
MUST_USE bool train_run(struct db *db, const struct config *config,
                        const struct train_watch *watch,
                        struct train_report *out, struct err *err);
