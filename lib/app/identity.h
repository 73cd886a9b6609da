/*
 * identity.h -- who is asking: the reader named by a signed token.
 *
 * Source  `Authorization: Bearer`, else the cookie `kith` (`__Host-kith` when
 *         cookie_secure). Nothing else names a reader.
 * New     without a token a visitor becomes an anonymous reader with a random
 *         id, given to him as a cookie. A cookie past half of its life, or
 *         signed with an old key, is renewed in the same answer.
 * Bad     forged, foreign or expired: the answer is written (401), and a bad
 *         cookie is taken away with it, so that the next visit starts anew.
 * Consent the cookie `kith_consent`, which the site sets when it has asked:
 *         `yes` or anything else. Without it, `Sec-GPC: 1` or `DNT: 1` is a no.
 */
#pragma once

#include <stdbool.h>

#include "base/config.h"
#include "web/http.h"
#include "web/token.h"

struct identity {
    struct uuid user;
    bool fresh;    /* made for this very request: no history can exist */
    bool declined; /* wants no profile: neither recorded nor looked up */
};

/* False when the reply has been written (401, 503). */
bool identity_find(const struct config *config, const struct token_keys *keys,
                   const struct http_request *request, struct http_reply *reply,
                   struct identity *out);

/* Adds the cookie that makes the browser this reader from now on. */
void identity_give(const struct config *config, const struct token_keys *keys,
                   struct uuid user, int64_t now_ms, struct http_reply *reply);
