/*
 * registry.h -- the model files on this machine.
 *
 *     DIR/NAME                     KITH_MODEL: what workers follow
 *     DIR/versions/VERSION.kith    every model that was built here
 *
 * Live     KITH_MODEL is a second name (hard link) of one of the versions, a
 *          copy where the file system has no links. It changes by rename only.
 * Version  1 to 39 characters of [0-9A-Za-z._-], not starting with a dot: also
 *          a safe file name.
 * Races    whoever changes the live file holds registry_lock(); it is kept for
 *          milliseconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/span.h"
#include "reco/model.h"

enum { REGISTRY_PATH_BYTES = 4096, REGISTRY_SHA256_HEX = 64 };

bool registry_version_fits(struct span version);

/* Where a version lies or would lie. ERR_INVALID: no version, or too long. */
MUST_USE bool registry_path(const struct config *config, struct span version,
                            char out[REGISTRY_PATH_BYTES], struct err *err);

/* Makes the folder of versions if it is not there. */
MUST_USE bool registry_prepare(const struct config *config, struct err *err);

/* True when the file of this version is there (not judged). */
bool registry_has(const struct config *config, struct span version);

/* Version of the live file; false: there is none that can be used. */
bool registry_live(const struct config *config,
                   char version[MODEL_VERSION_BYTES]);

/* SHA-256 of a model's file, in hexadecimal digits. */
void registry_sum(const struct model *model,
                  char sha256[REGISTRY_SHA256_HEX + 1]);

/* Waits for other changers. */
MUST_USE bool registry_lock(const struct config *config, int *lock,
                            struct err *err);
void registry_unlock(int *lock); /* accepts -1 */

/* Judges the file of a version. ERR_ABSENT: there is none. ERR_CORRUPT: it is
 * damaged, or holds another version. */
MUST_USE bool registry_check(const struct config *config, struct span version,
                             struct err *err);

/* Makes a version the live one if it passes registry_check(); if not, the old
 * one stays live. */
MUST_USE bool registry_publish(const struct config *config, struct span version,
                               struct err *err);

/* Gives a live file that lies in no folder of versions its place there; does
 * nothing when it has one. ERR_ABSENT: nothing usable is live. */
MUST_USE bool registry_adopt(const struct config *config, struct err *err);

/*
 * Deletes the oldest versions (by name) until at most config->models_keep are
 * left, never those of spared[], nor the live one; and what a crashed writer
 * left behind a day ago or earlier.
 */
MUST_USE bool registry_trim(const struct config *config,
                            const struct span *spared, size_t spared_count,
                            size_t *removed, struct err *err);
