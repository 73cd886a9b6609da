/*
 * db_inner.h -- what db.c (the door to libpq) offers to the rest of the
 * connection, db_call.c and db_copy.c; nobody else includes it.
 *
 * Rule  a function that fails has read away or dropped whatever the server
 *       still had to say: after false the connection is at rest or gone.
 */
#pragma once

#include "store/db.h"

/* A connection at rest, on which a statement may be sent. */
MUST_USE bool db_inner_ready(struct db *db, int64_t until_us, struct err *err);

/* Sends one statement with parameters; the results are still to be read. */
MUST_USE bool db_inner_send(struct db *db, struct db_sql sql,
                            const struct db_param *params, size_t param_count,
                            int64_t until_us, struct err *err);
/* The same for a text by the simple protocol. */
MUST_USE bool db_inner_send_text(struct db *db, const char *text,
                                 int64_t until_us, struct err *err);
/* From now on the answer comes row by row. */
void db_inner_one_by_one(struct db *db);

/* One result; result == NULL behind the last one. */
MUST_USE bool db_inner_next(struct db *db, int64_t until_us,
                            struct db_rows *out, struct err *err);
/* The last result, all others read away. */
MUST_USE bool db_inner_collect(struct db *db, int64_t until_us,
                               struct db_rows *out, struct err *err);
/* Judges the rows by sql.gives. */
MUST_USE bool db_inner_check(const struct db_rows *rows, struct db_sql sql,
                             struct err *err);

/* The server has marked the open transaction as failed. */
bool db_inner_aborted(const struct db *db);
/* No transaction is open on the server. */
bool db_inner_idle(const struct db *db);
/* Closes; with `cancel` a running statement is told to stop. */
void db_inner_drop(struct db *db, bool cancel);

/* The server has agreed to a COPY in this direction, in binary. */
MUST_USE bool db_inner_copy_begin(struct db *db, const char *text, bool in,
                                  int64_t until_us, struct err *err);
/* One message (give back with db_inner_copy_give); at == NULL at the end. */
MUST_USE bool db_inner_copy_get(struct db *db, int64_t until_us,
                                struct span *out, struct err *err);
void db_inner_copy_give(char *message);
MUST_USE bool db_inner_copy_put(struct db *db, struct span piece,
                                int64_t until_us, struct err *err);
/* After the last piece; why_not != NULL makes the server refuse them all. */
MUST_USE bool db_inner_copy_done(struct db *db, const char *why_not,
                                 int64_t until_us, struct err *err);
