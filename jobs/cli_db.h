/*
 * cli_db.h -- the database of a job.
 */
#pragma once

#include <stddef.h>

#include "base/config.h"
#include "base/err.h"
#include "store/db.h"

/* The deadline of a single step from now on: the setting db_job_wait_s. */
int64_t cli_db_until_us(const struct config *config);

/* Migrations that this program has and the database has not. ERR_CORRUPT when
 * the database has others than this program. */
MUST_USE bool cli_db_pending(struct db *db, int64_t until_us, size_t *pending,
                             struct err *err);

/* Connects and judges the schema: ERR_INVALID says to run `kith migrate`. */
MUST_USE bool cli_db_open(struct db *db, const struct config *config,
                          struct err *err);
