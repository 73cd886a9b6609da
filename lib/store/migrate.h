/*
 * migrate.h -- bring the database's schema forward, one migration at a time.
 *
 * Order    forward only, in the order of the list (sql_migrations of
 * queries.h). What is applied must be a prefix of the list: a changed text
 *          (SHA-256), a migration this program does not know, or a gap is
 *          ERR_CORRUPT with its name, and nothing is changed.
 * Safety   each migration runs in a transaction of its own that holds an
 *          advisory lock, so any number of migrators may start at once; a
 *          migration waits at most 10 s for locks of others, then ERR_TIMEOUT.
 * Record   schema_migrations(name, checksum, applied_at, took_ms), in the
 *          schema of the connection (current_schema()).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct sql_migration; /* queries.h: name, text; ends with a row of nulls */

/* *applied: how many were new. */
MUST_USE bool migrate_run(struct db *db, const struct sql_migration *list,
                          int64_t until_us, size_t *applied, struct err *err);

enum migrate_state {
    MIGRATE_APPLIED,
    MIGRATE_PENDING,
    MIGRATE_CHANGED, /* applied with another text */
    MIGRATE_UNKNOWN, /* applied by a newer program */
};

struct migrate_row {
    struct span name;
    enum migrate_state state;
    int64_t applied_at_ms, took_ms; /* 0 while pending */
};

/* Iterator, in the order of the names; changes nothing. */
struct migrate_status {
    const struct sql_migration *list;
    struct db_rows rows;
    size_t next_listed, next_applied;
    bool failed;
};

struct migrate_status migrate_status_of(struct db *db,
                                        const struct sql_migration *list,
                                        int64_t until_us, struct err *err);
bool migrate_status_next(struct migrate_status *it, struct migrate_row *row);
void migrate_status_end(struct migrate_status *it);
