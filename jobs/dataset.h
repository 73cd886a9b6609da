/*
 * dataset.h -- files of published evaluation protocols become a log with
 * roles (reco/split.h).
 *
 * Protocols
 *   lightgcn      train.txt, test.txt: lines "user item item ..."; no times
 *   ml100k-loo    train.csv, validation.csv, test.csv: userID,itemID
 *   movielens-ua  ua.base, ua.test: user item rating time, tabs; every rating
 *                 is a positive; genres of u.item, if there, are contents
 *   movielens-ub  the same with ub
 *   sequence-loo  sequences.txt: lines "user item item ..." in order of time;
 *                 the last item is tested, all before it are the query, those
 *                 before the last but one are trained on
 *   temporal      a log of events: train before an instant, test after it
 *   vae           ratings.csv (userId,movieId,rating,...): ratings over 3.5,
 *                 strong generalisation (split_strong)
 *
 * Files    plain or with .gz.
 * Ids      whole numbers keep their order as ordinals, other ids are ordered
 *          by a hash: nothing about what is tested.
 * Tuning   the same protocol one step earlier, the test part unused: temporal
 *          cuts the training time again at the same share, sequence-loo asks
 *          for the last but one item, ml100k-loo for the validation rows, vae
 *          for the validation users; the others hold a hashed tenth of the
 *          training pairs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/idmap.h"
#include "base/lines.h"
#include "reco/evaluate.h"
#include "reco/split.h"

enum { DATASET_WINDOWS_MOST = 100, DATASET_PATH_BYTES = 4096 };

struct dataset_plan {
    const char *path; /* a folder, or for temporal a file of events */
    bool tuning;
    double share;           /* temporal: of the events, when cut_ms is 0 */
    int64_t cut_ms;         /* temporal: the instant */
    uint32_t windows;       /* temporal: parts of the time after it */
    uint32_t held;          /* vae: users held back for each side */
    struct weights weights; /* temporal: of the types */
};

struct dataset {
    struct split_log log;
    const char *protocol;
    struct weights weights;
    bool temporal;
    uint32_t window_count;
    int64_t window_at_ms[DATASET_WINDOWS_MOST + 1]; /* temporal: edges */
    uint64_t bad_lines;                             /* skipped */
    uint64_t first_bad; /* number of the first one */
};

struct dataset_protocol {
    const char *name;
    const char *about;
    bool (*load)(struct dataset *d, const struct dataset_plan *plan,
                 struct err *err);
    uint32_t cuts[EVALUATE_CUTS_MOST]; /* default k, ends with 0 */
};

/* Ends with a row of nulls. */
extern const struct dataset_protocol dataset_protocols[];
const struct dataset_protocol *dataset_protocol_find(const char *name);

/* ERR_ABSENT: a file is missing; ERR_INVALID: it is not of this form. */
MUST_USE bool dataset_load(struct dataset *d,
                           const struct dataset_protocol *protocol,
                           const struct dataset_plan *plan, struct err *err);
/* Accepts a zeroed dataset. */
void dataset_release(struct dataset *d);

/* The split of one window; 0 <= window < window_count. Roles of the log
 * change. */
MUST_USE bool dataset_split(struct dataset *d, uint32_t window,
                            struct split *out, struct err *err);
