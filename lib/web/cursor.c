#include "web/cursor.h"

#include <assert.h>

#include "web/pack.h"

enum {
    VERSION = 1,
    TIME_BYTES = 6,
    KEY_BYTES = UUID_KEY_BITS / 8,
    /* version, feed, issued, seed, served, published, post, number of keys */
    HEAD_BYTES = 1 + 1 + TIME_BYTES + 8 + 4 + 8 + UUID_BYTES + 2,
    MAC_BYTES = 16,
    WHOLE_MOST = HEAD_BYTES + CURSOR_POSTS_MOST * KEY_BYTES + MAC_BYTES,
};

_Static_assert(DIGEST_B64_BYTES(WHOLE_MOST) <= CURSOR_TEXT_MOST,
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

static void mac_of(const struct digest_key *key, const struct uuid *user,
                   const unsigned char *packed, size_t bytes,
                   unsigned char mac[DIGEST_SHA256_BYTES])
{
    const struct span parts[] = {
        {(const char *)user->b, UUID_BYTES},
        {(const char *)packed, bytes},
    };

    digest_key_hmac(key, parts, sizeof parts / sizeof parts[0], mac);
}

void cursor_sign(const struct token_keys *keys, struct uuid user,
                 const struct cursor *c, struct buf *out)
{
    unsigned char whole[WHOLE_MOST], mac[DIGEST_SHA256_BYTES];
    char text[CURSOR_TEXT_MOST];
    unsigned char *p = whole;

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
    mac_of(&keys->key[0].cursor, &user, whole, (size_t)(p - whole), mac);
    memcpy(p, mac, MAC_BYTES);
    p += MAC_BYTES;
    digest_b64(whole, (size_t)(p - whole), text);
    buf_add(out, text, DIGEST_B64_BYTES((size_t)(p - whole)));
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

static bool is_genuine(const struct token_keys *keys, const struct uuid *user,
                       const unsigned char *whole, size_t bytes)
{
    unsigned char mac[DIGEST_SHA256_BYTES];

    for (uint32_t i = 0; i < keys->count; i++) {
        mac_of(&keys->key[i].cursor, user, whole, bytes, mac);
        if (digest_equal(mac, whole + bytes, MAC_BYTES))
            return true;
    }
    return false;
}

bool cursor_check(const struct token_keys *keys, struct uuid user,
                  struct span text, int64_t now_ms, int64_t life_ms,
                  struct cursor *c, struct err *err)
{
    unsigned char whole[WHOLE_MOST];
    size_t bytes = 0;

    *c = (struct cursor){0};
    if (!digest_unb64(text, whole, sizeof whole, &bytes) ||
        bytes < HEAD_BYTES + MAC_BYTES || whole[0] != VERSION)
        return err_set(err, ERR_INVALID, "cursor: not of our form");
    bytes -= MAC_BYTES;
    if (!is_genuine(keys, &user, whole, bytes) || !unpack(whole, bytes, c))
        return err_set(err, ERR_INVALID,
                       "cursor: altered or of another reader");
    c->expired = now_ms - c->issued_at_ms >= life_ms;
    if (c->expired)
        return err_set(err, ERR_INVALID, "cursor: expired");
    return true;
}
