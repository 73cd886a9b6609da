#include "cli_db.h"

#include "queries.h"

#include "base/clock.h"
#include "store/migrate.h"

static const int64_t us_per_s = 1000000;

int64_t cli_db_until_us(const struct config *config)
{
    return clock_mono_us() + config->db_job_wait_s * us_per_s;
}

bool cli_db_pending(struct db *db, int64_t until_us, size_t *pending,
                    struct err *err)
{
    struct migrate_status it =
        migrate_status_of(db, sql_migrations, until_us, err);
    struct migrate_row row;
    bool ok = true;

    *pending = 0;
    while (migrate_status_next(&it, &row)) {
        *pending += row.state == MIGRATE_PENDING;
        if (row.state == MIGRATE_CHANGED || row.state == MIGRATE_UNKNOWN)
            ok = err_set(err, ERR_CORRUPT,
                         "the database has another migration %.*s than this "
                         "program; see `kith migrate --status`",
                         SPAN_ARGS(row.name));
    }
    ok = ok && !it.failed;
    migrate_status_end(&it);
    return ok;
}

bool cli_db_open(struct db *db, const struct config *config, struct err *err)
{
    size_t pending;

    if (!db_init(db, config->db_url, config->db_prepare, err))
        return false;
    if (!cli_db_pending(db, cli_db_until_us(config), &pending, err)) {
        db_release(db);
        return false;
    }
    if (pending) {
        db_release(db);
        return err_set(err, ERR_INVALID,
                       "the database lacks %zu migrations: run `kith "
                       "migrate` first",
                       pending);
    }
    return true;
}
