#include "web/fcgi.h"

#include <fcgiapp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/conn.h"
#include "web/problem.h"
#include "web/record.h"

enum {
    NO_FD = -1,
    HEAD_MOST_BYTES = 32768,
    REFUSAL_MOST_BYTES = 4096,
    DRAIN_BYTES = 4096,
    RETRY_AFTER_S = 1,
};

struct fcgi {
    struct conn conn;
    FCGX_Request
        request;  /* of libfcgi, which reads; conn and record do the rest */
    bool running; /* it waits for its answer */
    bool is_head;
    char request_text[UUID_TEXT + 1];
    struct buf body, head;
    struct http_reply refusal;
};

bool fcgi_open(struct fcgi **out, struct err *err)
{
    struct fcgi *f = NULL;

    *out = NULL;
    if (!mem_take(1, sizeof *f, &f, err))
        return false;
    buf_init(&f->head, HEAD_MOST_BYTES);
    http_reply_init(&f->refusal, REFUSAL_MOST_BYTES);
    if (!conn_open(&f->conn, FCGI_PEER_WAIT_MS, err)) {
        mem_give(f);
        return false;
    }
    if (FCGX_Init() || FCGX_InitRequest(&f->request, NO_FD, 0)) {
        fcgi_close(f);
        return err_set(err, ERR_DOWN, "libfcgi does not start");
    }
    *out = f;
    return true;
}

/*
 * Three fields of libfcgi's request that its header asks to leave alone, but
 * without which it accepts by itself: with a connection it reads from that,
 * and does not close it first; detached, it closes one that fails without
 * waiting for the peer to do so; and its listening socket is none, so that it
 * returns then instead of accepting another.
 */
static bool receive(struct fcgi *f, int fd)
{
    f->request.ipcFd = fd;
    f->request.keepConnection = 1;
    FCGX_Detach(&f->request);
    f->running = FCGX_Accept_r(&f->request) >= 0;
    if (!f->running)
        conn_lost(&f->conn);
    return f->running;
}

static void finish(struct fcgi *f, bool keep)
{
    FCGX_Free(&f->request, 0);
    f->request.ipcFd = NO_FD;
    conn_end(&f->conn, keep);
    f->running = false;
}

void fcgi_close(struct fcgi *f)
{
    if (!f)
        return;
    if (f->running)
        finish(f, false);
    conn_close(&f->conn);
    buf_release(&f->body);
    buf_release(&f->head);
    http_reply_release(&f->refusal);
    mem_give(f);
}

void fcgi_stop(void)
{
    kill(getpid(), SIGTERM);
}

void fcgi_peer_wait(struct fcgi *f, int wait_ms)
{
    conn_patience(&f->conn, wait_ms);
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
    int fd;

    if (f->running)
        finish(f, false);
    while ((fd = conn_next(&f->conn)) >= 0) {
        if (!receive(f, fd))
            continue;
        if (read_request(f, a, body_most_bytes, out, &err))
            return true;
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
    struct span body = {"", 0};
    bool keep;

    if (reply->headers.failed || reply->body.failed)
        answer_internal(f, reply);
    write_head(f, reply);
    if (!f->is_head && !has_no_body(reply->status))
        body = buf_view(&reply->body);
    keep = f->request.keepConnection && !FCGX_GetError(f->request.in) &&
           conn_may_keep(&f->conn);
    keep = record_answer(f->request.ipcFd, f->request.requestId,
                         buf_view(&f->head), body, keep) &&
           keep;
    finish(f, keep);
}
