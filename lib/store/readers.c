#include "store/readers.h"

#include <string.h>

#include "queries.h"

static void read_row(const struct db_rows *rows, size_t i,
                     struct reader_row *out)
{
    struct span name = db_rows_text(rows, i, 1);

    *out = (struct reader_row){.id = db_rows_uuid(rows, i, 0)};
    if (name.bytes > READER_NAME_BYTES)
        name.bytes = READER_NAME_BYTES;
    if (name.bytes)
        memcpy(out->name, name.at, name.bytes);
    out->name_bytes = name.bytes;
}

bool readers_by_ids(struct db *db, const struct uuid *ids, size_t count,
                    int64_t until_us, struct reader_row *out, size_t *found,
                    struct err *err)
{
    struct db_param in[] = {db_param_array(DB_UUID, ids, count)};
    struct db_rows rows;

    if (!db_query(db, DB_SQL(load_readers, "uT"), in, 1, until_us, &rows, err))
        return false;
    *found = rows.count < count ? rows.count : count;
    for (size_t i = 0; i < *found; i++)
        read_row(&rows, i, &out[i]);
    db_rows_release(&rows);
    return true;
}

bool readers_active(struct db *db, size_t most, int64_t until_us,
                    struct reader_row *out, size_t *found, struct err *err)
{
    struct db_param in[] = {db_param_i64((int64_t)most)};
    struct db_rows rows;

    if (!db_query(db, DB_SQL(load_active_readers, "uTi"), in, 1, until_us,
                  &rows, err))
        return false;
    *found = rows.count < most ? rows.count : most;
    for (size_t i = 0; i < *found; i++) {
        read_row(&rows, i, &out[i]);
        out[i].interactions = db_rows_i64(&rows, i, 2);
    }
    db_rows_release(&rows);
    return true;
}
