/*
 * runs.h -- every run that trained or measured something, kept for good: what
 * went in, what came out, how long it took.
 *
 * Names    parameters and metrics are words [A-Za-z0-9_.@/-], at most
 *          RUN_NAME_BYTES; of one name the last one counts.
 * Record   built piece by piece; errors are remembered in `failed` (like
 *          struct buf) and come out of runs_record().
 * Values   metrics are doubles, kept exactly; NaN and infinities are allowed.
 *
 *     struct run_record r;
 *     run_record_init(&r, "evaluate");
 *     run_param(&r, "algorithm", "%s", name);
 *     run_metric(&r, "ndcg@20", value);
 *     ok = runs_record(db, &r, until_us, &id, err);
 *     run_record_release(&r);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "store/db.h"

enum {
    RUN_NAME_BYTES = 96,
    RUN_TEXT_BYTES = 480,
    RUN_HEX_BYTES = 64,     /* SHA-256 */
    RUN_VALUES_MOST = 4096, /* parameters and metrics each */
};

enum run_status {
    RUN_FINISHED,
    RUN_REFUSED, /* made a model that was not let live */
    RUN_FAILED,
    RUN_STATUSES,
};

/* "finished", "refused", "failed". */
const char *run_status_name(enum run_status status);

struct run_value {
    char name[RUN_NAME_BYTES + 1];
    char text[RUN_TEXT_BYTES + 1]; /* of a parameter */
    double number;                 /* of a metric */
};

struct run_record {
    const char *kind; /* a constant word: "train", "evaluate", "tune", ... */
    enum run_status status;
    char note[RUN_TEXT_BYTES + 1];          /* one sentence, or empty */
    char revision[RUN_NAME_BYTES + 1];      /* git, of the program */
    char model_version[RUN_NAME_BYTES + 1]; /* empty: made no model */
    char data_hash[RUN_NAME_BYTES + 1];     /* empty: not known */
    char artefact_sha256[RUN_HEX_BYTES + 1];
    int64_t artefact_bytes;
    int64_t started_at_ms, took_us;
    int64_t data_from_ms, data_until_ms; /* DB_NONE_I64: no data, no times */
    struct run_value *params, *metrics;
    size_t param_count, metric_count;
    bool failed;
    size_t params_cap, metrics_cap;
};

/* Starts now (clock_wall_ms) and has no data. */
void run_record_init(struct run_record *r, const char *kind);
/* Accepts a zeroed record. */
void run_record_release(struct run_record *r);

void run_param(struct run_record *r, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void run_metric(struct run_record *r, const char *name, double value);
void run_note(struct run_record *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* One statement, one COMMIT (or part of the caller's transaction). ERR_INVALID:
 * a name that is none, a text that is no UTF-8. *id from 1. */
MUST_USE bool runs_record(struct db *db, const struct run_record *r,
                          int64_t until_us, int64_t *id, struct err *err);

/* What became of the copy in MLflow: its run id, or why there is none. */
MUST_USE bool runs_set_mlflow(struct db *db, int64_t id, struct span said,
                              int64_t until_us, struct err *err);

/* ---- reading ---- */

struct run_row {
    int64_t id, started_at_ms, took_us;
    int64_t data_from_ms, data_until_ms; /* DB_NONE_I64: none */
    int64_t artefact_bytes;
    /* Borrowed until runs_end; empty where there is nothing. */
    struct span kind, status, note, revision, model_version, data_hash,
        artefact_sha256, mlflow;
};

struct runs {
    struct db_rows rows;
    size_t next;
    bool failed; /* once runs_next has returned false */
};

/* Newest first; kind "" is any. */
struct runs runs_newest(struct db *db, const char *kind, size_t most,
                        int64_t until_us, struct err *err);
/* One or none. */
struct runs runs_by_id(struct db *db, int64_t id, int64_t until_us,
                       struct err *err);
bool runs_next(struct runs *it, struct run_row *row);
void runs_end(struct runs *it);

/* Parameters, then metrics, each by name; the union of two runs. */
struct run_pair {
    bool is_metric;
    struct span name;
    bool has_a, has_b;
    struct span a, b; /* as text; metrics in the shortest exact form */
};

struct run_pairs {
    struct db_rows rows;
    size_t next;
    bool failed;
};

/* b may equal a: then both sides are the same. */
struct run_pairs run_pairs_of(struct db *db, int64_t a, int64_t b,
                              int64_t until_us, struct err *err);
bool run_pairs_next(struct run_pairs *it, struct run_pair *pair);
void run_pairs_end(struct run_pairs *it);
