#include "web/held.h"

#include <string.h>

#include "web/pack.h"
#include "web/seal.h"

enum {
    VERSION = 'H', /* a cursor begins with 1 */
    TIME_BYTES = 6,
    KEY_BYTES = UUID_KEY_BITS / 8,
    AGE_BYTES = 2,
    POST_BYTES = KEY_BYTES + AGE_BYTES,
    HEAD_BYTES = 1 + TIME_BYTES,
    WHOLE_MOST = HEAD_BYTES + HELD_MOST * POST_BYTES,
    MS_PER_S = 1000,
};

_Static_assert((int)WHOLE_MOST <= (int)SEAL_MOST, "fits a seal");
_Static_assert((int)SEAL_TEXT(WHOLE_MOST) <= (int)HELD_TEXT_MOST,
               "the header states the length");

void held_open(const struct token_keys *keys, struct uuid user,
               struct span text, int64_t now_ms, int64_t life_ms,
               struct held *out)
{
    unsigned char whole[SEAL_MOST + SEAL_BYTES];
    const unsigned char *p = whole + 1;
    int64_t signed_at_ms;
    size_t bytes;

    out->count = 0;
    if (!text.bytes || text.bytes > HELD_TEXT_MOST ||
        !seal_open(keys, user, text, whole, &bytes) || bytes < HEAD_BYTES ||
        whole[0] != VERSION || (bytes - HEAD_BYTES) % POST_BYTES)
        return;
    signed_at_ms = (int64_t)unpack_uint(&p, TIME_BYTES);
    while (p < whole + bytes && out->count < HELD_MOST) {
        uint64_t key = unpack_uint(&p, KEY_BYTES);
        int64_t at_ms =
            signed_at_ms - (int64_t)unpack_uint(&p, AGE_BYTES) * MS_PER_S;
        if (now_ms - at_ms >= life_ms)
            continue;
        out->keys[out->count] = key;
        out->at_ms[out->count++] = at_ms;
    }
}

void held_add(struct held *h, struct uuid post, int64_t now_ms)
{
    if (h->count == HELD_MOST) {
        h->count--;
        memmove(h->keys, h->keys + 1, h->count * sizeof *h->keys);
        memmove(h->at_ms, h->at_ms + 1, h->count * sizeof *h->at_ms);
    }
    h->keys[h->count] = uuid_key(post);
    h->at_ms[h->count++] = now_ms;
}

static uint64_t age_s(int64_t now_ms, int64_t at_ms)
{
    int64_t age = (now_ms - at_ms) / MS_PER_S;

    return age < 0                  ? 0
           : age > HELD_LIFE_MOST_S ? HELD_LIFE_MOST_S
                                    : (uint64_t)age;
}

void held_sign(const struct token_keys *keys, struct uuid user,
               const struct held *h, int64_t now_ms, struct buf *out)
{
    unsigned char whole[WHOLE_MOST], *p = whole;

    p = pack_uint(p, VERSION, 1);
    p = pack_uint(p, (uint64_t)now_ms, TIME_BYTES);
    for (uint32_t i = 0; i < h->count; i++) {
        p = pack_uint(p, h->keys[i], KEY_BYTES);
        p = pack_uint(p, age_s(now_ms, h->at_ms[i]), AGE_BYTES);
    }
    seal_sign(keys, user, whole, (size_t)(p - whole), out);
}
