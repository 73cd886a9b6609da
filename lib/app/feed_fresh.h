/*
 * feed_fresh.h -- the overlay: what the model does not know yet. Posts that are
 * newer than it, edits of its posts, those of its posts that were taken away,
 * and readers who were erased.
 *
 * Source   posts_changed(), asked at most every fresh_check_ms by each worker,
 *          from the moment the model was built, before an answer is made. A
 *          round ends after ROUND_MS; what is left comes with the next request.
 *          While the database is away what was read stays.
 * Late     a transaction commits later than its stamps: each round begins
 *          OVERLAP_MS before the beginning of the last one. What changes in a
 *          transaction longer than that is noticed with its next change or the
 *          next training. Once older, no row is read again.
 * Bound    fresh_posts new posts and as many edited ones, together at most
 *          2 * fresh_posts * FRESH_POST_BYTES; a byte a post and 4 bytes an
 *          erased reader of the model. Of more, the new posts published longest
 *          ago are left out, and the edited ones keep the words they were
 *          trained with until the next training; removals are never left out.
 * Shown    one log line a round that changed something, `overlay`: how many of
 *          each, its bytes and the most they may be.
 * Vectors  made from the model's own terms (content_weigh), so that a new post
 *          is recommendable at once. An edited post is found by its old words
 *          and shown with the new ones.
 * Order    by id: the same set is the same bytes, whatever came first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/err.h"
#include "reco/content.h"
#include "reco/model.h"
#include "reco/terms.h"
#include "store/db.h"

enum { FRESH_POST_BYTES = 8192 };

struct fresh_post {
    struct uuid id, author;
    int64_t published_at_ms, updated_at_ms;
    struct span text; /* members of its JSON object */
    struct span title;
    struct content_vector vector; /* of an edit: none */
    uint64_t digest;
    void *block; /* text and vector */
    size_t bytes;
};

/* Posts [count] ascending by id, in room for `room`. */
struct fresh_set {
    struct fresh_post *posts;
    uint32_t count, room;
    size_t bytes; /* of the blocks */
};

struct fresh {
    struct fresh_set newer; /* not in the model, or not visible in it */
    struct fresh_set edits; /* of visible posts of the model */
    uint8_t *gone;          /* [posts of the model] 1: taken away since */
    uint32_t gone_count;
    uint32_t *erased; /* [erased_count] readers of the model, ascending */
    uint32_t erased_count;
    size_t erased_cap;
    uint64_t digest; /* of all of the above: the same content, the same value */
    uint64_t swap_count; /* of the live model that this belongs to; 0: none */
    int64_t built_at_ms;

    struct terms terms;
    struct buf text;
    int64_t since_ms; /* where the next round begins */
    struct uuid after;
    int64_t newest_ms;    /* largest stamp seen */
    int64_t newest_at_us; /* when: then or before the server's clock was that */
    int64_t round_at_us;  /* when the present round began */
    bool midway;          /* it goes on */
    int64_t next_look_us;
    uint64_t logged; /* digest of the last line */
};

/* config->fresh_posts of 0: no new and no edited posts, only removals. */
MUST_USE bool fresh_init(struct fresh *f, const struct config *config,
                         struct err *err);
/* Accepts a zeroed struct. */
void fresh_release(struct fresh *f);

/* Starts anew for another model; swap_count is that of live_model. */
MUST_USE bool fresh_begin(struct fresh *f, const struct model *model,
                          uint64_t swap_count, struct err *err);

/* Asks when it is time. On failure what was known stays. */
MUST_USE bool fresh_follow(struct fresh *f, struct db *db,
                           const struct config *config,
                           const struct model *model, int64_t until_us,
                           struct err *err);

/* All changes with stamps up to newest_ms, at once: for replay. */
MUST_USE bool fresh_load(struct fresh *f, struct db *db,
                         const struct config *config, const struct model *model,
                         int64_t newest_ms, int64_t until_us, struct err *err);

bool fresh_find(const struct fresh_set *s, struct uuid id, uint32_t *at);

/* Whether a reader of the model was erased. */
bool fresh_is_erased(const struct fresh *f, uint32_t user);
