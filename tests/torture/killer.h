/*
 * killer.h -- sends SIGKILL to parts of one stack.
 *
 * Finds   processes by the service's pid file and by parent, and kills only
 *         what works inside the stack's folder.
 * Chance  targets are dealt from a shuffled deck, so each comes up often even
 *         in a short run.
 */
#pragma once

#include <stdint.h>

#include "base/rng.h"

enum killer_target {
    KILL_TRACK,      /* a worker */
    KILL_NGINX,      /* a worker of nginx */
    KILL_BACKEND,    /* a process of PostgreSQL; it recovers */
    KILL_DRAIN,      /* kith drain */
    KILL_POSTMASTER, /* PostgreSQL as a whole */
    KILL_MASTER,     /* nginx as a whole */
    KILL_WATCHER,    /* multiwatch, and with it every track worker */
    KILL_TARGETS,
};

enum { KILL_DECK = 20 };

struct killer {
    const char *folder; /* var of the stack, its real path */
    struct rng rng;
    enum killer_target deck[KILL_DECK];
    int left; /* in the deck */
    uint64_t killed[KILL_TARGETS], missed;
};

const char *killer_target_name(enum killer_target target);

void killer_init(struct killer *k, const char *folder, uint64_t seed);
/* One kill; a target that is just away counts as missed. */
void killer_strike(struct killer *k);
