#include "mlflow.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "mlflow_http.h"
#include "store/db_param.h"
#include "web/json.h"
#include "web/json_write.h"

enum {
    JSON_BYTES = 1 << 20,
    US_PER_MS = 1000,
    PARAMS_A_CALL = 100, /* limits of runs/log-batch */
    METRICS_A_CALL = 800,
    TAG_BYTES = 512,
    KEY_BYTES = 2 * RUN_NAME_BYTES,
};

static const char artefact_name[] = "model.kith";
static const char proxied[] = "mlflow-artifacts:/";

struct session {
    struct mlflow_http http;
    const struct run_record *run;
    struct buf json;
    struct json_write w;
    char experiment[MLFLOW_ID_BYTES + 1];
    char *run_id;                      /* [MLFLOW_ID_BYTES + 1] of the caller */
    char artefacts[MLFLOW_PATH_BYTES]; /* address of the run's folder */
};

/* ---- requests ---- */

static void begin(struct session *s)
{
    buf_reset(&s->json);
    json_write_init(&s->w, &s->json);
    json_write_object(&s->w, NULL);
}

static bool post(struct session *s, const char *path, struct err *err)
{
    json_write_end(&s->w);
    if (s->json.failed)
        return err_set(err, ERR_LIMIT, "%s: over %d bytes", path, JSON_BYTES);
    return mlflow_http_post(&s->http, path, buf_view(&s->json), err);
}

static void write_pair(struct session *s, const char *key, const char *value)
{
    json_write_object(&s->w, NULL);
    json_write_word(&s->w, "key", key);
    json_write_word(&s->w, "value", value);
    json_write_end(&s->w);
}

static void write_tag(struct session *s, const char *key, const char *value)
{
    if (value[0])
        write_pair(s, key, value);
}

/* ---- answers ---- */

/* The text at outer.inner.key of the last answer; an empty word is a level
 * that is not there. */
static bool find(const struct session *s, const char *const words[3],
                 const char *what, char *out, size_t out_bytes, struct err *err)
{
    struct json root, at;
    struct span text = {0};
    bool ok = true;

    if (!json_parse(buf_view(&s->http.body), MLFLOW_BODY_MOST, JSON_DEPTH,
                    &root, err))
        return false;
    at = root;
    ok = json_kind_of(&root) == JSON_OBJECT ||
         err_set(err, ERR_INVALID, "%s: no object", what);
    for (size_t i = 0; ok && i < 2; i++)
        if (words[i][0])
            ok = json_find_object(&at, words[i], &at, NULL, err);
    ok = ok && json_find_text(&at, words[2], &text, NULL, err) &&
         (text.bytes < out_bytes ||
          err_set(err, ERR_INVALID, "%s: too long", what));
    if (ok)
        snprintf(out, out_bytes, "%.*s", SPAN_ARGS(text));
    json_release(&root);
    return ok;
}

/* An id goes into the path of later requests. */
static bool find_id(const struct session *s, const char *const words[3],
                    char *out, struct err *err)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

    if (!find(s, words, words[2], out, MLFLOW_ID_BYTES + 1, err))
        return false;
    return (out[0] && strspn(out, fit) == strlen(out)) ||
           err_set(err, ERR_INVALID, "%s: not an id", words[2]);
}

/* ---- steps ---- */

static bool find_experiment(struct session *s, struct err *err)
{
    static const char *const words[] = {"experiment", "", "experiment_id"};
    struct buf path;
    bool ok;

    buf_init(&path, MLFLOW_PATH_BYTES);
    buf_text(&path, "mlflow/experiments/get-by-name?experiment_name=");
    mlflow_http_escape(&s->http, &path, s->http.experiment);
    buf_char(&path, '\0');
    ok = path.failed
             ? err_set(err, ERR_INVALID, "MLFLOW_EXPERIMENT_NAME is too long")
             : mlflow_http_get(&s->http, path.at, err);
    buf_release(&path);
    return ok && find_id(s, words, s->experiment, err);
}

static bool need_experiment(struct session *s, struct err *err)
{
    static const char *const words[] = {"", "", "experiment_id"};

    if (find_experiment(s, err))
        return true;
    if (err->code != ERR_ABSENT)
        return false;
    begin(s);
    json_write_word(&s->w, "name", s->http.experiment);
    return post(s, "mlflow/experiments/create", err) &&
           find_id(s, words, s->experiment, err);
}

static void write_ms(struct session *s, const char *key, int64_t at_ms)
{
    char text[TAG_BYTES];

    if (at_ms == DB_NONE_I64)
        return;
    snprintf(text, sizeof text, "%lld", (long long)at_ms);
    write_tag(s, key, text);
}

static void write_tags(struct session *s)
{
    const struct run_record *r = s->run;

    json_write_array(&s->w, "tags");
    write_tag(s, "mlflow.source.name", "kith");
    write_tag(s, "mlflow.source.type", "JOB");
    write_tag(s, "mlflow.source.git.commit", r->revision);
    write_tag(s, "kith.kind", r->kind);
    write_tag(s, "kith.status", run_status_name(r->status));
    write_tag(s, "kith.note", r->note);
    write_tag(s, "kith.model_version", r->model_version);
    write_tag(s, "kith.data_hash", r->data_hash);
    write_ms(s, "kith.data_from_ms", r->data_from_ms);
    write_ms(s, "kith.data_until_ms", r->data_until_ms);
    write_tag(s, "kith.artefact_sha256", r->artefact_sha256);
    json_write_end(&s->w);
}

static bool create_run(struct session *s, struct err *err)
{
    static const char *const id[] = {"run", "info", "run_id"};
    static const char *const uri[] = {"run", "info", "artifact_uri"};
    const struct run_record *r = s->run;
    char name[TAG_BYTES];

    snprintf(name, sizeof name, "%s %s", r->kind,
             r->model_version[0] ? r->model_version : r->revision);
    begin(s);
    json_write_word(&s->w, "experiment_id", s->experiment);
    json_write_i64(&s->w, "start_time", r->started_at_ms);
    json_write_word(&s->w, "run_name", name);
    write_tags(s);
    return post(s, "mlflow/runs/create", err) &&
           find_id(s, id, s->run_id, err) &&
           find(s, uri, "artifact_uri", s->artefacts, sizeof s->artefacts, err);
}

/* MLflow's names have no @: ndcg@20 becomes ndcg_at_20. */
static void key_of(const char *name, char out[KEY_BYTES])
{
    size_t n = 0;

    for (; *name && n + strlen("_at_") < KEY_BYTES; name++)
        if (*name == '@')
            n += (size_t)snprintf(out + n, KEY_BYTES - n, "_at_");
        else
            out[n++] = *name;
    out[n] = 0;
}

static bool log_params(struct session *s, struct err *err)
{
    const struct run_record *r = s->run;
    char key[KEY_BYTES];

    for (size_t from = 0; from < r->param_count; from += PARAMS_A_CALL) {
        begin(s);
        json_write_word(&s->w, "run_id", s->run_id);
        json_write_array(&s->w, "params");
        for (size_t i = from; i < r->param_count && i - from < PARAMS_A_CALL;
             i++) {
            key_of(r->params[i].name, key);
            write_pair(s, key, r->params[i].text);
        }
        json_write_end(&s->w);
        if (!post(s, "mlflow/runs/log-batch", err))
            return false;
    }
    return true;
}

/* JSON has no NaN and no infinity: those are in PostgreSQL only. */
static void write_metric(struct session *s, const struct run_value *v)
{
    char key[KEY_BYTES];

    if (!isfinite(v->number))
        return;
    key_of(v->name, key);
    json_write_object(&s->w, NULL);
    json_write_word(&s->w, "key", key);
    json_write_f64(&s->w, "value", v->number);
    json_write_i64(&s->w, "timestamp",
                   s->run->started_at_ms + s->run->took_us / US_PER_MS);
    json_write_i64(&s->w, "step", 0);
    json_write_end(&s->w);
}

static bool log_metrics(struct session *s, struct err *err)
{
    const struct run_record *r = s->run;

    for (size_t from = 0; from < r->metric_count; from += METRICS_A_CALL) {
        begin(s);
        json_write_word(&s->w, "run_id", s->run_id);
        json_write_array(&s->w, "metrics");
        for (size_t i = from; i < r->metric_count && i - from < METRICS_A_CALL;
             i++)
            write_metric(s, &r->metrics[i]);
        json_write_end(&s->w);
        if (!post(s, "mlflow/runs/log-batch", err))
            return false;
    }
    return true;
}

static bool send_artefact(struct session *s, const char *file, struct err *err)
{
    char path[MLFLOW_PATH_BYTES];
    const char *rest = s->artefacts + strlen(proxied);
    int n;

    if (strncmp(s->artefacts, proxied, strlen(proxied)) != 0)
        return err_set(err, ERR_INVALID,
                       "the server hands out no artefact proxy (start it with "
                       "--serve-artifacts)");
    while (*rest == '/')
        rest++;
    n = snprintf(path, sizeof path, "mlflow-artifacts/artifacts/%s/%s", rest,
                 artefact_name);
    if (n < 0 || (size_t)n >= sizeof path || strchr(rest, '?'))
        return err_set(err, ERR_INVALID, "artifact_uri: unfit");
    return mlflow_http_put(&s->http, path, file, err);
}

/* The model is registered under the name of the experiment. */
static bool register_model(struct session *s, struct err *err)
{
    char source[MLFLOW_PATH_BYTES + sizeof artefact_name + 1];

    begin(s);
    json_write_word(&s->w, "name", s->http.experiment);
    if (!post(s, "mlflow/registered-models/create", err) &&
        err->code != ERR_INVALID) /* RESOURCE_ALREADY_EXISTS, in general */
        return false;
    snprintf(source, sizeof source, "%s/%s", s->artefacts, artefact_name);
    begin(s);
    json_write_word(&s->w, "name", s->http.experiment);
    json_write_word(&s->w, "source", source);
    json_write_word(&s->w, "run_id", s->run_id);
    json_write_word(&s->w, "description", s->run->note);
    json_write_array(&s->w, "tags");
    write_tag(s, "version", s->run->model_version);
    write_tag(s, "status", run_status_name(s->run->status));
    write_tag(s, "sha256", s->run->artefact_sha256);
    json_write_end(&s->w);
    return post(s, "mlflow/model-versions/create", err);
}

static bool end_run(struct session *s, const char *status, struct err *err)
{
    begin(s);
    json_write_word(&s->w, "run_id", s->run_id);
    json_write_word(&s->w, "status", status);
    json_write_i64(&s->w, "end_time",
                   s->run->started_at_ms + s->run->took_us / US_PER_MS);
    return post(s, "mlflow/runs/update", err);
}

static bool fill_run(struct session *s, const char *artefact, struct err *err)
{
    return log_params(s, err) && log_metrics(s, err) &&
           (!artefact ||
            (send_artefact(s, artefact, err) && register_model(s, err)));
}

bool mlflow_log(const struct run_record *r, const char *artefact,
                char run_id[MLFLOW_ID_BYTES + 1], struct err *err)
{
    struct session s = {.run = r, .run_id = run_id};
    struct err ignored;
    bool ok = false;

    run_id[0] = 0;
    buf_init(&s.json, JSON_BYTES);
    if (!mlflow_http_open(&s.http, err) || !need_experiment(&s, err) ||
        !create_run(&s, err))
        goto out;
    if (fill_run(&s, artefact, err))
        ok = end_run(&s, r->status == RUN_FAILED ? "FAILED" : "FINISHED", err);
    else if (err->code != ERR_DOWN && err->code != ERR_TIMEOUT)
        (void)!end_run(&s, "FAILED", &ignored);
out:
    mlflow_http_close(&s.http);
    buf_release(&s.json);
    return ok;
}
