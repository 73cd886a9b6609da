/*
 * db_value.h -- values that came from PostgreSQL, in its binary form.
 *
 * Shape  a query says what it gives as a word of letters, one a column:
 *
 *            u uuid    i int8, int4, int2    t text    m timestamptz
 *            b bool    r real                a text[]
 *
 *        A capital letter may be NULL, a small one may not. db.h judges type,
 *        length and NULL of every value when the rows arrive; the getters
 *        below check nothing and cannot fail. Of a NULL they give nil, 0, an
 *        empty text or an empty list.
 * Units  instants become milliseconds UTC since 1970, rounded down;
 *        +-infinity becomes INT64_MAX or INT64_MIN.
 * Ownership  texts are borrowed from the row.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"

struct db_cell {
    const char *at; /* NULL: the value is NULL */
    size_t bytes;
};

/* True when PostgreSQL's type `oid` may stand under this letter. */
bool db_value_type_fits(char letter, unsigned oid);
/* Judges the bytes of one value: a list is walked to its end. */
bool db_value_fits(char letter, struct db_cell cell);

struct uuid db_value_uuid(struct db_cell cell);
int64_t db_value_i64(struct db_cell cell);
int64_t db_value_ms(struct db_cell cell);
bool db_value_bool(struct db_cell cell);
float db_value_real(struct db_cell cell);
struct span db_value_text(struct db_cell cell);
/* At most `most` items of a list; returns how many. NULL items are left out. */
size_t db_value_texts(struct db_cell cell, struct span *out, size_t most);
