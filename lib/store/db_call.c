#include <assert.h>
#include <string.h>

#include "queries.h"
#include "store/db.h"
#include "store/db_inner.h"

bool db_ping(struct db *db, int64_t until_us, struct err *err)
{
    return db_script(db, "", until_us, err);
}

bool db_query(struct db *db, struct db_sql sql, const struct db_param *params,
              size_t param_count, int64_t until_us, struct db_rows *rows,
              struct err *err)
{
    struct db_rows got;
    bool ok;

    if (rows)
        *rows = (struct db_rows){0};
    if (!db_inner_ready(db, until_us, err) ||
        !db_inner_send(db, sql, params, param_count, until_us, err) ||
        !db_inner_collect(db, until_us, &got, err))
        return false;
    ok = db_inner_check(&got, sql, err);
    if (ok && rows)
        *rows = got;
    else
        db_rows_release(&got);
    return ok;
}

bool db_script(struct db *db, const char *text, int64_t until_us,
               struct err *err)
{
    struct db_rows last;

    if (!db_inner_ready(db, until_us, err) ||
        !db_inner_send_text(db, text, until_us, err) ||
        !db_inner_collect(db, until_us, &last, err))
        return false;
    db_rows_release(&last);
    return true;
}

/* ---- scopes ---- */

/* Once nothing is held any more, a lost connection is only a connection. */
static void forgive_loss(struct db *db)
{
    if (db->scope == DB_SCOPE_NONE && !db->locks)
        db->lost = false;
}

bool db_begin(struct db *db, enum db_scope scope, int64_t until_us,
              struct err *err)
{
    assert(db->scope == DB_SCOPE_NONE && scope != DB_SCOPE_NONE);
    if (!db_script(db,
                   scope == DB_SCOPE_SNAPSHOT
                       ? "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
                       : "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE",
                   until_us, err))
        return false;
    db->scope = scope;
    return true;
}

/* COMMIT of a failed transaction succeeds by rolling back: look first. */
static bool commit(struct db *db, int64_t until_us, struct err *err)
{
    if (db_inner_aborted(db))
        return err_set(err, ERR_DOWN, "rolled back: a statement had failed");
    return db_script(db, "COMMIT", until_us, err);
}

bool db_end(struct db *db, bool keep, int64_t until_us, struct err *err)
{
    struct err ignored;
    bool ok = !keep || commit(db, until_us, err);

    if (!db_inner_idle(db) && !db_script(db, "ROLLBACK", until_us, &ignored))
        db_inner_drop(db, true); /* then the server rolls back */
    db->scope = DB_SCOPE_NONE;
    forgive_loss(db);
    return ok;
}

bool db_lock_try(struct db *db, int64_t key, int64_t until_us, bool *got,
                 struct err *err)
{
    struct db_param in = db_param_i64(key);
    struct db_rows rows;

    if (!db_query(db, DB_SQL(take_lock, "b"), &in, 1, until_us, &rows, err))
        return false;
    *got = rows.count == 1 && db_rows_bool(&rows, 0, 0);
    db->locks += *got;
    db_rows_release(&rows);
    return true;
}

bool db_unlock(struct db *db, int64_t key, int64_t until_us, struct err *err)
{
    struct db_param in = db_param_i64(key);
    struct db_rows rows;
    bool ok =
        db_query(db, DB_SQL(drop_lock, "b"), &in, 1, until_us, &rows, err);

    if (ok)
        db_rows_release(&rows);
    db->locks -= db->locks > 0;
    forgive_loss(db);
    return ok;
}
