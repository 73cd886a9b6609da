#include "web/json_scan.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "web/json_escape.h"

enum {
    NUMBER_MOST_BYTES = 64,  /* of one literal, as in json.c */
    EXPONENT_MOST_BYTES = 3, /* 1e-9999 is a double (0) but no numeric */
    SAFE_DIGITS = 18,        /* any so many digits are an int64 */
    FEW_KEYS = 16,           /* compared each with each */
};

/* One bit in each byte of eight at once. */
#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

static bool fail(struct json_scan *s, enum err_code code, const char *fault)
{
    if (!s->fault) {
        s->fault = fault;
        s->code = code;
    }
    s->end = s->at; /* every later step finds nothing */
    return false;
}

static bool refuse(struct json_scan *s, const char *fault)
{
    return fail(s, ERR_INVALID, fault);
}

void json_scan_init(struct json_scan *s, struct span text, unsigned most_depth,
                    struct arena *arena)
{
    s->at = text.at;
    s->end = text.at + text.bytes;
    s->level = 0;
    s->most_depth = most_depth;
    s->blank_bytes = 0;
    s->escaped = s->lone = false;
    s->arena = arena;
    s->fault = NULL;
    s->code = ERR_INVALID;
    s->keys = s->room;
    s->key_count = 0;
    s->key_cap = JSON_SCAN_KEYS;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* The next byte that is no blank; 0 at the end (a NUL begins nothing). */
static char peek(struct json_scan *s)
{
    const char *from = s->at;

    while (s->at < s->end && is_blank(*s->at))
        s->at++;
    s->blank_bytes += (size_t)(s->at - from);
    return s->at < s->end ? *s->at : 0;
}

/* ---- Texts ---- */

/* Bytes that stand for themselves: ASCII but controls, '"' and '\\'. */
static const char *plain_run(const char *at, const char *end)
{
    uint64_t eight, quote, slash, bad;

    for (; end - at >= (ptrdiff_t)sizeof eight; at += sizeof eight) {
        memcpy(&eight, at, sizeof eight);
        quote = eight ^ (ONES * '"');
        slash = eight ^ (ONES * '\\');
        /* Exact for the lowest byte that matches, and so for "none". */
        bad = (eight | ((quote - ONES) & ~quote) | ((slash - ONES) & ~slash) |
               ((eight - ONES * ' ') & ~eight)) &
              HIGHS;
        if (bad)
            break;
    }
    while (at < end && (unsigned char)*at >= ' ' && (unsigned char)*at < 0x80 &&
           *at != '"' && *at != '\\')
        at++;
    return at;
}

static bool scan_escape(struct json_scan *s)
{
    struct json_escape e = json_escape_at(s->at, s->end);

    if (!e.bytes)
        return refuse(s, "an escape that is none");
    if (!e.point)
        return refuse(s, "U+0000 in a text");
    s->escaped = true;
    s->lone |= e.lone;
    s->at += e.bytes;
    return true;
}

/* At the first quote; behind the last one. `out` is what lies between. */
static bool scan_text(struct json_scan *s, struct span *out)
{
    const char *first = ++s->at;
    uint32_t point;
    size_t step;

    for (;;) {
        s->at = plain_run(s->at, s->end);
        if (s->at == s->end)
            return refuse(s, "a text has no end");
        if (*s->at == '"')
            break;
        if (*s->at == '\\') {
            if (!scan_escape(s))
                return false;
            continue;
        }
        step =
            utf8_next((struct span){s->at, (size_t)(s->end - s->at)}, &point);
        if (step < 2)
            return refuse(s, step ? "a control character" : "not UTF-8");
        s->at += step;
    }
    *out = (struct span){first, (size_t)(s->at - first)};
    s->at++;
    return true;
}

/* ---- Numbers and words ---- */

static size_t digits_at(const struct json_scan *s)
{
    const char *at = s->at;

    while (at < s->end && *at >= '0' && *at <= '9')
        at++;
    return (size_t)(at - s->at);
}

static bool is_at(const struct json_scan *s, char a, char b)
{
    return s->at < s->end && (*s->at == a || *s->at == b);
}

/* Only an exponent can lead out of double. */
static bool is_finite(struct span text)
{
    char copy[NUMBER_MOST_BYTES + 1];

    memcpy(copy, text.at, text.bytes);
    copy[text.bytes] = 0;
    return isfinite(strtod(copy, NULL));
}

static bool scan_fraction(struct json_scan *s, size_t *digits)
{
    s->at++;
    *digits = digits_at(s);
    s->at += *digits;
    return *digits;
}

static bool scan_exponent(struct json_scan *s)
{
    size_t digits;

    s->at++;
    s->at += is_at(s, '+', '-');
    digits = digits_at(s);
    s->at += digits;
    return digits && digits <= EXPONENT_MOST_BYTES;
}

/* -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool scan_number(struct json_scan *s, struct json_part *out)
{
    const char *first = s->at;
    bool scaled = false;
    int64_t value;
    size_t digits, more;

    out->kind = JSON_INTEGER;
    s->at += *s->at == '-';
    digits = digits_at(s);
    if (!digits || (digits > 1 && *s->at == '0'))
        return refuse(s, "a number that is none");
    s->at += digits;
    if (is_at(s, '.', '.')) {
        out->kind = JSON_DOUBLE;
        if (!scan_fraction(s, &more))
            return refuse(s, "a number that is none");
    }
    if (is_at(s, 'e', 'E')) {
        out->kind = JSON_DOUBLE;
        scaled = true;
        if (!scan_exponent(s))
            return refuse(s, "a number that is none");
    }
    out->text = (struct span){first, (size_t)(s->at - first)};
    if (out->text.bytes > NUMBER_MOST_BYTES ||
        (out->kind == JSON_INTEGER && digits > SAFE_DIGITS &&
         !span_i64(out->text, &value)) ||
        (scaled && !is_finite(out->text)))
        return refuse(s, "a number out of range");
    return true;
}

static bool scan_word(struct json_scan *s, struct json_part *out)
{
    static const struct {
        struct span word;
        enum json_kind kind;
    } words[] = {
        {{"true", 4}, JSON_BOOL},
        {{"false", 5}, JSON_BOOL},
        {{"null", 4}, JSON_NULL},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct span word = words[i].word;

        if ((size_t)(s->end - s->at) < word.bytes ||
            memcmp(s->at, word.at, word.bytes))
            continue;
        out->kind = words[i].kind;
        out->text = (struct span){s->at, word.bytes};
        s->at += word.bytes;
        return true;
    }
    return refuse(s, "a value is missing");
}

/* ---- Objects and arrays ---- */

static int by_bytes(const void *left, const void *right)
{
    const struct span *a = left, *b = right;

    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? -1 : 1;
    return a->bytes ? memcmp(a->at, b->at, a->bytes) : 0;
}

static bool has_twins(struct span *keys, size_t count)
{
    if (count <= FEW_KEYS) {
        for (size_t i = 1; i < count; i++)
            for (size_t j = 0; j < i; j++)
                if (span_equal(keys[i], keys[j]))
                    return true;
        return false;
    }
    qsort(keys, count, sizeof *keys, by_bytes);
    for (size_t i = 1; i < count; i++)
        if (span_equal(keys[i], keys[i - 1]))
            return true;
    return false;
}

static bool keep_key(struct json_scan *s, struct span key)
{
    struct span *wider;
    struct err err;

    if (s->key_count == s->key_cap) {
        if (!arena_take(s->arena, 2 * s->key_cap, sizeof *wider, &wider, &err))
            return fail(s, ERR_MEMORY, "no memory for keys");
        memcpy(wider, s->keys, s->key_count * sizeof *wider);
        s->keys = wider;
        s->key_cap *= 2;
    }
    s->keys[s->key_count++] = key;
    return true;
}

static bool scan_key(struct json_scan *s, struct span *key)
{
    bool escaped = s->escaped, lone = s->lone;
    struct json_part part = {.kind = JSON_TEXT};
    struct err err;

    if (peek(s) != '"')
        return refuse(s, "a key is missing");
    s->escaped = false;
    if (!scan_text(s, &part.text))
        return false;
    part.escaped = s->escaped;
    s->escaped |= escaped;
    s->lone |= lone;
    if (!json_part_text(&part, s->arena, key, &err))
        return fail(s, ERR_MEMORY, "no memory for a key");
    if (peek(s) != ':')
        return refuse(s, "a colon is missing");
    s->at++;
    return keep_key(s, *key);
}

bool json_scan_begin(struct json_scan *s, struct json_frame *f)
{
    char open = peek(s);

    if (open != '{' && open != '[')
        return refuse(s, "neither object nor array");
    *f = (struct json_frame){.close = open == '{' ? '}' : ']',
                             .keys_from = s->key_count};
    s->at++;
    s->level++;
    return true;
}

static bool leave(struct json_scan *s, struct json_frame *f)
{
    s->at++;
    s->level--;
    if (has_twins(s->keys + f->keys_from, s->key_count - f->keys_from))
        refuse(s, "a key is given twice");
    s->key_count = f->keys_from;
    return false;
}

bool json_scan_next(struct json_scan *s, struct json_frame *f, struct span *key)
{
    char c = peek(s);

    if (s->fault)
        return false;
    if (c == f->close)
        return leave(s, f);
    if (f->used && c != ',')
        return refuse(s, "a comma or bracket is missing");
    if (s->level >= s->most_depth)
        return refuse(s, "nested too deeply");
    s->at += f->used;
    f->used = true;
    return f->close == ']' || scan_key(s, key);
}

static bool scan_inside(struct json_scan *s)
{
    struct json_frame f;
    struct json_part part;
    struct span key;

    if (!json_scan_begin(s, &f))
        return false;
    while (json_scan_next(s, &f, &key))
        if (!json_scan_value(s, &part))
            return false;
    return !s->fault;
}

enum json_kind json_scan_kind(struct json_scan *s)
{
    char c = peek(s);

    if (c == '{')
        return JSON_OBJECT;
    if (c == '[')
        return JSON_ARRAY;
    if (c == '"')
        return JSON_TEXT;
    if (c == 't' || c == 'f')
        return JSON_BOOL;
    return c == '-' || (c >= '0' && c <= '9') ? JSON_INTEGER : JSON_NULL;
}

/* Flags of the parts inside are those of the whole: they nest. */
bool json_scan_value(struct json_scan *s, struct json_part *out)
{
    bool escaped = s->escaped, lone = s->lone, ok;
    enum json_kind kind = json_scan_kind(s);
    const char *first = s->at;

    s->escaped = s->lone = false;
    *out = (struct json_part){.kind = kind};
    switch (kind) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        ok = scan_inside(s);
        out->text = (struct span){first, (size_t)(s->at - first)};
        break;
    case JSON_TEXT:
        ok = scan_text(s, &out->text);
        break;
    case JSON_INTEGER:
        ok = scan_number(s, out);
        break;
    default:
        ok = scan_word(s, out);
    }
    out->escaped = s->escaped;
    out->lone = s->lone;
    s->escaped |= escaped;
    s->lone |= lone;
    return ok;
}

bool json_scan_end(struct json_scan *s, struct err *err)
{
    if (!s->fault)
        peek(s);
    if (!s->fault && s->at < s->end)
        refuse(s, "something follows the value");
    return !s->fault || err_set(err, s->code, "json: %s", s->fault);
}
