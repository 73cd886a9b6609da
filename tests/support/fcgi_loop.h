/*
 * fcgi_loop.h -- the loop of a worker around a handler of the test's own, in
 * processes on one socket: no database, no model.
 *
 * Use   fcgi_loop_open(&l, answer); pid = fcgi_loop_start(&l); ..
 *       fcgi_loop_close(&l) after the processes have ended.
 * Hold  a handler that calls fcgi_loop_hold() stands still; the test waits for
 *       it with fcgi_loop_await() and lets it go on with fcgi_loop_free().
 */
#pragma once

#include <sys/types.h>

#include "web/fcgi.h"

enum {
    FCGI_LOOP_ARENA_BYTES = 1 << 17,  /* of one request */
    FCGI_LOOP_BODY_MOST_BYTES = 4096, /* of its body */
};

struct fcgi_loop {
    char folder[64], path[96]; /* of the socket */
    int listen_fd;
    int peer_wait_ms; /* how long a process waits for its peer */
    void (*answer)(struct http_reply *reply, const struct http_request *r);
};

/* Folder and socket; peer_wait_ms is that of a worker. */
void fcgi_loop_open(struct fcgi_loop *l,
                    void (*answer)(struct http_reply *,
                                   const struct http_request *));
void fcgi_loop_close(const struct fcgi_loop *l);

/* One process more; from its return on a signal means to it what it means to a
 * worker. */
pid_t fcgi_loop_start(const struct fcgi_loop *l);

void fcgi_loop_hold(void);
void fcgi_loop_await(int count);
void fcgi_loop_free(int count);
