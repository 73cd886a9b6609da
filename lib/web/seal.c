#include "web/seal.h"

#include <assert.h>
#include <string.h>

enum { WHOLE_MOST = SEAL_MOST + SEAL_BYTES };

static void mac_of(const struct digest_key *key, const struct uuid *user,
                   const unsigned char *bytes, size_t count,
                   unsigned char mac[DIGEST_SHA256_BYTES])
{
    const struct span parts[] = {
        {(const char *)user->b, UUID_BYTES},
        {(const char *)bytes, count},
    };

    digest_key_hmac(key, parts, sizeof parts / sizeof parts[0], mac);
}

void seal_sign(const struct token_keys *keys, struct uuid user,
               const unsigned char *bytes, size_t count, struct buf *out)
{
    unsigned char whole[WHOLE_MOST], mac[DIGEST_SHA256_BYTES];
    char text[DIGEST_B64_BYTES(WHOLE_MOST)];

    assert(count <= SEAL_MOST);
    memcpy(whole, bytes, count);
    mac_of(&keys->key[0].cursor, &user, bytes, count, mac);
    memcpy(whole + count, mac, SEAL_BYTES);
    digest_b64(whole, count + SEAL_BYTES, text);
    buf_add(out, text, SEAL_TEXT(count));
}

bool seal_open(const struct token_keys *keys, struct uuid user,
               struct span text, unsigned char *bytes, size_t *count)
{
    unsigned char mac[DIGEST_SHA256_BYTES];

    if (!digest_unb64(text, bytes, WHOLE_MOST, count) || *count < SEAL_BYTES)
        return false;
    *count -= SEAL_BYTES;
    for (uint32_t i = 0; i < keys->count; i++) {
        mac_of(&keys->key[i].cursor, &user, bytes, *count, mac);
        if (digest_equal(mac, bytes + *count, SEAL_BYTES))
            return true;
    }
    return false;
}
