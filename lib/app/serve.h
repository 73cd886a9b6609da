/*
 * serve.h -- the life of a worker: accept, route, answer, log, until asked to
 * stop.
 *
 * Handlers  write app->reply for one request. They never block longer than
 *           the budgets of the settings, keep nothing beyond the request, and
 *           have no error to return: what goes wrong is part of the answer.
 * Exit      0 after SIGTERM (the running request is finished), 1 when the
 *           start failed; the reason is logged.
 */
#pragma once

#include "app/app.h"

typedef void serve_fn(struct app *app, const struct http_request *request);

struct route {
    const char *path; /* exact */
    serve_fn *handle;
};

/* `routes` ends with a row of nulls. */
int serve(const char *name, enum app_part part, const struct route *routes);
