#define _GNU_SOURCE /* ppoll */
#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/db_inner.h"
#include "store/sqlstate.h"

enum {
    DIAL_MOST_US = 10 * 1000 * 1000, /* then a dial is begun anew */
    US_PER_S = 1000 * 1000,
    US_PER_MS = 1000,
    NS_PER_US = 1000,
    OUT_MOST_BYTES = 512 << 20,
    OUT_KEPT_BYTES = 1 << 20, /* larger parameter buffers are given back */
    CANCEL_STACK_BYTES = 256 << 10,
    TEXT_BYTES = 200,
};

/* ---- what went wrong ---- */

/* The first line of a libpq message: the others repeat or quote values. */
static void first_line(const char *message, char out[TEXT_BYTES])
{
    snprintf(out, TEXT_BYTES, "%.*s", (int)strcspn(message, "\n"), message);
}

/* Takes the URL's password out of a text, should libpq ever quote it. */
static void hide_password(const char *url, char *text)
{
    PQconninfoOption *all = PQconninfoParse(url, NULL);

    for (PQconninfoOption *o = all; o && o->keyword; o++) {
        bool secret = *o->dispchar == '*' && o->val && *o->val;

        for (char *at = text; secret && (at = strstr(at, o->val));)
            memset(at, '*', strlen(o->val));
    }
    PQconninfoFree(all);
}

static void tell_down(struct db *db, const struct err *err)
{
    if (!db->down_told)
        log_failure(LOG_WARN, "store", "db_down", err);
    db->down_told = true;
}

/* ---- the connection ---- */

static void drop(struct db *db)
{
    PQfinish(db->conn);
    db->conn = NULL;
    db->ready = false;
    db->busy = false;
    db->prepared_count = 0;
    db->lost = db->scope != DB_SCOPE_NONE || db->locks > 0;
}

static void *cancel_run(void *cancel)
{
    char text[TEXT_BYTES];

    PQcancel(cancel, text, sizeof text);
    PQfreeCancel(cancel);
    return NULL;
}

/*
 * Asks the server to stop the running statement. PQcancel waits for the
 * postmaster without a limit, so it gets a thread of its own; that thread takes
 * no signal meant for the program. Best effort: the connection is dropped in
 * any case.
 */
static void cancel(struct db *db)
{
    PGcancel *request = PQgetCancel(db->conn);
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;

    if (!request)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, CANCEL_STACK_BYTES);
    if (pthread_create(&thread, &attr, cancel_run, request))
        PQfreeCancel(request);
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* The deadline of a running statement is over. */
static bool late(struct db *db, struct err *err)
{
    cancel(db);
    drop(db);
    return err_set(err, ERR_TIMEOUT, "no answer from the database in time");
}

/* The connection failed under a statement. */
static bool broken(struct db *db, struct err *err)
{
    char text[TEXT_BYTES];

    first_line(PQerrorMessage(db->conn), text);
    hide_password(db->url, text);
    drop(db);
    err_set(err, ERR_DOWN, "connection lost: %s", text);
    tell_down(db, err);
    return false;
}

/* False at the deadline. Errors of the socket are left for libpq to find. */
static bool wait_socket(struct db *db, short events, int64_t until_us)
{
    struct pollfd p = {.fd = PQsocket(db->conn), .events = events};

    for (;;) {
        int64_t left_us = until_us - clock_mono_us();
        struct timespec left = {0};
        int n;

        if (left_us > 0) {
            left.tv_sec = left_us / US_PER_S;
            left.tv_nsec = left_us % US_PER_S * NS_PER_US;
        }
        n = ppoll(&p, 1, &left, NULL);
        if (n >= 0 || errno != EINTR)
            return n != 0;
    }
}

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

static bool dial_failed(struct db *db, const char *why, struct err *err)
{
    char text[TEXT_BYTES];

    first_line(why, text);
    hide_password(db->url, text);
    drop(db);
    backoff_failed(&db->backoff, clock_mono_us());
    err_set(err, ERR_DOWN, "no connection: %s", text);
    tell_down(db, err);
    return false;
}

static bool dial_begin(struct db *db, struct err *err)
{
    const char *const names[] = {"dbname", "client_encoding",
                                 "fallback_application_name", NULL};
    const char *const values[] = {db->url, "UTF8", "kith", NULL};

    db->conn = PQconnectStartParams(names, values, 1);
    if (!db->conn)
        return err_set(err, ERR_MEMORY, "libpq: no memory for a connection");
    db->dial = PGRES_POLLING_WRITING;
    db->dial_began_us = clock_mono_us();
    if (PQstatus(db->conn) == CONNECTION_BAD)
        return dial_failed(db, PQerrorMessage(db->conn), err);
    PQsetNoticeReceiver(db->conn, ignore_notice, NULL);
    return true;
}

static bool dial_done(struct db *db, struct err *err)
{
    if (PQsetnonblocking(db->conn, 1))
        return dial_failed(db, "no non-blocking mode", err);
    db->ready = true;
    backoff_clear(&db->backoff);
    db->connects++;
    if (db->down_told) {
        struct log_line l;

        log_begin(&l, LOG_WARN, "store", "db_up");
        log_end(&l);
    }
    db->down_told = false;
    return true;
}

/* Not done in time: a later call goes on; within the pause without waiting. */
static bool dial_late(struct db *db, bool paused, struct err *err)
{
    if (paused)
        return err_set(err, ERR_DOWN, "still dialling");
    backoff_failed(&db->backoff, clock_mono_us());
    err_set(err, ERR_TIMEOUT, "no connection in time");
    tell_down(db, err);
    return false;
}

static bool dial(struct db *db, int64_t until_us, struct err *err)
{
    int64_t now_us = clock_mono_us();
    bool paused = backoff_holds(&db->backoff, now_us);

    if (!db->conn && paused)
        return err_set(err, ERR_DOWN, "no connection; next dial in %d ms",
                       (int)((db->backoff.until_us - now_us) / US_PER_MS));
    if (!db->conn && !dial_begin(db, err))
        return false;
    if (now_us - db->dial_began_us > DIAL_MOST_US)
        return dial_failed(db, "the server does not finish the dial", err);
    while (db->dial != PGRES_POLLING_OK) {
        short events = db->dial == PGRES_POLLING_READING ? POLLIN : POLLOUT;

        if (!wait_socket(db, events, paused ? now_us : until_us))
            return dial_late(db, paused, err);
        db->dial = (int)PQconnectPoll(db->conn);
        if (db->dial == PGRES_POLLING_FAILED)
            return dial_failed(db, PQerrorMessage(db->conn), err);
    }
    return dial_done(db, err);
}

/*
 * An idle connection that can be read was closed (or told something nobody
 * asked for): found here, the statement meets a fresh connection instead of
 * failing on a dead one.
 */
static bool alive(struct db *db)
{
    while (wait_socket(db, POLLIN, 0))
        if (!PQconsumeInput(db->conn))
            return false;
    return PQstatus(db->conn) == CONNECTION_OK;
}

/* ---- sending ---- */

static bool flush(struct db *db, int64_t until_us, struct err *err)
{
    int left;

    while ((left = PQflush(db->conn)) > 0) {
        if (!wait_socket(db, POLLIN | POLLOUT, until_us))
            return late(db, err);
        /* The server may block on its answer until we read. */
        if (!PQconsumeInput(db->conn))
            return broken(db, err);
    }
    return left == 0 || broken(db, err);
}

/* Parameters as libpq wants them. */
struct wire {
    Oid types[DB_PARAMS_MOST];
    const char *values[DB_PARAMS_MOST];
    int lengths[DB_PARAMS_MOST], formats[DB_PARAMS_MOST];
    int count;
};

static bool encode(struct db *db, const struct db_param *params, size_t count,
                   struct wire *w, struct err *err)
{
    size_t starts[DB_PARAMS_MOST];

    assert(count <= DB_PARAMS_MOST);
    buf_reset(&db->out);
    for (size_t i = 0; i < count; i++) {
        starts[i] = db->out.bytes;
        if (!params[i].null && !db_param_write(&params[i], &db->out, err))
            return false;
        w->types[i] = db_param_oid(&params[i]);
        w->lengths[i] = (int)(db->out.bytes - starts[i]);
        w->formats[i] = 1;
    }
    /* Only now: the buffer moves while it grows. */
    for (size_t i = 0; i < count; i++)
        w->values[i] = params[i].null ? NULL
                       : db->out.at   ? db->out.at + starts[i]
                                      : "";
    w->count = (int)count;
    return true;
}

static bool is_prepared(const struct db *db, const char *name)
{
    for (size_t i = 0; i < db->prepared_count; i++)
        if (db->prepared[i] == name || !strcmp(db->prepared[i], name))
            return true;
    return false;
}

/* ---- receiving ---- */

/* Values that PostgreSQL refused stand in its message; name the place only. */
static void place_text(const PGresult *r, char out[TEXT_BYTES])
{
    const char *constraint = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);
    const char *table = PQresultErrorField(r, PG_DIAG_TABLE_NAME);
    const char *column = PQresultErrorField(r, PG_DIAG_COLUMN_NAME);

    snprintf(out, TEXT_BYTES, "values refused, table=%s column=%s rule=%s",
             table ? table : "", column ? column : "",
             constraint ? constraint : "");
}

/* Fills *err and db->sqlstate from a failed result; may drop. Clears it. */
static bool refused(struct db *db, PGresult *r, struct err *err)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    char text[TEXT_BYTES];
    enum err_code code;

    snprintf(db->sqlstate, sizeof db->sqlstate, "%s", state ? state : "");
    code = sqlstate_code(db->sqlstate);
    if (code == ERR_INVALID)
        place_text(r, text);
    else
        first_line(primary ? primary : PQresultErrorMessage(r), text);
    hide_password(db->url, text);
    PQclear(r);
    err_set(err, code, "SQLSTATE %s: %s", *db->sqlstate ? db->sqlstate : "none",
            text);
    if (PQstatus(db->conn) != CONNECTION_OK || sqlstate_spoils(db->sqlstate)) {
        drop(db);
        tell_down(db, err);
    }
    return false;
}

/* *out is NULL behind the last result. */
static bool next_result(struct db *db, int64_t until_us, PGresult **out,
                        struct err *err)
{
    while (PQisBusy(db->conn)) {
        if (!wait_socket(db, POLLIN, until_us))
            return late(db, err);
        if (!PQconsumeInput(db->conn))
            break; /* PQgetResult knows why */
    }
    *out = PQgetResult(db->conn);
    switch (*out ? PQresultStatus(*out) : PGRES_COMMAND_OK) {
    case PGRES_BAD_RESPONSE:
    case PGRES_FATAL_ERROR:
        return refused(db, *out, err);
    default:
        return true;
    }
}

static bool is_copy(const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);

    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT ||
           status == PGRES_COPY_BOTH;
}

/* Reads away what is left of a failed statement. */
static void drain(struct db *db, int64_t until_us)
{
    char sqlstate[DB_SQLSTATE_BYTES];
    struct err ignored;
    PGresult *r = NULL;

    memcpy(sqlstate, db->sqlstate, sizeof sqlstate);
    while (db->conn) {
        if (!next_result(db, until_us, &r, &ignored))
            continue; /* another error, or no connection any more */
        if (r && is_copy(r))
            drop(db); /* would be answered for ever */
        if (!r)
            break;
        PQclear(r);
    }
    memcpy(db->sqlstate, sqlstate, sizeof sqlstate);
}

static struct db_cell cell_of(const PGresult *r, int row, int column)
{
    size_t bytes = (size_t)PQgetlength(r, row, column);

    /* NULL has no bytes; few values have none, so few are asked about. */
    if (!bytes && PQgetisnull(r, row, column))
        return (struct db_cell){0};
    return (struct db_cell){PQgetvalue(r, row, column), bytes};
}

static bool misshapen(struct db_sql sql, int column, struct err *err)
{
    return err_set(err, ERR_CORRUPT, "%s: column %d is not as \"%s\" says",
                   sql.name, column + 1, sql.gives);
}

/* Makes the statement known to the server, once a connection. */
static bool prepare(struct db *db, struct db_sql sql, const struct wire *w,
                    int64_t until_us, struct err *err)
{
    struct db_rows none;

    if (!PQsendPrepare(db->conn, sql.name, sql.text, w->count, w->types))
        return broken(db, err);
    if (!flush(db, until_us, err) ||
        !db_inner_collect(db, until_us, &none, err))
        return false;
    db_rows_release(&none);
    db->prepared[db->prepared_count++] = sql.name;
    return true;
}

static bool is_named(const struct db *db, const char *name)
{
    return db->prepare &&
           (is_prepared(db, name) || db->prepared_count < DB_PREPARED_MOST);
}

/*
 * A password with a '/' or '@' that is not percent-encoded makes libpq read
 * parts of it as host, port or database, and name them in its messages.
 */
static bool url_check(const char *url, struct err *err)
{
    PQconninfoOption *all = PQconninfoParse(url, NULL);
    bool ok = all;

    for (PQconninfoOption *o = all; o && o->keyword; o++) {
        if (!o->val)
            continue;
        if (!strcmp(o->keyword, "port"))
            ok = ok && !o->val[strspn(o->val, "0123456789,")];
        if (!strcmp(o->keyword, "host") || !strcmp(o->keyword, "dbname"))
            ok = ok && (!strchr(o->val, '@') || *o->val == '@');
    }
    PQconninfoFree(all);
    return ok || err_set(err, ERR_INVALID,
                         "the database URL cannot be read; in a password "
                         "write '/', '@', ':' and '%%' as %%2F, %%40, %%3A "
                         "and %%25");
}

bool db_init(struct db *db, const char *url, bool by_name, struct err *err)
{
    *db = (struct db){.url = url, .prepare = by_name};
    buf_init(&db->out, OUT_MOST_BYTES);
    /* Workers that lost the same server must not come back in step. */
    backoff_init(&db->backoff, (uint64_t)clock_mono_us() ^ (uintptr_t)db);
    return url_check(url, err);
}

void db_release(struct db *db)
{
    if (db->conn)
        PQfinish(db->conn);
    buf_release(&db->out);
    *db = (struct db){0};
}

void db_rows_release(struct db_rows *rows)
{
    PQclear(rows->result);
    *rows = (struct db_rows){0};
}

struct db_cell db_rows_cell(const struct db_rows *rows, size_t row, int column)
{
    return cell_of(rows->result, (int)row, column);
}

/* ---- db_inner.h ---- */

bool db_inner_ready(struct db *db, int64_t until_us, struct err *err)
{
    db->sqlstate[0] = '\0';
    if (db->busy)
        return err_set(err, ERR_INVALID, "a stream is open on this connection");
    if (db->ready && !alive(db))
        drop(db);
    if (db->lost)
        return err_set(err, ERR_DOWN, "connection lost within a transaction");
    if (clock_mono_us() >= until_us)
        return err_set(err, ERR_TIMEOUT, "no time left for the database");
    return db->ready || dial(db, until_us, err);
}

bool db_inner_send(struct db *db, struct db_sql sql,
                   const struct db_param *params, size_t param_count,
                   int64_t until_us, struct err *err)
{
    struct wire w = {.count = 0};
    bool named = is_named(db, sql.name);
    int sent;

    if (!encode(db, params, param_count, &w, err))
        return false;
    if (named && !is_prepared(db, sql.name) &&
        !prepare(db, sql, &w, until_us, err))
        return false;
    sent = named ? PQsendQueryPrepared(db->conn, sql.name, w.count, w.values,
                                       w.lengths, w.formats, 1)
                 : PQsendQueryParams(db->conn, sql.text, w.count, w.types,
                                     w.values, w.lengths, w.formats, 1);
    if (!sent)
        return broken(db, err);
    if (db->out.cap_bytes > OUT_KEPT_BYTES) {
        buf_release(&db->out); /* libpq has its copy */
        buf_init(&db->out, OUT_MOST_BYTES);
    }
    return flush(db, until_us, err);
}

bool db_inner_send_text(struct db *db, const char *text, int64_t until_us,
                        struct err *err)
{
    if (!PQsendQuery(db->conn, text))
        return broken(db, err);
    return flush(db, until_us, err);
}

void db_inner_one_by_one(struct db *db)
{
    PQsetSingleRowMode(db->conn);
}

bool db_inner_next(struct db *db, int64_t until_us, struct db_rows *out,
                   struct err *err)
{
    PGresult *r;

    *out = (struct db_rows){0};
    if (!next_result(db, until_us, &r, err)) {
        drain(db, until_us);
        return false;
    }
    *out = (struct db_rows){r, r ? (size_t)PQntuples(r) : 0};
    return true;
}

bool db_inner_collect(struct db *db, int64_t until_us, struct db_rows *out,
                      struct err *err)
{
    struct db_rows next;

    *out = (struct db_rows){0};
    while (db_inner_next(db, until_us, &next, err)) {
        if (!next.result)
            return true;
        db_rows_release(out);
        *out = next;
        if (is_copy(out->result)) {
            drop(db);
            err_set(err, ERR_INVALID, "COPY where a statement was expected");
            break;
        }
    }
    db_rows_release(out);
    return false;
}

bool db_inner_check(const struct db_rows *rows, struct db_sql sql,
                    struct err *err)
{
    const PGresult *r = rows->result;
    int columns = PQnfields(r);

    if ((size_t)columns != strlen(sql.gives))
        return misshapen(sql, columns, err);
    for (int c = 0; c < columns; c++)
        if (!db_value_type_fits(sql.gives[c], PQftype(r, c)))
            return misshapen(sql, c, err);
    for (int i = 0; i < PQntuples(r); i++)
        for (int c = 0; c < columns; c++)
            if (!db_value_fits(sql.gives[c], cell_of(r, i, c)))
                return misshapen(sql, c, err);
    return true;
}

bool db_inner_aborted(const struct db *db)
{
    return db->conn && PQtransactionStatus(db->conn) == PQTRANS_INERROR;
}

bool db_inner_idle(const struct db *db)
{
    return db->conn && PQtransactionStatus(db->conn) == PQTRANS_IDLE;
}

void db_inner_drop(struct db *db, bool also_cancel)
{
    if (!db->conn)
        return;
    if (also_cancel)
        cancel(db);
    drop(db);
}

bool db_inner_copy_begin(struct db *db, const char *text, bool in,
                         int64_t until_us, struct err *err)
{
    ExecStatusType wanted = in ? PGRES_COPY_IN : PGRES_COPY_OUT;
    struct db_rows first;
    bool ok;

    if (!db_inner_send_text(db, text, until_us, err) ||
        !db_inner_next(db, until_us, &first, err))
        return false;
    ok = PQresultStatus(first.result) == wanted && PQbinaryTuples(first.result);
    db_rows_release(&first);
    if (!ok) {
        drop(db);
        return err_set(err, ERR_INVALID, "not a binary COPY");
    }
    return true;
}

bool db_inner_copy_get(struct db *db, int64_t until_us, struct span *out,
                       struct err *err)
{
    char *message = NULL;
    struct db_rows last;
    int bytes;

    *out = (struct span){0};
    while ((bytes = PQgetCopyData(db->conn, &message, 1)) == 0) {
        if (!wait_socket(db, POLLIN, until_us))
            return late(db, err);
        if (!PQconsumeInput(db->conn))
            return broken(db, err);
    }
    if (bytes > 0) {
        *out = (struct span){message, (size_t)bytes};
        return true;
    }
    if (!db_inner_collect(db, until_us, &last, err))
        return false;
    db_rows_release(&last);
    return true;
}

void db_inner_copy_give(char *message)
{
    PQfreemem(message);
}

/* PQputCopyData and PQputCopyEnd: 1 taken, 0 no room, -1 broken. */
static bool put(struct db *db, int taken, int64_t until_us, struct err *err)
{
    if (taken < 0)
        return broken(db, err);
    return flush(db, until_us, err);
}

bool db_inner_copy_put(struct db *db, struct span piece, int64_t until_us,
                       struct err *err)
{
    int taken;

    do {
        taken = PQputCopyData(db->conn, piece.at, (int)piece.bytes);
        if (!put(db, taken, until_us, err))
            return false;
    } while (taken == 0);
    return true;
}

bool db_inner_copy_done(struct db *db, const char *why_not, int64_t until_us,
                        struct err *err)
{
    struct db_rows last;
    int taken;

    do {
        taken = PQputCopyEnd(db->conn, why_not);
        if (!put(db, taken, until_us, err))
            return false;
    } while (taken == 0);
    if (!db_inner_collect(db, until_us, &last, err))
        return false;
    db_rows_release(&last);
    return true;
}
