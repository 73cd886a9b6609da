#include "web/fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/problem.h"

enum {
    LISTEN_FD = 0,
    TICK_MS = 200, /* the alarm again, should it strike between two reads */
    MS_PER_S = 1000,
    US_PER_MS = 1000,
    HEAD_MOST_BYTES = 32768,
    REFUSAL_MOST_BYTES = 4096,
    DRAIN_BYTES = 4096,
    BACKOFF_LEAST_MS = 10,
    BACKOFF_MOST_MS = 1000,
    RETRY_AFTER_S = 1,
};

struct fcgi {
    FCGX_Request request;
    int wait_fd;   /* epoll: the socket and the signals */
    int signal_fd; /* SIGTERM and SIGINT */
    int backoff_ms, peer_wait_ms;
    bool stopping;
    bool running; /* a request waits for its answer */
    bool is_head;
    char request_text[UUID_TEXT + 1];
    struct buf body, head;
    struct http_reply refusal;
};

/* ---- Waiting ---- */

/* Its only work is to end a read or write that hangs, with EINTR. */
static void on_alarm(int signal)
{
    (void)signal;
}

static struct timeval timeval_of(int ms)
{
    return (struct timeval){.tv_sec = ms / MS_PER_S,
                            .tv_usec = ms % MS_PER_S * US_PER_MS};
}

static void alarm_begin(const struct fcgi *f)
{
    struct itimerval when = {.it_value = timeval_of(f->peer_wait_ms),
                             .it_interval = timeval_of(TICK_MS)};

    setitimer(ITIMER_REAL, &when, NULL);
}

static void alarm_end(void)
{
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
}

static bool watch(struct fcgi *f, int fd, uint32_t events, struct err *err)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    if (epoll_ctl(f->wait_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return err_set(err, ERR_DOWN, "epoll on descriptor %d: %m", fd);
    return true;
}

static bool open_signals(struct fcgi *f, struct err *err)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction strike = {.sa_handler = on_alarm}; /* no SA_RESTART */
    sigset_t stops;

    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL); /* the write fails instead */
    sigaction(SIGALRM, &strike, NULL);
    sigprocmask(SIG_BLOCK, &stops, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    f->signal_fd = signalfd(-1, &stops, SFD_NONBLOCK | SFD_CLOEXEC);
    if (f->signal_fd < 0)
        return err_set(err, ERR_DOWN, "signalfd: %m");
    return watch(f, f->signal_fd, EPOLLIN, err);
}

/*
 * Non-blocking, because libfcgi accepts by itself: a worker that lost the
 * race for a connection must come back to the wait, not sit in accept() with
 * its signals blocked. Exclusive, so that one connection wakes one worker.
 */
static bool open_socket(struct fcgi *f, struct err *err)
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
    return watch(f, LISTEN_FD, EPOLLIN | EPOLLEXCLUSIVE, err);
}

bool fcgi_open(struct fcgi **out, struct err *err)
{
    bool ok = false;
    struct fcgi *f = NULL;

    *out = NULL;
    if (!mem_take(1, sizeof *f, &f, err))
        return false;
    f->signal_fd = -1;
    f->peer_wait_ms = FCGI_PEER_WAIT_MS;
    buf_init(&f->head, HEAD_MOST_BYTES);
    http_reply_init(&f->refusal, REFUSAL_MOST_BYTES);
    f->wait_fd = epoll_create1(EPOLL_CLOEXEC);
    if (f->wait_fd < 0) {
        err_set(err, ERR_DOWN, "epoll: %m");
        goto out;
    }
    if (!open_socket(f, err) || !open_signals(f, err))
        goto out;
    if (FCGX_Init() ||
        FCGX_InitRequest(&f->request, LISTEN_FD, FCGI_FAIL_ACCEPT_ON_INTR)) {
        err_set(err, ERR_DOWN, "libfcgi does not start");
        goto out;
    }
    *out = f;
    ok = true;
out:
    if (!ok)
        fcgi_close(f);
    return ok;
}

/*
 * The connection goes with the request, even if the peer asked to keep it: an
 * idle kept connection would starve the others (one process, one connection).
 */
static void finish(struct fcgi *f)
{
    FCGX_Finish_r(&f->request);
    FCGX_Free(&f->request, 1);
    f->running = false;
}

void fcgi_close(struct fcgi *f)
{
    if (!f)
        return;
    if (f->running)
        finish(f);
    if (f->signal_fd >= 0)
        close(f->signal_fd);
    if (f->wait_fd >= 0)
        close(f->wait_fd);
    buf_release(&f->body);
    buf_release(&f->head);
    http_reply_release(&f->refusal);
    mem_give(f);
}

void fcgi_stop(void)
{
    kill(getpid(), SIGTERM);
}

/* True when a signal to stop has arrived; it is taken off. */
static bool stop_asked(struct fcgi *f)
{
    struct signalfd_siginfo info;

    if (read(f->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        f->stopping = true;
    return f->stopping;
}

/*
 * Waits until a connection may be there; false: stop. The signal is looked at
 * first, so that a worker under full load stops as well.
 */
static bool wait_connection(struct fcgi *f)
{
    struct epoll_event event;
    int ready;

    while (!stop_asked(f)) {
        ready = epoll_wait(f->wait_fd, &event, 1, -1);
        if (ready == 1 && event.data.fd == LISTEN_FD)
            return !stop_asked(f);
    }
    return false;
}

/* `code` is a negative errno (or -9999 and the like, without one). */
static void wait_out(struct fcgi *f, int code)
{
    struct pollfd stop = {.fd = f->signal_fd, .events = POLLIN};
    struct log_line l;

    if (code == -EAGAIN || code == -EINTR)
        return; /* another worker took it, or a silent peer was given up */
    f->backoff_ms *= 2;
    if (f->backoff_ms < BACKOFF_LEAST_MS)
        f->backoff_ms = BACKOFF_LEAST_MS;
    if (f->backoff_ms > BACKOFF_MOST_MS)
        f->backoff_ms = BACKOFF_MOST_MS;
    log_begin(&l, LOG_WARN, "web", "accept_failed");
    log_i64(&l, "errno", -code);
    log_i64(&l, "wait_ms", f->backoff_ms);
    log_end(&l);
    poll(&stop, 1, f->backoff_ms);
}

void fcgi_peer_wait(struct fcgi *f, int wait_ms)
{
    f->peer_wait_ms = wait_ms;
}

/* ---- Reading ---- */

static struct span param(struct fcgi *f, const char *name)
{
    return span_of(FCGX_GetParam(name, f->request.envp));
}

static bool is_on(struct span value, const char *on)
{
    return span_is(span_trim(value), on);
}

/* libfcgi frees its parameters with the request; ours outlive the answer. */
static bool keep(struct arena *a, struct span text, struct span *out,
                 struct err *err)
{
    const char *copy;

    *out = (struct span){"", 0};
    if (!text.bytes)
        return true;
    if (!arena_copy_text(a, text.at, text.bytes, &copy, err))
        return false;
    *out = (struct span){copy, text.bytes};
    return true;
}

static bool keep_params(struct fcgi *f, struct arena *a,
                        struct http_request *out, struct err *err)
{
    const struct {
        const char *name;
        struct span *field;
    } rows[] = {
        {"DOCUMENT_URI", &out->path},
        {"QUERY_STRING", &out->query},
        {"CONTENT_TYPE", &out->content_type},
        {"HTTP_COOKIE", &out->cookie},
        {"HTTP_AUTHORIZATION", &out->authorization},
        {"HTTP_ORIGIN", &out->origin},
        {"HTTP_HOST", &out->host},
        {"HTTP_SEC_FETCH_SITE", &out->sec_fetch_site},
        {"REMOTE_ADDR", &out->remote_addr},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!keep(a, param(f, rows[i].name), rows[i].field, err))
            return false;
    out->method = http_method_find(param(f, "REQUEST_METHOD"));
    out->https = is_on(param(f, "HTTPS"), "on");
    out->gpc = is_on(param(f, "HTTP_SEC_GPC"), "1");
    out->dnt = is_on(param(f, "HTTP_DNT"), "1");
    return true;
}

/* nginx's $request_id is 32 digits; others send a UUID; else we make one. */
static bool name_request(struct fcgi *f, struct http_request *out,
                         struct err *err)
{
    struct span given = param(f, "REQUEST_ID");
    size_t bytes = 0;
    bool known = uuid_find(given, &out->request_id) ||
                 (digest_unhex(given, out->request_id.b, UUID_BYTES, &bytes) &&
                  bytes == UUID_BYTES);

    if (!known && !uuid_v7(out->received_at_ms, &out->request_id, err))
        return false;
    uuid_text(out->request_id, out->request_text);
    memcpy(f->request_text, out->request_text, sizeof f->request_text);
    return true;
}

/*
 * Always to the end of the stream: what is left unread reaches nginx as a
 * reset connection. Bytes over the limit are counted, not kept.
 */
static uint64_t read_body(struct fcgi *f, size_t most_bytes)
{
    char piece[DRAIN_BYTES];
    uint64_t total = 0;
    int got;

    f->body.most_bytes = most_bytes;
    buf_reset(&f->body);
    while ((got = FCGX_GetStr(piece, sizeof piece, f->request.in)) > 0) {
        total += (uint64_t)got;
        if (total <= most_bytes)
            buf_add(&f->body, piece, (size_t)got);
    }
    return total;
}

static enum http_body_state judge_body(struct fcgi *f, uint64_t total,
                                       size_t most_bytes)
{
    struct span announced = param(f, "CONTENT_LENGTH");
    uint64_t bytes;

    if (total > most_bytes)
        return HTTP_BODY_TOO_LARGE;
    if (FCGX_GetError(f->request.in) ||
        (announced.bytes && (!span_u64(announced, &bytes) || bytes != total)))
        return HTTP_BODY_SHORT;
    return HTTP_BODY_OK;
}

static bool read_request(struct fcgi *f, struct arena *a, size_t body_most,
                         struct http_request *out, struct err *err)
{
    uint64_t total;

    *out = (struct http_request){.received_at_ms = clock_wall_ms(),
                                 .started_us = clock_mono_us()};
    f->running = true;
    f->is_head = span_is(param(f, "REQUEST_METHOD"), "HEAD");
    f->request_text[0] = 0;
    total = read_body(f, body_most);
    out->body_state = judge_body(f, total, body_most);
    if (!name_request(f, out, err) || !keep_params(f, a, out, err))
        return false;
    if (f->body.failed)
        return err_set(err, ERR_MEMORY, "heap: body of %zu bytes",
                       (size_t)total);
    return out->body_state != HTTP_BODY_OK ||
           keep(a, buf_view(&f->body), &out->body, err);
}

static void refuse(struct fcgi *f, const struct err *err)
{
    struct problem p = {.code = PROBLEM_unavailable,
                        .request_id = f->request_text,
                        .retry_after_s = RETRY_AFTER_S};

    log_failure(LOG_ERROR, "web", "request_refused", err);
    problem_write(&f->refusal, &p);
    fcgi_answer(f, &f->refusal);
}

bool fcgi_next(struct fcgi *f, struct arena *a, size_t body_most_bytes,
               struct http_request *out)
{
    struct err err;
    int code;
    bool ok;

    if (f->running)
        finish(f);
    while (wait_connection(f)) {
        alarm_begin(f);
        code = FCGX_Accept_r(&f->request);
        ok = code >= 0 && read_request(f, a, body_most_bytes, out, &err);
        alarm_end();
        if (ok)
            return true;
        if (code < 0) {
            wait_out(f, code);
            continue;
        }
        f->backoff_ms = 0;
        refuse(f, &err);
        arena_reset(a);
    }
    return false;
}

/* ---- Answering ---- */

static bool has_no_body(int status)
{
    return status == 204 || status == 304;
}

static void write_head(struct fcgi *f, const struct http_reply *reply)
{
    struct buf *h = &f->head;

    buf_reset(h);
    buf_text(h, "Status: ");
    buf_i64(h, reply->status);
    buf_char(h, ' ');
    buf_text(h, http_status_text(reply->status));
    if (reply->content_type) {
        buf_text(h, "\r\nContent-Type: ");
        buf_text(h, reply->content_type);
    }
    buf_text(h, "\r\nX-Request-Id: ");
    buf_text(h, f->request_text);
    buf_text(h, "\r\n");
    buf_span(h, buf_view(&reply->headers));
    if (!has_no_body(reply->status)) {
        buf_text(h, "Content-Length: ");
        buf_u64(h, reply->body.bytes);
        buf_text(h, "\r\n");
    }
    buf_text(h, "\r\n");
}

static void answer_internal(struct fcgi *f, struct http_reply *reply)
{
    struct problem p = {.code = PROBLEM_internal,
                        .request_id = f->request_text};
    struct err err;

    err_set(&err, ERR_LIMIT, "reply: %zu + %zu bytes, failed=%d,%d",
            reply->headers.bytes, reply->body.bytes, reply->headers.failed,
            reply->body.failed);
    log_failure(LOG_ERROR, "web", "reply_failed", &err);
    problem_write(reply, &p);
}

void fcgi_answer(struct fcgi *f, struct http_reply *reply)
{
    FCGX_Stream *out = f->request.out;

    if (reply->headers.failed || reply->body.failed ||
        reply->body.bytes > INT_MAX)
        answer_internal(f, reply);
    write_head(f, reply);
    alarm_begin(f);
    FCGX_PutStr(f->head.at, (int)f->head.bytes, out);
    if (!f->is_head && !has_no_body(reply->status) && reply->body.bytes)
        FCGX_PutStr(reply->body.at, (int)reply->body.bytes, out);
    finish(f);
    alarm_end();
}
