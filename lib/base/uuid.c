#include "base/uuid.h"

#include "base/digest.h"
#include "base/hash.h"

static const char hex[] = "0123456789abcdef";

static bool is_dash_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20; /* fold to lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool uuid_find(struct span text, struct uuid *out)
{
    /* Where the two digits of each byte stand in 8-4-4-4-12. */
    static const unsigned char places[UUID_BYTES] = {
        0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    int seen = 0;

    if (text.bytes != UUID_TEXT)
        return false;
    for (size_t i = 8; i <= 23; i += 5)
        if (text.at[i] != '-')
            return false;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        int high = hex_value(text.at[places[i]]);
        int low = hex_value(text.at[places[i] + 1]);

        seen |= high | low; /* negative when one is no digit */
        out->b[i] = (unsigned char)((unsigned)high << 4 | (unsigned)low);
    }
    return seen >= 0;
}

void uuid_text(struct uuid id, char out[UUID_TEXT + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < UUID_TEXT; i++) {
        if (is_dash_place(i)) {
            out[i] = '-';
            continue;
        }
        out[i] = hex[n % 2 ? id.b[n / 2] & 15 : id.b[n / 2] >> 4];
        n++;
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
