#include "store/rejected.h"

#include "queries.h"

bool rejected_write(struct db *db, const struct span *codes,
                    const struct span *events, size_t count,
                    int64_t received_at_ms, int64_t until_us, struct err *err)
{
    const struct db_param in[] = {
        db_param_ms(received_at_ms),
        db_param_array(DB_TEXT, codes, count),
        db_param_array(DB_TEXT, events, count),
    };

    return db_query(db, DB_SQL(insert_rejected, ""), in, sizeof in / sizeof *in,
                    until_us, NULL, err);
}

bool rejected_clean(struct db *db, size_t most, int64_t until_us,
                    size_t *deleted, struct err *err)
{
    const struct db_param in[] = {
        db_param_i64(REJECTED_LIFE_S),
        db_param_i64((int64_t)most),
    };
    struct db_rows rows;

    if (!db_query(db, DB_SQL(delete_rejected, "i"), in, sizeof in / sizeof *in,
                  until_us, &rows, err))
        return false;
    *deleted = (size_t)db_rows_i64(&rows, 0, 0);
    db_rows_release(&rows);
    return true;
}

struct rejected rejected_newest(struct db *db, size_t most, int64_t until_us,
                                struct err *err)
{
    const struct db_param in = db_param_i64((int64_t)most);
    struct rejected it = {0};

    it.failed = !db_query(db, DB_SQL(load_rejected, "mtt"), &in, 1, until_us,
                          &it.rows, err);
    return it;
}

struct rejected rejected_by_code(struct db *db, int64_t until_us,
                                 struct err *err)
{
    struct rejected it = {.by_code = true};

    it.failed = !db_query(db, DB_SQL(count_rejected, "tim"), NULL, 0, until_us,
                          &it.rows, err);
    return it;
}

bool rejected_next(struct rejected *it, struct rejected_row *row)
{
    size_t at = it->next;

    if (it->failed || at == it->rows.count)
        return false;
    it->next++;
    if (it->by_code)
        *row = (struct rejected_row){.code = db_rows_text(&it->rows, at, 0),
                                     .count = db_rows_i64(&it->rows, at, 1),
                                     .received_at_ms =
                                         db_rows_ms(&it->rows, at, 2)};
    else
        *row = (struct rejected_row){.received_at_ms =
                                         db_rows_ms(&it->rows, at, 0),
                                     .code = db_rows_text(&it->rows, at, 1),
                                     .event = db_rows_text(&it->rows, at, 2)};
    return true;
}

void rejected_end(struct rejected *it)
{
    db_rows_release(&it->rows);
}
