/*
 * json_write.h -- JSON written piece by piece onto a struct buf.
 *
 * Use     struct json_write w; json_write_init(&w, &reply.body);
 *         json_write_object(&w, NULL);
 *         json_write_text(&w, "title", title);
 *         json_write_end(&w);
 * Keys    every value takes its key: a literal inside an object, NULL in an
 *         array or at the top. Keys are written as they are: plain ASCII.
 * Bytes   compact. Texts are escaped so that the result may also stand inside
 *         HTML and JavaScript: control characters, U+2028, U+2029 and '<' as
 *         \uXXXX; invalid UTF-8 becomes U+FFFD.
 * Misuse  a missing or unwanted key, an end too many or nesting over
 *         JSON_WRITE_DEPTH is a bug of the caller: asserted.
 * Errors  those of struct buf: remembered there, checked once at the end.
 * Cost    no allocation of its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "base/uuid.h"

enum { JSON_WRITE_DEPTH = 16 };

struct json_write {
    struct buf *out;
    unsigned depth;
    bool top_done;
    struct {
        char close; /* '}' or ']' */
        bool used;  /* a comma is due */
    } scope[JSON_WRITE_DEPTH];
};

void json_write_init(struct json_write *w, struct buf *out);

void json_write_object(struct json_write *w, const char *key);
void json_write_array(struct json_write *w, const char *key);
/* Closes the innermost object or array. */
void json_write_end(struct json_write *w);
/* True when one whole value has been written and every scope is closed. */
bool json_write_whole(const struct json_write *w);

void json_write_text(struct json_write *w, const char *key, struct span text);
/* A constant word or other NUL-terminated text; NULL writes null. */
void json_write_word(struct json_write *w, const char *key, const char *word);
void json_write_uuid(struct json_write *w, const char *key, struct uuid id);
void json_write_i64(struct json_write *w, const char *key, int64_t value);
void json_write_u64(struct json_write *w, const char *key, uint64_t value);
/* Shortest form that reads back as the same double; NaN and Inf as null. */
void json_write_f64(struct json_write *w, const char *key, double value);
/* Rounded to 0..9 decimals, trailing zeros dropped; NaN and Inf as null. */
void json_write_fixed(struct json_write *w, const char *key, double value,
                      unsigned decimals);
void json_write_bool(struct json_write *w, const char *key, bool value);
void json_write_null(struct json_write *w, const char *key);
/* Already JSON, one whole value, copied as it is. */
void json_write_raw(struct json_write *w, const char *key, struct span json);

/*
 * Between raw pieces: the comma and the key that a value needs, alone. The
 * caller then appends exactly one value to w->out by itself.
 */
void json_write_place(struct json_write *w, const char *key);

/* The quoted, escaped text alone, for writers without a scope. */
void json_write_quoted(struct buf *out, struct span text);
