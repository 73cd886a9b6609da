/*
 * algorithm.h -- what every way to rank posts has in common: fit on a matrix,
 * score all posts for a query. Evaluation, tuning and blending know nothing
 * else of an algorithm.
 *
 * Same     given (input, values, query) the same scores, whatever the number
 *          of threads: no clock, no chance but the seed.
 * Shapes   users and posts are ordinals of the matrix; scores has one cell
 *          per post.
 * Order    larger score first, equal scores by the smaller ordinal; a score
 *          of NO_SCORE says "never": the post is not ranked at all.
 * Threads  a fitted state is read-only; each thread scores with a room of its
 *          own.
 * Refuses  to mask: whether a post is seen, hidden or alive is the caller's
 *          matter.
 */
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/interactions.h"

#define NO_SCORE (-INFINITY)

/* Posts x terms, for algorithms that read contents: rows of (term, count). */
struct contents {
    uint32_t term_count;
    const uint32_t *rows;   /* [post_count + 1] */
    const uint32_t *terms;  /* [rows[post_count]] ascending within a row */
    const uint16_t *counts; /* beside terms, at least 1 */
};

struct fit_input {
    const struct matrix *matrix;
    const uint8_t *weight_of;         /* [MASK_COUNT] tenths by mask */
    const int64_t *pair_at_ms;        /* beside matrix->user_posts, the newest
                                         event of the pair; NULL: no times */
    const int64_t *post_published_ms; /* [post_count]; NULL: not known */
    const struct contents *contents;  /* NULL: not known */
    int64_t now_ms;                   /* nothing later is in the input */
    uint64_t seed;
    uint32_t threads; /* that fit may use, at least 1 */
};

struct query_post {
    uint32_t post;
    uint8_t mask;
    int64_t at_ms; /* newest event; 0: not known */
};

struct query {
    uint32_t self; /* his row of the matrix, ORDINAL_NONE for a stranger */
    const struct query_post *posts; /* his history, newest first */
    uint32_t count;
    int64_t now_ms;
    uint64_t seed; /* for algorithms of chance */
};

struct algorithm_setting {
    const char *name;
    double value, least, most; /* value: the default */
    const char *why;
};

enum { ALGORITHM_SETTINGS_MOST = 16 };

struct algorithm {
    const char *name; /* as in the glossary: user_knn, item_knn, ease, ... */
    const char *about;
    const struct algorithm_setting *settings; /* ends with a row of nulls */

    /* values[i] belongs to settings[i]. ERR_LIMIT: too large for it. */
    bool (*fit)(const struct fit_input *in, const double *values, void **state,
                struct err *err);
    /*
     * NULL, or: gives a state fitted on `in` with `from` the values `to` where
     * that takes less than a fit, and makes of it what a fit would. *changed
     * false: it does not, the state is as it was. After a failure the state is
     * good for release() alone.
     */
    bool (*change)(const struct fit_input *in, const double *from,
                   const double *to, void *state, bool *changed,
                   struct err *err);
    void (*release)(void *state);
    /* Working memory of one thread. */
    bool (*room_open)(const void *state, void **room, struct err *err);
    void (*room_close)(void *room);
    /* Writes every cell of scores[post_count]. */
    void (*score)(const void *state, void *room, const struct query *q,
                  float *scores);
    /* What the fitted state takes. */
    size_t (*bytes)(const void *state);
};

/* Every algorithm, ends with NULL; algorithm.c is the list. */
extern const struct algorithm *const algorithms[];

/* NULL when there is none of that name. */
const struct algorithm *algorithm_find(const char *name);
