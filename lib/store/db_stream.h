/*
 * db_stream.h -- rows of a query one at a time, for results larger than memory.
 *
 * Deadline  covers the whole stream.
 * Scope     between db_stream_of and db_stream_end the connection takes no
 *           other call.
 * Iterator  db_stream_next: true and a row in `row` (its row number is 0), or
 *           false at the end or on failure; `failed` tells which, *err why.
 */
#pragma once

#include "store/db.h"

struct db_stream {
    struct db *db;
    struct db_sql sql;
    int64_t until_us;
    struct db_rows row;
    bool ended, failed;
    struct err *err;
};

struct db_stream db_stream_of(struct db *db, struct db_sql sql,
                              const struct db_param *params, size_t param_count,
                              int64_t until_us, struct err *err);
bool db_stream_next(struct db_stream *s);
/* Needed also after failure. Leaving early drops the connection. */
void db_stream_end(struct db_stream *s);
