/*
 * feed_served.h -- a log of answers, small enough to keep and enough to make
 * each of them again, byte for byte (feed_replay.h).
 *
 * Kept     for_you answers made with a model: who asked when for what, the
 *          cursor, the posts excluded and held back, and digests of everything
 *          else that went in: model, history, overlay, settings, signing key,
 *          answer. About 270 bytes, the cursor on later pages, and 8 bytes for
 *          each post held back.
 * Where    a folder of local files, one writer each (the worker), appended by
 *          one write() an answer: 5 us, no fsync, no query. A table would cost
 *          the hot path a second query, and a log line cannot name the reader
 *          (its hash is keyed and not invertible), which replay needs.
 * Bound    a file is closed at an eighth of served_bytes; whoever opens a new
 *          one removes the oldest until the folder fits.
 * Private  records name readers: files have mode 0600, the folder, made where
 * there is none, 0700. Off by default (KITH_SERVED is empty). An erased reader
 *          leaves with the oldest files.
 * Failure  never touches the answer: logged once, tried again with the next.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/feed.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/err.h"
#include "web/held.h"
#include "web/token.h"

/* One answer as it lies in a file, followed by the keys of the posts excluded
 * and held back, by cursor_bytes, and zeros up to a multiple of 8.
 * Little-endian, no padding. */
struct served_record {
    char magic[8];
    uint32_t bytes; /* of all of it */
    uint32_t cursor_bytes;
    uint64_t checksum; /* of what follows, this far into the record */
    struct uuid request, user;
    int64_t now_ms, read_at_ms; /* asked; history and newer posts read */
    int64_t took_us;
    int64_t built_at_ms; /* of the model */
    char version[MODEL_VERSION_BYTES];
    uint64_t history_digest, fresh_digest, settings_digest, key_digest;
    uint64_t answer_digest;
    int64_t fresh_newest_ms;
    uint32_t history_count, fresh_count;
    uint16_t want;
    uint8_t reason; /* feed_reason_number */
    uint8_t is_fresh;
    uint32_t answer_bytes;
    uint32_t excluded_count, held_count;
};
_Static_assert(sizeof(struct served_record) == 200, "no hidden padding");

struct served {
    int fd; /* -1: none is open */
    uint64_t bytes, number;
    bool has_failed;
};

void served_init(struct served *s);
void served_release(struct served *s);

/* What else went in, and what came out. */
struct served_answer {
    const struct feeder *feeder;
    const struct feed_ask *ask;
    const struct feed *feed;
    const struct token_keys *keys;
    struct uuid request;
    struct span cursor; /* as the request gave it; empty: first page */
    int64_t took_us;
    struct span body;
};

void served_add(struct served *s, const struct served_answer *answer);

/* Digests as they stand in a record. */
uint64_t served_history(const struct feeder *f);
uint64_t served_settings(const struct config *config);
uint64_t served_key(const struct token_keys *keys);

/* A record and what the request carried. */
struct served_found {
    struct served_record record;
    uint64_t keys[FEED_EXCLUDE_MOST + HELD_MOST]; /* excluded, then held back */
    char cursor[CURSOR_TEXT_MOST];
};

/*
 * Finds a request in the files of a folder, damaged records being passed over.
 * ERR_ABSENT: it is in none.
 */
MUST_USE bool served_find(const char *folder, struct uuid request,
                          struct served_found *out, struct err *err);
