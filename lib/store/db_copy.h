/*
 * db_copy.h -- many rows out of PostgreSQL or into it, in COPY's binary format.
 *
 * Why       several times faster than rows of a query.
 * Limits    COPY takes no parameters; a query that needs one reads it by
 *           current_setting(), set in the same transaction.
 * Deadline  covers the whole copy, which has the connection for itself.
 */
#pragma once

#include "store/db.h"

/*
 * Out: COPY (...) TO STDOUT (FORMAT binary). Iterator: next gives true and the
 * values of a row in `cells`, judged by sql.gives and borrowed until the next
 * step, or false at the end or on failure; `failed` tells which, *err why.
 */
struct db_copy_out {
    struct db *db;
    struct db_sql sql;
    int64_t until_us;
    char *message;    /* of libpq */
    struct span rest; /* of the message */
    struct db_cell cells[DB_COLUMNS_MOST];
    bool headed, ended, failed;
    struct err *err;
};

struct db_copy_out db_copy_out_of(struct db *db, struct db_sql sql,
                                  int64_t until_us, struct err *err);
bool db_copy_out_next(struct db_copy_out *c);
void db_copy_out_end(struct db_copy_out *c);

/*
 * In: COPY ... FROM STDIN (FORMAT binary). After a failed add only end is left.
 */
struct db_copy_in {
    struct db *db;
    int64_t until_us;
    struct buf out;
    bool failed;
};

MUST_USE bool db_copy_in_begin(struct db_copy_in *c, struct db *db,
                               struct db_sql sql, int64_t until_us,
                               struct err *err);
MUST_USE bool db_copy_in_add(struct db_copy_in *c,
                             const struct db_param *fields, size_t field_count,
                             struct err *err);
/* keep = false (or a failed add) makes the server forget the rows. */
MUST_USE bool db_copy_in_end(struct db_copy_in *c, bool keep, struct err *err);
