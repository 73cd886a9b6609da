/*
 * profile.h -- what a reader's recent history says in terms of one model.
 *
 * Folding    the events of a post are folded from the oldest to the newest,
 *            types once each (types.h); the weight comes from the model's own
 *            table, so reader and model are measured alike.
 * Order      posts stand newest first, by the newest event on each.
 * Seen       every post of the history that the model knows is in `posts` or
 *            in `hidden`; a weight of 0 (a like taken back, a type that
 *            counts nothing) means seen without taste.
 * Again      with again_before_ms set, posts whose newest event is older say
 *            what the reader likes and may still be shown again; hidden ones
 *            never.
 * Ownership  the struct owns its arrays, reused by every profile_make.
 * Lifetime   the ordinals belong to the model given to profile_make.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/model.h"
#include "reco/types.h"

/* So that the norm, at most 2^20 * 60^2, fits 32 bits. */
enum { PROFILE_EVENTS_MOST = 1 << 20 };

struct profile_post {
    uint32_t post;
    uint8_t mask;
    uint8_t weight; /* tenths, 0..60 */
    bool again;     /* seen so long ago that it may come again */
};

struct profile {
    struct profile_post *posts; /* [count] not hidden, newest first */
    uint32_t *hidden;           /* [hidden_count] newest first */
    uint32_t count, hidden_count;
    uint32_t unknown_count; /* events on posts that the model lacks */
    uint32_t norm;          /* sum of squared weights */

    int64_t again_before_ms; /* set by the caller; 0: what is seen is seen */
    int64_t oldest_at_ms;    /* of the events; INT64_MAX: there are none */

    uint32_t most_events;
    uint32_t slot_mask;
    uint32_t *slots;    /* hash table: index into seen, plus 1 */
    uint32_t *seen;     /* ordinals in order of first sight */
    uint8_t *masks;     /* beside seen, while folding */
    bool *again;        /* beside seen */
    uint32_t *place_of; /* event -> index into seen */
};

/* Room for most_events, 1..PROFILE_EVENTS_MOST; 26 to 34 bytes each. */
MUST_USE bool profile_init(struct profile *p, uint32_t most_events,
                           struct err *err);
void profile_release(struct profile *p);

/*
 * From events newest first (equal times in any order the caller likes: they
 * are folded as they stand). Of more than most_events only the first, newest
 * ones count. O(events) expected.
 */
void profile_make(struct profile *p, const struct model *model,
                  const struct history_event *events, uint32_t count);

/*
 * A row of the model as the history it stands for, at most out[0..most): an
 * event for each type, by post, all at the end of the training. Returns how
 * many.
 */
uint32_t profile_recall(const struct model *model, uint32_t user,
                        struct history_event *out, uint32_t most);

/* What profile_make() makes of profile_recall(), without looking the posts up:
 * O(his posts). */
void profile_of_user(struct profile *p, const struct model *model,
                     uint32_t user);

/* Whether the post is in posts or hidden. O(1) expected. */
bool profile_has(const struct profile *p, uint32_t post);
/* The same; *again as of profile_post. */
bool profile_find(const struct profile *p, uint32_t post, bool *again);
