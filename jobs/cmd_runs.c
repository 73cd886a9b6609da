#include <stdio.h>

#include "cli_db.h"
#include "cli_report.h"
#include "stamp.h"

#include "store/runs.h"

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
    cli_json_ms(w, "data_from", r->data_from_ms);
    cli_json_ms(w, "data_until", r->data_until_ms);
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

/* Those of one run, or of two. */
static bool add_pairs(struct db *db, const struct config *config, int64_t a,
                      int64_t b, struct cli_report *r, struct err *err)
{
    struct run_pairs it = run_pairs_of(db, a, b, cli_db_until_us(config), err);
    struct run_pair pair;
    bool ok;

    if (r->json)
        json_write_array(r->json, "values");
    while (run_pairs_next(&it, &pair))
        if (r->json)
            json_pair(r->json, &pair, a != b);
        else
            text_pair(&r->text, &pair, a != b);
    if (r->json)
        json_write_end(r->json);
    ok = !it.failed;
    run_pairs_end(&it);
    return ok;
}

/* ---- the three forms ---- */

static bool add_run(struct db *db, const struct config *config, int64_t id,
                    const char *key, struct cli_report *r, struct err *err)
{
    struct runs it = runs_by_id(db, id, cli_db_until_us(config), err);
    struct run_row row;
    bool ok = runs_next(&it, &row);

    if (!ok && !it.failed)
        err_set(err, ERR_ABSENT, "no run %lld; `kith runs` lists them",
                (long long)id);
    if (ok && r->json) {
        json_write_object(r->json, key);
        json_run(r->json, &row);
        json_write_end(r->json);
    } else if (ok) {
        text_whole(&r->text, &row);
    }
    runs_end(&it);
    return ok;
}

static bool show(struct db *db, const struct config *config, const int64_t *ids,
                 bool both, struct cli_report *r, struct err *err)
{
    return add_run(db, config, ids[0], both ? "a" : "run", r, err) &&
           (!both || add_run(db, config, ids[1], "b", r, err)) &&
           add_pairs(db, config, ids[0], ids[both], r, err);
}

static bool list(struct db *db, const struct config *config, const char *kind,
                 uint64_t most, struct cli_report *r, struct err *err)
{
    struct runs it = runs_newest(db, kind, most, cli_db_until_us(config), err);
    struct run_row row;
    bool ok;

    if (r->json)
        json_write_array(r->json, "runs");
    while (runs_next(&it, &row))
        if (r->json) {
            json_write_object(r->json, NULL);
            json_run(r->json, &row);
            json_write_end(r->json);
        } else {
            text_run(&r->text, &row);
        }
    if (r->json)
        json_write_end(r->json);
    if (!r->json && !it.failed && !it.next)
        buf_text(&r->text, "no run yet\n");
    ok = !it.failed;
    runs_end(&it);
    return ok;
}

struct options {
    const char *kind;
    struct cli_listing listing;
    int64_t ids[2];
    int id_count;
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
        CLI_LISTING,
        {0},
    };
    int got;

    while ((got = cli_option(&cmd_runs, argc, argv, longs)) != -1) {
        if (!cli_listing_take(&cmd_runs, got, &o->listing))
            return false;
        if (got == 'k')
            o->kind = optarg;
    }
    return take_ids(o, argc, argv);
}

static int run(int argc, char **argv, const struct config *config)
{
    struct options o = {.kind = "",
                        .listing = {.least = 1, .last = CLI_LAST_SHOWN}};
    struct cli_report r;
    struct db db;
    struct err err = {0};
    bool ok;

    if (!take(&o, argc, argv))
        return CLI_USAGE;
    if (!cli_db_open(&db, config, &err))
        return cli_fail(&cmd_runs, &err);
    cli_report_begin(&r, o.listing.json);
    ok = o.id_count ? show(&db, config, o.ids, o.id_count == 2, &r, &err)
                    : list(&db, config, o.kind, o.listing.last, &r, &err);
    db_release(&db);
    return cli_report_end(&r, &cmd_runs, ok, &err);
}

const struct cli_command cmd_runs = {
    .name = "runs",
    .summary = "what was trained and measured; compare two runs",
    .help = help,
    .needs_config = true,
    .run = run,
};
