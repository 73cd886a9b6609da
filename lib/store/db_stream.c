#include "store/db_stream.h"

#include "store/db_inner.h"

struct db_stream db_stream_of(struct db *db, struct db_sql sql,
                              const struct db_param *params, size_t param_count,
                              int64_t until_us, struct err *err)
{
    struct db_stream s = {
        .db = db, .sql = sql, .until_us = until_us, .err = err};

    s.failed = !db_inner_ready(db, until_us, err) ||
               !db_inner_send(db, sql, params, param_count, until_us, err);
    if (!s.failed) {
        db_inner_one_by_one(db);
        db->busy = true;
    }
    return s;
}

/* The end of the rows, or the end of the stream for another reason. */
static bool stream_stop(struct db_stream *s, bool failed)
{
    struct db_rows last;

    s->ended = true;
    s->failed = failed;
    if (!failed) { /* the empty result behind the last row was read */
        s->failed = !db_inner_collect(s->db, s->until_us, &last, s->err);
        db_rows_release(&last);
    }
    s->db->busy = false;
    return false;
}

bool db_stream_next(struct db_stream *s)
{
    if (s->ended || s->failed)
        return false;
    db_rows_release(&s->row);
    if (!db_inner_next(s->db, s->until_us, &s->row, s->err))
        return stream_stop(s, true);
    if (s->row.count == 0)
        return stream_stop(s, false);
    if (db_inner_check(&s->row, s->sql, s->err))
        return true;
    db_inner_drop(s->db, true);
    return stream_stop(s, true);
}

void db_stream_end(struct db_stream *s)
{
    db_rows_release(&s->row);
    if (s->db && !s->ended && !s->failed)
        db_inner_drop(s->db, true);
    *s = (struct db_stream){0};
}
