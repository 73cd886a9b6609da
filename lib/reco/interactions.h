/*
 * interactions.h -- events in any order become the users x posts matrix.
 *
 * Use      ids get ordinals in order of sight (base/idmap.h), events are
 *          added under those; at the end ids_sort() finds the order of the
 *          model, interactions_renumber() changes over to it, and
 *          interactions_fold() yields the matrix. Whoever has final ordinals
 *          from the start leaves out the middle steps.
 * Order    the events of one pair are folded by time, then by type: the
 *          matrix is the same bytes whatever the order of interactions_add.
 * Dropped  pairs that weigh 0: hidden, a like taken back, a type of weight 0.
 * Memory   the heap; 16 bytes an event while collecting (a quarter of the
 *          array may be spare), 8 bytes a pair and 4 bytes a user and a post
 *          in the matrix, 8 more a pair with times. For jobs, not for requests.
 * Cost     adding O(1); folding O(events * log(events of one user)).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/pair.h"
#include "reco/types.h"

struct interaction {
    uint32_t user, post;
    int64_t when; /* at_ms * 8 + type: its order is the order of folding */
};

struct interactions {
    struct interaction *events;
    size_t count, cap;
    uint32_t user_count, post_count; /* largest ordinal seen + 1 */
    int64_t newest_ms;               /* INT64_MIN before the first event */
    bool keeps_times;                /* the matrix shall have user_times */
};

/* Takes no memory yet. */
void interactions_init(struct interactions *in);
void interactions_release(struct interactions *in);

/* ERR_LIMIT: ordinal of 2^28 or more, or a time beyond +-2^59 ms. */
MUST_USE bool interactions_add(struct interactions *in, uint32_t user,
                               uint32_t post, enum event_type type,
                               int64_t at_ms, struct err *err);

/*
 * Sorts ids ascending in place; rank[old ordinal] = new ordinal. Equal ids
 * are not allowed (an idmap has none).
 */
MUST_USE bool ids_sort(struct uuid *ids, uint32_t count, uint32_t *rank,
                       struct err *err);

/* Each ordinal o becomes rank[o]; the arrays are of in->user_count and
 * in->post_count items or more. NULL leaves that side as it is. */
void interactions_renumber(struct interactions *in, const uint32_t *user_rank,
                           const uint32_t *post_rank);

/*
 * The matrix in both directions. Row i of a side is items [rows[i],
 * rows[i+1]), ascending by ordinal. Users or posts without a pair have an
 * empty row.
 */
struct matrix {
    uint32_t user_count, post_count;
    uint32_t pair_count;
    uint32_t *user_rows;  /* [user_count + 1] */
    uint32_t *user_posts; /* [pair_count] pair of (post, mask) */
    int64_t *user_times;  /* [pair_count] ms of the newest event, or NULL */
    uint32_t *post_rows;  /* [post_count + 1] */
    uint32_t *post_users; /* [pair_count] pair of (user, mask) */
};

/*
 * Uses up the events (in is empty afterwards, on failure too). user_count
 * and post_count say how many rows to make, at least in->user_count and
 * in->post_count (else ERR_INVALID). ERR_LIMIT: 2^32 pairs or more.
 */
MUST_USE bool interactions_fold(struct interactions *in,
                                const struct weights *weights,
                                uint32_t user_count, uint32_t post_count,
                                struct matrix *out, struct err *err);
/* Accepts a zeroed matrix. */
void matrix_release(struct matrix *m);
/* Of rows and pairs in both directions, without times. */
size_t matrix_bytes(const struct matrix *m);

static inline struct row matrix_user_row(const struct matrix *m, uint32_t user)
{
    return (struct row){m->user_posts + m->user_rows[user],
                        m->user_rows[user + 1] - m->user_rows[user]};
}

static inline struct row matrix_post_row(const struct matrix *m, uint32_t post)
{
    return (struct row){m->post_users + m->post_rows[post],
                        m->post_rows[post + 1] - m->post_rows[post]};
}
