/*
 * models.h -- the history of model files: which were made, how they were
 * judged, which were live, from when on and why.
 *
 * Truth    the file at KITH_MODEL is what is live; these rows say how it came
 *          to be. A row stays when its file has been deleted.
 * Order    of changes: by number, ascending in time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "store/db.h"

enum model_verdict {
    MODEL_PASSED,
    MODEL_REFUSED,
    MODEL_FORCED, /* refused, and published by order */
    MODEL_FOUND,  /* was live before anybody recorded it */
    MODEL_VERDICTS,
};

/* "passed", "refused", "forced", "found". */
const char *model_verdict_name(enum model_verdict verdict);

struct model_record {
    struct span version, algorithm, data_hash, sha256, reason;
    enum model_verdict verdict;
    int64_t run_id; /* 0: none */
    int64_t built_at_ms, trained_until_ms;
    int64_t bytes, users, posts, pairs;
};

/* Replaces a row of the same version. */
MUST_USE bool models_record(struct db *db, const struct model_record *m,
                            int64_t until_us, struct err *err);

enum model_change {
    CHANGE_TRAIN,
    CHANGE_PROMOTE,
    CHANGE_ROLLBACK,
    CHANGE_FOUND,
    CHANGES,
};

/* "train", "promote", "rollback", "found". */
const char *model_change_name(enum model_change change);

/* The version has a row in models. */
MUST_USE bool models_change(struct db *db, enum model_change change,
                            struct span version, struct span reason,
                            int64_t at_ms, int64_t until_us, struct err *err);

struct model_row {
    int64_t run_id, built_at_ms, trained_until_ms;
    int64_t bytes, users, posts, pairs;
    int64_t live_at_ms; /* the last time it became live; DB_NONE_I64: never */
    /* Borrowed until models_end. */
    struct span version, algorithm, data_hash, sha256, verdict, reason;
    struct span change, change_reason; /* of live_at_ms */
};

struct models {
    struct db_rows rows;
    size_t next;
    bool failed; /* once models_next has returned false */
};

/* Newest first. */
struct models models_newest(struct db *db, size_t most, int64_t until_us,
                            struct err *err);
/* One or none. */
struct models models_by_version(struct db *db, struct span version,
                                int64_t until_us, struct err *err);
/*
 * What was live before `live` became live by something other than a rollback,
 * latest first, each version once: the ways back. With a `live` that nobody
 * recorded, everything that was ever live.
 */
struct models models_before(struct db *db, struct span live, size_t most,
                            int64_t until_us, struct err *err);
bool models_next(struct models *it, struct model_row *row);
void models_end(struct models *it);
