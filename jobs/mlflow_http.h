/*
 * mlflow_http.h -- HTTP calls to one MLflow server; the door to libcurl.
 *
 * Body      of an answer: at most MLFLOW_BODY_MOST bytes, borrowed until the
 *           next call.
 * Errors    ERR_DOWN, ERR_TIMEOUT: not reached, or 5xx. ERR_DENIED: 401, 403.
 *           ERR_ABSENT: 404. ERR_INVALID: any other refusal. Texts name the
 *           endpoint and MLflow's error code, never the address.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum { MLFLOW_BODY_MOST = 1 << 20, MLFLOW_PATH_BYTES = 1024 };

struct mlflow_http {
    void *curl;
    void *headers;
    const char *base; /* of the environment; no slash at the end counted */
    size_t base_bytes;
    const char *experiment; /* its name */
    struct buf body;
};

/* Reads the settings of mlflow.h. ERR_INVALID: the address is not http(s). */
MUST_USE bool mlflow_http_open(struct mlflow_http *h, struct err *err);
/* Accepts a zeroed struct. */
void mlflow_http_close(struct mlflow_http *h);

/* `path` behind /api/2.0/, with its query. */
MUST_USE bool mlflow_http_get(struct mlflow_http *h, const char *path,
                              struct err *err);
MUST_USE bool mlflow_http_post(struct mlflow_http *h, const char *path,
                               struct span json, struct err *err);
/* The bytes of a file. */
MUST_USE bool mlflow_http_put(struct mlflow_http *h, const char *path,
                              const char *file, struct err *err);

/* Appends text as part of a query. */
void mlflow_http_escape(struct mlflow_http *h, struct buf *out,
                        const char *text);
