/*
 * reader.h -- who asks, and which posts must not be shown to him.
 *
 * Never shown  posts not visible, his own, hidden by him, seen by him (in the
 *              profile or in his row of the model), and those named by `keys`
 *              (earlier pages of the same scroll, held back, excluded).
 * Again        a post whose newest event is older than profile->again_before_ms
 *              counts as not seen. What only the model's row knows has no time:
 *              it is older than the oldest event of the profile.
 * Since        what has changed since the model was built is said by the caller
 *              after reader_make(): `gone`, and posts that are newer than the
 *              model, which have the ordinals post_count, post_count + 1, ...
 * Keys         a post's key is 48 bits of a hash of its id, as a page cursor
 *              carries it: independent of the model. Two posts share a key
 *              once in 2^48; then one of them waits for the next scroll.
 * Borrows      model, profile, gone and newer; valid while they are unchanged.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/model.h"
#include "reco/profile.h"

enum {
    READER_KEYS_MOST = 768,
    READER_KEY_SLOTS = 2048, /* power of two, three eighths full at most */
};

struct reader {
    const struct model *model;
    const struct profile *profile;
    struct uuid user;
    uint32_t self;        /* his ordinal, or ORDINAL_NONE */
    bool nobody;          /* the zero id, which authors nothing */
    bool row_again;       /* his row of the model is seen too long ago */
    const uint8_t *gone;  /* [posts] 1: taken away since; NULL: none was */
    const uint8_t *newer; /* [newer_count] 1: he may get it, but for `keys` */
    const uint64_t *newer_keys; /* beside them */
    uint32_t newer_count;
    uint32_t key_count;
    uint64_t keys[READER_KEY_SLOTS]; /* hash table, see reader.c */
};

/* Keys (uuid_key) in any order, repeats allowed. More than READER_KEYS_MOST:
 * ERR_LIMIT. */
MUST_USE bool reader_make(struct reader *r, const struct model *model,
                          const struct profile *profile, struct uuid user,
                          const uint64_t *keys, uint32_t key_count,
                          struct err *err);

/* All of the above, for posts newer than the model too. O(log of his row). */
bool reader_may_get(const struct reader *r, uint32_t post);

/* The same without "seen" and "hidden", for who has sorted those out. O(1). */
bool reader_may_get_unseen(const struct reader *r, uint32_t post);

/* Whether a post of the model is among those he has seen or hidden. */
bool reader_has_seen(const struct reader *r, uint32_t post);
