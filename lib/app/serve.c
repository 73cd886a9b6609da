#include "app/serve.h"

#include <stdlib.h>

#include "app/reply.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/fcgi.h"

enum {
    ARENA_BYTES = 4 << 20,       /* a request of 64 kB and all made of it */
    REPLY_MOST_BYTES = 16 << 20, /* 50 posts of 64 kB and more */
    US_PER_MS = 1000,
};

static const struct route *route_of(const struct route *routes,
                                    struct span path)
{
    for (; routes->path; routes++)
        if (span_is(path, routes->path))
            return routes;
    return NULL;
}

/*
 * nginx writes a line a request, and the endpoints say what they did. What
 * went wrong stands out beside them.
 */
static enum log_level level_of(int status)
{
    if (status >= 500)
        return LOG_WARN;
    return status >= 400 ? LOG_INFO : LOG_DEBUG;
}

static void log_request(const char *name, const struct http_request *request,
                        const struct http_reply *reply)
{
    struct log_line line;

    log_begin(&line, level_of(reply->status), name, "request");
    log_word(&line, "id", request->request_text);
    log_word(&line, "method", http_method_name(request->method));
    log_value(&line, "path", request->path);
    log_i64(&line, "status", reply->status);
    log_i64(&line, "bytes", (int64_t)reply->body.bytes);
    log_i64(&line, "took_us", clock_mono_us() - request->started_us);
    log_end(&line);
}

static void answer(struct app *app, const struct route *routes,
                   const struct http_request *request)
{
    const struct route *route = route_of(routes, request->path);

    http_reply_reset(&app->reply);
    if (route)
        route->handle(app, request);
    else
        reply_problem(&app->reply, request, PROBLEM_not_found, NULL);
    /* A preflight has its own; a browser refuses an origin named twice. */
    if (request->method != HTTP_OPTIONS)
        http_cors(&app->reply, request, app->config.origins);
}

static void serve_all(const char *name, struct app *app, struct fcgi *fcgi,
                      const struct route *routes)
{
    struct http_request request;

    while (
        fcgi_next(fcgi, &app->arena, app->config.http_body_bytes, &request)) {
        answer(app, routes, &request);
        fcgi_answer(fcgi, &app->reply);
        log_request(name, &request, &app->reply);
        arena_reset(&app->arena);
    }
}

/*
 * The first reader of a worker does not wait for its connection. Where none can
 * be had now, the worker starts as well, and requests go on dialling; why is in
 * the log.
 */
static void meet_database(struct app *app)
{
    int64_t wait_us = (int64_t)app->config.db_wait_ms * US_PER_MS;
    struct err told;

    (void)!db_ping(&app->db, clock_mono_us() + wait_us, &told);
}

static void log_state(const char *name, const char *event)
{
    struct log_line line;

    log_begin(&line, LOG_INFO, name, event);
    log_end(&line);
}

int serve(const char *name, enum app_part part, const struct route *routes)
{
    static struct app app; /* large */
    struct fcgi *fcgi = NULL;
    struct err err;

    if (!app_open(&app, part, &err)) {
        log_failure(LOG_ERROR, name, "start_failed", &err);
        return EXIT_FAILURE;
    }
    if (!arena_init(&app.arena, ARENA_BYTES, &err) || !fcgi_open(&fcgi, &err)) {
        log_failure(LOG_ERROR, name, "start_failed", &err);
        app_close(&app);
        return EXIT_FAILURE;
    }
    http_reply_init(&app.reply, REPLY_MOST_BYTES);
    meet_database(&app);
    log_state(name, "started");
    log_hold();
    serve_all(name, &app, fcgi, routes);
    log_state(name, "stopped");
    fcgi_close(fcgi);
    app_close(&app);
    return EXIT_SUCCESS;
}
