/*
 * model_opening.h -- a model file opened and checked while requests go on.
 *
 * The check reads every byte: a fifth of a second for a file of 300 MB. It runs
 * in a thread of its own that touches nothing but the new mapping and *o; who
 * answers requests keeps the old model and asks between two of them whether
 * the new one is ready.
 *
 * Use     model_opening_begin(); model_opening_ended() until it says true;
 *         then the outcome stands in *o and belongs to the caller.
 * Errors  that the file is damaged, cut short under the check or of another
 *         version is an outcome: `ok` and `err`. Without a thread, begin() does
 *         it all itself.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "reco/model.h"
#include "reco/scratch.h"

struct model_opening {
    bool running;
    bool is_thread;
    pthread_t thread;
    const char *path; /* the caller's, until it has ended */
    struct stat st;   /* of the file that is opened */

    bool ok;
    struct model model; /* when ok; else nothing is held */
    struct reco_scratch scratch;
    struct err err;
};

/* `beside`: in a thread, else at once. Not while one is running. */
void model_opening_begin(struct model_opening *o, const char *path,
                         const struct stat *st, bool beside);

/* True: it has ended, `running` is false. `wait`: does not return before. */
bool model_opening_ended(struct model_opening *o, bool wait);

/* Whether the path still leads to the file that was opened, unchanged. */
bool model_opening_current(const struct model_opening *o);

/* Gives back the outcome of one that has ended. */
void model_opening_drop(struct model_opening *o);

/* Waits for one that runs, and drops its outcome. */
void model_opening_release(struct model_opening *o);
