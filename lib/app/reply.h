/*
 * reply.h -- the answers that every endpoint gives in the same words.
 *
 * Each function writes the whole reply; the caller returns after it.
 */
#pragma once

#include <stdbool.h>

#include "web/http.h"
#include "web/problem.h"

enum { RETRY_AFTER_S = 2 }; /* named in every 503 */

/* `detail` may be NULL: the title says it all. */
void reply_problem(struct http_reply *reply, const struct http_request *request,
                   enum problem_code code, const char *detail);

/*
 * True when the request's method is one of `allow` ("GET, HEAD"); otherwise
 * the reply is written: a preflight for OPTIONS, else 405.
 */
bool reply_method(struct http_reply *reply, const struct http_request *request,
                  const char *origins, const char *allow);

/*
 * True when a request that changes something may do so: from our own or a
 * configured site. Otherwise 403 is written.
 */
bool reply_same_site(struct http_reply *reply,
                     const struct http_request *request, const char *origins);

/* True when the body is whole and within `most_bytes`; else 400 or 413. */
bool reply_body(struct http_reply *reply, const struct http_request *request,
                uint64_t most_bytes);
