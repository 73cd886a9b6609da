/*
 * gate.h -- may a freshly trained model replace the live one?
 *
 * Question  would readers of the last days have been served no worse? Both
 *           sides are asked for what they did after T0 = newest event - N days,
 *           from what was known before T0:
 *             candidate  this database's pairs before T0, the settings of now
 *             live       the live file's pairs, without what this database
 *                        dates at T0 or later; the live file's settings
 *           So a change of settings is judged, and so is damage to the data: a
 *           candidate that lost or garbled history does worse on readers whom
 *           the live model knows well.
 * Served    by KITH_ALGORITHM: collaborative_filtering_v1, or hybrid_v2 with
 *           its settings of now on both sides (reco/algorithm_hybrid.h).
 *           Contents and times of publication are the candidate's on both
 *           sides: they come from the texts, not from the training.
 * Not       spreading and exploration: they reorder what either model ranks
 *           by settings that a training does not touch.
 * Readers   those with events on both sides of T0 whom both models know; at
 *           most GATE_READERS_MOST, chosen by a hash of their id.
 * Measures  NDCG@20 and item coverage@20 of what is served, reco/metrics.h.
 * Verdict   the first of these that fails, with its sentence:
 *             1  counts: readers, posts and pairs (with hybrid_v2 words of
 *                posts, too), each at least gate_counts_least percent of the
 *                live model's
 *             2  NDCG at least (100 - gate_ndcg_margin) percent of live's
 *             3  coverage likewise, gate_coverage_margin
 *           Without a live model, with gate_days 0, or with fewer than
 *           GATE_READERS_LEAST readers 2 and 3 are not asked, and the sentence
 *           says so.
 * Files     gate.c judges, gate_measure.c measures.
 * Cost      one fit and one scoring of every chosen reader a side; the log's
 *           24 bytes an event, and 16 more while a matrix is folded.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/uuid.h"
#include "reco/model.h"
#include "reco/split.h"

enum {
    GATE_READERS_MOST = 1000,
    GATE_READERS_LEAST = 30,
    GATE_CUT = 20,
    GATE_REASON_BYTES = 400,
};

struct gate_side {
    uint32_t users, posts, pairs; /* of the whole model */
    uint32_t words;               /* pairs of a post and a term of its text */
    double ndcg, coverage;        /* when compared */
};

struct gate {
    bool has_live, compared;
    uint32_t readers; /* that could be asked */
    struct gate_side candidate, live;
    bool passed;
    char reason[GATE_REASON_BYTES];
};

struct gate_data {
    struct split_log *log; /* every event, in the candidate's ordinals; the
                              roles are overwritten */
    const struct uuid *user_ids;   /* [log->user_count] ascending */
    const struct uuid *post_ids;   /* [log->post_count] ascending */
    int64_t newest_ms;             /* of the events */
    const struct model *candidate; /* the file that is judged; NULL: neither
                                      contents nor publication are known */
};

/* Fills readers, compared, and NDCG and coverage of both sides. */
MUST_USE bool gate_measure(const struct config *config,
                           const struct gate_data *data,
                           const struct model *live, struct gate *gate,
                           struct err *err);

/* What is judged: the algorithm that the settings serve. */
const char *gate_algorithm(const struct config *config);

/* From everything else in *gate: passed and reason. */
void gate_judge(const struct config *config, struct gate *gate);
