#include <stdio.h>

#include "queries.h"

#include "store/migrate.h"
#include "web/json_write.h"

#include "cli.h"
#include "cli_db.h"

static const char help[] =
    "Usage: kith migrate [--status] [--json]\n\n"
    "Brings the database's schema forward: each migration that is not applied\n"
    "yet, in order, in a transaction of its own. Harmless to repeat and to "
    "run\n"
    "several times at once. A migration that was changed after it had been\n"
    "applied stops everything before anything is changed.\n\n"
    "  --status  list the migrations and their state; changes nothing\n"
    "  --json    the answer as one JSON object on stdout\n\n"
    "Exit codes: 0 done, 1 failed, 2 wrong command line, 3 the database is "
    "away.\n";

enum { OUT_BYTES = 1 << 20 };

static const char *state_name(enum migrate_state state)
{
    static const char *const names[] = {
        [MIGRATE_APPLIED] = "applied",
        [MIGRATE_PENDING] = "pending",
        [MIGRATE_CHANGED] = "changed",
        [MIGRATE_UNKNOWN] = "unknown",
    };

    return names[state];
}

static void write_row(struct json_write *w, const struct migrate_row *row)
{
    json_write_object(w, NULL);
    json_write_text(w, "name", row->name);
    json_write_word(w, "state", state_name(row->state));
    if (row->applied_at_ms) {
        json_write_i64(w, "applied_at", row->applied_at_ms);
        json_write_i64(w, "took_ms", row->took_ms);
    }
    json_write_end(w);
}

static bool list(struct db *db, const struct config *config, bool json,
                 struct buf *out, struct err *err)
{
    struct migrate_status it =
        migrate_status_of(db, sql_migrations, cli_db_until_us(config), err);
    struct migrate_row row;
    struct json_write w;
    size_t pending = 0;
    bool ok;

    json_write_init(&w, out);
    if (json) {
        json_write_object(&w, NULL);
        json_write_array(&w, "migrations");
    }
    while (migrate_status_next(&it, &row)) {
        pending += row.state == MIGRATE_PENDING;
        if (json)
            write_row(&w, &row);
        else
            buf_fmt(out, "%-10s %.*s\n", state_name(row.state),
                    SPAN_ARGS(row.name));
    }
    if (json) {
        json_write_end(&w);
        json_write_u64(&w, "pending", pending);
        json_write_end(&w);
    } else {
        buf_fmt(out, "%zu pending", pending);
    }
    ok = !it.failed;
    migrate_status_end(&it);
    return ok;
}

static bool apply(struct db *db, const struct config *config, bool json,
                  struct buf *out, struct err *err)
{
    size_t applied;

    if (!migrate_run(db, sql_migrations, cli_db_until_us(config), &applied,
                     err))
        return false;
    if (json)
        buf_fmt(out, "{\"applied\":%zu}", applied);
    else if (applied)
        buf_fmt(out, "%zu migrations applied", applied);
    else
        buf_text(out, "the schema is up to date");
    return true;
}

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {
        {"status", no_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {0},
    };
    bool status = false, json = false, ok;
    struct err err = {0};
    struct buf out;
    struct db db;
    int got;

    while ((got = cli_option(&cmd_migrate, argc, argv, longs)) != -1) {
        if (got == '?')
            return CLI_USAGE;
        status |= got == 's';
        json |= got == 'j';
    }
    if (optind < argc)
        return cli_usage(&cmd_migrate, "takes no operand: %s", argv[optind]);
    if (!db_init(&db, config->db_url, config->db_prepare, &err))
        return cli_fail(&cmd_migrate, &err);
    buf_init(&out, OUT_BYTES);
    ok = status ? list(&db, config, json, &out, &err)
                : apply(&db, config, json, &out, &err);
    got = ok ? cli_print(&out) ? CLI_DONE : CLI_FAILED
             : cli_fail(&cmd_migrate, &err);
    buf_release(&out);
    db_release(&db);
    return got;
}

const struct cli_command cmd_migrate = {
    .name = "migrate",
    .summary = "create the tables or bring them up to date",
    .help = help,
    .needs_config = true,
    .run = run,
};
