/*
 * digest.h -- hashes with a secret or a standard behind them; the only door
 * to libcrypto.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

enum { DIGEST_SHA1_BYTES = 20, DIGEST_SHA256_BYTES = 32 };

/* SHA-1 of a followed by b; for name-based UUIDs only. */
void digest_sha1(struct span a, struct span b,
                 unsigned char out[DIGEST_SHA1_BYTES]);
void digest_sha256(struct span text, unsigned char out[DIGEST_SHA256_BYTES]);

/* HMAC-SHA256 (RFC 2104). */
void digest_hmac(struct span key, struct span text,
                 unsigned char out[DIGEST_SHA256_BYTES]);

/*
 * A key prepared for many HMACs: the two hash states behind the padded key
 * are kept, which leaves the text itself to hash. Holds secret material.
 */
struct digest_key {
    uint64_t inner[14], outer[14]; /* states of libcrypto, copied by value */
};
void digest_key_init(struct digest_key *k, struct span secret);
/* HMAC-SHA256 of the parts, one behind the other. */
void digest_key_hmac(const struct digest_key *k, const struct span *parts,
                     size_t count, unsigned char out[DIGEST_SHA256_BYTES]);

/* Equal bytes, in a time that does not tell where they differ. */
bool digest_equal(const void *a, const void *b, size_t bytes);

MUST_USE bool digest_random(void *out, size_t bytes, struct err *err);

/*
 * base64url without padding (RFC 4648 section 5). `out` must hold
 * DIGEST_B64_BYTES(bytes) characters; no NUL is written.
 */
#define DIGEST_B64_BYTES(bytes) (((bytes)*8 + 5) / 6)
void digest_b64(const void *at, size_t bytes, char *out);
/* False when not canonical base64url or when it does not fit cap_bytes. */
bool digest_unb64(struct span text, void *out, size_t cap_bytes, size_t *bytes);
/* 2 * n hexadecimal digits into n bytes, n <= cap_bytes. */
bool digest_unhex(struct span text, void *out, size_t cap_bytes, size_t *bytes);
