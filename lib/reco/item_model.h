/*
 * item_model.h -- what a post in a history says of every other post: the one
 * form in which all item models are served.
 *
 *     score(u, i) = sum over the posts j of the history of w(u, j) * W[j][i]
 *
 * Shapes   row j holds the posts i that j speaks for, ascending by i.
 * Pruning  a row is offered whole and only its `keep` largest weights > 0
 *          stay, equal ones by the smaller post. BY_HISTORY keeps the best of
 *          each j (lists that are short for sure); BY_TARGET the best j of
 *          each i (a rare post keeps its few supporters), rows are then as
 *          long as they happen to be.
 * Cost     of a score: the rows of the history, about 1 ns a weight, and one
 *          pass over all posts.
 * Same     sums run in the order of the history.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/algorithm.h"
#include "reco/sparse.h"

enum item_side { BY_HISTORY, BY_TARGET };

struct item_cell {
    float weight;
    uint32_t post; /* the other one */
};

/* Rows offered in order of their post, each once: j = 0, 1, 2 ... */
struct item_pruning {
    enum item_side side;
    uint32_t post_count, keep;
    uint32_t next;           /* row to come */
    uint32_t *counts;        /* [post_count] cells kept of each post */
    float *floors;           /* [post_count] what a weight has to exceed */
    struct item_cell *cells; /* [post_count * keep] a heap each */
};

MUST_USE bool item_pruning_init(struct item_pruning *p, enum item_side side,
                                uint32_t post_count, uint32_t keep,
                                struct err *err);
/* Accepts a zeroed one. */
void item_pruning_release(struct item_pruning *p);

/* weights[post_count] of the next row; a post says nothing of itself. */
void item_pruning_offer(struct item_pruning *p, const float *weights);
/*
 * The same for matrices that are equal to themselves turned: weights of the
 * posts behind the next row alone, weights[0] that of its neighbour. All rows
 * come this way or none.
 */
void item_pruning_offer_half(struct item_pruning *p, const float *weights);

/* The state of an algorithm, served by ITEM_MODEL_FUNCTIONS. */
struct item_model {
    float weight_of[MASK_COUNT];
    struct sparse weights; /* posts x posts */
};

/*
 * The state of fit(): what p has kept, w of a pair as in `in` (1 for all when
 * `binary`). Row j is multiplied by before[j], column i by after[i], neither
 * below 0; NULL: 1. Releases p, on failure too.
 */
MUST_USE bool item_model_make(struct item_pruning *p,
                              const struct fit_input *in, bool binary,
                              const float *before, const float *after,
                              void **state, struct err *err);

/* Adds to sums[post_count], which no post may bring below 0. */
void item_model_add(const struct item_model *model, const struct query *q,
                    float *sums);

void item_model_release(void *state);
bool item_model_room_open(const void *state, void **room, struct err *err);
void item_model_room_close(void *room);
void item_model_score(const void *state, void *room, const struct query *q,
                      float *scores);
size_t item_model_bytes(const void *state);

/* All of struct algorithm that is the same for every item model. */
#define ITEM_MODEL_FUNCTIONS                                                   \
    .release = item_model_release, .room_open = item_model_room_open,          \
    .room_close = item_model_room_close, .score = item_model_score,            \
    .bytes = item_model_bytes
