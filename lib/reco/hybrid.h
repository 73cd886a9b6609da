/*
 * hybrid.h -- hybrid_v2: neighbours, similar posts, contents and trend as one
 * ranking, each as much as the reader's history supports.
 *
 * Tastes    the reader's posts with a weight over 0, newest first:
 *               weight = tenths * 256 * 2^(-age / half life)
 *           of the newest event on each; the newest HYBRID_TASTES of them
 *           speak in items and contents, all of them in neighbours.
 * Fading    in neighbours, items and contents a sum is multiplied by
 *           2^(-age of the post / post half life): what was good then is
 *           seldom read now. The best HYBRID_ROOM before fading take part.
 * Newer     posts that the model does not know come with a vector
 *           (content_weigh) and the ordinals post_count, post_count + 1, ...;
 *           they compete by content from the moment they exist. Who may get
 *           them says the reader (reader.h).
 * Missing   a model without one of the optional groups lacks that part, no
 *           more.
 * Same      given (model, profile, times, now, newer posts) the same ranking:
 *           no clock, no chance.
 * Cost      recommend() + tastes * similar posts + query terms * their posts +
 *           terms of newer posts. No allocation.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "reco/blend.h"
#include "reco/content.h"
#include "reco/part.h"
#include "reco/recommend.h"
#include "reco/scratch.h"

#define HYBRID_ALGORITHM "hybrid_v2"

enum { HYBRID_TASTES = 100, HYBRID_ROOM = 300 };

struct hybrid_settings {
    struct blend_table blend;
    uint32_t query_terms;
    int64_t half_life_ms;      /* of tastes; 0: they do not fade */
    int64_t post_half_life_ms; /* of posts, from publication; 0: none */
    int64_t now_ms;
};

/* A post newer than the model. */
struct newer_post {
    struct content_vector vector;
    int64_t published_at_ms;
    uint8_t mask;  /* what the reader did on it; 0: nothing */
    int64_t at_ms; /* newest of that */
};

/* Large: of process lifetime. */
struct hybrid {
    struct content_room content;
    struct part parts[BLEND_PARTS];
    struct recommendation picked;
    struct blend blend;
    struct taste tastes[HYBRID_TASTES];
    int64_t taste_at_ms[HYBRID_TASTES];
    uint32_t taste_count;
    uint32_t history; /* posts with a weight, all of them */
    const struct newer_post *newer;
    uint32_t newer_count;
};

MUST_USE bool hybrid_init(struct hybrid *h, const struct model *model,
                          struct err *err);
/* Accepts a zeroed struct. */
void hybrid_release(struct hybrid *h);

/*
 * What the reader likes. `events` are those that the profile was made of;
 * `newer` is borrowed until the next call.
 */
void hybrid_taste(struct hybrid *h, const struct profile *profile,
                  const struct model *model, const struct history_event *events,
                  uint32_t event_count, const struct newer_post *newer,
                  uint32_t newer_count, int64_t now_ms, int64_t half_life_ms);

/* Fills h->blend, best first. */
MUST_USE bool hybrid_rank(struct hybrid *h, const struct reader *reader,
                          struct reco_scratch *s,
                          const struct hybrid_settings *settings,
                          struct err *err);

/* What one part gave to one post, and through which posts of the reader. */
struct hybrid_reason {
    enum blend_part part;
    float share;      /* of the post's score */
    uint32_t readers; /* BLEND_NEIGHBOURS: those who know the post */
    uint32_t count;
    struct reason at[REASONS_MOST]; /* share: of the post's score */
    uint32_t word_count;            /* BLEND_CONTENT: terms that both have */
    uint32_t words[CONTENT_WORDS];
};

struct hybrid_reasons {
    uint32_t count;
    struct hybrid_reason at[BLEND_PARTS]; /* larger share first */
};

/*
 * Why posts[0..count), all of the last ranking: exact shares, as every part is
 * a sum over the reader's posts. `at[].post` may be a newer post.
 */
MUST_USE bool hybrid_explain(struct hybrid *h, const struct reader *reader,
                             struct reco_scratch *s,
                             const struct blended *posts, uint32_t count,
                             struct hybrid_reasons *out, struct err *err);

/* After a request: everything is zero again that has to be. */
void hybrid_forget(struct hybrid *h);

/* The vector of a post of the model or of a newer one. */
struct content_vector hybrid_vector(const struct hybrid *h,
                                    const struct model *m, uint32_t post);
