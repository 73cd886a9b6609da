#include "train_job.h"

#include "cli.h"
#include "run_log.h"

/* The run is over and its model live or not: MLflow cannot change that. */
static void copy_to_mlflow(struct db *db, const struct config *config,
                           const struct train_report *report,
                           const struct run_record *record)
{
    const struct candidate *c = &report->candidate;
    char path[REGISTRY_PATH_BYTES];
    struct err ignored;
    bool has_file =
        c->sha256[0] &&
        registry_path(config, span_of(report->version), path, &ignored);

    run_log_mlflow(db, config, c->run_id, record, has_file ? path : NULL);
}

bool train_job(struct db *db, const struct config *config,
               const struct train_watch *watch, bool force,
               struct train_report *report, struct err *err)
{
    const struct train_options options = {
        .watch = watch, .force = force, .revision = cli_revision};
    struct run_record record;
    bool ok = train_make(db, config, &options, report, &record, err);

    if (report->candidate.run_id)
        copy_to_mlflow(db, config, report, &record);
    run_record_release(&record);
    return ok;
}
