/*
 * content.h -- posts that read alike: BM25 vectors, compared by cosine over
 * inverted lists.
 *
 *     bm25(t, d) = idf(t) * tf (k1 + 1) / (tf + k1 (1 - b + b * len / avg))
 *     idf(t)     = ln(1 + (N - n + .5) / (n + .5))
 *     w(t, d)    = round(4096 * bm25(t, d) / |bm25(., d)|)    stored
 *     taste(t)   = sum over the reader's posts j of weight(j) * w(t, j)
 *     score(i)   = sum over the strongest terms t of taste(t) * w(t, i)
 *
 * with k1 = 1.2, b = .75, N posts, n of them with t.
 *
 * Units     weights and sums are integers: no order of adding changes them.
 * Taste     only the CONTENT_QUERY_MOST (or fewer, as asked) strongest terms
 *           search: equal ones by the smaller term.
 * New posts content_weigh() makes the vector of a post that the model does
 *           not know, from the model's own statistics.
 * Common    a word of more than half of the posts says nothing: it stays in
 *           the dictionary with an empty row, from CONTENT_COMMON_FROM posts
 *           on.
 * Cost      pairs of the strongest terms; bounded by terms * posts.
 * from      Robertson, Walker 1994; Robertson, Zaragoza 2009 (BM25).
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "reco/model.h"
#include "reco/model_write.h"
#include "reco/part.h"
#include "reco/terms.h"

enum {
    CONTENT_ONE = 4096, /* a weight of 1 */
    CONTENT_QUERY_MOST = 256,
    CONTENT_COMMON_FROM = 64,
    CONTENT_WORDS = 3, /* that a reason names */
};

/* ---- training ---- */

struct content_pair {
    uint32_t term, count;
};

/* Collects the terms of all posts, then becomes the sections of a model. */
struct content_build {
    uint64_t *keys; /* [term_count] in order of sight */
    uint8_t *kinds;
    uint32_t *shown_at; /* where its text ends */
    size_t keys_cap, kinds_cap, shown_cap;
    uint32_t term_count;
    struct buf shown;
    uint32_t *slots; /* hash table of keys */
    size_t slot_count;

    struct content_pair *pairs;
    size_t pair_count, pairs_cap;
    uint32_t *rows; /* [post_count + 1] where each post's pairs start */
    size_t rows_cap;
    uint32_t post_count;
    uint64_t length; /* of all posts */

    void *made[MODEL_CONTENT_SECTIONS]; /* what content_build_end made */
};

MUST_USE bool content_build_init(struct content_build *b, struct err *err);
void content_build_release(struct content_build *b);
/* The next post, ordinals ascending. ERR_LIMIT: 2^32 pairs. */
MUST_USE bool content_build_add(struct content_build *b, const struct terms *t,
                                struct err *err);
/* Fills out[0..MODEL_CONTENT_SECTIONS) with the sections, borrowed from b. */
MUST_USE bool content_build_end(struct content_build *b,
                                struct model_extra *out, struct err *err);

/* idf(t) * tf part of BM25 before the norm; see above. */
double content_bm25(uint32_t tf, uint64_t length, double average, uint32_t n,
                    uint32_t posts);

/* ---- serving ---- */

static inline bool content_is_there(const struct model *m)
{
    return m->content != NULL;
}

/* The vector of a post: terms ascending, weights beside them. */
struct content_vector {
    const uint32_t *terms;
    const uint16_t *weights;
    uint32_t count;
};

struct content_vector content_of(const struct model *m, uint32_t post);

/*
 * Makes a vector from terms of a text; terms[] and weights[] have room for
 * t->count. Terms that the model does not know are left out; in the norm they
 * stand as terms of one post.
 */
uint32_t content_weigh(const struct model *m, const struct terms *t,
                       uint32_t *terms, uint16_t *weights);

/* Between calls all zero. */
struct content_room {
    uint64_t *taste;   /* [terms] */
    uint32_t *touched; /* [terms] */
    uint32_t touched_count;
    struct content_term {
        uint32_t term;
        uint64_t weight;
    } query[CONTENT_QUERY_MOST]; /* best first */
    uint32_t query_count;
};

/* A model without contents gives an empty room. */
MUST_USE bool content_room_init(struct content_room *r, const struct model *m,
                                struct err *err);
void content_room_release(struct content_room *r);

/* taste += weight * v; weight < 2^20. */
void content_like(struct content_room *r, struct content_vector v,
                  uint32_t weight);
/* The strongest `most` terms become the query; those stay in taste, all other
 * cells are zero again. */
void content_ask(struct content_room *r, uint32_t most);
/* Scores one vector against the query. */
uint64_t content_score(const struct content_room *r, struct content_vector v);
/* sum of w(t, a) * w(t, b) over the terms of the query: times the weight of a,
 * the part of score(b) that a gives. */
uint64_t content_shared(const struct content_room *r, struct content_vector a,
                        struct content_vector b);
/* The terms that gave most of a score, best first; equal ones by the smaller
 * term. Returns how many of out[0..CONTENT_WORDS). */
uint32_t content_words(const struct content_room *r, struct content_vector v,
                       uint32_t *out);
/* Cosine of two vectors, 0..1. */
double content_cosine(struct content_vector a, struct content_vector b);
struct span content_term_text(const struct model *m, uint32_t term);
/* Offers every post of the model that shares a term with the query and that
 * the reader may get. `sums` [posts], all zero, is zero again after. */
void content_find(const struct content_room *r, const struct reader *reader,
                  uint64_t *sums, struct part *out);
/* Forgets the query. */
void content_forget(struct content_room *r);

/*
 * The posts most like one post, for a page of it: cosine, visible ones only,
 * without itself. Fills out; returns how many.
 */
uint32_t content_similar(const struct model *m, struct content_room *r,
                         uint64_t *sums, uint32_t post, uint32_t want,
                         struct part *out);
