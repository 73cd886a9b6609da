/*
 * db.h -- one connection to PostgreSQL, kept healthy. The door to libpq.
 *
 * Deadline   every call ends by `until_us` (clock_mono_us), whatever the
 *            server does: the socket is never waited for longer. At the
 *            deadline of a running query the server gets a cancel request and
 *            the connection is dropped, so a late answer cannot meet the next
 *            query. Only resolving a host name may block (libpq does it).
 * Health     connects when first needed. After a loss the first call dials at
 *            once; while that fails, calls within a pause fail at once with
 *            ERR_DOWN. The pause grows by decorrelated jitter, 50 ms to 1 s:
 *            what comes back is used within two.
 *            A dial that outlives a deadline is continued by later calls.
 * Errors     ERR_DOWN     SQLSTATE 08, 53, 57P0x and what is not listed here:
 *                         the batch is good, the database is not (now)
 *            ERR_TIMEOUT  our deadline; statement or lock timeout (57014,
 *                         55P03)
 *            ERR_INVALID  21, 22, 23: the values are refused
 *            ERR_LIMIT    54: too large
 *            ERR_CORRUPT  rows that do not have the promised shape
 *            `sqlstate` keeps the five characters, "" when none. Texts name
 *            neither values nor the password of the URL.
 * Scope      transactions, session locks, streams and copies belong to one
 *            connection. When it is lost inside such a scope, every call until
 *            the end of the scope fails: nothing runs half outside of it.
 * Threads    none; one struct db serves one caller at a time.
 *
 *     struct db_sql sql = DB_SQL(load_history, "utm");
 *     struct db_param in[] = {db_param_uuid(user), db_param_i64(100)};
 *     struct db_rows rows;
 *
 *     if (!db_query(db, sql, in, 2, until_us, &rows, err))
 *         return false;
 *     for (size_t i = 0; i < rows.count; i++)
 *         use(db_rows_uuid(&rows, i, 0));
 *     db_rows_release(&rows);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/backoff.h"
#include "store/db_param.h"
#include "store/db_value.h"

struct pg_conn;
struct pg_result;

enum {
    DB_PREPARED_MOST = 64,
    DB_PARAMS_MOST = 24,
    DB_COLUMNS_MOST = 24,
    DB_SQLSTATE_BYTES = 6,
};

/* A statement: `name` is its prepared name, `gives` the shape of its rows. */
struct db_sql {
    const char *name;
    const char *text;
    const char *gives;
};

/* The embedded file sql/queries/<file>.sql; needs queries.h. */
#define DB_SQL(file, shape)                                                    \
    ((struct db_sql){.name = #file, .text = sql_##file, .gives = (shape)})

enum db_scope { DB_SCOPE_NONE, DB_SCOPE_READ_WRITE, DB_SCOPE_SNAPSHOT };

struct db {
    const char *url;
    bool prepare;
    struct pg_conn *conn;
    bool ready;     /* dialled to the end */
    bool down_told; /* the log knows that it is away */
    bool lost;      /* the connection broke inside a scope */
    bool busy;      /* a stream or copy is open */
    int dial;       /* what the dial waits for */
    int hosted;     /* store_hosted(): 0 not asked yet, 1 no, 2 yes */
    int locks;      /* session locks held */
    enum db_scope scope;
    int64_t dial_began_us;
    struct backoff backoff;
    uint64_t connects; /* successful dials so far */
    char sqlstate[DB_SQLSTATE_BYTES];
    const char *prepared[DB_PREPARED_MOST]; /* names known to the server */
    size_t prepared_count;
    struct buf out; /* parameters of the running call */
};

struct db_rows {
    struct pg_result *result;
    size_t count;
};

/*
 * Takes no connection yet. `url` (borrowed, a libpq URL or key=value text) is
 * read; one that cannot be read is ERR_INVALID. prepare = false sends unnamed
 * statements, which pgBouncer needs in transaction mode.
 */
MUST_USE bool db_init(struct db *db, const char *url, bool prepare,
                      struct err *err);
/* Closes; an open transaction is rolled back by the server. */
void db_release(struct db *db);

/* A round trip. */
MUST_USE bool db_ping(struct db *db, int64_t until_us, struct err *err);

/* Runs one statement; `rows` may be NULL when sql.gives is "". */
MUST_USE bool db_query(struct db *db, struct db_sql sql,
                       const struct db_param *params, size_t param_count,
                       int64_t until_us, struct db_rows *rows, struct err *err);
/* Accepts a zeroed struct. */
void db_rows_release(struct db_rows *rows);
struct db_cell db_rows_cell(const struct db_rows *rows, size_t row, int column);

static inline bool db_rows_null(const struct db_rows *r, size_t row, int column)
{
    return !db_rows_cell(r, row, column).at;
}
static inline struct uuid db_rows_uuid(const struct db_rows *r, size_t row,
                                       int column)
{
    return db_value_uuid(db_rows_cell(r, row, column));
}
static inline int64_t db_rows_i64(const struct db_rows *r, size_t row,
                                  int column)
{
    return db_value_i64(db_rows_cell(r, row, column));
}
static inline int64_t db_rows_ms(const struct db_rows *r, size_t row,
                                 int column)
{
    return db_value_ms(db_rows_cell(r, row, column));
}
static inline bool db_rows_bool(const struct db_rows *r, size_t row, int column)
{
    return db_value_bool(db_rows_cell(r, row, column));
}
static inline float db_rows_real(const struct db_rows *r, size_t row,
                                 int column)
{
    return db_value_real(db_rows_cell(r, row, column));
}
static inline struct span db_rows_text(const struct db_rows *r, size_t row,
                                       int column)
{
    return db_value_text(db_rows_cell(r, row, column));
}

/* Several statements as one text, without parameters or rows: migrations. */
MUST_USE bool db_script(struct db *db, const char *text, int64_t until_us,
                        struct err *err);

/*
 * A transaction. DB_SCOPE_SNAPSHOT is REPEATABLE READ, READ ONLY: everything
 * read in it is of one moment.
 */
MUST_USE bool db_begin(struct db *db, enum db_scope scope, int64_t until_us,
                       struct err *err);
/* keep = false rolls back. False when it is not known to be committed. */
MUST_USE bool db_end(struct db *db, bool keep, int64_t until_us,
                     struct err *err);

/*
 * Session lock number `key`, kept until db_unlock or the loss of the
 * connection. Not for pgBouncer in transaction mode. *got is false when
 * another session holds it.
 */
MUST_USE bool db_lock_try(struct db *db, int64_t key, int64_t until_us,
                          bool *got, struct err *err);
MUST_USE bool db_unlock(struct db *db, int64_t key, int64_t until_us,
                        struct err *err);
