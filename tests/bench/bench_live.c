/*
 * How long a published message is on its way to many open pages: from before it
 * is handed to nginx until each of them has read it from its WebSocket.
 *
 * bench_live PORT SOCKET TOKEN [SUBSCRIBERS]; without arguments it says nothing
 * (tests/bench/live.sh starts a stack and calls it).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench.h"

enum {
    SUBSCRIBERS = 1000,
    SUBSCRIBERS_MOST = 3000, /* nginx: 2 x 2000 connections, two a page */
    MESSAGES = 50,
    WAIT_MS = 10000,
    TEXT_BYTES = 1024,
    EVENTS = 256,
    US_PER_MS = 1000,
    DECIMAL = 10,
};

static int lines[SUBSCRIBERS_MOST];
static int heard[SUBSCRIBERS_MOST]; /* last message, by subscriber */
static double took_ms[SUBSCRIBERS_MOST * MESSAGES];

static void die(const char *what)
{
    fprintf(stderr, "bench_live: %s: %m\n", what);
    exit(EXIT_FAILURE);
}

static void send_text(int fd, const char *text)
{
    size_t bytes = strlen(text);

    if (send(fd, text, bytes, MSG_NOSIGNAL) != (ssize_t)bytes)
        die("send");
}

/* What is there now, as a string. */
static void receive(int fd, char text[TEXT_BYTES])
{
    ssize_t bytes = recv(fd, text, TEXT_BYTES - 1, 0);

    if (bytes <= 0)
        die("a line was closed");
    text[bytes] = 0;
}

static int open_line(uint16_t port, const char *token)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char text[TEXT_BYTES];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        die("connect");
    snprintf(text, sizeof text,
             "GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
             "Cookie: kith=%s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
             port, token);
    send_text(fd, text);
    receive(fd, text);
    if (strncmp(text, "HTTP/1.1 101", strlen("HTTP/1.1 101")) != 0)
        die(text);
    return fd;
}

/* A connection a message, as `kith announce` after a pause. */
static void publish(const char *path, int number)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    char body[TEXT_BYTES / 2], text[TEXT_BYTES];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        die(path);
    snprintf(body, sizeof body,
             "{\"type\":\"new_posts\",\"count\":3,\"newest_post_at\":"
             "1767323041000,\"bench\":%d}",
             number);
    snprintf(text, sizeof text,
             "POST /publish/news HTTP/1.1\r\nHost: localhost\r\n"
             "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    send_text(fd, text);
    receive(fd, text);
    close(fd);
}

static int number_in(const char *text)
{
    static const char mark[] = "\"bench\":";
    const char *at = strstr(text, mark);

    return at ? (int)strtol(at + strlen(mark), NULL, DECIMAL) : 0;
}

/* Publishes one message; the time of each subscriber goes to `out`. */
static void measure(int poll, const char *path, int number, int count,
                    double *out)
{
    struct epoll_event events[EVENTS];
    char text[TEXT_BYTES];
    int64_t begin_us = clock_mono_us();
    int left = count;

    publish(path, number);
    while (left > 0) {
        int n = epoll_wait(poll, events, EVENTS, WAIT_MS);
        if (n <= 0)
            die("a message did not arrive");
        for (int i = 0; i < n; i++) {
            uint32_t who = events[i].data.u32;
            receive(lines[who], text);
            if (number_in(text) != number || heard[who] == number)
                continue; /* a hello of the stack's own */
            heard[who] = number;
            out[count - left--] =
                (double)(clock_mono_us() - begin_us) / US_PER_MS;
        }
    }
}

int main(int argc, char **argv)
{
    struct rlimit files = {SUBSCRIBERS_MOST + EVENTS,
                           SUBSCRIBERS_MOST + EVENTS};
    int poll = epoll_create1(EPOLL_CLOEXEC);
    int count = argc > 4 ? (int)strtol(argv[4], NULL, DECIMAL) : SUBSCRIBERS;
    int64_t begin_us;

    if (argc < 4)
        return EXIT_SUCCESS;
    if (count < 1 || count > SUBSCRIBERS_MOST)
        return EXIT_FAILURE;
    setrlimit(RLIMIT_NOFILE, &files);
    begin_us = clock_mono_us();
    for (int i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        lines[i] = open_line((uint16_t)strtol(argv[1], NULL, DECIMAL), argv[3]);
        if (epoll_ctl(poll, EPOLL_CTL_ADD, lines[i], &event) < 0)
            die("epoll_ctl");
    }
    bench_figure("live.open",
                 (double)count * 1e6 / (double)(clock_mono_us() - begin_us),
                 "lines/s");
    for (int m = 0; m < MESSAGES; m++)
        measure(poll, argv[2], m + 1, count, took_ms + m * count);
    bench_sort(took_ms, (size_t)(count * MESSAGES));
    bench_figure("live.subscribers", count, "lines");
    bench_figure("live.p50",
                 bench_percentile(took_ms, (size_t)(count * MESSAGES), 50),
                 "ms");
    bench_figure("live.p99",
                 bench_percentile(took_ms, (size_t)(count * MESSAGES), 99),
                 "ms");
    bench_figure("live.most", took_ms[count * MESSAGES - 1], "ms");
    return EXIT_SUCCESS;
}
