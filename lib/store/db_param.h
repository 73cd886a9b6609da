/*
 * db_param.h -- values on their way to PostgreSQL: query parameters and fields
 * of a binary COPY.
 *
 * Ownership  a parameter borrows what it points to until the call it is given
 *            to returns.
 * Units      instants are milliseconds UTC since 1970; year 1 to 9999, others
 *            are ERR_INVALID.
 * NULL       db_param_null() for one value. In arrays nothing is NULL, except
 *            in the ..._or_null kinds: there a nil uuid, DB_NONE_I64, a text
 *            without address and a NaN are NULL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"

enum db_type { DB_UUID, DB_I64, DB_TEXT, DB_MS, DB_BOOL, DB_REAL, DB_TYPES };

#define DB_NONE_I64 INT64_MIN
#define DB_LEAST_MS INT64_C(-62135596800000) /* 0001-01-01 */
#define DB_MOST_MS INT64_C(253402300799999)  /* 9999-12-31 */

struct db_param {
    enum db_type type;
    bool null;    /* one value, NULL */
    bool array;   /* `items` instead of one value */
    bool or_null; /* items that stand for "none" become NULL */
    size_t count; /* items */
    union {
        struct uuid uuid;
        int64_t i64; /* DB_I64 and DB_MS */
        float real;
        bool flag;
        struct span text;
        const void *items;
    };
};

static inline struct db_param db_param_null(enum db_type type)
{
    return (struct db_param){.type = type, .null = true};
}

static inline struct db_param db_param_uuid(struct uuid value)
{
    return (struct db_param){.type = DB_UUID, .uuid = value};
}

static inline struct db_param db_param_i64(int64_t value)
{
    return (struct db_param){.type = DB_I64, .i64 = value};
}

static inline struct db_param db_param_ms(int64_t at_ms)
{
    return (struct db_param){.type = DB_MS, .i64 = at_ms};
}

static inline struct db_param db_param_text(struct span value)
{
    return (struct db_param){.type = DB_TEXT, .text = value};
}

static inline struct db_param db_param_bool(bool value)
{
    return (struct db_param){.type = DB_BOOL, .flag = value};
}

static inline struct db_param db_param_real(float value)
{
    return (struct db_param){.type = DB_REAL, .real = value};
}

/* items: struct uuid, int64_t (DB_I64, DB_MS), struct span, bool, float. */
static inline struct db_param db_param_array(enum db_type type,
                                             const void *items, size_t count)
{
    return (struct db_param){
        .type = type, .array = true, .count = count, .items = items};
}

static inline struct db_param
db_param_array_or_null(enum db_type type, const void *items, size_t count)
{
    return (struct db_param){.type = type,
                             .array = true,
                             .or_null = true,
                             .count = count,
                             .items = items};
}

/* PostgreSQL's number of the parameter's type. */
unsigned db_param_oid(const struct db_param *p);

/*
 * Appends the value in PostgreSQL's binary form, without a length in front.
 * ERR_INVALID for an instant out of range or a text with a NUL byte. `p` must
 * not be a single NULL (which has no bytes).
 */
MUST_USE bool db_param_write(const struct db_param *p, struct buf *out,
                             struct err *err);
