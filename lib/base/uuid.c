#include "base/uuid.h"

#include <limits.h>

#include "base/digest.h"
#include "base/hash.h"

static const char hex[] = "0123456789abcdef";

enum { NIBBLE_NONE = 16 };
/* clang-format off */
static const unsigned char nibbles[UCHAR_MAX + 1] = {
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
     0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 16, 16, 16, 16, 16, 16,
    16, 10, 11, 12, 13, 14, 15, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 10, 11, 12, 13, 14, 15, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
};
/* clang-format on */

/* Where the two digits of each byte stand in 8-4-4-4-12. */
static const unsigned char places[UUID_BYTES] = {
    0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
static const unsigned char dashes[] = {8, 13, 18, 23};

bool uuid_find(struct span text, struct uuid *out)
{
    const unsigned char *at = (const unsigned char *)text.at;
    unsigned seen = 0;

    if (text.bytes != UUID_TEXT)
        return false;
    for (size_t i = 0; i < sizeof dashes; i++)
        if (at[dashes[i]] != '-')
            return false;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        unsigned high = nibbles[at[places[i]]];
        unsigned low = nibbles[at[places[i] + 1]];

        seen |= high | low; /* judged once, behind the loop */
        out->b[i] = (unsigned char)(high << 4 | low);
    }
    return !(seen & NIBBLE_NONE);
}

void uuid_text(struct uuid id, char out[UUID_TEXT + 1])
{
    for (size_t i = 0; i < sizeof dashes; i++)
        out[dashes[i]] = '-';
    for (size_t i = 0; i < UUID_BYTES; i++) {
        out[places[i]] = hex[id.b[i] >> 4];
        out[places[i] + 1] = hex[id.b[i] & 15];
    }
    out[UUID_TEXT] = 0;
}

uint64_t uuid_key(struct uuid id)
{
    return hash64(id.b, UUID_BYTES) & (((uint64_t)1 << UUID_KEY_BITS) - 1);
}

static void set_version(struct uuid *id, unsigned version)
{
    id->b[6] = (unsigned char)((id->b[6] & 0x0f) | version << 4);
    id->b[8] = (unsigned char)((id->b[8] & 0x3f) | 0x80);
}

bool uuid_v4(struct uuid *out, struct err *err)
{
    if (!digest_random(out->b, UUID_BYTES, err))
        return false;
    set_version(out, 4);
    return true;
}

bool uuid_v7(int64_t at_ms, struct uuid *out, struct err *err)
{
    if (!digest_random(out->b, UUID_BYTES, err))
        return false;
    for (int i = 0; i < 6; i++)
        out->b[i] = (unsigned char)((uint64_t)at_ms >> (40 - 8 * i));
    set_version(out, 7);
    return true;
}

struct uuid uuid_v5(struct uuid space, struct span name)
{
    unsigned char sha1[DIGEST_SHA1_BYTES];
    struct uuid id;

    digest_sha1((struct span){(const char *)space.b, UUID_BYTES}, name, sha1);
    memcpy(id.b, sha1, UUID_BYTES);
    set_version(&id, 5);
    return id;
}
