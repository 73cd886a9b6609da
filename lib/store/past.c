#include "store/past.h"

#include "queries.h"

bool past_history_load(struct db *db, struct uuid user, size_t most,
                       int64_t before_ms, int64_t until_us,
                       struct history_event *out, size_t *count,
                       struct err *err)
{
    struct db_param in[] = {db_param_uuid(user), db_param_i64((int64_t)most),
                            db_param_ms(before_ms)};
    struct db_rows rows;
    enum { POST, AT, TYPE };

    *count = 0;
    if (!db_query(db, DB_SQL(load_past_history, "umt"), in,
                  sizeof in / sizeof *in, until_us, &rows, err))
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
