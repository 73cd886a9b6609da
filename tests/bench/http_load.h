/*
 * http_load.h -- HTTP/1.1 requests on kept connections to this machine, and
 * how long each took. One thread.
 *
 * Closed  rate 0: each of `clients` sends its next request when the answer to
 *         the last one is there. The time counts from sending.
 * Open    rate > 0: requests are due at even intervals, whatever the answers
 *         do; one that is due waits for a free connection, and its time counts
 *         from when it was due. Otherwise a slow server would be asked less
 *         often while it is slow, and its slow answers would not be counted.
 * Good    an answer with status 200 that holds `expect`; others are counted as
 *         errors and have no time. The answer needs a Content-Length.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

struct http_load {
    uint16_t port;
    uint32_t clients;
    double seconds; /* of sending */
    double rate;    /* requests/s; 0: closed */
    struct span expect;
    /* The next request, borrowed until the run ends; false: no more. */
    bool (*next)(void *arg, struct span *request);
    void *arg;
};

struct http_times {
    double *us; /* of the good ones, sorted */
    size_t count;
    double seconds; /* from the first request to the last answer */
    size_t errors;
};

MUST_USE bool http_load_run(const struct http_load *load,
                            struct http_times *out, struct err *err);
void http_times_release(struct http_times *t);
