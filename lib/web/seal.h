/*
 * seal.h -- packed bytes that a reader carries for us: signed, bound to him.
 *
 * Form    base64url of the bytes and 16 bytes of HMAC-SHA256 over the reader's
 *         id and those bytes, under a key derived for this alone. The first
 *         byte tells kinds and versions apart: one is never read as another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/span.h"
#include "base/uuid.h"
#include "web/token.h"

enum { SEAL_BYTES = 16, SEAL_MOST = 2480 };

/* Characters of `bytes` sealed ones. */
#define SEAL_TEXT(bytes) DIGEST_B64_BYTES((bytes) + SEAL_BYTES)

/* Appends the text of bytes[0..count), count <= SEAL_MOST. */
void seal_sign(const struct token_keys *keys, struct uuid user,
               const unsigned char *bytes, size_t count, struct buf *out);

/* Fills bytes[SEAL_MOST + SEAL_BYTES]; *count without the signature. False when
 * altered, of another reader, or no text of ours. */
bool seal_open(const struct token_keys *keys, struct uuid user,
               struct span text, unsigned char *bytes, size_t *count);
