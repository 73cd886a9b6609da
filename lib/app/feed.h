/*
 * feed.h -- which posts a reader gets, and why: the whole read line between
 * the request and its answer.
 *
 * Ladder     newest history (one indexed query with a deadline) -> profile ->
 *              neighbours    collaborative_filtering_v1 alone; in hybrid_v2
 *                            they are one part of the next rung
 *              hybrid parts  similar posts, contents and trend blended, authors
 *                            and tags spread, a few slots given to chance
 *              precomputed   rows of user_recommendations; asked for only
 *                            without a usable model: with one they would be
 *                            the same posts, but older
 *              trending, then random
 *            A page is filled rung by rung. feed_make() cannot fail: what is
 *            missing is named in `fallback_reason`. While the database is away
 *            a reader's row of the model stands for his history.
 * Source     of the answer as a whole: `ml_recommendations` when nothing was
 *            missing, `random_fallback` beside any reason. What each post is
 *            says its rung: an outage may well leave `neighbours`.
 * Overlay    what has changed since the model was built (feed_fresh.h) takes
 *            part in every rung.
 * Same       given (model, history, overlay, time, cursor, settings, what was
 *            excluded and held back) the same feed, over HTTP, in `kith
 *            recommend` and in `kith replay`: chance is seeded by reader, model
 *            and history.
 * Not given  posts that are hidden, deleted, his own, hidden by him, excluded,
 *            on earlier pages of the same scroll, or seen by him within seen_s.
 *            Posts held back (served lately, not seen) come when all others
 *            are gone; when all are seen, those seen longest ago, and the
 *            reason is `exhausted`.
 * Borrows    texts and titles point into the model or the feeder: good until
 *            the next feed_make().
 * Files      feed.c the steps, feed_slot.c what comes in and what is ruled out;
 *            feed_neighbours.c, feed_hybrid.c, feed_chance.c the rungs;
 *            feed_latest.c the feed by date.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/feed_fresh.h"
#include "app/live_model.h"
#include "app/shelf.h"
#include "base/config.h"
#include "reco/hybrid.h"
#include "reco/profile.h"
#include "reco/reader.h"
#include "reco/recommend.h"
#include "store/db.h"
#include "web/cursor.h"

enum {
    FEED_MOST = 50,
    FEED_EXCLUDE_MOST = 100,
    FEED_REASONS_MOST = 4,
    FEED_WORDS_MOST = 3,
};

/* What put a post into the feed. Values go into impressions: only add. */
enum rung {
    RUNG_NEIGHBOURS = 1,
    RUNG_RANDOM = 2,
    RUNG_LATEST = 3,
    RUNG_ITEM_MODEL = 4,
    RUNG_CONTENT = 5,
    RUNG_TRENDING = 6,
    RUNG_EXPLORE = 7,
    RUNG_PRECOMPUTED = 8,
};
/* "neighbours", ...; "unknown" for a value of another version. */
const char *rung_name(unsigned rung);

enum reason_code {
    REASON_READERS,
    REASON_POSTS,
    REASON_TOPIC,
    REASON_TRENDING,
    REASON_NEW,
};
/* "similar_readers", "similar_posts", "same_topic", "trending", "new" */
const char *reason_name(enum reason_code code);

struct feed_ask {
    struct uuid user;
    bool fresh;    /* made just now: there is no history to ask for */
    bool declined; /* wants no profile: his history is not asked for */
    enum cursor_feed kind;
    uint32_t want;               /* 1..FEED_MOST */
    const struct cursor *cursor; /* NULL on the first page */
    const uint64_t *excluded;    /* uuid_key() of posts not wanted now */
    const uint64_t *held;        /* of posts served lately: only at the end */
    uint32_t excluded_count, held_count; /* FEED_EXCLUDE_MOST, HELD_MOST */
    int64_t now_ms;
    int64_t until_us; /* deadline of the whole answer */
};

/* True shares of the post's score. */
struct feed_reason {
    enum reason_code code;
    float share;      /* of this reason as a whole */
    uint32_t readers; /* REASON_READERS: neighbours who know the post */
    uint32_t count;
    struct {
        struct uuid post;
        struct span title; /* quoted JSON text */
        float share;
    } posts[REASONS_MOST]; /* the reader's own, largest share first */
    uint32_t word_count;   /* REASON_TOPIC: words that both have */
    struct span words[FEED_WORDS_MOST];
};

struct feed_slot {
    struct uuid post;
    struct span text; /* members of its JSON object, post_wire.h */
    enum rung rung;
    bool has_score;
    float score;      /* 0..1 */
    float propensity; /* chance of this kind of post at this place, (0, 1] */
    uint32_t reason_count;
    struct feed_reason reasons[FEED_REASONS_MOST]; /* largest share first */
};

struct feed {
    const char *source; /* ml_recommendations, random_fallback, latest */
    const char *fallback_reason;    /* NULL: none */
    const char *algorithm;          /* of `model` */
    const struct model_meta *model; /* NULL: none was usable */
    bool personal;                  /* a post was chosen for this reader */
    uint32_t count, first_position;
    struct feed_slot slots[FEED_MOST];
    bool has_more;
    struct cursor cursor; /* of the next page */
    int64_t history_us, neighbours_us, reasons_us, fill_us;
    int64_t fresh_us, rank_us;
};

struct feeder {
    const struct config *config;
    struct db *db;
    bool hybrid; /* config->algorithm; else collaborative_filtering_v1 */
    struct live_model live;
    struct shelf shelf, page; /* without a model; of one answer */
    struct profile profile;
    struct reader reader;
    struct recommendation picked;
    struct history_event *history;
    size_t history_count;

    /* Of the model that stands in fresh.swap_count. */
    struct hybrid_settings settings;
    struct hybrid *ranker;
    struct fresh fresh;
    struct newer_post *newer; /* [fresh_posts] */
    uint8_t *newer_may;       /* [fresh_posts] this reader may get it */
    uint64_t *newer_keys;     /* [fresh_posts] uuid_key() */
};

/*
 * Large: of process lifetime. Opens the model if it is there. ERR_INVALID: a
 * setting (KITH_ALGORITHM, KITH_BLEND, KITH_LANGUAGE) that cannot be.
 */
MUST_USE bool feeder_init(struct feeder *f, const struct config *config,
                          struct db *db, struct err *err);
void feeder_release(struct feeder *f);

void feed_make(struct feeder *f, const struct feed_ask *ask, struct feed *out);

/*
 * The same from inputs that are already there: f->history, f->fresh, the live
 * model; `reason` is why the history is missing (feed_reason_of), NULL when it
 * is there. For replay.
 */
void feed_make_from(struct feeder *f, const struct feed_ask *ask,
                    const char *reason, struct feed *out);

/* The words for a history that could not be read, by number from 1; NULL. */
const char *feed_reason_of(unsigned number);
unsigned feed_reason_number(const char *reason);
