/*
 * json_scan.h -- JSON judged and taken apart in one pass over its bytes: no
 * tree, no copy. For bodies of a known shape on a hot path; json.h reads the
 * rest.
 *
 * Strict     what json.h takes and refuses, by the same rules (RFC 8259, UTF-8,
 *            depth, a key given twice, U+0000, integers outside int64, numbers
 *            outside double); tests/fuzz/fuzz_json_scan.c holds the two
 *            together.
 * Use        struct json_frame f; struct json_part key, value;
 *            json_scan_init(&s, body, JSON_DEPTH, arena);
 *            if (json_scan_begin(&s, &f))
 *                while (json_scan_next(&s, &f, &key))
 *                    json_scan_value(&s, &value);
 *            if (!json_scan_end(&s, err)) ..
 *            Failure is remembered: after it every step returns false, and
 *            nothing taken before it may be believed until json_scan_end().
 * Ownership  parts point into the text, or into the arena (decoded keys).
 * Cost       about 1 ns a byte; the arena is touched by escaped keys and by
 *            objects of more than JSON_SCAN_KEYS open keys only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "web/json_part.h"

enum { JSON_SCAN_KEYS = 48 };

struct json_scan {
    const char *at, *end;
    unsigned level, most_depth;
    size_t blank_bytes; /* skipped so far, between tokens */
    bool escaped, lone; /* seen since the last value began */
    struct arena *arena;
    const char *fault; /* why it failed; NULL: it has not */
    enum err_code code;
    struct span *keys; /* of all open objects, the innermost last */
    size_t key_count, key_cap;
    struct span room[JSON_SCAN_KEYS];
};

/* An open object or array. */
struct json_frame {
    char close;
    bool used;
    size_t keys_from;
};

/* `text` and `arena` are borrowed; s must not move afterwards. */
void json_scan_init(struct json_scan *s, struct span text, unsigned most_depth,
                    struct arena *arena);

/* The kind of the value that comes next, by its first byte: a number is
 * JSON_INTEGER, and what begins no value is JSON_NULL. */
enum json_kind json_scan_kind(struct json_scan *s);

/* Judges the whole value that comes next. */
bool json_scan_value(struct json_scan *s, struct json_part *out);

/* Goes into the object or array that comes next. */
bool json_scan_begin(struct json_scan *s, struct json_frame *f);
/*
 * To the next member or item; the caller then takes exactly one value. False
 * behind the last one, where the scan stands behind the bracket, and on
 * failure. `key` is decoded; it may be NULL when the frame is an array.
 */
bool json_scan_next(struct json_scan *s, struct json_frame *f,
                    struct span *key);

/* True when nothing has failed and only blanks follow. ERR_INVALID (not such
 * JSON), ERR_MEMORY (the arena is full). */
MUST_USE bool json_scan_end(struct json_scan *s, struct err *err);
