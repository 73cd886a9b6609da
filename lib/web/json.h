/*
 * json.h -- reading JSON; the door to json-c.
 *
 * Strict     RFC 8259, valid UTF-8, nothing behind the value, depth and bytes
 *            limited. Refused besides, because json-c would change it
 *            silently or PostgreSQL's jsonb would refuse it later:
 *            a key given twice in one object, U+0000 in a text, an integer
 *            outside int64, a number outside double.
 * Types      a getter looks at the type first; json-c alone would coerce
 *            (true reads as 1, 1e300 as the largest int64, absent as 0).
 * Absence    a member that is absent or null leaves `*out` alone and sets
 *            *found to false. `found` may be NULL: then the member is required
 *            and its absence is ERR_INVALID.
 * Errors     ERR_INVALID with the JSON pointer (RFC 6901) in front; the
 *            pointer of any node and member is json_pointer().
 * Ownership  one json_release(root) frees every node; spans and nodes are
 *            borrowed from the root. Texts are UTF-8 without NUL inside.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum {
    JSON_DEPTH = 8, /* enough for everything kith reads */
    JSON_PATH_STEPS = 6,
};

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_INTEGER,
    JSON_DOUBLE,
    JSON_TEXT,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* A step of the way from the root: a key, or an index when key is NULL. */
struct json_step {
    const char *key;
    size_t index;
};

/* A value of a document. Copied freely; use the functions, not the fields. */
struct json {
    void *at;
    size_t steps; /* deeper ones than JSON_PATH_STEPS are not recorded */
    struct json_step path[JSON_PATH_STEPS];
};

/*
 * ERR_LIMIT when longer than most_bytes, ERR_INVALID when not JSON as above.
 * Nothing to release on failure.
 */
MUST_USE bool json_parse(struct span text, size_t most_bytes, int most_depth,
                         struct json *root, struct err *err);
void json_release(struct json *root);

enum json_kind json_kind_of(const struct json *node);

/* Members. `object` must be an object; asserted, so look at its kind first. */
MUST_USE bool json_find_text(const struct json *object, const char *key,
                             struct span *out, bool *found, struct err *err);
/* Integers only: 1.0 and 1e3 are refused. Range least..most, both included. */
MUST_USE bool json_find_i64(const struct json *object, const char *key,
                            int64_t least, int64_t most, int64_t *out,
                            bool *found, struct err *err);
/* Integer or fraction; finite. */
MUST_USE bool json_find_f64(const struct json *object, const char *key,
                            double *out, bool *found, struct err *err);
MUST_USE bool json_find_bool(const struct json *object, const char *key,
                             bool *out, bool *found, struct err *err);
MUST_USE bool json_find_object(const struct json *object, const char *key,
                               struct json *out, bool *found, struct err *err);
MUST_USE bool json_find_array(const struct json *object, const char *key,
                              struct json *out, bool *found, struct err *err);

/* Arrays. `array` must be one; index < json_count(). */
size_t json_count(const struct json *array);
struct json json_at(const struct json *array, size_t index);

/* The node itself as a text; ERR_INVALID when it is none. */
MUST_USE bool json_text(const struct json *node, struct span *out,
                        struct err *err);

/* Iterator over the members of an object, in the order of the document. */
struct json_members {
    const struct json *object;
    void *entry;
};
struct json_members json_members_of(const struct json *object);
bool json_members_next(struct json_members *it, struct span *key,
                       struct json *value);

/* The node as compact JSON; false when `out` is full. */
bool json_print(const struct json *node, struct buf *out);
/* The JSON pointer of member `key` of the node, of the node itself when NULL.
 */
void json_pointer(const struct json *node, const char *key, struct buf *out);
