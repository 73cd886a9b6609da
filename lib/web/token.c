#include "web/token.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"

enum {
    KEYS_FILE_BYTES = 65536,
    SIGNATURE_TEXT = DIGEST_B64_BYTES(DIGEST_SHA256_BYTES),
};

static bool is_id_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool id_check(struct span id)
{
    if (!id.bytes || id.bytes > TOKEN_ID_MOST)
        return false;
    for (size_t i = 0; i < id.bytes; i++)
        if (!is_id_char(id.at[i]))
            return false;
    return true;
}

static void wipe(void *at, size_t bytes)
{
    explicit_bzero(at, bytes);
}

/* One key a purpose: HMAC(secret, name of the purpose). */
static struct digest_key derive(struct span secret, struct span purpose)
{
    unsigned char derived[DIGEST_SHA256_BYTES];
    struct digest_key k;

    digest_hmac(secret, purpose, derived);
    digest_key_init(&k, (struct span){(char *)derived, sizeof derived});
    wipe(derived, sizeof derived);
    return k;
}

static const struct token_key *key_find(const struct token_keys *keys,
                                        struct span id)
{
    for (uint32_t i = 0; i < keys->count; i++)
        if (span_is(id, keys->key[i].id))
            return &keys->key[i];
    return NULL;
}

static bool parse_line(struct span line, size_t number, struct token_keys *keys,
                       struct err *err)
{
    unsigned char secret[TOKEN_SECRET_BYTES];
    struct span id, text = line, whole = {(char *)secret, sizeof secret};
    struct token_key *key;
    size_t bytes = 0;
    bool ok = span_cut(&text, ' ', &id) && id_check(id) &&
              digest_unhex(span_trim(text), secret, sizeof secret, &bytes) &&
              bytes == sizeof secret;

    if (!ok) {
        err_set(err, ERR_INVALID, "keys, line %zu: not `<id> <64 hex digits>`",
                number);
    } else if (keys->count == TOKEN_KEYS_MOST || key_find(keys, id)) {
        ok = err_set(err, ERR_INVALID,
                     "keys, line %zu: over %d keys, or an id used twice",
                     number, TOKEN_KEYS_MOST);
    } else {
        key = &keys->key[keys->count++];
        memcpy(key->id, id.at, id.bytes);
        digest_key_init(&key->token, whole);
        key->impression = derive(whole, SPAN("kith impression v1"));
        key->cursor = derive(whole, SPAN("kith cursor v1"));
    }
    wipe(secret, sizeof secret);
    return ok;
}

bool token_keys_parse(struct span text, struct token_keys *out, struct err *err)
{
    struct span line;
    size_t number = 0;

    *out = (struct token_keys){0};
    while (span_cut(&text, '\n', &line)) {
        number++;
        line = span_trim(line);
        if (!line.bytes || line.at[0] == '#')
            continue;
        if (!parse_line(line, number, out, err))
            return false;
    }
    if (!out->count)
        return err_set(err, ERR_INVALID, "keys: the file holds no key");
    return true;
}

bool token_keys_load(const char *path, struct token_keys *out, struct err *err)
{
    struct stat st;
    struct span text;
    bool ok;

    if (!file_read(path, KEYS_FILE_BYTES, &text, err))
        return false;
    ok = stat(path, &st) == 0 && !(st.st_mode & (S_IROTH | S_IWOTH));
    if (!ok)
        err_set(err, ERR_INVALID, "%s: open to others; chmod 600 it", path);
    ok = ok && token_keys_parse(text, out, err);
    wipe((void *)text.at, text.bytes);
    mem_give((void *)text.at);
    return ok;
}

static void signature_of(const struct token_key *key, struct span text,
                         char out[SIGNATURE_TEXT])
{
    unsigned char mac[DIGEST_SHA256_BYTES];

    digest_key_hmac(&key->token, &text, 1, mac);
    digest_b64(mac, sizeof mac, out);
}

void token_sign(const struct token_keys *keys, struct uuid user,
                int64_t issued_at_ms, int64_t expires_at_ms, struct buf *out)
{
    char id[UUID_TEXT + 1], signature[SIGNATURE_TEXT];
    size_t start = out->bytes;

    uuid_text(user, id);
    buf_text(out, "v1.");
    buf_text(out, keys->key[0].id);
    buf_char(out, '.');
    buf_text(out, id);
    buf_char(out, '.');
    buf_i64(out, issued_at_ms);
    buf_char(out, '.');
    buf_i64(out, expires_at_ms);
    if (out->failed)
        return;
    signature_of(&keys->key[0],
                 (struct span){out->at + start, out->bytes - start}, signature);
    buf_char(out, '.');
    buf_add(out, signature, sizeof signature);
}

/* The parts between the dots; `whole` is what the signature covers. */
struct parts {
    struct span version, key, user, issued, expires, signature, whole;
};

static bool cut_parts(struct span text, struct parts *p)
{
    struct span rest = text;

    if (text.bytes > TOKEN_TEXT_MOST || text.bytes <= SIGNATURE_TEXT)
        return false;
    *p = (struct parts){
        .whole = {text.at, text.bytes - SIGNATURE_TEXT - 1},
    };
    return span_cut(&rest, '.', &p->version) && span_cut(&rest, '.', &p->key) &&
           span_cut(&rest, '.', &p->user) && span_cut(&rest, '.', &p->issued) &&
           span_cut(&rest, '.', &p->expires) &&
           span_cut(&rest, '.', &p->signature) && !rest.at &&
           p->signature.bytes == SIGNATURE_TEXT;
}

static bool is_genuine(const struct token_key *key, const struct parts *p)
{
    char signature[SIGNATURE_TEXT];

    signature_of(key, p->whole, signature);
    return digest_equal(signature, p->signature.at, sizeof signature);
}

bool token_check(const struct token_keys *keys, struct span text,
                 int64_t now_ms, struct token_claims *claims, struct err *err)
{
    const struct token_key *key;
    struct parts p;

    *claims = (struct token_claims){0};
    if (!cut_parts(text, &p) || !span_is(p.version, "v1"))
        return err_set(err, ERR_DENIED, "token: not of our form");
    key = key_find(keys, p.key);
    if (!key)
        return err_set(err, ERR_DENIED, "token: signed with an unknown key");
    if (!is_genuine(key, &p))
        return err_set(err, ERR_DENIED, "token: the signature is wrong");
    if (!uuid_find(p.user, &claims->user) ||
        !span_i64(p.issued, &claims->issued_at_ms) ||
        !span_i64(p.expires, &claims->expires_at_ms) ||
        claims->issued_at_ms < 0 ||
        claims->expires_at_ms < claims->issued_at_ms)
        return err_set(err, ERR_DENIED, "token: signed, but malformed");
    claims->newest = key == &keys->key[0];
    claims->expired = now_ms >= claims->expires_at_ms;
    if (claims->expired)
        return err_set(err, ERR_DENIED, "token: expired");
    return true;
}

bool token_is_due(const struct token_claims *claims, int64_t now_ms)
{
    int64_t half_ms = (claims->expires_at_ms - claims->issued_at_ms) / 2;

    return !claims->newest || now_ms >= claims->issued_at_ms + half_ms;
}

bool token_new_key(struct buf *out, struct err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    enum { ID_BYTES = 8 };
    unsigned char random[ID_BYTES + TOKEN_SECRET_BYTES];

    if (!digest_random(random, sizeof random, err))
        return false;
    for (size_t i = 0; i < ID_BYTES; i++)
        buf_char(out, letters[random[i] % (sizeof letters - 1)]);
    buf_char(out, ' ');
    for (size_t i = ID_BYTES; i < sizeof random; i++)
        buf_fmt(out, "%02x", random[i]);
    buf_char(out, '\n');
    wipe(random, sizeof random);
    return true;
}
