/*
 * impression.h -- the proof that a post was served: signed into the feed,
 * sent back with the event, checked without any lookup.
 *
 * Form    base64url of 39 packed bytes (version, the fields below, big-endian)
 *         and the first 16 bytes of HMAC-SHA256 over user, post and those
 *         bytes, under a key derived for impressions only: IMPRESSION_TEXT
 *         characters. User and post are not in the text; they must be the
 *         reader's and the event's own.
 * Trust   whatever impression_check() returns was written by a server of ours.
 *         It does not expire here: the caller judges served_at_ms.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"
#include "web/token.h"

enum { IMPRESSION_TEXT = 74 };

struct impression {
    struct uuid request;
    uint16_t position; /* from 1 */
    uint8_t rung;
    uint8_t arm;
    uint64_t model_version;
    float propensity; /* chance with which this post was put there, (0, 1] */
    int64_t served_at_ms; /* 0 .. 2^48 - 1 */
};

/* Writes IMPRESSION_TEXT characters, no NUL. */
void impression_sign(const struct token_keys *keys, struct uuid user,
                     struct uuid post, const struct impression *imp,
                     char out[IMPRESSION_TEXT]);

/* ERR_DENIED when altered, or made for another reader or post. */
MUST_USE bool impression_check(const struct token_keys *keys, struct uuid user,
                               struct uuid post, struct span text,
                               struct impression *imp, struct err *err);
