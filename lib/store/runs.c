#include "store/runs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queries.h"

enum { NUMBER_BYTES = 32 };

const char *run_status_name(enum run_status status)
{
    static const char *const names[RUN_STATUSES] = {
        [RUN_FINISHED] = "finished",
        [RUN_REFUSED] = "refused",
        [RUN_FAILED] = "failed",
    };

    return names[status];
}

void run_record_init(struct run_record *r, const char *kind)
{
    *r = (struct run_record){.kind = kind,
                             .started_at_ms = clock_wall_ms(),
                             .data_from_ms = DB_NONE_I64,
                             .data_until_ms = DB_NONE_I64};
}

void run_record_release(struct run_record *r)
{
    mem_give(r->params);
    mem_give(r->metrics);
    *r = (struct run_record){0};
}

static bool name_fits(const char *name)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@/-";
    size_t bytes = strlen(name);

    return bytes > 0 && bytes <= RUN_NAME_BYTES && strspn(name, fit) == bytes;
}

/* The value of that name, a new one at the end if need be; NULL: failed. */
static struct run_value *value_of(struct run_record *r,
                                  struct run_value **values, size_t *count,
                                  size_t *cap, const char *name)
{
    struct err ignored;
    struct run_value *v;

    for (size_t i = 0; i < *count; i++)
        if (!strcmp((*values)[i].name, name))
            return &(*values)[i];
    if (r->failed || !name_fits(name) || *count == RUN_VALUES_MOST ||
        !mem_grow(values, cap, *count + 1, sizeof **values, &ignored)) {
        r->failed = true;
        return NULL;
    }
    v = &(*values)[(*count)++];
    *v = (struct run_value){0};
    snprintf(v->name, sizeof v->name, "%s", name);
    return v;
}

void run_param(struct run_record *r, const char *name, const char *fmt, ...)
{
    struct run_value *v =
        value_of(r, &r->params, &r->param_count, &r->params_cap, name);
    va_list args;

    if (!v)
        return;
    va_start(args, fmt);
    vsnprintf(v->text, sizeof v->text, fmt, args);
    va_end(args);
}

void run_metric(struct run_record *r, const char *name, double value)
{
    struct run_value *v =
        value_of(r, &r->metrics, &r->metric_count, &r->metrics_cap, name);

    if (v)
        v->number = value;
}

void run_note(struct run_record *r, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(r->note, sizeof r->note, fmt, args);
    va_end(args);
}

/* ---- writing ---- */

/* The values as one array a column. */
struct columns {
    struct span *params, *texts, *metrics, *numbers;
    char (*digits)[NUMBER_BYTES];
};

static void columns_give(struct columns *c)
{
    mem_give(c->params);
    mem_give(c->texts);
    mem_give(c->metrics);
    mem_give(c->numbers);
    mem_give(c->digits);
}

static bool columns_take(struct columns *c, const struct run_record *r,
                         struct err *err)
{
    *c = (struct columns){0};
    if (!mem_take(r->param_count, sizeof *c->params, &c->params, err) ||
        !mem_take(r->param_count, sizeof *c->texts, &c->texts, err) ||
        !mem_take(r->metric_count, sizeof *c->metrics, &c->metrics, err) ||
        !mem_take(r->metric_count, sizeof *c->numbers, &c->numbers, err) ||
        !mem_take(r->metric_count, sizeof *c->digits, &c->digits, err))
        return false;
    for (size_t i = 0; i < r->param_count; i++) {
        c->params[i] = span_of(r->params[i].name);
        c->texts[i] = span_of(r->params[i].text);
    }
    for (size_t i = 0; i < r->metric_count; i++) {
        snprintf(c->digits[i], NUMBER_BYTES, "%.17g", r->metrics[i].number);
        c->metrics[i] = span_of(r->metrics[i].name);
        c->numbers[i] = span_of(c->digits[i]);
    }
    return true;
}

static struct db_param text_or_null(const char *text)
{
    return text[0] ? db_param_text(span_of(text)) : db_param_null(DB_TEXT);
}

static struct db_param ms_or_null(int64_t at_ms)
{
    return at_ms == DB_NONE_I64 ? db_param_null(DB_MS) : db_param_ms(at_ms);
}

bool runs_record(struct db *db, const struct run_record *r, int64_t until_us,
                 int64_t *id, struct err *err)
{
    struct columns c = {0};
    struct db_rows rows;
    bool ok = false;

    if (r->failed)
        return err_set(err, ERR_INVALID,
                       "run: a name that is none, or too many values");
    if (columns_take(&c, r, err)) {
        const struct db_param in[] = {
            db_param_text(span_of(r->kind)),
            db_param_text(span_of(run_status_name(r->status))),
            db_param_text(span_of(r->note)),
            db_param_text(span_of(r->revision)),
            text_or_null(r->model_version),
            text_or_null(r->data_hash),
            ms_or_null(r->data_from_ms),
            ms_or_null(r->data_until_ms),
            text_or_null(r->artefact_sha256),
            r->artefact_sha256[0] ? db_param_i64(r->artefact_bytes)
                                  : db_param_null(DB_I64),
            db_param_ms(r->started_at_ms),
            db_param_i64(r->took_us),
            db_param_array(DB_TEXT, c.params, r->param_count),
            db_param_array(DB_TEXT, c.texts, r->param_count),
            db_param_array(DB_TEXT, c.metrics, r->metric_count),
            db_param_array(DB_TEXT, c.numbers, r->metric_count),
        };

        ok = db_query(db, DB_SQL(insert_run, "i"), in, sizeof in / sizeof *in,
                      until_us, &rows, err);
    }
    columns_give(&c);
    if (!ok)
        return false;
    *id = db_rows_i64(&rows, 0, 0);
    db_rows_release(&rows);
    return true;
}

bool runs_set_mlflow(struct db *db, int64_t id, struct span said,
                     int64_t until_us, struct err *err)
{
    const struct db_param in[] = {db_param_i64(id), db_param_text(said)};

    return db_query(db, DB_SQL(set_run_mlflow, ""), in, sizeof in / sizeof *in,
                    until_us, NULL, err);
}

/* ---- reading ---- */

#define RUN_SHAPE "ittttTTMMTImiT"

static struct runs runs_of(struct db *db, struct db_sql sql,
                           const struct db_param *in, size_t count,
                           int64_t until_us, struct err *err)
{
    struct runs it = {0};

    it.failed = !db_query(db, sql, in, count, until_us, &it.rows, err);
    return it;
}

struct runs runs_newest(struct db *db, const char *kind, size_t most,
                        int64_t until_us, struct err *err)
{
    const struct db_param in[] = {db_param_text(span_of(kind)),
                                  db_param_i64((int64_t)most)};

    return runs_of(db, DB_SQL(load_runs, RUN_SHAPE), in, sizeof in / sizeof *in,
                   until_us, err);
}

struct runs runs_by_id(struct db *db, int64_t id, int64_t until_us,
                       struct err *err)
{
    const struct db_param in = db_param_i64(id);

    return runs_of(db, DB_SQL(load_run, RUN_SHAPE), &in, 1, until_us, err);
}

static int64_t ms_or_none(const struct db_rows *rows, size_t row, int column)
{
    return db_rows_null(rows, row, column) ? DB_NONE_I64
                                           : db_rows_ms(rows, row, column);
}

bool runs_next(struct runs *it, struct run_row *row)
{
    enum {
        ID,
        KIND,
        STATUS,
        NOTE,
        REVISION,
        VERSION,
        HASH,
        FROM,
        UNTIL,
        SHA256,
        BYTES,
        STARTED,
        TOOK,
        MLFLOW,
    };
    const struct db_rows *r = &it->rows;
    size_t i = it->next;

    if (it->failed || i >= r->count)
        return false;
    *row = (struct run_row){
        .id = db_rows_i64(r, i, ID),
        .kind = db_rows_text(r, i, KIND),
        .status = db_rows_text(r, i, STATUS),
        .note = db_rows_text(r, i, NOTE),
        .revision = db_rows_text(r, i, REVISION),
        .model_version = db_rows_text(r, i, VERSION),
        .data_hash = db_rows_text(r, i, HASH),
        .data_from_ms = ms_or_none(r, i, FROM),
        .data_until_ms = ms_or_none(r, i, UNTIL),
        .artefact_sha256 = db_rows_text(r, i, SHA256),
        .artefact_bytes = db_rows_i64(r, i, BYTES),
        .started_at_ms = db_rows_ms(r, i, STARTED),
        .took_us = db_rows_i64(r, i, TOOK),
        .mlflow = db_rows_text(r, i, MLFLOW),
    };
    it->next++;
    return true;
}

void runs_end(struct runs *it)
{
    db_rows_release(&it->rows);
}

struct run_pairs run_pairs_of(struct db *db, int64_t a, int64_t b,
                              int64_t until_us, struct err *err)
{
    const struct db_param in[] = {db_param_i64(a), db_param_i64(b)};
    struct run_pairs it = {0};

    it.failed = !db_query(db, DB_SQL(load_run_pairs, "btTT"), in,
                          sizeof in / sizeof *in, until_us, &it.rows, err);
    return it;
}

bool run_pairs_next(struct run_pairs *it, struct run_pair *pair)
{
    enum { IS_METRIC, NAME, A, B };
    const struct db_rows *r = &it->rows;
    size_t i = it->next;

    if (it->failed || i >= r->count)
        return false;
    *pair = (struct run_pair){
        .is_metric = db_rows_bool(r, i, IS_METRIC),
        .name = db_rows_text(r, i, NAME),
        .has_a = !db_rows_null(r, i, A),
        .has_b = !db_rows_null(r, i, B),
        .a = db_rows_text(r, i, A),
        .b = db_rows_text(r, i, B),
    };
    it->next++;
    return true;
}

void run_pairs_end(struct run_pairs *it)
{
    db_rows_release(&it->rows);
}
