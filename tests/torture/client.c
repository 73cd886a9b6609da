#include "client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "web/json.h"

enum {
    BATCH = 20,
    POSTS = 50, /* run.sh makes them */
    TOKEN_LIFE_MS = 24 * 60 * 60 * 1000,
    BODY_BYTES = 1 << 14,
    ANSWER_BYTES = 1 << 16,
    ANSWER_MS = 15 * 1000, /* as the tracker waits */
    PAUSE_MS = 20,         /* between two batches, on average */
    AGAIN_MS = 100,        /* before a batch is sent again, at most */
    BAD_TYPE_IN = 20,
    BAD_POST_IN = 40,
    LEAVE_IN = 40,
    REPEAT_IN = 20,
    PERCENT = 100,
};

enum kind { GOOD, BAD_TYPE, BAD_POST };

struct run {
    const struct client *c;
    struct rng rng;
    char user[UUID_TEXT + 1], token[TOKEN_TEXT_MOST + 1];
    uint64_t next; /* number of the next event */
    FILE *ledger;
    char ids[BATCH][UUID_TEXT + 1];
    enum kind kinds[BATCH];
    bool rejected[BATCH]; /* by the last answer */
    char body[BODY_BYTES];
    size_t body_bytes;
    char answer[ANSWER_BYTES];
};

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    perror(what);
    exit(EXIT_FAILURE);
}

static void pause_ms(uint32_t most)
{
    poll(NULL, 0, (int)most);
}

static bool one_in(struct run *r, uint32_t n)
{
    return !rng_below(&r->rng, n);
}

static const char *next_type(struct run *r, enum kind kind)
{
    static const char *const types[] = {"like", "click", "view", "share"};

    return kind == BAD_TYPE
               ? "stare"
               : types[rng_below(&r->rng, sizeof types / sizeof types[0])];
}

static void make_event(struct run *r, size_t i)
{
    enum kind kind = one_in(r, BAD_TYPE_IN)   ? BAD_TYPE
                     : one_in(r, BAD_POST_IN) ? BAD_POST
                                              : GOOD;
    unsigned post = rng_below(&r->rng, POSTS) + 1;
    size_t room = sizeof r->body - r->body_bytes;

    r->kinds[i] = kind;
    snprintf(r->ids[i], sizeof r->ids[i], "%08x-%04x-4000-8000-%012llx",
             r->c->seed, r->c->number, (unsigned long long)r->next++);
    r->body_bytes += (size_t)snprintf(
        r->body + r->body_bytes, room,
        "%s{\"event_id\":\"%s\",\"type\":\"%s\",\"post_id\":\"%s-0000-4000-"
        "8000-%012u\",\"ts\":%lld,\"metadata\":{\"id\":\"%s\",\"user\":\"%s\"}"
        "}",
        i ? "," : "", r->ids[i], next_type(r, kind),
        kind == BAD_POST ? "ffffffff" : "00000000", post,
        (long long)clock_wall_ms(), r->ids[i], r->user);
}

static void make_batch(struct run *r)
{
    r->body_bytes = (size_t)snprintf(r->body, sizeof r->body, "{\"events\":[");
    for (size_t i = 0; i < BATCH; i++)
        make_event(r, i);
    r->body_bytes += (size_t)snprintf(r->body + r->body_bytes,
                                      sizeof r->body - r->body_bytes, "]}");
    must(r->body_bytes < sizeof r->body, "body");
    r->c->counts->batches++;
    r->c->counts->events += BATCH;
}

/* ---- HTTP ---- */

static int dial(const struct run *r)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)r->c->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval wait = {ANSWER_MS / 1000, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must(fd >= 0, "socket");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (!connect(fd, (struct sockaddr *)&to, sizeof to))
        return fd;
    close(fd);
    return -1;
}

static bool send_all(int fd, const char *at, size_t bytes)
{
    while (bytes) {
        ssize_t sent = send(fd, at, bytes, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        at += sent;
        bytes -= (size_t)sent;
    }
    return true;
}

static bool send_request(const struct run *r, int fd)
{
    char head[1024];
    int bytes = snprintf(head, sizeof head,
                         "POST /api/track HTTP/1.0\r\nHost: torture\r\n"
                         "Authorization: Bearer %s\r\n"
                         "Content-Type: application/json\r\n"
                         "Content-Length: %zu\r\n\r\n",
                         r->token, r->body_bytes);

    return send_all(fd, head, (size_t)bytes) &&
           send_all(fd, r->body, r->body_bytes);
}

static size_t receive(struct run *r, int fd)
{
    size_t bytes = 0;
    ssize_t got;

    while (bytes < sizeof r->answer - 1 &&
           (got = recv(fd, r->answer + bytes, sizeof r->answer - 1 - bytes,
                       0)) > 0)
        bytes += (size_t)got;
    r->answer[bytes] = 0;
    return bytes;
}

/* The status and the body; 0 when there is no whole answer. */
static int ask(struct run *r, struct span *body)
{
    const char *end;
    size_t bytes = 0;
    int status = 0, fd = dial(r);

    if (fd < 0)
        return 0;
    if (send_request(r, fd)) {
        if (one_in(r, LEAVE_IN))
            r->c->counts->left++;
        else
            bytes = receive(r, fd);
    }
    close(fd);
    end = strstr(r->answer, "\r\n\r\n");
    if (!bytes || !end || sscanf(r->answer, "HTTP/1.%*d %d", &status) != 1)
        return 0;
    end += strlen("\r\n\r\n");
    *body = (struct span){end, bytes - (size_t)(end - r->answer)};
    return status;
}

/* ---- what the answer says ---- */

/* Which events it rejects; false when it is not whole. */
static bool read_answer(struct run *r, struct span body)
{
    struct json root, list, one;
    int64_t received = 0, index;
    struct err err;
    bool ok;

    memset(r->rejected, 0, sizeof r->rejected);
    if (!json_parse(body, ANSWER_BYTES, JSON_DEPTH, &root, &err))
        return false;
    ok =
        json_find_i64(&root, "received", BATCH, BATCH, &received, NULL, &err) &&
        json_find_array(&root, "rejected", &list, NULL, &err);
    for (size_t i = 0; ok && i < json_count(&list); i++) {
        one = json_at(&list, i);
        ok = json_find_i64(&one, "index", 0, BATCH - 1, &index, NULL, &err);
        if (ok)
            r->rejected[index] = true;
    }
    json_release(&root);
    return ok;
}

/* A refusal must be just; an acceptance of a bad type never is. */
static char fate_of(struct run *r, size_t i)
{
    bool is_right =
        r->rejected[i] ? r->kinds[i] != GOOD : r->kinds[i] != BAD_TYPE;

    r->c->counts->wrong += !is_right;
    return r->kinds[i] == BAD_POST ? 'P' : r->rejected[i] ? 'R' : 'A';
}

/* Sends the batch once; the status when it is settled by that, else 0. */
static int settle(struct run *r)
{
    struct client_counts *n = r->c->counts;
    struct span body;
    int status = ask(r, &body);

    switch (status) {
    case 200:
    case 202:
        if (!read_answer(r, body))
            break; /* cut on its way */
        *(status == 200 ? &n->stored : &n->spooled) += 1;
        return status;
    case 422:
        memset(r->rejected, 1, sizeof r->rejected);
        n->all_rejected++;
        return status;
    case 429:
    case 500:
    case 503:
        n->unavailable++;
        return 0;
    default:
        n->wrong += status != 0;
        break;
    }
    n->broken++;
    return 0;
}

static void write_down(struct run *r, int status)
{
    for (size_t i = 0; i < BATCH; i++)
        fprintf(r->ledger, "%s\t%s\t%c\t%d\n", r->ids[i], r->user,
                status                    ? fate_of(r, i)
                : r->kinds[i] == BAD_POST ? 'P'
                : r->kinds[i] == BAD_TYPE ? 'R'
                                          : 'U',
                status);
    must(!fflush(r->ledger), "ledger");
}

static void do_batch(struct run *r)
{
    int status;

    make_batch(r);
    while (!(status = settle(r)) && *r->c->phase != CLIENT_QUIT)
        pause_ms(rng_below(&r->rng, AGAIN_MS));
    write_down(r, status);
    /* As a client does whose answer was lost: on another worker, maybe. */
    if (status && one_in(r, REPEAT_IN)) {
        r->c->counts->repeated++;
        if (settle(r))
            for (size_t i = 0; i < BATCH; i++)
                fate_of(r, i);
    }
}

static void be_reader(struct run *r)
{
    struct uuid user;
    struct buf text;
    int64_t now_ms = clock_wall_ms();

    snprintf(r->user, sizeof r->user, "%08x-%04x-4000-9000-000000000000",
             r->c->seed, r->c->number);
    must(uuid_find(span_of(r->user), &user), "user");
    buf_init(&text, TOKEN_TEXT_MOST);
    token_sign(r->c->keys, user, now_ms, now_ms + TOKEN_LIFE_MS, &text);
    must(!text.failed, "token");
    snprintf(r->token, sizeof r->token, "%.*s", SPAN_ARGS(buf_view(&text)));
    buf_release(&text);
}

void client_run(const struct client *c)
{
    static struct run r;
    char path[4096];

    r = (struct run){.c = c,
                     .rng = rng_of((uint64_t)c->seed * PERCENT + c->number)};
    be_reader(&r);
    snprintf(path, sizeof path, "%s/ledger.%u", c->folder, c->number);
    r.ledger = fopen(path, "w");
    must(r.ledger, path);
    while (*c->phase == CLIENT_SEND) {
        do_batch(&r);
        pause_ms(rng_below(&r.rng, 2 * PAUSE_MS));
    }
    must(!fclose(r.ledger), path);
}
