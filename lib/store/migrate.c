#include "store/migrate.h"

#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "queries.h"

enum {
    CHECKSUM_BYTES = 2 * DIGEST_SHA256_BYTES + 1,
    LOCK_WAIT_MS = 10 * 1000,
    US_PER_MS = 1000,
};

/* "kith", as a number: the advisory lock of every migrator. */
#define MIGRATE_LOCK INT64_C(0x6b697468)

static void checksum(const char *text, char out[CHECKSUM_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char sum[DIGEST_SHA256_BYTES];
    enum { BITS = 4, MASK = 15 };

    digest_sha256(span_of(text), sum);
    for (size_t i = 0; i < sizeof sum; i++) {
        out[2 * i] = digits[sum[i] >> BITS];
        out[2 * i + 1] = digits[sum[i] & MASK];
    }
    out[2 * sizeof sum] = '\0';
}

/* Whether the record exists; a schema to put it into must. */
static bool find_table(struct db *db, int64_t until_us, bool *found,
                       struct err *err)
{
    struct db_rows rows;
    bool ok;

    if (!db_query(db, DB_SQL(find_migrations_table, "TB"), NULL, 0, until_us,
                  &rows, err))
        return false;
    ok = rows.count == 1 && !db_rows_null(&rows, 0, 0);
    *found = ok && db_rows_bool(&rows, 0, 1);
    db_rows_release(&rows);
    return ok || err_set(err, ERR_INVALID,
                         "no schema of the search_path exists; create one");
}

static bool load(struct db *db, int64_t until_us, struct db_rows *rows,
                 struct err *err)
{
    return db_query(db, DB_SQL(load_migrations, "ttmi"), NULL, 0, until_us,
                    rows, err);
}

static bool same_text(const struct db_rows *rows, size_t row, const char *text)
{
    char sum[CHECKSUM_BYTES];

    checksum(text, sum);
    return span_is(db_rows_text(rows, row, 1), sum);
}

/* What is applied must be the beginning of the list, text for text. */
static bool history_check(const struct db_rows *rows,
                          const struct sql_migration *list, struct err *err)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct span name = db_rows_text(rows, i, 0);

        if (!list[i].name || !span_is(name, list[i].name))
            return err_set(err, ERR_CORRUPT,
                           "migration %.*s is applied, but this program %s%s; "
                           "is the program older than the database?",
                           SPAN_ARGS(name),
                           list[i].name ? "expects " : "does not know it",
                           list[i].name ? list[i].name : "");
        if (!same_text(rows, i, list[i].text))
            return err_set(err, ERR_CORRUPT,
                           "migration %.*s was changed after it was applied",
                           SPAN_ARGS(name));
    }
    return true;
}

/* The same failure, with the migration's name in front. */
static bool named_failure(const char *name, struct err *err)
{
    struct err inner = *err;

    err_set_at(err, inner.where, inner.code, "migration %s: %s", name,
               inner.what);
    return false;
}

static bool record(struct db *db, const struct sql_migration *m,
                   int64_t took_ms, int64_t until_us, struct err *err)
{
    char sum[CHECKSUM_BYTES];
    struct db_param in[] = {
        db_param_text(span_of(m->name)),
        db_param_text((checksum(m->text, sum), span_of(sum))),
        db_param_i64(took_ms),
    };

    return db_query(db, DB_SQL(insert_migration, ""), in,
                    sizeof in / sizeof *in, until_us, NULL, err);
}

static bool apply(struct db *db, const struct sql_migration *m,
                  int64_t until_us, struct err *err)
{
    int64_t began_us = clock_mono_us();

    if (!db_script(db, m->text, until_us, err))
        return named_failure(m->name, err);
    return record(db, m, (clock_mono_us() - began_us) / US_PER_MS, until_us,
                  err);
}

/* Waits for other migrators; from then on waits for other locks are short. */
static bool lock(struct db *db, int64_t until_us, struct err *err)
{
    struct db_param key = db_param_i64(MIGRATE_LOCK);
    struct db_param wait = db_param_i64(LOCK_WAIT_MS);
    struct db_rows rows;

    if (!db_query(db, DB_SQL(wait_migration_lock, "t"), &key, 1, until_us,
                  &rows, err))
        return false;
    db_rows_release(&rows);
    if (!db_query(db, DB_SQL(limit_lock_wait, "t"), &wait, 1, until_us, &rows,
                  err))
        return false;
    db_rows_release(&rows);
    return true;
}

/* Within the transaction: the next migration, or *done. */
static bool step(struct db *db, const struct sql_migration *list,
                 int64_t until_us, bool *done, struct err *err)
{
    struct db_rows rows = {0};
    bool found, ok = false;
    size_t next;

    if (!lock(db, until_us, err) || !find_table(db, until_us, &found, err))
        return false;
    if (!found && !db_script(db, sql_create_migrations_table, until_us, err))
        return false;
    if (!load(db, until_us, &rows, err) || !history_check(&rows, list, err))
        goto out;
    next = rows.count;
    *done = !list[next].name;
    ok = *done || apply(db, &list[next], until_us, err);
out:
    db_rows_release(&rows);
    return ok;
}

bool migrate_run(struct db *db, const struct sql_migration *list,
                 int64_t until_us, size_t *applied, struct err *err)
{
    bool done = false;
    struct err ignored;

    *applied = 0;
    while (!done) {
        if (!db_begin(db, DB_SCOPE_READ_WRITE, until_us, err))
            return false;
        if (!step(db, list, until_us, &done, err)) {
            (void)!db_end(db, false, until_us, &ignored);
            return false;
        }
        if (!db_end(db, true, until_us, err))
            return false;
        *applied += !done;
    }
    return true;
}

struct migrate_status migrate_status_of(struct db *db,
                                        const struct sql_migration *list,
                                        int64_t until_us, struct err *err)
{
    struct migrate_status it = {.list = list};
    bool found = false;

    it.failed = !find_table(db, until_us, &found, err) ||
                (found && !load(db, until_us, &it.rows, err));
    return it;
}

/* Below 0: only listed; above 0: only applied; 0: both. */
static int compare_heads(const struct migrate_status *it)
{
    const char *listed = it->list[it->next_listed].name;
    struct span applied;
    int order;

    if (it->next_applied == it->rows.count)
        return -1;
    if (!listed)
        return 1;
    applied = db_rows_text(&it->rows, it->next_applied, 0);
    order = strncmp(listed, applied.at, applied.bytes);
    return order ? order : listed[applied.bytes] != '\0';
}

bool migrate_status_next(struct migrate_status *it, struct migrate_row *row)
{
    size_t listed = it->next_listed, applied = it->next_applied;
    int order;

    if (it->failed || (!it->list[listed].name && applied == it->rows.count))
        return false;
    order = compare_heads(it);
    it->next_listed += order <= 0;
    it->next_applied += order >= 0;
    *row = (struct migrate_row){.name = span_of(it->list[listed].name),
                                .state = MIGRATE_PENDING};
    if (order < 0)
        return true;
    row->name = db_rows_text(&it->rows, applied, 0);
    row->applied_at_ms = db_rows_ms(&it->rows, applied, 2);
    row->took_ms = db_rows_i64(&it->rows, applied, 3);
    if (order > 0)
        row->state = MIGRATE_UNKNOWN;
    else if (same_text(&it->rows, applied, it->list[listed].text))
        row->state = MIGRATE_APPLIED;
    else
        row->state = MIGRATE_CHANGED;
    return true;
}

void migrate_status_end(struct migrate_status *it)
{
    db_rows_release(&it->rows); /* `failed` stays for the caller */
    it->next_applied = 0;
}
