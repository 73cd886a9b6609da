/*
 * split.h -- a log of events is cut into what an algorithm may know and what
 * it is asked for.
 *
 * Roles    every event has bits that say what it is used for:
 *              TRAIN    is in the matrix that algorithms are fitted on
 *              HISTORY  is in the reader's query, and its post is masked
 *              TEST     is to be found
 *          A protocol is nothing but a rule that sets these bits.
 * Order    users and posts are ordinals; ties of scores go to the smaller
 *          ordinal, so ordinals must not depend on what is tested.
 * Tested   pairs, not events: a user's TEST posts, each once, without those
 *          that he has in his history (they are masked) and those that do not
 *          exist yet at the cut.
 * Memory   the heap, 24 bytes an event.
 * Files    split_rules.c sets the bits, split.c makes the result.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/algorithm.h"

enum split_role { SPLIT_TRAIN = 1, SPLIT_HISTORY = 2, SPLIT_TEST = 4 };

struct split_event {
    uint32_t user, post;
    int64_t at_ms; /* 0: not known */
    uint8_t type;  /* enum event_type */
    uint8_t role;  /* bits of enum split_role */
};

struct split_log {
    struct split_event *events; /* in the order of the file */
    size_t count, cap;
    uint32_t user_count, post_count;
    bool has_times;
    int64_t *post_published_ms; /* [post_count]; NULL: not known */
    struct contents *contents;  /* owned, with its arrays; NULL: none */
};

/* Accepts a zeroed log. */
void split_log_release(struct split_log *log);
MUST_USE bool split_log_add(struct split_log *log, struct split_event event,
                            struct err *err);

/* ---- rules ---- */

/*
 * For tuning: of the events with TRAIN and HISTORY a tenth of the pairs, those
 * with split_pair_hash(user, post) % 10 == 0, become TEST; what was TEST is
 * not used at all.
 */
void split_hold_tenth(struct split_log *log);
uint64_t split_pair_hash(uint32_t user, uint32_t post);

/* The time before which `share` (0..1) of the events lie. ERR_INVALID: no
 * events, or no times. */
MUST_USE bool split_time_of_share(const struct split_log *log, double share,
                                  int64_t *at_ms, struct err *err);

/* Before from_ms: TRAIN and HISTORY; from there and before until_ms: TEST, but
 * for UNLIKE and HIDE; later: nothing. */
void split_by_time(struct split_log *log, int64_t from_ms, int64_t until_ms);

/*
 * Strong generalisation as in the reference code of Mult-VAE (Liang et al.
 * 2018, arXiv 1802.05814): users with fewer than 5 events leave; the others,
 * ascending, are permuted by mt19937(seed): the last `held` are test users, the
 * `held` before them validation users, the rest TRAIN. Posts that no training
 * user has leave. The generator is seeded anew, and each user of the side asked
 * for, ascending, with n >= 5 events left gets int(.2 * n) of them, positions
 * in file order drawn without replacement, as TEST, the others as HISTORY; with
 * fewer all are HISTORY. The other side is not used.
 * Users and posts that leave are renumbered away, in order; contents and times
 * of publication must not be there. ERR_INVALID: not more than 2 * held users.
 */
enum split_side { SPLIT_TEST_SIDE, SPLIT_VALIDATION_SIDE };
MUST_USE bool split_strong(struct split_log *log, uint32_t seed, uint32_t held,
                           enum split_side side, struct err *err);

/* ---- the result ---- */

struct split_case {
    uint32_t user; /* the unit of statistics */
    uint32_t self; /* row of the matrix, ORDINAL_NONE when it is empty */
    size_t history_from;
    uint32_t history_count; /* posts that say something about taste */
    uint32_t seen_count;    /* at least history_count: posts masked */
    size_t test_from;
    uint32_t test_count; /* at least 1 */
};

/* Cases are reported apart. A user of MAIN may also stand in COLD_POSTS. */
enum split_group {
    SPLIT_MAIN,       /* readers with a history */
    SPLIT_COLD_USERS, /* readers without any */
    SPLIT_COLD_POSTS, /* readers of MAIN, asked for posts without a pair in
                         training only */
    SPLIT_GROUPS,
};

struct split_counts {
    uint64_t train_events, test_events;
    uint32_t train_users, train_posts;
    uint64_t test_pairs; /* before anything is left out */
    uint64_t seen_pairs; /* left out: in the history */
    uint64_t late_pairs; /* left out: posts published after the cut */
    uint64_t cold_pairs; /* of those left, posts without a pair in training */
    uint32_t test_users, cold_users;
};

struct split {
    struct matrix train;
    uint8_t weight_of[2 * MASK_COUNT];
    int64_t *pair_at_ms; /* beside train.user_posts; NULL: no times */
    const int64_t *post_published_ms; /* borrowed from the log */
    const struct contents *contents;  /* borrowed from the log */
    int64_t now_ms;
    uint8_t *alive;             /* [post_count] may be recommended; NULL: all */
    struct query_post *history; /* of a case: history_count newest first, then
                                   the other seen posts */
    uint32_t *tests;            /* ascending within a case */
    struct split_case *cases;   /* by group, then by user */
    uint32_t group_from[SPLIT_GROUPS + 1];
    struct split_counts counts;
};

/*
 * cut_ms INT64_MIN: posts are alive whatever the time, and now is the newest
 * event of TRAIN or HISTORY. Otherwise now is cut_ms and a post is alive when
 * it was published before it (log->post_published_ms, or its first event).
 * Borrows from the log, which is unchanged and must outlive the split.
 */
MUST_USE bool split_make(const struct split_log *log,
                         const struct weights *weights, int64_t cut_ms,
                         struct split *out, struct err *err);
/* Accepts a zeroed split. */
void split_release(struct split *s);

/* What algorithms are fitted on. */
struct fit_input split_fit_input(const struct split *s, uint64_t seed,
                                 uint32_t threads);
