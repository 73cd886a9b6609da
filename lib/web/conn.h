/*
 * conn.h -- connections to the web server: whose request is next.
 *
 * Use     conn_open(); while ((fd = conn_next(..)) >= 0) { read a request;
 *         keep = conn_may_keep(..); answer; conn_end(.., keep); } conn_close().
 *         One process has one connection at a time.
 * Socket  the listening socket is file descriptor 0, bound by the supervisor;
 *         it is made non-blocking, so all who share it must be workers of ours.
 * Keep    an open connection saves the web server a connect and both sides a
 *         close. But a worker that clings to one starves everybody else, so it
 *         is kept only while nobody waits: not beyond an answer when somebody
 *         does then (conn_may_keep), and when a newcomer finds no worker
 *         without a connection within CONN_YIELD_MS, a silent one is closed
 *         for it. Who waits, waits for a running request, as without keeping.
 *         A web server that uses a connection just then sends its request
 *         again, on another one (nginx: fastcgi_next_upstream error).
 * Stop    SIGTERM and SIGINT are blocked from open on and read from a
 *         descriptor that is waited on together with the sockets: a signal
 *         never interrupts a request, and none is missed between a check and
 *         a wait. It ends conn_next(); waiting connections stay in the backlog
 *         for the next worker. A request that is already on the kept
 *         connection comes first.
 * Time    a peer that neither sends nor reads for the patience given is an
 *         error of read() and write() (EAGAIN).
 * Log     lines held back are written while waiting, when they are due.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

enum { CONN_YIELD_MS = 1 };

struct conn {
    int fd;        /* the open connection, or -1 */
    int wait_fd;   /* epoll: newcomers and the signals */
    int signal_fd; /* SIGTERM and SIGINT */
    int patience_ms, backoff_ms;
    bool stopping;
    bool newcomer; /* one waited at the last look */
};

/* ERR_INVALID when descriptor 0 is no listening socket. */
MUST_USE bool conn_open(struct conn *c, int patience_ms, struct err *err);
/* Another patience for connections to come; at least 1 ms. */
void conn_patience(struct conn *c, int patience_ms);
void conn_close(struct conn *c);

/*
 * The connection on which the next request comes or is; -1: asked to stop.
 * What comes may also be its end. Errors of accept are logged and waited out
 * (10 ms doubling to 1 s).
 */
int conn_next(struct conn *c);

/* Does nobody wait, neither for a worker nor for this one's end? */
bool conn_may_keep(struct conn *c);

/* The request of conn_next() is over. */
void conn_end(struct conn *c, bool keep);
/* Its descriptor has been closed by somebody else. */
void conn_lost(struct conn *c);
