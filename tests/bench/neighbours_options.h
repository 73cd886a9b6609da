/*
 * neighbours_options.h -- the command line of bench_neighbours, whose head says
 * what each option means.
 */
#pragma once

#include "../support/curve_data.h"

enum {
    REQUESTS_MOST = 100000,
    HISTORY_MOST = 20000,
};

struct neighbours_plan {
    const struct curve *curve;
    const char *data, *kernel, *write, *dump, *model;
    bool mixes[MIXES], json, no_time, plain, lists;
    uint32_t neighbours, posts, requests, history, passes, newest;
    uint32_t list_users, threads;
};

/* Says how it is used and ends the program when the arguments are not right. */
struct neighbours_plan neighbours_options(int argc, char **argv);
