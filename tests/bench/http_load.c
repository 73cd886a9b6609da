#define _GNU_SOURCE
#include "http_load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#include "bench.h"

enum {
    ANSWER_MOST = 1 << 20,
    CLIENTS_MOST = 1024,
    LATE_S = 10, /* how long answers may come after the last request */
    NS_PER_S = 1000 * 1000 * 1000,
    US_PER_S = 1000 * 1000,
    NS_PER_US = 1000,
};

struct client {
    int fd;
    bool busy;
    int64_t due_ns;
    struct span rest; /* not sent yet */
    char *answer;
    size_t answer_bytes;
};

struct run {
    const struct http_load *load;
    struct client *clients;
    int epoll_fd;
    int64_t until_ns, due_ns, interval_ns;
    uint32_t busy_count;
    bool dry; /* no more requests */
    struct http_times *times;
    size_t cap;
    struct err *err;
};

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static bool dial(struct run *r, struct client *c)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(r->load->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    int on = 1;

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 ||
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, c->fd, &e) < 0)
        return err_set(r->err, ERR_DOWN, "port %u: %m", r->load->port);
    return true;
}

static bool hang_up(struct run *r, struct client *c)
{
    close(c->fd);
    return dial(r, c);
}

/* Small requests fit the socket's buffer; what does not waits for EPOLLOUT. */
static bool send_rest(struct run *r, struct client *c)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    ssize_t sent =
        send(c->fd, c->rest.at, c->rest.bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return err_set(r->err, ERR_DOWN, "send: %m");
    if (sent > 0) {
        c->rest.at += sent;
        c->rest.bytes -= (size_t)sent;
    }
    if (c->rest.bytes)
        e.events |= EPOLLOUT;
    if ((c->rest.bytes || sent < 0) &&
        epoll_ctl(r->epoll_fd, EPOLL_CTL_MOD, c->fd, &e) < 0)
        return err_set(r->err, ERR_DOWN, "epoll: %m");
    return true;
}

static bool start(struct run *r, struct client *c, int64_t due_ns)
{
    if (!r->load->next(r->load->arg, &c->rest)) {
        r->dry = true;
        return true;
    }
    c->due_ns = due_ns;
    c->busy = true;
    c->answer_bytes = 0;
    r->busy_count++;
    return send_rest(r, c);
}

/* Gives free connections what is due. */
static bool start_due(struct run *r, int64_t at_ns)
{
    for (uint32_t i = 0; i < r->load->clients && !r->dry; i++) {
        struct client *c = &r->clients[i];
        if (c->busy)
            continue;
        if (r->interval_ns) {
            if (r->due_ns > at_ns || r->due_ns >= r->until_ns)
                break;
            if (!start(r, c, r->due_ns))
                return false;
            r->due_ns += r->interval_ns;
        } else if (at_ns < r->until_ns && !start(r, c, now_ns())) {
            return false;
        }
    }
    return true;
}

static bool keep_time(struct run *r, double us)
{
    struct http_times *t = r->times;

    if (!mem_grow(&t->us, &r->cap, t->count + 1, sizeof *t->us, r->err))
        return false;
    t->us[t->count++] = us;
    return true;
}

static struct span header_of(struct span head, const char *name)
{
    const char *at = strcasestr(head.at, name);

    if (!at)
        return (struct span){0};
    at += strlen(name);
    return (struct span){at, strcspn(at, "\r\n")};
}

/* Whole answer there: true in *done. The head is cut off as a text. */
static bool judge(struct run *r, struct client *c, bool *done)
{
    static const char end[] = "\r\n\r\n", status[] = "HTTP/1.1 200 ";
    char *head_end = memmem(c->answer, c->answer_bytes, end, strlen(end));
    struct span head = {c->answer, c->answer_bytes}, length, body;
    bool good, closes;

    *done = false;
    if (!head_end)
        return true;
    c->answer[c->answer_bytes] = '\0';
    head_end[2] = '\0';
    length = header_of(head, "\r\nContent-Length:");
    closes = header_of(head, "\r\nConnection: close").at;
    head_end[2] = end[2];
    if (!length.at)
        return err_set(r->err, ERR_INVALID, "an answer without a length");
    body.at = head_end + strlen(end);
    body.bytes = c->answer_bytes - (size_t)(body.at - c->answer);
    if (body.bytes < strtoul(length.at, NULL, 0))
        return true;
    good = !strncmp(c->answer, status, strlen(status)) &&
           (!r->load->expect.bytes ||
            memmem(body.at, body.bytes, r->load->expect.at,
                   r->load->expect.bytes));
    *done = true;
    c->busy = false;
    r->busy_count--;
    if (!good)
        r->times->errors++;
    else if (!keep_time(r, (double)(now_ns() - c->due_ns) / NS_PER_US))
        return false;
    return !closes || hang_up(r, c);
}

static bool receive(struct run *r, struct client *c)
{
    ssize_t got = recv(c->fd, c->answer + c->answer_bytes,
                       ANSWER_MOST - c->answer_bytes, MSG_DONTWAIT);
    bool done;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got <= 0 && !c->busy)
        return hang_up(r, c);
    if (got <= 0)
        return err_set(r->err, ERR_DOWN, "connection lost in mid-answer");
    c->answer_bytes += (size_t)got;
    return judge(r, c, &done);
}

static bool wait_some(struct run *r, int64_t at_ns)
{
    struct epoll_event events[CLIENTS_MOST];
    struct timespec wait = {.tv_nsec = NS_PER_S / 2};
    int count;

    if (r->interval_ns && r->busy_count < r->load->clients) {
        int64_t ns = r->due_ns - at_ns;
        wait.tv_nsec = ns < 0 ? 0 : ns < wait.tv_nsec ? ns : wait.tv_nsec;
    }
    count = epoll_pwait2(r->epoll_fd, events, CLIENTS_MOST, &wait, NULL);
    if (count < 0 && errno != EINTR)
        return err_set(r->err, ERR_DOWN, "epoll: %m");
    for (int i = 0; i < count; i++) {
        struct client *c = events[i].data.ptr;
        if (events[i].events & EPOLLOUT && !send_rest(r, c))
            return false;
        if (events[i].events & ~(uint32_t)EPOLLOUT && !receive(r, c))
            return false;
    }
    return true;
}

static bool is_over(const struct run *r, int64_t at_ns)
{
    bool sending =
        r->interval_ns ? r->due_ns < r->until_ns : at_ns < r->until_ns;

    return !r->busy_count && (r->dry || !sending);
}

static bool drive(struct run *r)
{
    int64_t begin_ns = now_ns(), late_ns, at_ns = begin_ns;

    r->until_ns = begin_ns + (int64_t)(r->load->seconds * NS_PER_S);
    late_ns = r->until_ns + (int64_t)LATE_S * NS_PER_S;
    r->due_ns = begin_ns;
    while (!is_over(r, at_ns)) {
        if (at_ns > late_ns)
            return err_set(r->err, ERR_DOWN, "answers are missing after %d s",
                           LATE_S);
        if (!start_due(r, at_ns) || !wait_some(r, at_ns))
            return false;
        at_ns = now_ns();
    }
    r->times->seconds = (double)(now_ns() - begin_ns) / NS_PER_S;
    bench_sort(r->times->us, r->times->count);
    return true;
}

static bool open_clients(struct run *r)
{
    if (!mem_take(r->load->clients, sizeof *r->clients, &r->clients, r->err))
        return false;
    for (uint32_t i = 0; i < r->load->clients; i++)
        r->clients[i].fd = -1;
    for (uint32_t i = 0; i < r->load->clients; i++)
        if (!mem_take(ANSWER_MOST + 1, 1, &r->clients[i].answer, r->err) ||
            !dial(r, &r->clients[i]))
            return false;
    return true;
}

static void close_clients(struct run *r)
{
    for (uint32_t i = 0; r->clients && i < r->load->clients; i++) {
        if (r->clients[i].fd >= 0)
            close(r->clients[i].fd);
        mem_give(r->clients[i].answer);
    }
    mem_give(r->clients);
}

bool http_load_run(const struct http_load *load, struct http_times *out,
                   struct err *err)
{
    struct run r = {.load = load, .times = out, .err = err};
    bool ok;

    *out = (struct http_times){0};
    if (!load->clients || load->clients > CLIENTS_MOST)
        return err_set(err, ERR_INVALID, "1 to %d clients", CLIENTS_MOST);
    /* The default slack of 50 us would make every request late. */
    prctl(PR_SET_TIMERSLACK, 1);
    if (load->rate > 0)
        r.interval_ns = (int64_t)(NS_PER_S / load->rate);
    r.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (r.epoll_fd < 0)
        return err_set(err, ERR_DOWN, "epoll: %m");
    ok = open_clients(&r) && drive(&r);
    close_clients(&r);
    close(r.epoll_fd);
    return ok;
}

void http_times_release(struct http_times *t)
{
    mem_give(t->us);
    *t = (struct http_times){0};
}
