/*
 * off_policy_log.h -- impressions with the probabilities they were chosen
 * with, read from CSV; and how often a log shows what.
 *
 * Columns   see off_policy.h. A row that cannot be read is an error that names
 *           its line: leaving rows out would bias every estimate.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/idmap.h"

/* Names of items and positions, shared by the logs that are compared. */
struct policy_names {
    struct idmap items, positions;
};

MUST_USE bool policy_names_init(struct policy_names *n, struct err *err);
void policy_names_release(struct policy_names *n);

struct policy_row {
    uint32_t item, position;
    double reward, propensity;
};

struct policy_log {
    struct policy_row *rows;
    size_t count, cap;
};

MUST_USE bool policy_log_read(struct policy_log *log, const char *path,
                              struct policy_names *names, struct err *err);
/* Accepts a zeroed log. */
void policy_log_release(struct policy_log *log);

/*
 * chances[item * positions + position]: the share of the item among what the
 * log shows at that position; 0 everywhere where it shows nothing. Heap memory.
 */
MUST_USE bool policy_shares(const struct policy_log *log,
                            const struct policy_names *names, double **chances,
                            struct err *err);
/* Every item that the log shows, alike, at every position. */
MUST_USE bool policy_uniform(const struct policy_log *log,
                             const struct policy_names *names, double **chances,
                             struct err *err);
