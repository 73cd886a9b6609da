/*
 * precompute.h -- the rung below the live model: a list for every reader of
 * the model, written into user_recommendations, and clean-up of expired ones.
 *
 * Lists   collaborative_filtering_v1 on each reader's row of the model, the
 *         same exclusions as live; readers without a result get no row.
 * Threads config->job_threads of them, each with a connection of its own; the
 *         rows are the same for any number. watch is called on the caller's.
 * Batch   up to 4,096 readers are searched together (neighbours_batch.h).
 * Memory  12 bytes a pair and 16 a post for all (post_bits.h); a thread: one
 *         statement's rows, which are written as they come, a scratch and a
 *         batch: 45 MB for K of 100 and a model of MovieLens 20M's size.
 */
#pragma once

#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "reco/model.h"
#include "store/db.h"

struct precompute_report {
    uint32_t readers; /* with at least one recommendation */
    uint64_t written; /* rows */
    uint64_t deleted; /* expired rows */
    int64_t took_us;
};

struct precompute_watch {
    void (*at)(void *arg, uint64_t done, uint64_t total);
    void *arg;
};

MUST_USE bool precompute_run(struct db *db, const struct config *config,
                             const struct model *model,
                             const struct precompute_watch *watch,
                             struct precompute_report *out, struct err *err);
