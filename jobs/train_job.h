/*
 * train_job.h -- one training as `kith train` and `kith nightly` do it: with
 * the program's revision, copied to MLflow when that is asked for.
 */
#pragma once

#include <stdbool.h>

#include "app/train.h"

/* As train_make(). Whatever MLflow does, the result is that of the training. */
MUST_USE bool train_job(struct db *db, const struct config *config,
                        const struct train_watch *watch, bool force,
                        struct train_report *report, struct err *err);
