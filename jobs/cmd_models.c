#include <stdio.h>
#include <string.h>

#include "cli_db.h"
#include "cli_report.h"
#include "stamp.h"

#include "app/candidate.h"

enum {
    WAYS_BACK_MOST = 100,
    REASON_MOST = 400,
};

static const char help[] =
    "Usage: kith models [--last N] [--json]\n"
    "       kith models promote VERSION [--reason TEXT] [--json]\n"
    "       kith models rollback [--reason TEXT] [--json]\n\n"
    "Every model that was built: how it was judged and why, when it became "
    "live,\n"
    "whether its file is still here.\n\n"
    "  promote   makes a version live, a refused one too\n"
    "  rollback  makes live what was live before the present one; a second "
    "rollback\n"
    "            goes one further back\n\n"
    "Both judge the file first, are recorded with time and reason, and reach "
    "the\n"
    "workers within a second (KITH_MODEL_CHECK_MS). The next training compares "
    "its\n"
    "model with the one that is live then.\n\n"
    "  --reason TEXT  why, for the record\n"
    "  --last N       how many (20)\n"
    "  --json         one JSON object\n\n"
    "  kith models promote 20260102T030405.678Z --reason 'checked by hand'\n";

/* ---- the list ---- */

static void json_model(struct json_write *w, const struct model_row *m,
                       bool live, bool here)
{
    json_write_object(w, NULL);
    json_write_text(w, "version", m->version);
    json_write_bool(w, "live", live);
    json_write_bool(w, "file", here);
    json_write_text(w, "verdict", m->verdict);
    json_write_text(w, "reason", m->reason);
    json_write_text(w, "algorithm", m->algorithm);
    json_write_i64(w, "built_at", m->built_at_ms);
    cli_json_ms(w, "trained_until",
                m->trained_until_ms ? m->trained_until_ms : DB_NONE_I64);
    json_write_i64(w, "users", m->users);
    json_write_i64(w, "posts", m->posts);
    json_write_i64(w, "pairs", m->pairs);
    json_write_i64(w, "bytes", m->bytes);
    json_write_text(w, "sha256", m->sha256);
    json_write_text(w, "data_hash", m->data_hash);
    if (m->run_id)
        json_write_i64(w, "run", m->run_id);
    else
        json_write_null(w, "run");
    cli_json_ms(w, "live_at", m->live_at_ms);
    if (m->live_at_ms != DB_NONE_I64) {
        json_write_text(w, "live_by", m->change);
        json_write_text(w, "live_reason", m->change_reason);
    }
    json_write_end(w);
}

static void text_model(struct buf *out, const struct model_row *m, bool live,
                       bool here)
{
    char at[STAMP_BYTES];

    buf_fmt(out, "%c %-20.*s  %-7.*s  %lld users, %lld posts, %lld pairs%s\n",
            live ? '*' : ' ', SPAN_ARGS(m->version), SPAN_ARGS(m->verdict),
            (long long)m->users, (long long)m->posts, (long long)m->pairs,
            here ? "" : "  (file deleted)");
    buf_fmt(out, "    %.*s\n", SPAN_ARGS(m->reason));
    if (m->live_at_ms == DB_NONE_I64)
        return;
    stamp_text(m->live_at_ms, at);
    if (span_equal(m->reason, m->change_reason))
        buf_fmt(out, "    live from %s by %.*s\n", at, SPAN_ARGS(m->change));
    else
        buf_fmt(out, "    live from %s by %.*s: %.*s\n", at,
                SPAN_ARGS(m->change), SPAN_ARGS(m->change_reason));
}

static bool list(struct db *db, const struct config *config, uint64_t most,
                 struct cli_report *r, struct err *err)
{
    struct models it = models_newest(db, most, cli_db_until_us(config), err);
    char live[MODEL_VERSION_BYTES] = "";
    struct model_row row;
    bool ok;

    registry_live(config, live);
    if (r->json) {
        json_write_word(r->json, "live", live[0] ? live : NULL);
        json_write_array(r->json, "models");
    }
    while (models_next(&it, &row)) {
        bool is_live = span_is(row.version, live);
        bool here = registry_has(config, row.version);

        if (r->json)
            json_model(r->json, &row, is_live, here);
        else
            text_model(&r->text, &row, is_live, here);
    }
    if (r->json)
        json_write_end(r->json);
    else if (!it.failed && !it.next)
        buf_text(&r->text, "no model yet: `kith train` makes one\n");
    ok = !it.failed;
    models_end(&it);
    return ok;
}

/* ---- changing ---- */

struct options {
    const char *verb, *version, *reason;
    struct cli_listing listing;
};

static bool find_way_back(struct db *db, const struct config *config,
                          const char *live, char out[MODEL_VERSION_BYTES],
                          struct err *err)
{
    struct models it = models_before(db, span_of(live), WAYS_BACK_MOST,
                                     cli_db_until_us(config), err);
    struct model_row row;
    bool found = false, ok;

    while (!found && models_next(&it, &row))
        if (registry_has(config, row.version)) {
            snprintf(out, MODEL_VERSION_BYTES, "%.*s", SPAN_ARGS(row.version));
            found = true;
        }
    ok = !it.failed;
    models_end(&it);
    return ok &&
           (found || err_set(err, ERR_ABSENT,
                             "nothing to go back to: no earlier model that "
                             "was live has its file here"));
}

/* Writes what became live, and what was. */
static bool change(struct db *db, const struct config *config,
                   const struct options *o, struct cli_report *r,
                   struct err *err)
{
    bool back = !strcmp(o->verb, "rollback");
    char live[MODEL_VERSION_BYTES] = "", target[MODEL_VERSION_BYTES];
    char why[REASON_MOST];

    registry_live(config, live);
    if (back) {
        if (!find_way_back(db, config, live, target, err))
            return false;
    } else if (!registry_has(config, span_of(o->version))) {
        return err_set(err, ERR_ABSENT,
                       "no file of model %s here; `kith models` lists them",
                       o->version);
    } else {
        snprintf(target, sizeof target, "%s", o->version);
    }
    if (o->reason)
        snprintf(why, sizeof why, "%s", o->reason);
    else
        snprintf(why, sizeof why, "by hand, instead of %s",
                 live[0] ? live : "no model");
    if (!candidate_promote(db, config, back ? CHANGE_ROLLBACK : CHANGE_PROMOTE,
                           span_of(target), span_of(why),
                           cli_db_until_us(config), err))
        return false;
    if (r->json) {
        json_write_word(r->json, "live", target);
        json_write_word(r->json, "before", live[0] ? live : NULL);
        json_write_word(r->json, "change", o->verb);
        json_write_word(r->json, "reason", why);
    } else {
        buf_fmt(&r->text, "live: %s (before: %s)\n", target,
                live[0] ? live : "none");
    }
    return true;
}

static bool take_operands(struct options *o, int argc, char **argv)
{
    int given = argc - optind;

    if (!given)
        return true;
    o->verb = argv[optind];
    if (!strcmp(o->verb, "rollback") && given == 1)
        return true;
    if (!strcmp(o->verb, "promote") && given == 2) {
        o->version = argv[optind + 1];
        if (registry_version_fits(span_of(o->version)))
            return true;
        cli_usage(&cmd_models, "'%s' is no version of a model", o->version);
        return false;
    }
    if (!strcmp(o->verb, "promote"))
        cli_usage(&cmd_models, "promote takes one version");
    else
        cli_usage(&cmd_models, "expected promote VERSION or rollback");
    return false;
}

static bool take(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        {"reason", required_argument, NULL, 'r'},
        CLI_LISTING,
        {0},
    };
    int got;

    while ((got = cli_option(&cmd_models, argc, argv, longs)) != -1) {
        if (!cli_listing_take(&cmd_models, got, &o->listing))
            return false;
        if (got == 'r')
            o->reason = optarg;
    }
    if (o->reason && (!o->reason[0] || strlen(o->reason) >= REASON_MOST)) {
        cli_usage(&cmd_models, "--reason: 1 to %d bytes", REASON_MOST - 1);
        return false;
    }
    return take_operands(o, argc, argv);
}

static int run(int argc, char **argv, const struct config *config)
{
    struct options o = {.listing = {.least = 1, .last = CLI_LAST_SHOWN}};
    struct cli_report r;
    struct db db;
    struct err err = {0};
    bool ok;

    if (!take(&o, argc, argv))
        return CLI_USAGE;
    if (!cli_db_open(&db, config, &err))
        return cli_fail(&cmd_models, &err);
    cli_report_begin(&r, o.listing.json);
    ok = o.verb ? change(&db, config, &o, &r, &err)
                : list(&db, config, o.listing.last, &r, &err);
    db_release(&db);
    return cli_report_end(&r, &cmd_models, ok, &err);
}

const struct cli_command cmd_models = {
    .name = "models",
    .summary = "every model with its verdict; promote one, roll back",
    .help = help,
    .needs_config = true,
    .run = run,
};
