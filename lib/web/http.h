/*
 * http.h -- a request and its answer as plain values, and the rules that
 * need nothing but them.
 *
 * Ownership  every span of a request points into the arena given to
 *            fcgi_next() and dies with it; a reply owns its two buffers.
 * Bytes      spans are what the client sent, undecoded, unless said otherwise;
 *            an absent header is an empty span.
 * Refuses    I/O. Who reads the wire is fcgi.h; who words errors, problem.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER,
};

enum http_body_state {
    HTTP_BODY_OK,
    HTTP_BODY_TOO_LARGE, /* over the limit; drained, not kept */
    HTTP_BODY_SHORT,     /* cut, or not of the length it announced */
};

struct http_request {
    enum http_method method;
    struct span path;  /* decoded and normalised by nginx, no query */
    struct span query; /* behind the '?', still percent-encoded */
    struct span body;  /* empty unless body_state is HTTP_BODY_OK */
    enum http_body_state body_state;
    struct span content_type, cookie, authorization;
    struct span origin, host, sec_fetch_site;
    struct span remote_addr; /* text of the peer's address, from nginx */
    bool https;
    bool gpc; /* Sec-GPC: 1 */
    bool dnt; /* DNT: 1 */
    struct uuid request_id;
    char request_text[UUID_TEXT + 1];
    int64_t received_at_ms; /* wall clock */
    int64_t started_us;     /* monotonic clock, for budgets */
};

struct http_reply {
    int status;
    const char *content_type; /* static text; NULL: no Content-Type */
    struct buf headers;       /* lines "Name: value\r\n" */
    struct buf body;
};

/* 200, application/json, no headers; the body holds at most most_bytes. */
void http_reply_init(struct http_reply *r, size_t most_bytes);
void http_reply_release(struct http_reply *r);
/* As after http_reply_init; keeps the memory. */
void http_reply_reset(struct http_reply *r);

/*
 * Adds a header line. A value with a control character spoils the reply
 * (headers.failed), so that it is answered as `internal`, never split.
 */
void http_header(struct http_reply *r, const char *name, struct span value);
/* Set-Cookie with HttpOnly, SameSite=Lax, Path=/, and Secure on demand. */
void http_cookie_set(struct http_reply *r, const char *name, struct span value,
                     uint64_t life_s, bool secure);
/* The same for one path alone. */
void http_cookie_set_at(struct http_reply *r, const char *name,
                        struct span value, const char *path, uint64_t life_s,
                        bool secure);

/* HTTP_OTHER for what is not in the enum; names are case-sensitive. */
enum http_method http_method_find(struct span name);
const char *http_method_name(enum http_method method);
/* "OK", "Not Found", ...; "" for a status we never send. */
const char *http_status_text(int status);

/*
 * The value of parameter `name`, percent-decoded ('+' is a space).
 *
 * The whole query is judged, whatever is asked for: a bad %XX, a NUL or other
 * control character, invalid UTF-8, or `name` given twice is ERR_INVALID.
 * `*found` is false, without an error, when the parameter is absent.
 * Cost: one pass over the query; the value is taken from the arena.
 */
MUST_USE bool http_query_find(struct span query, const char *name,
                              struct arena *a, struct span *value, bool *found,
                              struct err *err);

/*
 * The first cookie of that name (names are case-sensitive), without double
 * quotes around it. False when absent. Borrowed from the header.
 */
bool http_cookie_find(struct span cookie_header, const char *name,
                      struct span *value);

/* "Bearer X" (scheme in any case): X. False for anything else. */
bool http_bearer_find(struct span authorization, struct span *token);

/* Same media type, ASCII case and parameters ("; charset=..") ignored. */
bool http_media_is(struct span content_type, const char *media_type);

/*
 * May this request change something here? For methods other than GET, HEAD.
 *
 * `origins` is the setting: scheme://host[:port], separated by spaces.
 * An Origin that is configured: yes. Otherwise no when Sec-Fetch-Site says
 * cross-site, and no when Origin is there and is not this very host (scheme
 * by `https`, default port left out); "null" never is. No Origin: yes.
 */
bool http_same_site(const struct http_request *r, const char *origins);

/*
 * CORS: with configured origins adds `Vary: Origin`, and echoes the request's
 * Origin exactly, with credentials allowed, when it is one of them. Nothing
 * when no origin is configured. Call it last: problem_write() starts anew.
 */
void http_cors(struct http_reply *reply, const struct http_request *r,
               const char *origins);
/* Answers OPTIONS: 204, `Allow: methods`, and the CORS headers of a preflight.
 */
void http_preflight(struct http_reply *reply, const struct http_request *r,
                    const char *origins, const char *methods);
