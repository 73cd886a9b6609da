#include "store/history.h"

#include "queries.h"

static bool load(struct db *db, struct db_sql sql, const struct db_param *in,
                 size_t in_count, int64_t until_us, struct history_event *out,
                 size_t *count, struct err *err)
{
    struct db_rows rows;
    enum { POST, AT, TYPE };

    *count = 0;
    if (!db_query(db, sql, in, in_count, until_us, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        struct history_event e = {.post = db_rows_uuid(&rows, i, POST),
                                  .at_ms = db_rows_ms(&rows, i, AT)};

        if (event_find(db_rows_text(&rows, i, TYPE), &e.type))
            out[(*count)++] = e;
    }
    db_rows_release(&rows);
    return true;
}

bool history_load(struct db *db, struct uuid user, size_t most,
                  int64_t until_us, struct history_event *out, size_t *count,
                  struct err *err)
{
    struct db_param in[] = {db_param_uuid(user), db_param_i64((int64_t)most)};

    return load(db, DB_SQL(load_history, "umt"), in, sizeof in / sizeof *in,
                until_us, out, count, err);
}

bool history_load_past(struct db *db, struct uuid user, size_t most,
                       int64_t before_ms, int64_t until_us,
                       struct history_event *out, size_t *count,
                       struct err *err)
{
    struct db_param in[] = {db_param_uuid(user), db_param_i64((int64_t)most),
                            db_param_ms(before_ms)};

    return load(db, DB_SQL(load_past_history, "umt"), in,
                sizeof in / sizeof *in, until_us, out, count, err);
}
