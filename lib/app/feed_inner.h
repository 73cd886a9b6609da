/*
 * feed_inner.h -- what the files of feed.h share. Nobody else needs it.
 */
#pragma once

#include "app/feed.h"

/* The next slot, or NULL: then there is more than was asked for. */
struct feed_slot *feed_next_slot(struct feed *out, const struct feed_ask *ask);

/* NULL when there was no room. */
struct feed_slot *feed_add_model_post(const struct model *model, uint32_t post,
                                      enum rung rung, struct feed *out,
                                      const struct feed_ask *ask);

void feed_add_shelf_post(const struct shelf *s, uint32_t i, enum rung rung,
                         struct feed *out, const struct feed_ask *ask);

/* Who asks, and what this answer and earlier pages already give. */
MUST_USE bool feed_make_reader(struct feeder *f, const struct feed_ask *ask,
                               const struct feed *out);

bool feed_is_hidden(const struct feeder *f, struct uuid post);

/* "timeout" or "database_down" */
const char *feed_failure(const struct err *err);

/* hybrid_v2. NULL when the answer is the reader's own, else why it is not. */
const char *feed_add_hybrid(struct feeder *f, const struct feed_ask *ask,
                            struct feed *out);

/* hybrid_v2: ranker and newer posts begin anew with another model. */
MUST_USE bool feed_follow_model(struct feeder *f, struct err *err);

/* The newer posts, asked for when it is time. */
void feed_follow_fresh(struct feeder *f, const struct feed_ask *ask,
                       struct feed *out);

/* Fills what is left. */
void feed_add_chance(struct feeder *f, const struct feed_ask *ask,
                     struct feed *out);

/* All of `latest`; `reason` is why the database is not to be asked, or NULL. */
void feed_make_latest(struct feeder *f, const struct feed_ask *ask,
                      const char *reason, struct feed *out);
