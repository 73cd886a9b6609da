#include "store/arrivals.h"

#include "queries.h"

bool arrivals_load(struct db *db, int64_t since_ms, size_t most,
                   int64_t until_us, struct arrival *out, size_t *count,
                   struct err *err)
{
    struct db_param in[] = {db_param_ms(since_ms), db_param_i64((int64_t)most)};
    struct db_rows rows;

    if (!db_query(db, DB_SQL(load_arrivals, "uM"), in, sizeof in / sizeof *in,
                  until_us, &rows, err))
        return false;
    *count = rows.count < most ? rows.count : most;
    for (size_t i = 0; i < *count; i++)
        out[i] = (struct arrival){.post = db_rows_uuid(&rows, i, 0),
                                  .published_at_ms = db_rows_ms(&rows, i, 1)};
    db_rows_release(&rows);
    return true;
}
