/*
 * feed_fresh.h -- what the model does not know yet: posts published since it
 * was built, and those of its posts that were taken away.
 *
 * Source   posts_changed(), asked at most every fresh_check_ms by each worker,
 *          from the moment the model was built; a few pages a round, the rest
 *          in the next. While the database is away what was read stays.
 * Bound    fresh_posts posts (about 8 kB each); of more the oldest published
 *          are left out.
 * Vectors  made from the model's own terms (content_weigh), so that a new post
 *          is recommendable at once.
 * Order    by id: the same set is the same bytes, whatever came first.
 * Limit    a post that becomes visible only because its time of publication
 *          comes is noticed by the next training.
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

struct fresh_post {
    struct uuid id, author;
    int64_t published_at_ms, updated_at_ms;
    struct span text; /* members of its JSON object */
    struct span title;
    struct content_vector vector;
    uint64_t digest;
    void *block; /* text and vector */
};

struct fresh {
    struct fresh_post *posts; /* [count] ascending by id */
    uint32_t count, room;
    uint8_t *gone; /* [posts of the model] 1: taken away since */
    uint32_t gone_count;
    uint64_t digest; /* of all of the above: the same content, the same value */
    uint64_t swap_count; /* of the live model that this belongs to; 0: none */
    int64_t built_at_ms;

    struct terms terms;
    struct buf text;
    int64_t since_ms; /* where the next round begins */
    struct uuid after;
    int64_t newest_ms; /* largest stamp seen */
    int64_t next_look_us;
};

/* config->fresh_posts of 0: a fresh that stays empty. */
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

bool fresh_find(const struct fresh *f, struct uuid id, uint32_t *at);

static inline bool fresh_is_gone(const struct fresh *f, uint32_t post)
{
    return f->gone_count && f->gone[post];
}
