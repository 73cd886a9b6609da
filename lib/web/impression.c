#include "web/impression.h"

#include "web/pack.h"

enum {
    VERSION = 1,
    SERVED_BYTES = 6, /* milliseconds until the year 10889 */
    PACKED_BYTES = 39,
    MAC_BYTES = 16,
    WHOLE_BYTES = PACKED_BYTES + MAC_BYTES,
};

_Static_assert(DIGEST_B64_BYTES(WHOLE_BYTES) == IMPRESSION_TEXT,
               "the header states the length");
_Static_assert(sizeof(float) == sizeof(uint32_t),
               "a float travels as its bits");

static void mac_of(const struct digest_key *key, const struct uuid *user,
                   const struct uuid *post, const unsigned char *packed,
                   unsigned char mac[DIGEST_SHA256_BYTES])
{
    const struct span parts[] = {
        {(const char *)user->b, UUID_BYTES},
        {(const char *)post->b, UUID_BYTES},
        {(const char *)packed, PACKED_BYTES},
    };

    digest_key_hmac(key, parts, sizeof parts / sizeof parts[0], mac);
}

void impression_sign(const struct token_keys *keys, struct uuid user,
                     struct uuid post, const struct impression *imp,
                     char out[IMPRESSION_TEXT])
{
    unsigned char whole[WHOLE_BYTES], mac[DIGEST_SHA256_BYTES];
    unsigned char *p = whole;
    uint32_t propensity_bits;

    memcpy(&propensity_bits, &imp->propensity, sizeof propensity_bits);
    p = pack_uint(p, VERSION, 1);
    p = pack_uuid(p, imp->request);
    p = pack_uint(p, imp->position, sizeof imp->position);
    p = pack_uint(p, imp->rung, sizeof imp->rung);
    p = pack_uint(p, imp->arm, sizeof imp->arm);
    p = pack_uint(p, imp->model_version, sizeof imp->model_version);
    p = pack_uint(p, propensity_bits, sizeof propensity_bits);
    p = pack_uint(p, (uint64_t)imp->served_at_ms, SERVED_BYTES);
    mac_of(&keys->key[0].impression, &user, &post, whole, mac);
    memcpy(p, mac, MAC_BYTES);
    digest_b64(whole, sizeof whole, out);
}

static void unpack(const unsigned char *p, struct impression *imp)
{
    uint32_t propensity_bits;

    p++; /* the version, judged already */
    p = unpack_uuid(p, &imp->request);
    imp->position = (uint16_t)unpack_uint(&p, sizeof imp->position);
    imp->rung = (uint8_t)unpack_uint(&p, sizeof imp->rung);
    imp->arm = (uint8_t)unpack_uint(&p, sizeof imp->arm);
    imp->model_version = unpack_uint(&p, sizeof imp->model_version);
    propensity_bits = (uint32_t)unpack_uint(&p, sizeof propensity_bits);
    imp->served_at_ms = (int64_t)unpack_uint(&p, SERVED_BYTES);
    memcpy(&imp->propensity, &propensity_bits, sizeof propensity_bits);
}

bool impression_check(const struct token_keys *keys, struct uuid user,
                      struct uuid post, struct span text,
                      struct impression *imp, struct err *err)
{
    unsigned char whole[WHOLE_BYTES], mac[DIGEST_SHA256_BYTES];
    size_t bytes = 0;

    if (text.bytes != IMPRESSION_TEXT ||
        !digest_unb64(text, whole, sizeof whole, &bytes) ||
        bytes != sizeof whole || whole[0] != VERSION)
        return err_set(err, ERR_DENIED, "impression: not of our form");
    for (uint32_t i = 0; i < keys->count; i++) {
        mac_of(&keys->key[i].impression, &user, &post, whole, mac);
        if (!digest_equal(mac, whole + PACKED_BYTES, MAC_BYTES))
            continue;
        unpack(whole, imp);
        return true;
    }
    return err_set(err, ERR_DENIED,
                   "impression: not ours, or not for this "
                   "reader and post");
}
