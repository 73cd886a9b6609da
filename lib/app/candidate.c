#include "app/candidate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum { HASH_BYTES = sizeof "0123456789abcdef", US_PER_MS = 1000 };

/* ---- judging ---- */

static struct gate_side counts_of(const struct model *m)
{
    return (struct gate_side){.users = m->user_count,
                              .posts = m->post_count,
                              .pairs = m->meta->pair_count,
                              .words = m->content ? m->content->pair_count : 0};
}

static void refuse(struct candidate *c, const char *why)
{
    c->verdict = MODEL_REFUSED;
    snprintf(c->reason, sizeof c->reason, "%s", why);
}

static void decide(struct candidate *c, bool force)
{
    if (c->gate.passed)
        c->verdict = MODEL_PASSED;
    else
        c->verdict = force ? MODEL_FORCED : MODEL_REFUSED;
    snprintf(c->reason, sizeof c->reason, "%s", c->gate.reason);
}

static bool compare(const struct config *config, const struct gate_data *data,
                    const struct model *fresh, struct candidate *c,
                    struct err *err)
{
    struct model live;
    struct err ignored;
    bool ok = true;

    c->gate.candidate = counts_of(fresh);
    c->gate.has_live = model_open(config->model, &live, &ignored);
    if (c->gate.has_live) {
        struct gate_data with = data ? *data : (struct gate_data){0};
        with.candidate = fresh;
        c->gate.live = counts_of(&live);
        memcpy(c->before, live.meta->version, sizeof c->before);
        ok = !data || !config->gate_days ||
             gate_measure(config, &with, &live, &c->gate, err);
    }
    model_close(&live);
    gate_judge(config, &c->gate);
    return ok;
}

bool candidate_judge(const struct config *config, const struct gate_data *data,
                     bool force, struct candidate *c, struct err *err)
{
    char path[REGISTRY_PATH_BYTES];
    int64_t start_us = clock_mono_us();
    struct model fresh;
    struct err damage;
    bool ok;

    c->gate = (struct gate){0};
    if (!registry_path(config, span_of(c->version), path, err))
        return false;
    if (!model_open(path, &fresh, &damage)) {
        refuse(c, damage.what);
        return true;
    }
    c->bytes = (int64_t)fresh.size;
    registry_sum(&fresh, c->sha256);
    ok = compare(config, data, &fresh, c, err);
    model_close(&fresh);
    decide(c, force);
    c->judge_us = clock_mono_us() - start_us;
    return ok;
}

/* ---- recording ---- */

static bool record_file(struct db *db, const struct config *config,
                        struct span version, enum model_verdict verdict,
                        const char *reason, int64_t run_id, int64_t until_us,
                        struct err *err)
{
    char path[REGISTRY_PATH_BYTES], sha256[REGISTRY_SHA256_HEX + 1];
    char hash[HASH_BYTES];
    struct model_record record;
    struct model m;
    bool ok;

    if (!registry_path(config, version, path, err) ||
        !model_open(path, &m, err))
        return false;
    registry_sum(&m, sha256);
    snprintf(hash, sizeof hash, "%016" PRIx64, m.meta->data_hash);
    record = (struct model_record){
        .version = version,
        .algorithm = span_of(m.meta->algorithm),
        .data_hash = span_of(hash),
        .sha256 = span_of(sha256),
        .reason = span_of(reason),
        .verdict = verdict,
        .run_id = run_id,
        .built_at_ms = m.meta->built_at_ms,
        .trained_until_ms = m.meta->trained_until_ms,
        .bytes = (int64_t)m.size,
        .users = m.user_count,
        .posts = m.post_count,
        .pairs = m.meta->pair_count,
    };
    ok = models_record(db, &record, until_us, err);
    model_close(&m);
    return ok;
}

static bool is_recorded(struct db *db, struct span version, int64_t until_us,
                        bool *known, struct err *err)
{
    struct models it = models_by_version(db, version, until_us, err);
    struct model_row row;
    bool ok;

    *known = models_next(&it, &row);
    ok = !it.failed;
    models_end(&it);
    return ok;
}

/* A model that is live without anybody's record gets one. */
static bool record_found(struct db *db, const struct config *config,
                         struct span live, int64_t until_us, struct err *err)
{
    static const char why[] = "was live before it was recorded";
    bool known;

    if (!live.bytes)
        return true;
    return is_recorded(db, live, until_us, &known, err) &&
           (known || (registry_adopt(config, err) &&
                      record_file(db, config, live, MODEL_FOUND, why, 0,
                                  until_us, err) &&
                      models_change(db, CHANGE_FOUND, live, span_of(why),
                                    clock_wall_ms(), until_us, err)));
}

static void add_gate(struct run_record *run, const struct candidate *c)
{
    const struct gate *g = &c->gate;

    run_metric(run, "gate_ms", (double)c->judge_us / US_PER_MS);
    run_metric(run, "gate_readers", g->readers);
    if (g->compared) {
        run_metric(run, "ndcg@20", g->candidate.ndcg);
        run_metric(run, "coverage@20", g->candidate.coverage);
        run_metric(run, "live_ndcg@20", g->live.ndcg);
        run_metric(run, "live_coverage@20", g->live.coverage);
    }
    if (c->before[0])
        run_param(run, "compared_with", "%s", c->before);
    run_note(run, "%s", c->reason);
    run->status = c->verdict == MODEL_REFUSED ? RUN_REFUSED : RUN_FINISHED;
    snprintf(run->model_version, sizeof run->model_version, "%s", c->version);
    snprintf(run->artefact_sha256, sizeof run->artefact_sha256, "%s",
             c->sha256);
    run->artefact_bytes = c->bytes;
}

/* A file that is damaged has no row in models: nothing could be said of it. */
static bool record_all(struct db *db, const struct config *config,
                       struct run_record *run, int64_t until_us,
                       struct candidate *c, struct err *err)
{
    struct span version = span_of(c->version);

    if (!record_found(db, config, span_of(c->before), until_us, err))
        return false;
    add_gate(run, c);
    if (!runs_record(db, run, until_us, &c->run_id, err))
        return false;
    if (!c->sha256[0])
        return true;
    return record_file(db, config, version, c->verdict, c->reason, c->run_id,
                       until_us, err) &&
           (c->verdict == MODEL_REFUSED ||
            models_change(db, CHANGE_TRAIN, version, span_of(c->reason),
                          clock_wall_ms(), until_us, err));
}

static bool in_transaction(struct db *db, const struct config *config,
                           struct run_record *run, int64_t until_us,
                           struct candidate *c, struct err *err)
{
    struct err ignored;

    if (!db_begin(db, DB_SCOPE_READ_WRITE, until_us, err))
        return false;
    if (record_all(db, config, run, until_us, c, err)) {
        if (db_end(db, true, until_us, err))
            return true;
    } else {
        (void)!db_end(db, false, until_us, &ignored);
    }
    c->run_id = 0;
    return false;
}

/* ---- publishing ---- */

static void refuse_when_overtaken(const struct config *config,
                                  struct candidate *c)
{
    char live[MODEL_VERSION_BYTES] = "";
    char why[GATE_REASON_BYTES];

    registry_live(config, live);
    if (c->verdict == MODEL_REFUSED || !strcmp(live, c->before))
        return;
    snprintf(why, sizeof why,
             "%s became live while this model was built: train again", live);
    refuse(c, why);
}

bool candidate_settle(struct db *db, const struct config *config,
                      struct run_record *run, int64_t until_us,
                      struct candidate *c, struct err *err)
{
    const struct span spared[] = {span_of(c->before), span_of(c->version)};
    int lock;
    bool ok;

    if (!registry_lock(config, &lock, err))
        return false;
    refuse_when_overtaken(config, c);
    ok = in_transaction(db, config, run, until_us, c, err);
    if (ok && c->verdict != MODEL_REFUSED) {
        ok = registry_publish(config, span_of(c->version), err);
        c->is_live = ok;
    }
    ok = ok && registry_trim(config, spared, sizeof spared / sizeof *spared,
                             &c->removed, err);
    registry_unlock(&lock);
    return ok;
}

/* ---- by hand ---- */

static bool record_promotion(struct db *db, const struct config *config,
                             enum model_change change, struct span version,
                             struct span reason, int64_t until_us,
                             struct err *err)
{
    static const char unknown[] = "was among the versions without a record";
    char live[MODEL_VERSION_BYTES] = "";
    bool known;

    registry_live(config, live);
    return record_found(db, config, span_of(live), until_us, err) &&
           is_recorded(db, version, until_us, &known, err) &&
           (known || record_file(db, config, version, MODEL_FOUND, unknown, 0,
                                 until_us, err)) &&
           models_change(db, change, version, reason, clock_wall_ms(), until_us,
                         err);
}

bool candidate_promote(struct db *db, const struct config *config,
                       enum model_change change, struct span version,
                       struct span reason, int64_t until_us, struct err *err)
{
    struct err ignored;
    bool ok = false;
    int lock;

    if (!registry_lock(config, &lock, err))
        return false;
    if (!registry_check(config, version, err) ||
        !db_begin(db, DB_SCOPE_READ_WRITE, until_us, err))
        goto out;
    if (!record_promotion(db, config, change, version, reason, until_us, err)) {
        (void)!db_end(db, false, until_us, &ignored);
        goto out;
    }
    ok = db_end(db, true, until_us, err) &&
         registry_publish(config, version, err);
out:
    registry_unlock(&lock);
    return ok;
}
