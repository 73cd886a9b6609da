/*
 * fcgi.h -- one FastCGI request after another; the door to libfcgi.
 *
 * Use     fcgi_open(); while (fcgi_next(..)) { ..; fcgi_answer(..); }
 *         fcgi_close(). One process, one thread, one request at a time. Every
 *         request must be answered.
 * Socket  the listening socket is file descriptor 0; conn.h says how, when a
 *         connection is kept, and how SIGTERM and SIGINT stop all this.
 * Time    a peer that stops in the middle of a request or of reading its
 *         answer is given up after FCGI_PEER_WAIT_MS.
 * Trust   CONTENT_LENGTH is compared with what came, never relied on. The
 *         socket's file mode decides who may connect: libfcgi aborts on a few
 *         malformed records that nginx cannot send.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "web/http.h"

enum { FCGI_PEER_WAIT_MS = 5000 };

struct fcgi; /* one a process */

/* ERR_INVALID when descriptor 0 is no listening socket. */
MUST_USE bool fcgi_open(struct fcgi **out, struct err *err);
/* Another patience than FCGI_PEER_WAIT_MS, for connections to come; at least 1.
 */
void fcgi_peer_wait(struct fcgi *f, int wait_ms);
/* Drops a request left unanswered. NULL is fine. */
void fcgi_close(struct fcgi *f);

/*
 * Waits for the next request and reads it whole into the arena (the caller
 * has reset it). False: asked to stop.
 *
 * A body over body_most_bytes is drained and marked, not kept. A request that
 * does not fit the arena is answered here (503) and the wait goes on.
 */
bool fcgi_next(struct fcgi *f, struct arena *a, size_t body_most_bytes,
               struct http_request *out);

/*
 * Sends the answer to the request of the last fcgi_next(), with Content-Length
 * and X-Request-Id; HEAD gets the headers alone. A reply that failed (limit,
 * heap, bad header) goes out as problem `internal`. A client that has gone is
 * no failure.
 */
void fcgi_answer(struct fcgi *f, struct http_reply *reply);

/* As a SIGTERM to this process; async-signal-safe. */
void fcgi_stop(void);
