#include "store/training.h"

#include "queries.h"
#include "store/posts.h"

bool training_begin(struct db *db, int64_t cutoff_ms, int64_t until_us,
                    struct err *err)
{
    struct db_param in = db_param_i64(cutoff_ms);
    struct db_rows rows;
    struct err ignored;

    if (cutoff_ms < DB_LEAST_MS || cutoff_ms > DB_MOST_MS)
        return err_set(err, ERR_INVALID, "cutoff outside years 1 to 9999");
    if (!db_begin(db, DB_SCOPE_SNAPSHOT, until_us, err))
        return false;
    if (!db_query(db, DB_SQL(set_training_cutoff, "t"), &in, 1, until_us, &rows,
                  err)) {
        (void)!db_end(db, false, until_us, &ignored);
        return false;
    }
    db_rows_release(&rows);
    return true;
}

struct training_rows training_rows_of(struct db *db, int64_t until_us,
                                      struct err *err)
{
    return (struct training_rows){
        .copy = db_copy_out_of(db, DB_SQL(copy_interactions, "uutm"), until_us,
                               err)};
}

bool training_rows_next(struct training_rows *it, struct training_row *row)
{
    const struct db_cell *cells = it->copy.cells;
    enum { USER, POST, TYPE, AT };

    while (db_copy_out_next(&it->copy)) {
        if (!event_find(db_value_text(cells[TYPE]), &row->type)) {
            it->skipped++;
            continue;
        }
        row->user = db_value_uuid(cells[USER]);
        row->post = db_value_uuid(cells[POST]);
        row->at_ms = db_value_ms(cells[AT]);
        return true;
    }
    it->failed = it->copy.failed;
    return false;
}

void training_rows_end(struct training_rows *it)
{
    db_copy_out_end(&it->copy);
}

bool training_end(struct db *db, int64_t until_us, struct err *err)
{
    return db_end(db, true, until_us, err);
}

static bool copy_rows(struct db *db, const struct import_row *rows,
                      size_t count, int64_t until_us, struct err *err)
{
    struct db_copy_in copy;
    bool ok =
        db_copy_in_begin(&copy, db, DB_SQL(copy_import, ""), until_us, err);
    struct err ignored;

    for (size_t i = 0; i < count && ok; i++) {
        struct db_param fields[] = {
            db_param_uuid(rows[i].id),
            db_param_uuid(rows[i].user),
            db_param_uuid(rows[i].post),
            db_param_text(span_of(event_name(rows[i].type))),
            db_param_ms(rows[i].at_ms),
        };

        ok = db_copy_in_add(&copy, fields, sizeof fields / sizeof *fields, err);
    }
    /* Of two failures the first one tells more. */
    return db_copy_in_end(&copy, ok, ok ? err : &ignored) && ok;
}

static bool merge(struct db *db, int64_t until_us, struct import_counts *out,
                  struct err *err)
{
    struct db_rows rows;
    bool hosted;
    enum { INSERTED, DUPLICATES, UNKNOWN };

    if (!store_hosted(db, until_us, &hosted, err))
        return false;
    if (!hosted && !db_query(db, DB_SQL(insert_import_users, ""), NULL, 0,
                             until_us, NULL, err))
        return false;
    if (!db_query(db, DB_SQL(merge_import, "iii"), NULL, 0, until_us, &rows,
                  err))
        return false;
    *out = (struct import_counts){
        .inserted = (size_t)db_rows_i64(&rows, 0, INSERTED),
        .duplicates = (size_t)db_rows_i64(&rows, 0, DUPLICATES),
        .unknown_posts = (size_t)db_rows_i64(&rows, 0, UNKNOWN),
    };
    db_rows_release(&rows);
    return true;
}

bool interactions_import(struct db *db, const struct import_row *rows,
                         size_t count, int64_t until_us,
                         struct import_counts *out, struct err *err)
{
    struct err ignored;
    bool ok;

    *out = (struct import_counts){0};
    if (!db_begin(db, DB_SCOPE_READ_WRITE, until_us, err))
        return false;
    ok = db_script(db, sql_create_import, until_us, err) &&
         copy_rows(db, rows, count, until_us, err) &&
         /* Without statistics the planner expects a handful of rows. */
         db_script(db, "ANALYZE import_interactions", until_us, err) &&
         merge(db, until_us, out, err);
    if (!ok) {
        (void)!db_end(db, false, until_us, &ignored);
        return false;
    }
    return db_end(db, true, until_us, err);
}
