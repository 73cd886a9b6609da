/*
 * candidate.h -- the last stretch of a training: a model file that lies among
 * the versions is judged, recorded and, if it may, made the live one.
 *
 *     candidate_judge    reads files, changes nothing
 *     candidate_settle   one transaction (run, model, change), then the rename
 *
 * Safety   the live file changes only after the record is committed; when the
 *          database is away nothing has happened but a file among the versions.
 * Races    if another model became live since the comparison (a rollback by
 *          hand, another training), the candidate is refused.
 * Before   a live model that nobody recorded (from an earlier program, copied
 *          by hand) is recorded as found and kept among the versions, so that
 *          there is a way back to it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/gate.h"
#include "app/registry.h"
#include "app/version.h"
#include "base/config.h"
#include "base/err.h"
#include "store/db.h"
#include "store/models.h"
#include "store/runs.h"

struct candidate {
    char version[VERSION_TEXT + 1]; /* the caller's; everything else is ours */
    struct gate gate;
    enum model_verdict verdict;
    bool is_live; /* it was published */
    char reason[GATE_REASON_BYTES];
    char before[MODEL_VERSION_BYTES]; /* what was live; empty: nothing */
    int64_t bytes, judge_us;
    char sha256[REGISTRY_SHA256_HEX + 1];
    int64_t run_id;
    size_t removed; /* versions deleted by age */
};

/* `data` may be NULL: then sides are compared by their counts alone. `force`
 * turns a refusal for being worse into MODEL_FORCED; a damaged file stays
 * refused. */
MUST_USE bool candidate_judge(const struct config *config,
                              const struct gate_data *data, bool force,
                              struct candidate *c, struct err *err);

/* Adds what the gate found to the run, records it and publishes. */
MUST_USE bool candidate_settle(struct db *db, const struct config *config,
                               struct run_record *run, int64_t until_us,
                               struct candidate *c, struct err *err);

/* Makes a version live by hand. `change`: promote or rollback. */
MUST_USE bool candidate_promote(struct db *db, const struct config *config,
                                enum model_change change, struct span version,
                                struct span reason, int64_t until_us,
                                struct err *err);
