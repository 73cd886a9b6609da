#include "app/updates.h"

#include "app/identity.h"
#include "app/reply.h"
#include "base/log.h"
#include "store/arrivals.h"
#include "web/json_write.h"

enum { US_PER_MS = 1000 };

/* As identity_find, but a visitor without a token stays a stranger. */
static bool find_known(struct app *app, const struct http_request *request,
                       struct identity *who)
{
    if (!identity_find(&app->config, &app->keys, request, &app->reply, who))
        return false;
    if (who->fresh)
        reply_problem(&app->reply, request, PROBLEM_token_missing, NULL);
    return !who->fresh;
}

static bool read_since(struct app *app, const struct http_request *request,
                       int64_t *since_ms)
{
    struct span text;
    struct err err;
    uint64_t since;
    bool found;

    if (http_query_find(request->query, "since", &app->arena, &text, &found,
                        &err) &&
        found && span_u64(text, &since) && since <= DB_MOST_MS) {
        *since_ms = (int64_t)since;
        return true;
    }
    reply_problem(&app->reply, request, PROBLEM_bad_query,
                  "since is a time in milliseconds since 1970, given once");
    return false;
}

/* A model that is not followed here, or unusable, is no news. */
static bool has_younger_model(const struct app *app, int64_t since_ms)
{
    const struct live_model *live = &app->feeder->live;

    return live->state == LIVE_USABLE &&
           live->model.meta->built_at_ms > since_ms;
}

void updates_get(struct app *app, const struct http_request *request)
{
    struct arrival found[UPDATES_MOST];
    struct identity who;
    struct json_write w;
    struct err err;
    int64_t since_ms, until_us;
    size_t count;

    if (!reply_method(&app->reply, request, app->config.origins, "GET, HEAD") ||
        !find_known(app, request, &who) || !read_since(app, request, &since_ms))
        return;
    until_us =
        request->started_us + (int64_t)app->config.db_wait_ms * US_PER_MS;
    if (!arrivals_load(&app->db, since_ms, UPDATES_MOST, until_us, found,
                       &count, &err)) {
        log_failure(LOG_WARN, "app", "updates_failed", &err);
        reply_problem(&app->reply, request, PROBLEM_unavailable, NULL);
        return;
    }
    live_model_follow(&app->feeder->live, &app->config, false);
    http_header(&app->reply, "Cache-Control", SPAN("private, no-store"));
    json_write_init(&w, &app->reply.body);
    json_write_object(&w, NULL);
    json_write_i64(&w, "server_time", request->received_at_ms);
    json_write_u64(&w, "new_posts", count);
    if (count)
        json_write_i64(&w, "newest_post_at", found[0].published_at_ms);
    else
        json_write_null(&w, "newest_post_at");
    json_write_bool(&w, "recommendations_ready",
                    has_younger_model(app, since_ms));
    json_write_end(&w);
}

void updates_allow(struct app *app, const struct http_request *request)
{
    struct identity who;

    /* Other origins may be configured for the API; a socket is for our own. */
    if (!reply_same_site(&app->reply, request, "") ||
        !find_known(app, request, &who))
        return;
    app->reply.status = 204;
    app->reply.content_type = NULL;
}
