/*
 * training.h -- all interactions out for training, and bulk ones in.
 *
 * Snapshot  training_begin opens one; interactions and posts_all() read until
 *           training_end belong to the same moment.
 *
 *     training_begin(db, cutoff_ms, until_us, err)
 *         training_rows_of .. training_rows_next .. training_rows_end
 *         posts_all        .. posts_next         .. posts_end
 *     training_end(db, until_us, err)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "reco/types.h"
#include "store/db_copy.h"

struct training_row {
    struct uuid user, post;
    enum event_type type;
    int64_t at_ms;
};

/*
 * Order   grouped by user (larger id first), each user's rows by time, then by
 *         event id: the order mask_fold() wants, and the same on every run.
 * Skips   types this program does not know; counted in `skipped`.
 * Cutoff  rows of exactly cutoff_ms are in.
 */
struct training_rows {
    struct db_copy_out copy;
    uint64_t skipped;
    bool failed; /* once training_rows_next has returned false */
};

MUST_USE bool training_begin(struct db *db, int64_t cutoff_ms, int64_t until_us,
                             struct err *err);
struct training_rows training_rows_of(struct db *db, int64_t until_us,
                                      struct err *err);
bool training_rows_next(struct training_rows *it, struct training_row *row);
void training_rows_end(struct training_rows *it);
MUST_USE bool training_end(struct db *db, int64_t until_us, struct err *err);

/*
 * Import: one transaction a call, all or nothing. The same rows again are
 * duplicates. Readers get rows in `users` (not in hosted mode); rows of posts
 * that do not exist are left out and counted. 100,000 rows are a good call.
 */
struct import_row {
    struct uuid id, user, post;
    enum event_type type;
    int64_t at_ms;
};

struct import_counts {
    size_t inserted, duplicates, unknown_posts;
};

MUST_USE bool interactions_import(struct db *db, const struct import_row *rows,
                                  size_t count, int64_t until_us,
                                  struct import_counts *out, struct err *err);
