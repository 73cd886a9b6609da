/*
 * feed.h -- which posts a reader gets, and why: the whole read line between
 * the request and its answer.
 *
 * Steps      newest history (one indexed query with a deadline) -> profile ->
 *            neighbours -> posts -> reasons; what is still missing is filled
 *            by chance. Each missing dependency takes one rung down and is
 *            named in `fallback_reason`; feed_make() cannot fail.
 * Same       given (model, history, cursor) the same feed, over HTTP and in
 *            `kith recommend`: chance is seeded by reader, model and history.
 * Not given  posts that are hidden, deleted, his own, seen by him, hidden by
 *            him, or on earlier pages of the same scroll.
 * Borrows    texts and titles point into the model or the feeder: good until
 *            the next feed_make().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/live_model.h"
#include "app/shelf.h"
#include "base/config.h"
#include "reco/profile.h"
#include "reco/reader.h"
#include "reco/recommend.h"
#include "store/db.h"
#include "web/cursor.h"

enum { FEED_MOST = 50 };

/* What put a post into the feed. Values go into impressions: only add. */
enum rung {
    RUNG_NEIGHBOURS = 1,
    RUNG_RANDOM = 2,
    RUNG_LATEST = 3,
};
/* "neighbours", ...; "unknown" for a value of another version. */
const char *rung_name(unsigned rung);

struct feed_ask {
    struct uuid user;
    bool fresh; /* made just now: there is no history to ask for */
    enum cursor_feed kind;
    uint32_t want;               /* 1..FEED_MOST */
    const struct cursor *cursor; /* NULL on the first page */
    int64_t now_ms;
    int64_t until_us; /* deadline of the whole answer */
};

struct feed_slot {
    struct uuid post;
    struct span text; /* members of its JSON object, post_wire.h */
    enum rung rung;
    float score;      /* 0 unless RUNG_NEIGHBOURS */
    uint32_t readers; /* neighbours who know the post */
    uint32_t reason_count;
    struct {
        struct uuid post;
        struct span title; /* quoted JSON text */
        float share;
    } reasons[REASONS_MOST];
};

struct feed {
    const char *source; /* ml_recommendations, random_fallback, latest */
    const char *fallback_reason;    /* NULL: none */
    const struct model_meta *model; /* NULL: none was usable */
    uint32_t count, first_position;
    struct feed_slot slots[FEED_MOST];
    bool has_more;
    struct cursor cursor; /* of the next page */
    int64_t history_us, neighbours_us, reasons_us, fill_us;
};

struct feeder {
    const struct config *config;
    struct db *db;
    struct live_model live;
    struct shelf shelf, page; /* without a model; of `latest` */
    struct profile profile;
    struct reader reader;
    struct recommendation picked;
    struct history_event *history;
    size_t history_count;
};

/* Large: of process lifetime. Opens the model if it is there. */
MUST_USE bool feeder_init(struct feeder *f, const struct config *config,
                          struct db *db, struct err *err);
void feeder_release(struct feeder *f);

void feed_make(struct feeder *f, const struct feed_ask *ask, struct feed *out);
