/*
 * load.c -- a load of one kind on a stack, and its figures in one line.
 *
 *     load get   --port P --tokens FILE [--path /api/feeds?limit=20]
 *     load track --port P --keys FILE --posts FILE [--readers N] [--seed N]
 *     both:      [--clients N (8)] [--seconds S (4)] [--rate R]
 *
 * get    GET of --path, the readers of FILE (a token a line) in turn
 * track  POST /api/track of batches of 20 new events, each of some of
 *        N readers (20000), about the posts of FILE (an id a line); an answer
 *        is good when all 20 were stored. All bodies are made before the clock
 *        starts, --batches of them (40000); the load ends when they are used.
 * --rate R  requests/s at even intervals (see http_load.h); without it each
 *        client asks again as soon as it has its answer.
 *
 * Prints: figures RATE P50 P95 P99 MAX ERRORS  (requests/s; us)
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lines.h"
#include "base/mem.h"

#include "batch_body.h"
#include "bench.h"
#include "http_load.h"

enum {
    READERS = 20000,
    BATCHES = 40000,
    CLIENTS = 8,
    SECONDS = 4,
    BODY_MOST = 1 << 16,
    TOKEN_LIFE_MS = 3600 * 1000,
};

static struct {
    const char *path, *tokens, *keys, *posts;
    uint32_t readers, batches;
    uint64_t seed;
    struct http_load load;
} plan = {.path = "/api/feeds?limit=20",
          .readers = READERS,
          .batches = BATCHES,
          .seed = 1,
          .load = {.clients = CLIENTS, .seconds = SECONDS}};

/* Requests, one behind the other in one piece of memory. */
static struct {
    struct buf text;
    size_t *ends, count, cap;
    size_t next;
    bool again; /* from the first when all are used */
} requests;

static struct err err;

static void must(bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "load: %s\n", err.what);
    exit(EXIT_FAILURE);
}

static bool next_request(void *arg, struct span *request)
{
    size_t from;

    (void)arg;
    if (requests.next == requests.count) {
        if (!requests.again)
            return false;
        requests.next = 0;
    }
    from = requests.next ? requests.ends[requests.next - 1] : 0;
    *request = (struct span){requests.text.at + from,
                             requests.ends[requests.next] - from};
    requests.next++;
    return true;
}

static void end_request(void)
{
    must(mem_grow(&requests.ends, &requests.cap, requests.count + 1,
                  sizeof *requests.ends, &err));
    requests.ends[requests.count++] = requests.text.bytes;
}

/* The lines of a file. */
static void each_line(const char *path, void (*take)(struct span line))
{
    struct lines lines;
    struct span line;

    must(lines_open(&lines, path, &err));
    while (lines_next(&lines, &line))
        take(line);
    must(!lines.failed);
    lines_close(&lines);
}

static void add_get(struct span token)
{
    buf_fmt(&requests.text,
            "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: kith=%.*s\r\n\r\n",
            plan.path, (int)token.bytes, token.at);
    end_request();
}

static void prepare_get(void)
{
    each_line(plan.tokens, add_get);
    requests.again = true;
}

static struct uuid *posts;
static size_t post_count, posts_cap;

static void add_post(struct span line)
{
    must(mem_grow(&posts, &posts_cap, post_count + 1, sizeof *posts, &err));
    if (!uuid_find(line, &posts[post_count++])) {
        fprintf(stderr, "load: '%.*s' is no id\n", (int)line.bytes, line.at);
        exit(EXIT_FAILURE);
    }
}

static void add_batch(struct batch_of *b, struct buf *body, struct rng *rng)
{
    /* The same readers in every run, whatever the seed. */
    struct rng reader = rng_of(rng_below(rng, plan.readers));
    struct buf *out = &requests.text;

    b->user = batch_id(&reader);
    buf_reset(body);
    batch_body(body, b, rng);
    buf_fmt(out,
            "POST /api/track HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Content-Type: application/json\r\nContent-Length: %zu\r\n"
            "Cookie: kith=",
            body->bytes);
    token_sign(b->keys, b->user, b->at_ms, b->at_ms + TOKEN_LIFE_MS, out);
    buf_text(out, "\r\n\r\n");
    buf_span(out, buf_view(body));
    end_request();
}

static void prepare_track(void)
{
    static struct token_keys keys;
    struct rng rng = rng_of(plan.seed);
    struct batch_of b = {.keys = &keys, .at_ms = clock_wall_ms()};
    struct buf body;

    must(token_keys_load(plan.keys, &keys, &err));
    each_line(plan.posts, add_post);
    if (post_count < BATCH_EVENTS) {
        fprintf(stderr, "load: at least %d posts\n", BATCH_EVENTS);
        exit(EXIT_FAILURE);
    }
    b.posts = posts;
    b.post_count = (uint32_t)post_count;
    buf_init(&body, BODY_MOST);
    for (uint32_t i = 0; i < plan.batches; i++)
        add_batch(&b, &body, &rng);
    buf_release(&body);
    plan.load.expect = SPAN("\"stored\":20,");
}

static void usage(void)
{
    fprintf(stderr, "usage: load get|track --port P ...\n"
                    "see the head of tests/bench/load.c\n");
    exit(EXIT_FAILURE);
}

static double number(double most)
{
    char *end;
    double value = strtod(optarg, &end);

    if (*end || end == optarg || !(value > 0 && value <= most))
        usage();
    return value;
}

static void read_option(int option)
{
    switch (option) {
    case 'p':
        plan.load.port = (uint16_t)number(UINT16_MAX);
        break;
    case 'c':
        plan.load.clients = (uint32_t)number(UINT16_MAX);
        break;
    case 's':
        plan.load.seconds = number(UINT32_MAX);
        break;
    case 'r':
        plan.load.rate = number(UINT32_MAX);
        break;
    case 'R':
        plan.readers = (uint32_t)number(UINT32_MAX);
        break;
    case 'b':
        plan.batches = (uint32_t)number(UINT32_MAX);
        break;
    case 'S':
        plan.seed = (uint64_t)number(UINT32_MAX);
        break;
    case 'P':
        plan.path = optarg;
        break;
    case 't':
        plan.tokens = optarg;
        break;
    case 'k':
        plan.keys = optarg;
        break;
    case 'o':
        plan.posts = optarg;
        break;
    default:
        usage();
    }
}

static void read_options(int argc, char **argv)
{
    static const struct option longs[] = {
        {"port", required_argument, NULL, 'p'},
        {"clients", required_argument, NULL, 'c'},
        {"seconds", required_argument, NULL, 's'},
        {"rate", required_argument, NULL, 'r'},
        {"readers", required_argument, NULL, 'R'},
        {"batches", required_argument, NULL, 'b'},
        {"seed", required_argument, NULL, 'S'},
        {"path", required_argument, NULL, 'P'},
        {"tokens", required_argument, NULL, 't'},
        {"keys", required_argument, NULL, 'k'},
        {"posts", required_argument, NULL, 'o'},
        {0}};
    int option;

    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1)
        read_option(option);
}

static void print_figures(const struct http_times *t)
{
    enum { P50 = 50, P95 = 95, P99 = 99, WHOLE = 100 };

    if (!t->count) {
        fprintf(stderr, "load: no good answer, %zu others\n", t->errors);
        exit(EXIT_FAILURE);
    }
    printf("figures %.1f %.0f %.0f %.0f %.0f %zu\n",
           (double)t->count / t->seconds,
           bench_percentile(t->us, t->count, P50),
           bench_percentile(t->us, t->count, P95),
           bench_percentile(t->us, t->count, P99),
           bench_percentile(t->us, t->count, WHOLE), t->errors);
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "";
    struct http_times times;

    read_options(argc - 1, argv + 1);
    buf_init(&requests.text, SIZE_MAX / 2);
    plan.load.next = next_request;
    if (!strcmp(kind, "get") && plan.tokens && plan.load.port)
        prepare_get();
    else if (!strcmp(kind, "track") && plan.keys && plan.posts &&
             plan.load.port)
        prepare_track();
    else
        usage();
    must(http_load_run(&plan.load, &times, &err));
    print_figures(&times);
    http_times_release(&times);
    buf_release(&requests.text);
    mem_give(requests.ends);
    mem_give(posts);
    return EXIT_SUCCESS;
}
