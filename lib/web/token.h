/*
 * token.h -- who is calling: signed reader tokens, and the keys behind them.
 *
 * Form   v1.<key id>.<user uuid>.<issued>.<expires>.<signature>
 *        times in milliseconds since 1970; the signature is HMAC-SHA256 with
 *        the key over everything before the last dot, in base64url without
 *        padding (43 characters). A host application can mint it in five lines.
 * Keys   a text file, newest first: `<id> <64 hex digits>` a line, `#` starts
 *        a comment line; id is 1..TOKEN_ID_MOST of A-Z a-z 0-9 _ -. The first
 *        signs, all verify. The file must not be readable for others.
 * Time   comparison of signatures is constant-time.
 * Reuse  impressions and cursors are signed with keys derived from the same
 *        secrets, one a purpose, so that no signature is good for another.
 * Rule   neither keys nor tokens ever reach an error text or a log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"

enum {
    TOKEN_KEYS_MOST = 16,
    TOKEN_ID_MOST = 16,
    TOKEN_SECRET_BYTES = 32,
    TOKEN_TEXT_MOST = 160, /* longer texts are no tokens */
};

struct token_key {
    char id[TOKEN_ID_MOST + 1];
    struct digest_key token, impression, cursor; /* one a purpose */
};

struct token_keys {
    uint32_t count; /* 1..TOKEN_KEYS_MOST; [0] signs */
    struct token_key key[TOKEN_KEYS_MOST];
};

struct token_claims {
    struct uuid user;
    int64_t issued_at_ms, expires_at_ms;
    bool expired; /* set beside ERR_DENIED: the signature is good, time is up */
    bool newest;  /* signed with the key that signs today */
};

MUST_USE bool token_keys_load(const char *path, struct token_keys *out,
                              struct err *err);
/* Judges the text of a keys file; for tests and for token_keys_load. */
MUST_USE bool token_keys_parse(struct span text, struct token_keys *out,
                               struct err *err);

/* Appends the token. */
void token_sign(const struct token_keys *keys, struct uuid user,
                int64_t issued_at_ms, int64_t expires_at_ms, struct buf *out);

/*
 * ERR_DENIED for anything but a good token; `claims->expired` tells problem
 * `token_expired` from `bad_token`. Good while now_ms < expires_at_ms.
 */
MUST_USE bool token_check(const struct token_keys *keys, struct span text,
                          int64_t now_ms, struct token_claims *claims,
                          struct err *err);

/* True past half of its life or when an older key signed it: give a new one. */
bool token_is_due(const struct token_claims *claims, int64_t now_ms);

/* Appends a line for a keys file, with a new random id and secret. */
MUST_USE bool token_new_key(struct buf *out, struct err *err);
