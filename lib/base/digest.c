/*
 * The low-level SHA-256 is deprecated in favour of EVP, but only it has a state
 * that can be copied without the heap; see digest_key_hmac().
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/digest.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

static const char b64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* libcrypto's digests fail only when the heap does; there is no way on. */
static void need(int done)
{
    if (!done)
        abort();
}

void digest_sha1(struct span a, struct span b,
                 unsigned char out[DIGEST_SHA1_BYTES])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    need(ctx && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) &&
         EVP_DigestUpdate(ctx, a.at, a.bytes) &&
         EVP_DigestUpdate(ctx, b.at, b.bytes) &&
         EVP_DigestFinal_ex(ctx, out, NULL));
    EVP_MD_CTX_free(ctx);
}

void digest_sha256(struct span text, unsigned char out[DIGEST_SHA256_BYTES])
{
    need(EVP_Digest(text.at, text.bytes, out, NULL, EVP_sha256(), NULL));
}

_Static_assert(sizeof(SHA256_CTX) == sizeof((struct digest_key *)0)->inner,
               "struct digest_key holds a SHA256_CTX");

/* The state after one block of the key, each byte masked (RFC 2104). */
static void begin_padded(const unsigned char key[SHA256_CBLOCK],
                         unsigned char mask, uint64_t state[14])
{
    unsigned char block[SHA256_CBLOCK];
    SHA256_CTX ctx;

    for (size_t i = 0; i < sizeof block; i++)
        block[i] = key[i] ^ mask;
    need(SHA256_Init(&ctx) && SHA256_Update(&ctx, block, sizeof block));
    memcpy(state, &ctx, sizeof ctx);
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(&ctx, sizeof ctx);
}

void digest_key_init(struct digest_key *k, struct span secret)
{
    enum { INNER_MASK = 0x36, OUTER_MASK = 0x5c };
    unsigned char key[SHA256_CBLOCK] = {0};

    if (secret.bytes > sizeof key)
        digest_sha256(secret, key);
    else if (secret.bytes)
        memcpy(key, secret.at, secret.bytes);
    begin_padded(key, INNER_MASK, k->inner);
    begin_padded(key, OUTER_MASK, k->outer);
    OPENSSL_cleanse(key, sizeof key);
}

void digest_key_hmac(const struct digest_key *k, const struct span *parts,
                     size_t count, unsigned char out[DIGEST_SHA256_BYTES])
{
    SHA256_CTX ctx;

    memcpy(&ctx, k->inner, sizeof ctx);
    for (size_t i = 0; i < count; i++)
        need(SHA256_Update(&ctx, parts[i].at, parts[i].bytes));
    need(SHA256_Final(out, &ctx));
    memcpy(&ctx, k->outer, sizeof ctx);
    need(SHA256_Update(&ctx, out, DIGEST_SHA256_BYTES) &&
         SHA256_Final(out, &ctx));
}

void digest_hmac(struct span key, struct span text,
                 unsigned char out[DIGEST_SHA256_BYTES])
{
    struct digest_key k;

    digest_key_init(&k, key);
    digest_key_hmac(&k, &text, 1, out);
    OPENSSL_cleanse(&k, sizeof k);
}

bool digest_equal(const void *a, const void *b, size_t bytes)
{
    return !CRYPTO_memcmp(a, b, bytes);
}

bool digest_random(void *out, size_t bytes, struct err *err)
{
    if (RAND_bytes(out, (int)bytes) != 1)
        return err_set(err, ERR_DOWN, "random source gives nothing");
    return true;
}

void digest_b64(const void *at, size_t bytes, char *out)
{
    const unsigned char *p = at;
    unsigned held = 0, bits = 0;

    for (size_t i = 0; i < bytes; i++) {
        held = held << 8 | p[i];
        for (bits += 8; bits >= 6; bits -= 6)
            *out++ = b64_digits[held >> (bits - 6) & 63];
    }
    if (bits)
        *out = b64_digits[held << (6 - bits) & 63];
}

/* Place of a character in b64_digits; B64_NONE when it is not there. */
enum { B64_NONE = 64 };
/* clang-format off */
static const unsigned char b64_values[UCHAR_MAX + 1] = {
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 62, 64, 64,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 64, 64, 64, 64, 64, 64,
    64,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 64, 64, 64, 64, 63,
    64, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
};
/* clang-format on */

bool digest_unb64(struct span text, void *out, size_t cap_bytes, size_t *bytes)
{
    const unsigned char *at = (const unsigned char *)text.at;
    unsigned char *p = out;
    unsigned held = 0, bits = 0, seen = 0;

    if (text.bytes % 4 == 1 ||
        text.bytes / 4 * 3 + text.bytes % 4 * 3 / 4 > cap_bytes)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned value = b64_values[at[i]];

        seen |= value; /* judged once, behind the loop */
        held = (held << 6 | (value & (B64_NONE - 1))) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *p++ = (unsigned char)(held >> bits);
        }
    }
    *bytes = (size_t)(p - (unsigned char *)out);
    /* Spare bits must be zero. */
    return !(seen & B64_NONE) && !(held & ((1u << bits) - 1));
}

bool digest_unhex(struct span text, void *out, size_t cap_bytes, size_t *bytes)
{
    unsigned char *p = out;

    if (text.bytes % 2 || text.bytes / 2 > cap_bytes)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];
        int value = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (value < 0)
            return false;
        p[i / 2] = (unsigned char)(i % 2 ? p[i / 2] | value : value << 4);
    }
    *bytes = text.bytes / 2;
    return true;
}
