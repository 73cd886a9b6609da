/*
 * contest_record.h -- what an evaluation or a tuning leaves in the log of runs:
 * parameters, data, metrics, durations, artefact, revision.
 *
 * Use     run_record_init, contest_record_input once the data are loaded,
 *         contest_record_result for evaluations, contest_record_end always.
 * Names   of parameters LABEL/setting, of metrics LABEL/metric@k and
 * LABEL/cost; in a label : becomes / and = becomes -. Cold groups put their own
 *         name between: LABEL/cold_users/recall@20.
 * Data    hash of users, posts, times, types and roles of all events, in the
 *         order of the file; of contents and times of publication where there
 *         are any.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "store/runs.h"

#include "contest_options.h"

/* Protocol, options, and what the data are. `data` as it was loaded. */
void contest_record_input(struct run_record *run,
                          const struct contest_options *o,
                          const struct dataset *data);

/* Settings, metrics and costs of every entry, refused ones by their reason. */
MUST_USE bool contest_record_result(struct run_record *run,
                                    const struct contest *c, struct err *err);

/*
 * Writes and releases the run: RUN_FAILED with its message when `why` is not
 * NULL. `artefact`: a file of the result, or NULL. What cannot be recorded is a
 * warning on stderr (run_log.h).
 */
void contest_record_end(struct run_record *run, int64_t begin_us,
                        const struct err *why, const char *artefact);
