#include "app/admin.h"

#include "app/reply.h"
#include "base/log.h"
#include "queries.h"
#include "store/migrate.h"
#include "web/json_write.h"

enum { US_PER_MS = 1000, MS_PER_S = 1000 };

void admin_healthz(struct app *app, const struct http_request *request)
{
    if (!reply_method(&app->reply, request, app->config.origins, "GET, HEAD"))
        return;
    http_header(&app->reply, "Cache-Control", SPAN("no-store"));
    buf_text(&app->reply.body, "{\"alive\":true}");
}

/* NULL when the database can serve, else what is wrong. */
static const char *judge_database(struct app *app, int64_t until_us)
{
    struct migrate_status it;
    struct migrate_row row;
    struct err err;
    bool current = true;

    it = migrate_status_of(&app->db, sql_migrations, until_us, &err);
    while (migrate_status_next(&it, &row))
        current &= row.state == MIGRATE_APPLIED;
    migrate_status_end(&it);
    if (it.failed) {
        log_failure(LOG_WARN, "app", "not_ready", &err);
        return "down";
    }
    return current ? NULL : "migrations_pending";
}

static const char *judge_model(struct app *app)
{
    live_model_follow(&app->live, &app->config, true);
    switch (app->live.state) {
    case LIVE_USABLE:
        return NULL;
    case LIVE_STALE:
        return "stale";
    case LIVE_NONE:
        break;
    }
    return "missing";
}

static void write_model(struct json_write *w, const struct app *app,
                        int64_t now_ms)
{
    const struct model *m = &app->live.model;

    if (app->live.state == LIVE_NONE) {
        json_write_null(w, "model");
        return;
    }
    json_write_object(w, "model");
    json_write_word(w, "name", m->meta->algorithm);
    json_write_word(w, "version", m->meta->version);
    json_write_i64(w, "age_s", (now_ms - m->meta->built_at_ms) / MS_PER_S);
    json_write_u64(w, "users", m->user_count);
    json_write_u64(w, "posts", m->post_count);
    json_write_u64(w, "pairs", m->meta->pair_count);
    json_write_end(w);
}

static void write_spool(struct json_write *w, const struct app *app,
                        int64_t now_ms)
{
    struct spool_depth d;
    struct err err;

    if (!spool_is_on(&app->spool)) {
        json_write_null(w, "spool");
        return;
    }
    if (!spool_depth_load(app->spool.folder, &d, &err)) {
        log_failure(LOG_WARN, "app", "spool_unreadable", &err);
        json_write_null(w, "spool");
        return;
    }
    json_write_object(w, "spool");
    json_write_u64(w, "records", d.records);
    json_write_u64(w, "events", d.events);
    json_write_u64(w, "bytes", d.bytes);
    json_write_i64(w, "oldest_age_s",
                   d.oldest_at_ms && d.oldest_at_ms < now_ms
                       ? (now_ms - d.oldest_at_ms) / MS_PER_S
                       : 0);
    json_write_u64(w, "bad_segments", d.bad_segments);
    json_write_end(w);
}

void admin_readyz(struct app *app, const struct http_request *request)
{
    struct json_write w;
    const char *database, *model;

    if (!reply_method(&app->reply, request, app->config.origins, "GET, HEAD"))
        return;
    database = judge_database(
        app, request->started_us + (int64_t)app->config.db_wait_ms * US_PER_MS);
    model = judge_model(app);
    app->reply.status = database || model ? 503 : 200;
    http_header(&app->reply, "Cache-Control", SPAN("no-store"));
    json_write_init(&w, &app->reply.body);
    json_write_object(&w, NULL);
    json_write_bool(&w, "ready", !database && !model);
    json_write_word(&w, "database", database ? database : "ok");
    json_write_word(&w, "model_state", model ? model : "ok");
    write_model(&w, app, request->received_at_ms);
    write_spool(&w, app, request->received_at_ms);
    json_write_end(&w);
}
