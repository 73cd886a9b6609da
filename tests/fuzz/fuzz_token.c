/*
 * Tokens, impressions, cursors and keys files. Nothing may be taken as it is:
 * the fuzzer has no key. Behind the signature the judges must hold as well,
 * so the input is also tried with a good one.
 */
#include <stdlib.h>

#include "base/digest.h"
#include "web/cursor.h"
#include "web/impression.h"
#include "web/token.h"

enum { TEXT_BYTES = 1 << 15, MAC_BYTES = 16, NOW_MS = 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t bytes);

static struct token_keys keys;
static const struct uuid user = {{1}}, post = {{2}};

static void need(bool holds)
{
    if (!holds)
        abort();
}

static void try_forged(struct span text)
{
    struct token_claims claims;
    struct impression imp;
    struct cursor c;
    struct err err;

    need(!token_check(&keys, text, NOW_MS, &claims, &err));
    need(!impression_check(&keys, user, post, text, &imp, &err));
    need(!cursor_check(&keys, user, text, NOW_MS, NOW_MS, &c, &err));
}

static void try_signed_token(struct span text)
{
    unsigned char mac[DIGEST_SHA256_BYTES];
    char signature[DIGEST_B64_BYTES(DIGEST_SHA256_BYTES)];
    struct token_claims claims;
    struct buf b;
    struct err err;

    buf_init(&b, TEXT_BYTES);
    buf_text(&b, "v1.old.");
    buf_span(&b, text);
    digest_key_hmac(&keys.key[0].token, &(struct span){b.at, b.bytes}, 1, mac);
    digest_b64(mac, sizeof mac, signature);
    buf_char(&b, '.');
    buf_add(&b, signature, sizeof signature);
    if (token_check(&keys, buf_view(&b), NOW_MS, &claims, &err))
        need(claims.issued_at_ms >= 0 && claims.expires_at_ms > NOW_MS);
    buf_release(&b);
}

static void try_signed_cursor(struct span text)
{
    static char encoded[TEXT_BYTES];
    unsigned char mac[DIGEST_SHA256_BYTES];
    struct span parts[] = {{(const char *)user.b, UUID_BYTES}, text};
    struct cursor c;
    struct buf b;
    struct err err;

    buf_init(&b, TEXT_BYTES / 2);
    buf_span(&b, text);
    digest_key_hmac(&keys.key[0].cursor, parts, 2, mac);
    buf_add(&b, mac, MAC_BYTES);
    if (!b.failed) {
        digest_b64(b.at, b.bytes, encoded);
        if (cursor_check(&keys, user,
                         (struct span){encoded, DIGEST_B64_BYTES(b.bytes)},
                         NOW_MS, NOW_MS, &c, &err))
            need(c.key_count <= CURSOR_POSTS_MOST && c.feed < CURSOR_FEEDS);
    }
    buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t bytes)
{
    struct span text = {(const char *)at, bytes};
    struct token_keys parsed;
    struct err err;

    if (!keys.count)
        need(token_keys_parse(SPAN("old 000102030405060708090a0b0c0d0e0f"
                                   "101112131415161718191a1b1c1d1e1f\n"),
                              &keys, &err));
    try_forged(text);
    try_signed_token(text);
    try_signed_cursor(text);
    if (token_keys_parse(text, &parsed, &err))
        need(parsed.count >= 1 && parsed.count <= TOKEN_KEYS_MOST);
    return 0;
}
