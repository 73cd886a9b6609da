#define _GNU_SOURCE /* accept4 */
#include "web/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/log.h"

enum {
    LISTEN_FD = 0,
    WAITED = 2, /* that socket and the signals */
    MS_PER_S = 1000,
    US_PER_MS = 1000,
    BACKOFF_LEAST_MS = 10,
    BACKOFF_MOST_MS = 1000,
};

static bool watch(struct conn *c, int fd, uint32_t events, struct err *err)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    if (epoll_ctl(c->wait_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return err_set(err, ERR_DOWN, "epoll on descriptor %d: %m", fd);
    return true;
}

static bool open_signals(struct conn *c, struct err *err)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t stops;

    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL); /* the write fails instead */
    sigprocmask(SIG_BLOCK, &stops, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    c->signal_fd = signalfd(-1, &stops, SFD_NONBLOCK | SFD_CLOEXEC);
    if (c->signal_fd < 0)
        return err_set(err, ERR_DOWN, "signalfd: %m");
    return watch(c, c->signal_fd, EPOLLIN, err);
}

/*
 * Non-blocking, because a worker that lost the race for a connection must come
 * back to the wait. Exclusive, so that one connection wakes one worker.
 */
static bool open_socket(struct conn *c, struct err *err)
{
    int listening = 0, flags = fcntl(LISTEN_FD, F_GETFL);
    socklen_t bytes = sizeof listening;

    if (getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &listening, &bytes) ||
        !listening)
        return err_set(err, ERR_INVALID,
                       "descriptor 0 is no listening socket; start this "
                       "program under spawn-fcgi");
    if (flags < 0 || fcntl(LISTEN_FD, F_SETFL, flags | O_NONBLOCK) < 0)
        return err_set(err, ERR_DOWN, "descriptor 0: %m");
    return watch(c, LISTEN_FD, EPOLLIN | EPOLLEXCLUSIVE, err);
}

bool conn_open(struct conn *c, int patience_ms, struct err *err)
{
    *c = (struct conn){.fd = -1, .signal_fd = -1, .patience_ms = patience_ms};
    c->wait_fd = epoll_create1(EPOLL_CLOEXEC);
    if (c->wait_fd < 0)
        return err_set(err, ERR_DOWN, "epoll: %m");
    if (open_socket(c, err) && open_signals(c, err))
        return true;
    conn_close(c);
    return false;
}

void conn_patience(struct conn *c, int patience_ms)
{
    c->patience_ms = patience_ms;
}

static void let_go(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void conn_close(struct conn *c)
{
    let_go(&c->fd);
    let_go(&c->signal_fd);
    let_go(&c->wait_fd);
}

/* True when a signal to stop has arrived; it is taken off. */
static bool stop_asked(struct conn *c)
{
    struct signalfd_siginfo info;

    if (read(c->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        c->stopping = true;
    return c->stopping;
}

/* Waits until a newcomer may be there; false: stop. Both are asked for at once,
 * so that a worker under full load stops as well. */
static bool wait_newcomer(struct conn *c)
{
    struct epoll_event events[WAITED];
    bool newcomer = false;
    int ready;

    while (!c->stopping && !newcomer) {
        ready = epoll_wait(c->wait_fd, events, WAITED, log_due_ms());
        if (ready == 0)
            log_flush();
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == LISTEN_FD)
                newcomer = true;
            else
                (void)stop_asked(c);
        }
    }
    return !c->stopping;
}

enum { KEPT, SIGNALS, NEWCOMERS, SOURCES };

/*
 * Waits on the kept connection; false: there may be a newcomer for whom no
 * worker without a connection was found. Poll, not the exclusive epoll: this
 * worker must not be the one that a newcomer wakes.
 */
static bool wait_kept(struct conn *c)
{
    struct pollfd at[SOURCES] = {
        [KEPT] = {.fd = c->fd, .events = POLLIN},
        [SIGNALS] = {.fd = c->signal_fd, .events = POLLIN},
        [NEWCOMERS] = {.fd = LISTEN_FD, .events = POLLIN},
    };
    int ready;

    while ((ready = poll(at, SOURCES, log_due_ms())) <= 0)
        if (ready == 0)
            log_flush();
    if (!at[KEPT].revents && !at[SIGNALS].revents)
        poll(at, NEWCOMERS, CONN_YIELD_MS);
    if (at[KEPT].revents)
        return true;
    if (at[SIGNALS].revents && stop_asked(c))
        let_go(&c->fd);
    return false;
}

/* `code` is that of a failed accept. */
static void wait_out(struct conn *c, int code)
{
    struct pollfd stop = {.fd = c->signal_fd, .events = POLLIN};
    struct log_line l;

    c->backoff_ms *= 2;
    if (c->backoff_ms < BACKOFF_LEAST_MS)
        c->backoff_ms = BACKOFF_LEAST_MS;
    if (c->backoff_ms > BACKOFF_MOST_MS)
        c->backoff_ms = BACKOFF_MOST_MS;
    log_begin(&l, LOG_WARN, "web", "accept_failed");
    log_i64(&l, "errno", code);
    log_i64(&l, "wait_ms", c->backoff_ms);
    log_end(&l);
    poll(&stop, 1, c->backoff_ms);
}

/* The newcomer takes the place of the kept connection, if there is one. */
static bool take_newcomer(struct conn *c)
{
    struct timeval patience = {.tv_sec = c->patience_ms / MS_PER_S,
                               .tv_usec =
                                   c->patience_ms % MS_PER_S * US_PER_MS};
    int fd = accept4(LISTEN_FD, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0) {
        /* Mostly another worker took it. */
        if (errno != EAGAIN && errno != EINTR)
            wait_out(c, errno);
        return false;
    }
    c->backoff_ms = 0;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    let_go(&c->fd);
    c->fd = fd;
    return true;
}

int conn_next(struct conn *c)
{
    for (;;) {
        if (c->fd >= 0 && wait_kept(c))
            return c->fd;
        if (c->fd < 0 && !c->newcomer && !wait_newcomer(c))
            return -1;
        c->newcomer = false;
        if (take_newcomer(c))
            return c->fd;
    }
}

bool conn_may_keep(struct conn *c)
{
    struct pollfd at[] = {
        {.fd = LISTEN_FD, .events = POLLIN},
        {.fd = c->signal_fd, .events = POLLIN},
    };
    bool silent = poll(at, sizeof at / sizeof at[0], 0) == 0;

    c->newcomer = !silent && !at[1].revents;
    return silent && !c->stopping;
}

void conn_end(struct conn *c, bool keep)
{
    if (!keep)
        let_go(&c->fd);
}

void conn_lost(struct conn *c)
{
    c->fd = -1;
}
