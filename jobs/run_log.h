/*
 * run_log.h -- records a run where people look for it: in PostgreSQL always,
 * and in MLflow when MLFLOW_TRACKING_URI is set.
 *
 * Failure  of PostgreSQL is an error; of MLflow a warning on stderr and a note
 *          in the recorded run, never more.
 */
#pragma once

#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "store/db.h"
#include "store/runs.h"

/*
 * Writes r->revision, records, copies to MLflow. `artefact` is a file that
 * belongs to the run, NULL: none. *id: of the run.
 */
MUST_USE bool run_log(struct db *db, const struct config *config,
                      struct run_record *r, const char *artefact, int64_t *id,
                      struct err *err);

/*
 * For commands that need no database: records in PostgreSQL when the
 * environment names one (KITH_DB_URL), in MLflow when it names that, and is
 * silent without either. Whatever fails is a warning on stderr.
 */
void run_log_where_named(struct run_record *r, const char *artefact);

/* MLflow alone: for a run that is recorded already; without a database (NULL)
 * only stderr tells what became of it. */
void run_log_mlflow(struct db *db, const struct config *config, int64_t id,
                    const struct run_record *r, const char *artefact);
