#include "web/cursor.h"

#include <assert.h>

#include "web/pack.h"
#include "web/seal.h"

enum {
    VERSION = 1,
    TIME_BYTES = 6,
    KEY_BYTES = UUID_KEY_BITS / 8,
    /* version, feed, issued, seed, served, published, post, number of keys */
    HEAD_BYTES = 1 + 1 + TIME_BYTES + 8 + 4 + 8 + UUID_BYTES + 2,
    WHOLE_MOST = HEAD_BYTES + CURSOR_POSTS_MOST * KEY_BYTES,
};

_Static_assert((int)WHOLE_MOST <= (int)SEAL_MOST, "fits a seal");
_Static_assert((int)SEAL_TEXT(WHOLE_MOST) <= (int)CURSOR_TEXT_MOST,
               "the header states the length");

bool cursor_add(struct cursor *c, struct uuid post)
{
    c->served_count++;
    if (c->key_count == CURSOR_POSTS_MOST)
        return false;
    c->keys[c->key_count++] = uuid_key(post);
    return true;
}

bool cursor_has(const struct cursor *c, struct uuid post)
{
    uint64_t key = uuid_key(post);

    for (uint32_t i = 0; i < c->key_count; i++)
        if (c->keys[i] == key)
            return true;
    return false;
}

void cursor_sign(const struct token_keys *keys, struct uuid user,
                 const struct cursor *c, struct buf *out)
{
    unsigned char whole[WHOLE_MOST], *p = whole;

    assert(c->key_count <= CURSOR_POSTS_MOST);
    p = pack_uint(p, VERSION, 1);
    p = pack_uint(p, c->feed, 1);
    p = pack_uint(p, (uint64_t)c->issued_at_ms, TIME_BYTES);
    p = pack_uint(p, c->seed, sizeof c->seed);
    p = pack_uint(p, c->served_count, sizeof c->served_count);
    p = pack_uint(p, (uint64_t)c->published_at_ms, sizeof c->published_at_ms);
    p = pack_uuid(p, c->post);
    p = pack_uint(p, c->key_count, sizeof(uint16_t));
    for (uint32_t i = 0; i < c->key_count; i++)
        p = pack_uint(p, c->keys[i], KEY_BYTES);
    seal_sign(keys, user, whole, (size_t)(p - whole), out);
}

/* False when the fields do not fit together; cannot happen to a signed text
 * of ours, but is cheaper to check than to prove. */
static bool unpack(const unsigned char *p, size_t bytes, struct cursor *c)
{
    uint64_t feed;

    p++; /* the version, judged already */
    feed = unpack_uint(&p, 1);
    c->issued_at_ms = (int64_t)unpack_uint(&p, TIME_BYTES);
    c->seed = unpack_uint(&p, sizeof c->seed);
    c->served_count = (uint32_t)unpack_uint(&p, sizeof c->served_count);
    c->published_at_ms = (int64_t)unpack_uint(&p, sizeof c->published_at_ms);
    p = unpack_uuid(p, &c->post);
    c->key_count = (uint32_t)unpack_uint(&p, sizeof(uint16_t));
    if (feed >= CURSOR_FEEDS || c->key_count > CURSOR_POSTS_MOST ||
        bytes != HEAD_BYTES + (size_t)c->key_count * KEY_BYTES)
        return false;
    c->feed = (enum cursor_feed)feed;
    for (uint32_t i = 0; i < c->key_count; i++)
        c->keys[i] = unpack_uint(&p, KEY_BYTES);
    return true;
}

bool cursor_check(const struct token_keys *keys, struct uuid user,
                  struct span text, int64_t now_ms, int64_t life_ms,
                  struct cursor *c, struct err *err)
{
    unsigned char whole[SEAL_MOST + SEAL_BYTES];
    size_t bytes;

    *c = (struct cursor){0};
    if (!seal_open(keys, user, text, whole, &bytes) || bytes < HEAD_BYTES ||
        whole[0] != VERSION || !unpack(whole, bytes, c))
        return err_set(err, ERR_INVALID,
                       "cursor: altered, of another reader or none of ours");
    c->expired = now_ms - c->issued_at_ms >= life_ms;
    if (c->expired)
        return err_set(err, ERR_INVALID, "cursor: expired");
    return true;
}
