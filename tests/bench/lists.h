/*
 * lists.h -- what the lists of many users cost, by recommend_batch().
 *
 * Processes  each takes every n-th batch and sees the model through the same
 *            mapping; their CPU times are added.
 * Users      the first ones by ordinal; a user's row of the model is his
 *            history.
 * Errors     print and abort.
 */
#pragma once

#include <stdint.h>

#include "reco/model.h"

struct lists_plan {
    uint32_t users, processes, neighbours, posts;
};

struct lists_times {
    double busy_us, wall_us;
};

struct lists_times lists_time(const struct model *model,
                              const struct lists_plan *plan);
