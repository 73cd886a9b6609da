/*
 * lists.h -- what the lists of many users cost, as the nightly job makes them:
 * neighbours_batch.h and recommend_known(), without writing them anywhere.
 *
 * Threads  each takes the next batch; their CPU times are added.
 * Users    evenly spread over the ordinals; a user's row of the model is his
 *          history.
 * Errors   print and abort.
 */
#pragma once

#include <stdint.h>

#include "reco/model.h"

struct lists_plan {
    uint32_t users, threads, neighbours, posts;
};

struct lists_times {
    double busy_us, wall_us;
    double made_us;   /* of it to arrange the model's rows, once */
    double search_us; /* of busy_us: the neighbours */
};

struct lists_times lists_time(const struct model *model,
                              const struct lists_plan *plan);
