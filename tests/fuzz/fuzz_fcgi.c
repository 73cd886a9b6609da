/*
 * Requests over a real socket: framing as nginx does it, everything inside
 * from the input. Behind each goes a plain request, which must still be
 * answered. (Malformed framing aborts inside libfcgi in ways already known;
 * the file mode of the socket is the protection there.)
 *
 * Input   a stream of pieces: one byte of choice, one of length, the bytes.
 */
#define _GNU_SOURCE /* memmem */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/utf8.h"
#include "web/fcgi.h"

enum {
    ARENA_BYTES = 1 << 14,
    BODY_MOST_BYTES = 512,
    BACKLOG = 4,
    PEER_WAIT_MS = 1000,
    HEAD_BYTES = 8,
    BEGIN = 1,
    ABORT = 2,
    PARAMS = 4,
    STDIN = 5,
    CUT = 0xff,
};

#define LAST_PATH "/last"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t bytes);

static const char *const names[] = {
    "REQUEST_METHOD", "DOCUMENT_URI",        "QUERY_STRING",   "CONTENT_TYPE",
    "HTTP_COOKIE",    "HTTP_AUTHORIZATION",  "HTTP_ORIGIN",    "HTTP_HOST",
    "REMOTE_ADDR",    "HTTP_SEC_FETCH_SITE", "HTTPS",          "HTTP_SEC_GPC",
    "HTTP_DNT",       "REQUEST_ID",          "CONTENT_LENGTH",
};
enum { NAMES = sizeof names / sizeof names[0] };

static struct fcgi *f;
static struct arena a;
static struct http_reply reply;
static struct sockaddr_un address;
static socklen_t address_bytes;

static void need(bool holds)
{
    if (!holds)
        abort();
}

static void start(void)
{
    struct err err;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    /* Bound without a name, Linux makes one up outside the file system. */
    address.sun_family = AF_UNIX;
    need(!bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)));
    need(!listen(fd, BACKLOG));
    address_bytes = sizeof address;
    need(!getsockname(fd, (struct sockaddr *)&address, &address_bytes));
    need(dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    close(fd);
    need(fcgi_open(&f, &err));
    fcgi_peer_wait(f, PEER_WAIT_MS);
    need(arena_init(&a, ARENA_BYTES, &err));
    http_reply_init(&reply, ARENA_BYTES);
}

static void add_record(struct buf *b, int type, struct span content)
{
    unsigned char head[HEAD_BYTES] = {1,
                                      (unsigned char)type,
                                      0,
                                      1,
                                      (unsigned char)(content.bytes >> 8),
                                      (unsigned char)content.bytes};

    buf_add(b, head, sizeof head);
    buf_span(b, content);
}

static void add_begin(struct buf *b)
{
    add_record(b, BEGIN, SPAN("\0\1\0\0\0\0\0\0"));
}

static void add_param(struct buf *b, const char *name, struct span value)
{
    char content[2 + 64 + UINT8_MAX];
    size_t name_bytes = strlen(name);

    content[0] = (char)name_bytes;
    content[1] = (char)(value.bytes & 0x7f); /* from 128 on: four bytes */
    value.bytes &= 0x7f;
    memcpy(content + 2, name, name_bytes);
    memcpy(content + 2 + name_bytes, value.at, value.bytes);
    add_record(b, PARAMS, (struct span){content, 2 + name_bytes + value.bytes});
}

/* Lengths of records need not be those of the pieces: no byte is lost. */
static struct span piece_of(struct span *rest, unsigned *choice)
{
    struct span piece = {rest->at, 0};
    size_t bytes;

    *choice = (unsigned char)rest->at[0];
    bytes = rest->bytes > 1 ? (unsigned char)rest->at[1] : 0;
    rest->at += rest->bytes > 1 ? 2 : 1;
    rest->bytes -= rest->bytes > 1 ? 2 : 1;
    piece.at = rest->at;
    piece.bytes = bytes < rest->bytes ? bytes : rest->bytes;
    rest->at += piece.bytes;
    rest->bytes -= piece.bytes;
    return piece;
}

static void build(struct span input, struct buf *b)
{
    bool in_body = false;
    unsigned choice = 0;

    add_begin(b);
    while (input.bytes && choice != CUT) {
        struct span piece = piece_of(&input, &choice);

        if (!in_body && choice < NAMES) {
            add_param(b, names[choice], piece);
            continue;
        }
        if (choice == NAMES) {
            add_record(b, ABORT, SPAN(""));
            continue;
        }
        if (!in_body)
            add_record(b, PARAMS, SPAN(""));
        in_body = true;
        if (piece.bytes)
            add_record(b, STDIN, piece);
    }
    if (choice == CUT)
        return;
    if (!in_body)
        add_record(b, PARAMS, SPAN(""));
    add_record(b, STDIN, SPAN(""));
}

static int send_all(const struct buf *b)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    need(!connect(fd, (struct sockaddr *)&address, address_bytes));
    need(write(fd, b->at, b->bytes) == (ssize_t)b->bytes);
    need(!shutdown(fd, SHUT_WR));
    return fd;
}

static int send_plain(void)
{
    struct buf b;
    int fd;

    buf_init(&b, ARENA_BYTES);
    add_begin(&b);
    add_param(&b, "DOCUMENT_URI", SPAN(LAST_PATH));
    add_record(&b, PARAMS, SPAN(""));
    add_record(&b, STDIN, SPAN(""));
    fd = send_all(&b);
    buf_release(&b);
    return fd;
}

static void judge(const struct http_request *r)
{
    need(r->body.bytes <= BODY_MOST_BYTES);
    need(!r->body.bytes || r->body_state == HTTP_BODY_OK);
    need(strlen(r->request_text) == UUID_TEXT);
    http_header(&reply, "X-Echo", r->path);
    buf_span(&reply.body, r->body);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t bytes)
{
    struct http_request r;
    struct buf b;
    int first, last;
    bool done = false;

    /* That path is the mark of the plain request. */
    if (memmem(at, bytes, LAST_PATH, sizeof LAST_PATH - 1))
        return -1;
    if (!f)
        start();
    buf_init(&b, 1 << 16);
    build((struct span){(const char *)at, bytes}, &b);
    if (b.failed) {
        buf_release(&b);
        return -1;
    }
    first = send_all(&b);
    last = send_plain();
    while (!done) {
        arena_reset(&a);
        need(fcgi_next(f, &a, BODY_MOST_BYTES, &r));
        http_reply_reset(&reply);
        judge(&r);
        done = span_is(r.path, LAST_PATH);
        /* The library lingers for a peer that does not hang up. */
        close(done ? last : first);
        fcgi_answer(f, &reply);
    }
    close(first);
    buf_release(&b);
    return 0;
}
