#include <stdio.h>

#include "cli.h"
#include "cli_db.h"
#include "stamp.h"

#include "store/runs.h"
#include "web/json_write.h"

enum {
    OUT_BYTES = 4 << 20,
    MOST = 10000,
    SHOWN = 20,
};

static const char help[] =
    "Usage: kith runs [--kind KIND] [--last N] [--json]\n"
    "       kith runs ID [--json]\n"
    "       kith runs compare A B [--json]\n\n"
    "What was trained and measured, newest first: every `kith train`, `kith "
    "nightly`\n"
    "and recorded evaluation with its parameters, data, metrics, durations, "
    "artefact\n"
    "and the revision of the program.\n\n"
    "  ID           one run, with everything\n"
    "  compare A B  two runs side by side; marked are the values that differ\n"
    "  --kind KIND  train, evaluate, tune, off_policy\n"
    "  --last N     how many (20)\n"
    "  --json       one JSON object\n\n"
    "  kith runs compare 12 13\n";

/* ---- one row ---- */

static void json_ms(struct json_write *w, const char *key, int64_t at_ms)
{
    if (at_ms == DB_NONE_I64)
        json_write_null(w, key);
    else
        json_write_i64(w, key, at_ms);
}

static void json_text(struct json_write *w, const char *key, struct span text)
{
    if (text.bytes)
        json_write_text(w, key, text);
    else
        json_write_null(w, key);
}

static void json_run(struct json_write *w, const struct run_row *r)
{
    json_write_i64(w, "id", r->id);
    json_write_text(w, "kind", r->kind);
    json_write_text(w, "status", r->status);
    json_text(w, "note", r->note);
    json_write_text(w, "revision", r->revision);
    json_write_i64(w, "started_at", r->started_at_ms);
    json_write_i64(w, "took_us", r->took_us);
    json_text(w, "model_version", r->model_version);
    json_text(w, "data_hash", r->data_hash);
    json_ms(w, "data_from", r->data_from_ms);
    json_ms(w, "data_until", r->data_until_ms);
    json_text(w, "artefact_sha256", r->artefact_sha256);
    json_write_i64(w, "artefact_bytes", r->artefact_bytes);
    json_text(w, "mlflow", r->mlflow);
}

static void text_run(struct buf *out, const struct run_row *r)
{
    char at[STAMP_BYTES], took[STAMP_TOOK_BYTES];

    stamp_text(r->started_at_ms, at);
    stamp_took(r->took_us, took);
    buf_fmt(out, "%6lld  %s  %-10.*s  %-8.*s  %10s  %.*s\n", (long long)r->id,
            at, SPAN_ARGS(r->kind), SPAN_ARGS(r->status), took,
            SPAN_ARGS(r->note));
}

static void text_line(struct buf *out, const char *what, struct span value)
{
    if (value.bytes)
        buf_fmt(out, "%-16s %.*s\n", what, SPAN_ARGS(value));
}

static void text_whole(struct buf *out, const struct run_row *r)
{
    char from[STAMP_BYTES], until[STAMP_BYTES];

    text_run(out, r);
    text_line(out, "revision", r->revision);
    text_line(out, "model", r->model_version);
    text_line(out, "data hash", r->data_hash);
    if (r->data_from_ms != DB_NONE_I64) {
        stamp_text(r->data_from_ms, from);
        stamp_text(r->data_until_ms, until);
        buf_fmt(out, "%-16s %s to %s\n", "data", from, until);
    }
    if (r->artefact_sha256.bytes)
        buf_fmt(out, "%-16s %lld bytes, sha256 %.*s\n", "artefact",
                (long long)r->artefact_bytes, SPAN_ARGS(r->artefact_sha256));
    text_line(out, "mlflow", r->mlflow);
}

/* ---- values ---- */

/* A metric's text is a number of PostgreSQL: NaN and Infinity are no JSON. */
static void json_value(struct json_write *w, const char *key,
                       const struct run_pair *p, bool has, struct span text)
{
    if (!has)
        json_write_null(w, key);
    else if (!p->is_metric)
        json_write_text(w, key, text);
    else if (text.at[text.bytes - 1] >= '0' && text.at[text.bytes - 1] <= '9')
        json_write_raw(w, key, text);
    else
        json_write_text(w, key, text);
}

static void json_pair(struct json_write *w, const struct run_pair *p, bool both)
{
    json_write_object(w, NULL);
    json_write_word(w, "kind", p->is_metric ? "metric" : "param");
    json_write_text(w, "name", p->name);
    json_value(w, both ? "a" : "value", p, p->has_a, p->a);
    if (both) {
        json_value(w, "b", p, p->has_b, p->b);
        json_write_bool(w, "same",
                        p->has_a == p->has_b && span_equal(p->a, p->b));
    }
    json_write_end(w);
}

static void text_pair(struct buf *out, const struct run_pair *p, bool both)
{
    static const struct span none = {"-", 1};
    struct span a = p->has_a ? p->a : none, b = p->has_b ? p->b : none;

    if (!both)
        buf_fmt(out, "  %-24.*s %.*s\n", SPAN_ARGS(p->name), SPAN_ARGS(a));
    else
        buf_fmt(out, "%c %-24.*s %-24.*s %.*s\n", span_equal(a, b) ? ' ' : '*',
                SPAN_ARGS(p->name), SPAN_ARGS(a), SPAN_ARGS(b));
}

/* Those of one run, or of two; json_write is NULL for people. */
static bool add_pairs(struct db *db, const struct config *config, int64_t a,
                      int64_t b, struct buf *out, struct json_write *w,
                      struct err *err)
{
    struct run_pairs it = run_pairs_of(db, a, b, cli_db_until_us(config), err);
    struct run_pair pair;
    bool ok;

    if (w)
        json_write_array(w, "values");
    while (run_pairs_next(&it, &pair))
        if (w)
            json_pair(w, &pair, a != b);
        else
            text_pair(out, &pair, a != b);
    if (w)
        json_write_end(w);
    ok = !it.failed;
    run_pairs_end(&it);
    return ok;
}

/* ---- the three forms ---- */

static bool add_run(struct db *db, const struct config *config, int64_t id,
                    const char *key, struct buf *out, struct json_write *w,
                    struct err *err)
{
    struct runs it = runs_by_id(db, id, cli_db_until_us(config), err);
    struct run_row row;
    bool ok = runs_next(&it, &row);

    if (!ok && !it.failed)
        err_set(err, ERR_ABSENT, "no run %lld; `kith runs` lists them",
                (long long)id);
    if (ok && w) {
        json_write_object(w, key);
        json_run(w, &row);
        json_write_end(w);
    } else if (ok) {
        text_whole(out, &row);
    }
    runs_end(&it);
    return ok;
}

static bool show(struct db *db, const struct config *config, const int64_t *ids,
                 bool both, struct buf *out, struct json_write *w,
                 struct err *err)
{
    return add_run(db, config, ids[0], both ? "a" : "run", out, w, err) &&
           (!both || add_run(db, config, ids[1], "b", out, w, err)) &&
           add_pairs(db, config, ids[0], ids[both], out, w, err);
}

static bool list(struct db *db, const struct config *config, const char *kind,
                 uint64_t most, struct buf *out, struct json_write *w,
                 struct err *err)
{
    struct runs it = runs_newest(db, kind, most, cli_db_until_us(config), err);
    struct run_row row;
    bool ok;

    if (w)
        json_write_array(w, "runs");
    while (runs_next(&it, &row))
        if (w) {
            json_write_object(w, NULL);
            json_run(w, &row);
            json_write_end(w);
        } else {
            text_run(out, &row);
        }
    if (w)
        json_write_end(w);
    if (!w && !it.failed && !it.next)
        buf_text(out, "no run yet\n");
    ok = !it.failed;
    runs_end(&it);
    return ok;
}

struct options {
    const char *kind;
    uint64_t most;
    int64_t ids[2];
    int id_count;
    bool json;
};

static bool take_ids(struct options *o, int argc, char **argv)
{
    bool compares = optind < argc && span_is(span_of(argv[optind]), "compare");
    int given = argc - optind - compares;
    uint64_t id;

    o->id_count = compares ? 2 : given ? 1 : 0;
    if (given != o->id_count) {
        cli_usage(&cmd_runs, compares ? "compare takes two run numbers"
                                      : "takes one run number at most");
        return false;
    }
    for (int i = 0; i < given; i++) {
        if (!cli_number(&cmd_runs, "run", argv[optind + compares + i], 1,
                        INT64_MAX, &id))
            return false;
        o->ids[i] = (int64_t)id;
    }
    return true;
}

static bool take(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        {"kind", required_argument, NULL, 'k'},
        {"last", required_argument, NULL, 'l'},
        {"json", no_argument, NULL, 'j'},
        {0},
    };
    int got;

    while ((got = cli_option(&cmd_runs, argc, argv, "", longs)) != -1) {
        if (got == '?')
            return false;
        if (got == 'k')
            o->kind = optarg;
        if (got == 'l' &&
            !cli_number(&cmd_runs, "--last", optarg, 1, MOST, &o->most))
            return false;
        o->json |= got == 'j';
    }
    return take_ids(o, argc, argv);
}

static int run(int argc, char **argv, const struct config *config)
{
    struct options o = {.kind = "", .most = SHOWN};
    struct json_write w;
    struct buf out;
    struct db db;
    struct err err;
    bool ok;
    int code = CLI_DONE;

    if (!take(&o, argc, argv))
        return CLI_USAGE;
    if (!cli_db_open(&db, config, &err))
        return cli_fail(&cmd_runs, &err);
    buf_init(&out, OUT_BYTES);
    json_write_init(&w, &out);
    if (o.json)
        json_write_object(&w, NULL);
    ok = o.id_count ? show(&db, config, o.ids, o.id_count == 2, &out,
                           o.json ? &w : NULL, &err)
                    : list(&db, config, o.kind, o.most, &out,
                           o.json ? &w : NULL, &err);
    db_release(&db);
    if (ok && o.json)
        json_write_end(&w);
    else if (ok && out.bytes)
        out.bytes--; /* cli_print ends the last line */
    if (!ok)
        code = cli_fail(&cmd_runs, &err);
    else if (!cli_print(&out))
        code = CLI_FAILED;
    buf_release(&out);
    return code;
}

const struct cli_command cmd_runs = {
    .name = "runs",
    .summary = "what was trained and measured; compare two runs",
    .help = help,
    .needs_config = true,
    .run = run,
};
