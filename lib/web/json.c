#include "web/json.h"

#include <assert.h>
#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "web/json_escape.h"

enum {
    NUMBER_MOST_BYTES = 64, /* of one literal */
    POINTER_MOST_BYTES = 160,
};

/*
 * What json-c 0.16 lets through in strict mode, although RFC 8259 or jsonb
 * does not: "1.", "-01", NaN, Infinity, raw control characters, overlong
 * UTF-8 and surrogates, U+0000, and integers beyond 64 bits (saturated). The
 * scan judges strings and numbers; the structure is left to json-c. On the
 * way it counts members, for the search for keys given twice.
 */
struct scan {
    const char *at, *end;
    size_t member_count;
    bool misread; /* there is a pair that json-c misreads */
};

/*
 * json-c 0.16 takes what an escaped pair stands for as half a pair when its low
 * 16 bits look like one, and gives U+FFFD (its pull request 893).
 */
static bool is_misread(struct json_escape e)
{
    enum { HALF_MASK = 0xf800, HALF = 0xd800 };

    return e.bytes == 2 * JSON_ESCAPE_UNIT && (e.point & HALF_MASK) == HALF;
}

static bool scan_string(struct scan *s)
{
    for (s->at++; s->at < s->end; s->at++) {
        if ((unsigned char)*s->at < ' ')
            return false;
        if (*s->at == '"') {
            s->at++;
            return true;
        }
        if (*s->at != '\\')
            continue;
        s->misread |= is_misread(json_escape_at(s->at, s->end));
        s->at++;
        if (s->end - s->at >= 5 && !memcmp(s->at, "u0000", 5))
            return false;
    }
    return false;
}

static size_t digits_at(const struct scan *s)
{
    size_t n = 0;

    while (s->at + n < s->end && s->at[n] >= '0' && s->at[n] <= '9')
        n++;
    return n;
}

static bool is_at(const struct scan *s, char a, char b)
{
    return s->at < s->end && (*s->at == a || *s->at == b);
}

/* -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool scan_number(struct scan *s)
{
    const char *first = s->at;
    bool whole = true;
    int64_t value;
    size_t digits;

    s->at += is_at(s, '-', '-');
    digits = digits_at(s);
    if (!digits || (digits > 1 && *s->at == '0'))
        return false;
    s->at += digits;
    if (is_at(s, '.', '.')) {
        whole = false;
        s->at++;
        if (!(digits = digits_at(s)))
            return false;
        s->at += digits;
    }
    if (is_at(s, 'e', 'E')) {
        whole = false;
        s->at++;
        s->at += is_at(s, '+', '-');
        digits = digits_at(s);
        /* 1e-99999 is a double (0) but no numeric of PostgreSQL. */
        if (!digits || digits > sizeof "308" - 1)
            return false;
        s->at += digits;
    }
    struct span text = {first, (size_t)(s->at - first)};
    return text.bytes <= NUMBER_MOST_BYTES &&
           (!whole || span_i64(text, &value));
}

static bool scan_all(struct scan *s)
{
    while (s->at < s->end) {
        char c = *s->at;

        if (c == '"') {
            if (!scan_string(s))
                return false;
            continue;
        }
        if (c == '-' || (c >= '0' && c <= '9')) {
            if (!scan_number(s))
                return false;
            continue;
        }
        if (c == 'N' || c == 'I' || !strchr("{}[],: \t\r\ntruefalsn", c) || !c)
            return false;
        s->member_count += c == ':';
        s->at++;
    }
    return true;
}

/* Counts the members of the tree; false at a number outside double. */
static bool count_members(struct json_object *at, size_t *count)
{
    switch (json_object_get_type(at)) {
    case json_type_double:
        return isfinite(json_object_get_double(at));
    case json_type_object: {
        json_object_object_foreach(at, key, value)
        {
            (void)key;
            ++*count;
            if (!count_members(value, count))
                return false;
        }
        return true;
    }
    case json_type_array:
        for (size_t i = 0; i < json_object_array_length(at); i++)
            if (!count_members(json_object_array_get_idx(at, i), count))
                return false;
        return true;
    default:
        return true;
    }
}

/* json-c wants no white space behind a word. */
static struct span trim(struct span text)
{
    static const char blanks[] = " \t\r\n";

    while (text.bytes && memchr(blanks, *text.at, sizeof blanks - 1)) {
        text.at++;
        text.bytes--;
    }
    while (text.bytes &&
           memchr(blanks, text.at[text.bytes - 1], sizeof blanks - 1))
        text.bytes--;
    return text;
}

/* A number or word at the top ends only where the text does: say so. */
static struct json_object *parse(struct json_tokener *t, struct span text,
                                 enum json_tokener_error *state)
{
    struct json_object *at = json_tokener_parse_ex(t, text.at, (int)text.bytes);

    *state = json_tokener_get_error(t);
    if (*state == json_tokener_continue) {
        at = json_tokener_parse_ex(t, "", 1);
        *state = json_tokener_get_error(t);
    } else if (*state == json_tokener_success &&
               json_tokener_get_parse_end(t) != text.bytes) {
        *state = json_tokener_error_parse_unexpected;
    }
    return at;
}

/* The same document with such pairs as they are in UTF-8. */
static void mend(struct span text, struct buf *out)
{
    const char *from = text.at, *end = from + text.bytes;

    for (const char *at = from; at < end; at++) {
        struct json_escape e;
        char point[UTF8_MOST_BYTES];

        if (*at != '\\')
            continue;
        e = json_escape_at(at, end);
        if (is_misread(e)) {
            buf_add(out, from, (size_t)(at - from));
            buf_add(out, point, (size_t)(utf8_put(point, e.point) - point));
            from = at + e.bytes;
        }
        at += e.bytes ? e.bytes - 1 : 1;
    }
    buf_add(out, from, (size_t)(end - from));
}

static bool judge(struct span text, size_t most_bytes, struct scan *s,
                  struct err *err)
{
    if (text.bytes > most_bytes || text.bytes > INT_MAX - 1)
        return err_set(err, ERR_LIMIT, "json: %zu bytes, limit %zu", text.bytes,
                       most_bytes);
    if (!utf8_valid(text))
        return err_set(err, ERR_INVALID, "json: not UTF-8");
    *s = (struct scan){.at = text.at, .end = text.at + text.bytes};
    if (!scan_all(s))
        return err_set(err, ERR_INVALID, "json: byte %td is not JSON",
                       s->at - text.at);
    return true;
}

bool json_parse(struct span text, size_t most_bytes, int most_depth,
                struct json *root, struct err *err)
{
    bool ok = false;
    struct scan s = {0};
    struct json_object *at = NULL;
    struct json_tokener *t = NULL;
    enum json_tokener_error state;
    size_t member_count = 0;
    struct buf mended;

    *root = (struct json){0};
    text = trim(text);
    if (!judge(text, most_bytes, &s, err))
        return false;
    buf_init(&mended, text.bytes);
    if (s.misread) {
        mend(text, &mended);
        text = buf_view(&mended);
    }
    t = mended.failed ? NULL : json_tokener_new_ex(most_depth);
    if (!t) {
        err_set(err, ERR_MEMORY, "json: no memory for the parser");
        goto out;
    }
    json_tokener_set_flags(t, JSON_TOKENER_STRICT);
    at = parse(t, text, &state);
    if (state != json_tokener_success) {
        err_set(err, ERR_INVALID, "json: %s", json_tokener_error_desc(state));
        goto out;
    }
    if (!count_members(at, &member_count)) {
        err_set(err, ERR_INVALID, "json: a number is out of range");
        goto out;
    }
    if (member_count != s.member_count) {
        err_set(err, ERR_INVALID, "json: a key is given twice");
        goto out;
    }
    root->at = at;
    ok = true;
out:
    if (!ok)
        json_object_put(at);
    if (t)
        json_tokener_free(t);
    buf_release(&mended);
    return ok;
}

void json_release(struct json *root)
{
    json_object_put(root->at);
    *root = (struct json){0};
}

enum json_kind json_kind_of(const struct json *node)
{
    switch (json_object_get_type(node->at)) {
    case json_type_boolean:
        return JSON_BOOL;
    case json_type_int:
        return JSON_INTEGER;
    case json_type_double:
        return JSON_DOUBLE;
    case json_type_string:
        return JSON_TEXT;
    case json_type_array:
        return JSON_ARRAY;
    case json_type_object:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

/* RFC 6901: '~' and '/' inside a key are written ~0 and ~1. */
static void add_key(struct buf *out, const char *key)
{
    buf_char(out, '/');
    for (; *key; key++) {
        if (*key == '~')
            buf_text(out, "~0");
        else if (*key == '/')
            buf_text(out, "~1");
        else
            buf_char(out, *key);
    }
}

void json_pointer(const struct json *node, const char *key, struct buf *out)
{
    size_t known =
        node->steps < JSON_PATH_STEPS ? node->steps : JSON_PATH_STEPS;

    for (size_t i = 0; i < known; i++) {
        if (node->path[i].key) {
            add_key(out, node->path[i].key);
        } else {
            buf_char(out, '/');
            buf_u64(out, node->path[i].index);
        }
    }
    if (key && known == node->steps)
        add_key(out, key);
}

static bool refuse(const struct json *node, const char *key, const char *why,
                   struct err *err)
{
    struct buf pointer;

    buf_init(&pointer, POINTER_MOST_BYTES);
    json_pointer(node, key, &pointer);
    err_set(err, ERR_INVALID, "%.*s: %s", SPAN_ARGS(buf_view(&pointer)), why);
    buf_release(&pointer);
    return false;
}

static struct json child_of(const struct json *parent, void *at,
                            struct json_step step)
{
    struct json child = *parent;

    child.at = at;
    if (child.steps < JSON_PATH_STEPS)
        child.path[child.steps] = step;
    child.steps++;
    return child;
}

/*
 * Finds the member. `*there` false: absent or null, which is the answer when
 * `found` is given, and an error when not.
 */
static bool find(const struct json *object, const char *key, struct json *out,
                 bool *there, bool *found, struct err *err)
{
    struct json_object *at = NULL;

    assert(json_kind_of(object) == JSON_OBJECT);
    json_object_object_get_ex(object->at, key, &at);
    *there = at != NULL;
    if (found)
        *found = *there;
    if (!at && !found)
        return refuse(object, key, "is required", err);
    *out = child_of(object, at, (struct json_step){key, 0});
    return true;
}

bool json_text(const struct json *node, struct span *out, struct err *err)
{
    if (json_kind_of(node) != JSON_TEXT)
        return refuse(node, NULL, "is not a text", err);
    *out = (struct span){json_object_get_string(node->at),
                         (size_t)json_object_get_string_len(node->at)};
    return true;
}

bool json_find_text(const struct json *object, const char *key,
                    struct span *out, bool *found, struct err *err)
{
    struct json node;
    bool there;

    if (!find(object, key, &node, &there, found, err))
        return false;
    return !there || json_text(&node, out, err);
}

bool json_find_i64(const struct json *object, const char *key, int64_t least,
                   int64_t most, int64_t *out, bool *found, struct err *err)
{
    struct json node;
    bool there;
    int64_t value;

    if (!find(object, key, &node, &there, found, err))
        return false;
    if (!there)
        return true;
    if (json_kind_of(&node) != JSON_INTEGER)
        return refuse(object, key, "is not an integer", err);
    value = json_object_get_int64(node.at);
    if (value < least || value > most)
        return refuse(object, key, "is out of range", err);
    *out = value;
    return true;
}

bool json_find_f64(const struct json *object, const char *key, double *out,
                   bool *found, struct err *err)
{
    struct json node;
    bool there;

    if (!find(object, key, &node, &there, found, err))
        return false;
    if (!there)
        return true;
    if (json_kind_of(&node) != JSON_INTEGER &&
        json_kind_of(&node) != JSON_DOUBLE)
        return refuse(object, key, "is not a number", err);
    *out = json_object_get_double(node.at);
    return true;
}

bool json_find_bool(const struct json *object, const char *key, bool *out,
                    bool *found, struct err *err)
{
    struct json node;
    bool there;

    if (!find(object, key, &node, &there, found, err))
        return false;
    if (!there)
        return true;
    if (json_kind_of(&node) != JSON_BOOL)
        return refuse(object, key, "is not true or false", err);
    *out = json_object_get_boolean(node.at);
    return true;
}

bool json_find_object(const struct json *object, const char *key,
                      struct json *out, bool *found, struct err *err)
{
    struct json node;
    bool there;

    if (!find(object, key, &node, &there, found, err))
        return false;
    if (!there)
        return true;
    if (json_kind_of(&node) != JSON_OBJECT)
        return refuse(object, key, "is not an object", err);
    *out = node;
    return true;
}

bool json_find_array(const struct json *object, const char *key,
                     struct json *out, bool *found, struct err *err)
{
    struct json node;
    bool there;

    if (!find(object, key, &node, &there, found, err))
        return false;
    if (!there)
        return true;
    if (json_kind_of(&node) != JSON_ARRAY)
        return refuse(object, key, "is not an array", err);
    *out = node;
    return true;
}

size_t json_count(const struct json *array)
{
    assert(json_kind_of(array) == JSON_ARRAY);
    return json_object_array_length(array->at);
}

struct json json_at(const struct json *array, size_t index)
{
    assert(index < json_count(array));
    return child_of(array, json_object_array_get_idx(array->at, index),
                    (struct json_step){NULL, index});
}

struct json_members json_members_of(const struct json *object)
{
    assert(json_kind_of(object) == JSON_OBJECT);
    return (struct json_members){object,
                                 json_object_get_object(object->at)->head};
}

bool json_members_next(struct json_members *it, struct span *key,
                       struct json *value)
{
    struct lh_entry *entry = it->entry;
    const char *name;

    if (!entry)
        return false;
    name = lh_entry_k(entry);
    *key = span_of(name);
    *value =
        child_of(it->object, lh_entry_v(entry), (struct json_step){name, 0});
    it->entry = entry->next;
    return true;
}

bool json_print(const struct json *node, struct buf *out)
{
    enum { PLAIN = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE };
    size_t bytes = 0;
    const char *text =
        json_object_to_json_string_length(node->at, PLAIN, &bytes);

    if (!text)
        out->failed = true;
    else
        buf_add(out, text, bytes);
    return !out->failed;
}
