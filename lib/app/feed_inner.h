/*
 * feed_inner.h -- what the files of feed.h share. Nobody else needs it.
 *
 * Ordinals  a post of the model, or post_count + its place among the newer ones
 *           of the overlay.
 */
#pragma once

#include "app/feed.h"

/* The next slot, or NULL: then there is more than was asked for. */
struct feed_slot *feed_next_slot(struct feed *out, const struct feed_ask *ask);

/* A post by ordinal, as it reads now. NULL when there was no room. */
struct feed_slot *feed_add_post(const struct feeder *f, uint32_t post,
                                enum rung rung, struct feed *out,
                                const struct feed_ask *ask);

struct feed_slot *feed_add_shelf_post(const struct shelf *s, uint32_t i,
                                      enum rung rung, struct feed *out,
                                      const struct feed_ask *ask);

/* Names a post of the reader as evidence; one that was taken away is not. */
void feed_add_evidence(const struct feeder *f, uint32_t post, float share,
                       struct feed_reason *reason);

/* Whether the overlay belongs to the model that is mapped. */
bool feed_has_overlay(const struct feeder *f);

/* Who asks, and what this answer, earlier pages and the request rule out; with
 * the overlay. */
MUST_USE bool feed_make_reader(struct feeder *f, const struct feed_ask *ask,
                               const struct feed *out, bool with_held);

/* For posts that are named by no model. */
bool feed_is_left_out(const struct feed_ask *ask, struct uuid post);
bool feed_is_held(const struct feed_ask *ask, struct uuid post);
bool feed_is_hidden(const struct feeder *f, struct uuid post);
bool feed_is_seen(const struct feeder *f, struct uuid post);

/* "timeout" or "database_down" */
const char *feed_failure(const struct err *err);

/* collaborative_filtering_v1: what similar readers liked. */
void feed_add_neighbours(struct feeder *f, const struct feed_ask *ask,
                         struct feed *out);

/* All parts of hybrid_v2, or of collaborative_filtering_v1 those below. */
void feed_add_hybrid(struct feeder *f, const struct feed_ask *ask,
                     struct feed *out);

/* Ranker and overlay begin anew with another model. */
MUST_USE bool feed_follow_model(struct feeder *f, struct err *err);

/* The overlay, asked for when it is time. */
void feed_follow_fresh(struct feeder *f, const struct feed_ask *ask,
                       struct feed *out);

/* Which newer posts this reader may get, and what he did on them. */
void feed_judge_newer(struct feeder *f, const struct feed_ask *ask);

/* Without a usable model, with the database: user_recommendations. */
void feed_add_precomputed(struct feeder *f, const struct feed_ask *ask,
                          struct feed *out);

/* Fills what is left: trending, random. True when all had been seen before. */
bool feed_add_chance(struct feeder *f, const struct feed_ask *ask,
                     struct feed *out);

/* All of `latest`; `reason` is why the database is not to be asked, or NULL. */
void feed_make_latest(struct feeder *f, const struct feed_ask *ask,
                      const char *reason, struct feed *out);
