/*
 * live_model.h -- the model that this worker answers from, followed through
 * every change of its file.
 *
 * Truth     the file is the truth: replaced by a good one, the worker swaps
 *           between two requests; gone, damaged or too old, it stops being
 *           usable and the answer says so. What was mapped last stays readable
 *           for its posts until the next good one, unless it was damaged in
 *           place.
 * Beside    a large file is checked in a thread (model_opening.h) while the old
 *           model answers: no request waits for it. It comes into use with the
 *           first request after that.
 * In place  nobody should cut a mapped file short. If someone does, the SIGBUS
 *           ends in live_model_guarded() as a lost model, not as a dead worker.
 * Cost      one stat() every model_check_ms.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/model_opening.h"
#include "base/config.h"
#include "base/err.h"
#include "reco/model.h"
#include "reco/scratch.h"

enum live_state {
    LIVE_NONE,   /* no usable model; `readable` tells whether an old one is */
    LIVE_USABLE, /* checked, current */
    LIVE_STALE,  /* older than model_stale_s */
};

struct live_model {
    enum live_state state;
    bool readable; /* model is mapped and consistent */
    struct model model;
    struct reco_scratch scratch; /* of that model */
    struct model_file refused;   /* a damaged file is judged once */
    struct model_opening opening;
    int64_t at_once_bytes; /* a file up to this size is checked at once */
    uint64_t swap_count;
    int64_t next_look_us;
};

void live_model_init(struct live_model *l);
void live_model_release(struct live_model *l);

/*
 * To be called between requests. Looks at the file when it is time; logs every
 * change of state once. `now`: looks in any case, and waits for the check.
 */
void live_model_follow(struct live_model *l, const struct config *config,
                       bool now);

/*
 * Calls work(arg). False when the mapping failed under it (the file was cut
 * short): the model is then dropped, and what work() wrote is half done. No
 * call in between may hold what only its end gives back.
 */
bool live_model_guarded(struct live_model *l, void (*work)(void *arg),
                        void *arg);
