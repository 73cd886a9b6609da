#include "run_log.h"

#include <stdio.h>

#include "cli.h"
#include "cli_db.h"
#include "mlflow.h"

/* Stays with the run; a failure to write it costs nothing but the note. */
static void note_mlflow(struct db *db, const struct config *config, int64_t id,
                        const char *said)
{
    struct err err;

    if (!db)
        return;
    if (!runs_set_mlflow(db, id, span_of(said), cli_db_until_us(config), &err))
        fprintf(stderr, "kith: warning: run %lld: %s\n", (long long)id,
                err.what);
}

void run_log_mlflow(struct db *db, const struct config *config, int64_t id,
                    const struct run_record *r, const char *artefact)
{
    char run_id[MLFLOW_ID_BYTES + 1], said[RUN_TEXT_BYTES];
    struct err err;

    if (!mlflow_wanted())
        return;
    if (mlflow_log(r, artefact, run_id, &err)) {
        note_mlflow(db, config, id, run_id);
        return;
    }
    fprintf(stderr, "kith: warning: MLflow: %s\n", err.what);
    snprintf(said, sizeof said, "%s%sfailed: %s", run_id, run_id[0] ? " " : "",
             err.what);
    note_mlflow(db, config, id, said);
}

bool run_log(struct db *db, const struct config *config, struct run_record *r,
             const char *artefact, int64_t *id, struct err *err)
{
    snprintf(r->revision, sizeof r->revision, "%s", cli_revision);
    if (!runs_record(db, r, cli_db_until_us(config), id, err))
        return false;
    run_log_mlflow(db, config, *id, r, artefact);
    return true;
}

static bool record(struct run_record *r, const struct config *config,
                   const char *artefact, struct err *err)
{
    struct db db;
    int64_t id;
    bool ok;

    if (!cli_db_open(&db, config, err))
        return false;
    ok = run_log(&db, config, r, artefact, &id, err);
    db_release(&db);
    return ok;
}

void run_log_where_named(struct run_record *r, const char *artefact)
{
    struct config config;
    struct err err;

    if (!config_names("KITH_DB_URL")) {
        snprintf(r->revision, sizeof r->revision, "%s", cli_revision);
        run_log_mlflow(NULL, NULL, 0, r, artefact);
    } else if (!config_load(&config, &err) ||
               !record(r, &config, artefact, &err)) {
        fprintf(stderr, "kith: warning: this run is not recorded: %s\n",
                err.what);
    }
}
