/*
 * dataset_read.h -- help for the readers of dataset.h: files by name, ids to
 * ordinals, contents.
 */
#pragma once

#include "dataset.h"

/* dir/name or dir/name.gz; false when neither is there. */
bool dataset_find(const char *dir, const char *name,
                  char path[DATASET_PATH_BYTES]);
/* The same, opened; ERR_ABSENT names what was looked for. */
MUST_USE bool dataset_open(const char *dir, const char *name,
                           struct lines *lines, struct err *err);

/* The next word between blanks or tabs. */
bool dataset_word(struct span *rest, struct span *word);

/* Counts a line that could not be read. */
void dataset_bad_line(struct dataset *d, uint64_t number);

/* Ids while a file is read: ordinals in order of sight. */
struct dataset_ids {
    struct idmap users, posts;
};

MUST_USE bool dataset_ids_init(struct dataset_ids *ids, struct err *err);
void dataset_ids_release(struct dataset_ids *ids);

/* A whole number, or any other text, as a key that sorts. */
struct uuid dataset_key(struct span id);

/* Adds an event, its user and its post. */
MUST_USE bool dataset_add(struct dataset *d, struct dataset_ids *ids,
                          struct span user, struct span post,
                          enum event_type type, int64_t at_ms, uint8_t role,
                          struct err *err);

/* Sorts the ids; ordinals of the log, of published times and of the idmaps
 * follow: ids->posts.ids[ordinal] holds from now on, idmap_find does not.
 * post_rank, unless NULL, gets a new array: rank[ordinal of sight]. */
MUST_USE bool dataset_settle(struct dataset *d, struct dataset_ids *ids,
                             uint32_t **post_rank, struct err *err);

/* Terms of posts while files are read. */
struct dataset_terms {
    struct dataset_term {
        uint32_t post, term, count;
    } * all;
    size_t count, cap;
    struct idmap names; /* hash of the word */
};

MUST_USE bool dataset_terms_init(struct dataset_terms *t, struct err *err);
void dataset_terms_release(struct dataset_terms *t);
MUST_USE bool dataset_terms_add(struct dataset_terms *t, uint32_t post,
                                struct span word, uint32_t count,
                                struct err *err);
/* Every run of letters and digits of two bytes or more, ASCII in lower case;
 * other bytes over 127 count as letters. */
MUST_USE bool dataset_terms_add_text(struct dataset_terms *t, uint32_t post,
                                     struct span text, struct err *err);
/* d->log.contents, with posts renumbered by rank. Nothing added: NULL. */
MUST_USE bool dataset_terms_settle(struct dataset *d, struct dataset_terms *t,
                                   const uint32_t *post_rank, struct err *err);

/* dataset_events.c */
bool dataset_load_temporal(struct dataset *d, const struct dataset_plan *plan,
                           struct err *err);
/* dataset_vae.c */
bool dataset_load_vae(struct dataset *d, const struct dataset_plan *plan,
                      struct err *err);
/* dataset_pairs.c */
bool dataset_load_lightgcn(struct dataset *d, const struct dataset_plan *plan,
                           struct err *err);
bool dataset_load_loo(struct dataset *d, const struct dataset_plan *plan,
                      struct err *err);
bool dataset_load_ua(struct dataset *d, const struct dataset_plan *plan,
                     struct err *err);
bool dataset_load_ub(struct dataset *d, const struct dataset_plan *plan,
                     struct err *err);
bool dataset_load_sequences(struct dataset *d, const struct dataset_plan *plan,
                            struct err *err);
