/*
 * contest.h -- algorithms with their settings, run one after another on the
 * windows of a data set.
 *
 * Use     entries are named on the command line (contest_enter, contest_set,
 *         contest_settings_read), contest_run fits and measures all of them,
 *         contest_print or contest_json tells.
 * Refused an algorithm that is too large for the data, or that fails, is told
 *         as such; the others go on.
 * Same    everything but the times is the same for any number of threads.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "reco/evaluate.h"

#include "cli.h"
#include "dataset.h"

enum { CONTEST_MOST = 32, CONTEST_LABEL_BYTES = 96 };

struct contest_entry {
    char label[CONTEST_LABEL_BYTES]; /* as named: user_knn:k=146 */
    const struct algorithm *algorithm;
    double values[ALGORITHM_SETTINGS_MOST];

    bool refused;
    struct err why;
    int64_t fit_us, score_us; /* all windows together */
    int64_t fit_cpu_us;       /* of processor, all threads together */
    size_t state_bytes;       /* largest of all windows */
    struct evaluation groups[SPLIT_GROUPS];
};

struct contest {
    struct contest_entry entries[CONTEST_MOST];
    uint32_t count;
    bool reuse; /* what was fitted before serves the next one where it can: for
                   entries of one algorithm; fit_us is then no measure */
    struct evaluate_plan plan;
    uint32_t resamples;
    const struct dataset *data; /* borrowed while it runs and is told */
    struct split_counts counts[DATASET_WINDOWS_MOST];
    uint32_t cases[DATASET_WINDOWS_MOST][SPLIT_GROUPS];
    struct bootstrap bootstrap; /* over the entries not refused */
    bool has_bootstrap;
};

/* Accepts a zeroed contest. */
void contest_release(struct contest *c);

/*
 * "NAME" or "NAME:setting=value:...": one more entry with defaults but for
 * these. ERR_INVALID names what is unknown or out of its range.
 */
MUST_USE bool contest_enter(struct contest *c, struct span name,
                            struct err *err);
/* "NAME.setting=value" for every entry of that algorithm whose own label does
 * not say otherwise. ERR_INVALID: nobody has it. */
MUST_USE bool contest_set(struct contest *c, struct span assignment,
                          struct err *err);
/* A file of such lines; empty ones and those that begin with # do not count,
 * lines for algorithms that are not entered neither. */
MUST_USE bool contest_settings_read(struct contest *c, const char *path,
                                    struct err *err);

/* One value by name into values[]; judged against its range. */
MUST_USE bool contest_value(const struct algorithm *a, struct span assignment,
                            double *values, struct err *err);
void contest_defaults(const struct algorithm *a, double *values);
/* The index of the setting, -1 when there is none. */
int contest_setting_find(const struct algorithm *a, struct span name);

/* Fits and measures; data's roles change. progress may be NULL. */
MUST_USE bool contest_run(struct contest *c, struct dataset *data,
                          struct cli_progress *progress, struct err *err);

/* Reports; false when memory or stdout failed. */
MUST_USE bool contest_print(const struct contest *c, struct err *err);
/* One table, a line an algorithm, that a document can take as it is. */
MUST_USE bool contest_print_brief(const struct contest *c, struct err *err);
MUST_USE bool contest_json(const struct contest *c, const char *path,
                           struct err *err);

/* The entry with the largest mean of this metric; NULL when all are refused. */
const struct contest_entry *contest_best(const struct contest *c,
                                         enum metric metric, uint32_t cut);
