/*
 * torture.c -- clients that send and a killer that kills, for a while.
 *
 * Usage   torture PORT VAR LEDGERS SECONDS KILLS SEED
 *         torture port                  prints a port that is free
 *         run.sh starts the stack, calls this and judges the ledgers.
 * Ends    0 when every client ended by itself and no answer contradicted
 *         another; what happened is printed.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "client.h"
#include "killer.h"

enum {
    CLIENTS = 8,
    FINISH_US = 60 * 1000 * 1000, /* for the last batches, all being up again */
    US_PER_S = 1000 * 1000,
    US_PER_MS = 1000,
    POLL_MS = 20,
    ARGUMENTS = 7,
};

struct shared {
    volatile int phase;
    struct client_counts counts[CLIENTS];
};

struct plan {
    int port;
    const char *folder, *ledgers;
    int64_t duration_us;
    uint64_t kills;
    uint32_t seed;
};

static int print_free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) ||
        getsockname(fd, (struct sockaddr *)&at, &bytes))
        return EXIT_FAILURE;
    printf("%d\n", ntohs(at.sin_port));
    return EXIT_SUCCESS;
}

static uint64_t number(const char *text)
{
    uint64_t n;

    if (!span_u64(span_of(text), &n)) {
        fprintf(stderr, "torture: %s is not a number\n", text);
        exit(EXIT_FAILURE);
    }
    return n;
}

static void start_clients(const struct plan *p, const struct token_keys *keys,
                          struct shared *shared)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct client c = {.seed = p->seed,
                           .number = i,
                           .port = p->port,
                           .folder = p->ledgers,
                           .keys = keys,
                           .phase = &shared->phase,
                           .counts = &shared->counts[i]};
        pid_t pid = fork();

        if (pid < 0) {
            perror("fork");
            exit(EXIT_FAILURE);
        }
        if (pid)
            continue;
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        client_run(&c);
        exit(EXIT_SUCCESS);
    }
}

static void wait_until(int64_t at_us)
{
    int64_t left_us = at_us - clock_mono_us();

    if (left_us > 0)
        poll(NULL, 0, (int)(left_us / US_PER_MS));
}

/* All of them, at random moments, in about the time given. */
static void strike_on(const struct plan *p, struct killer *k)
{
    int64_t start_us = clock_mono_us(), at_us = start_us;
    uint32_t mean_us = (uint32_t)(p->duration_us / (int64_t)(p->kills + 1));

    for (uint64_t i = 0; i < p->kills; i++) {
        at_us += rng_below(&k->rng, 2 * mean_us + 1);
        wait_until(at_us);
        killer_strike(k);
    }
    wait_until(start_us + p->duration_us);
}

/* True when all have ended by themselves. */
static bool wait_clients(struct shared *shared)
{
    int64_t until_us = clock_mono_us() + FINISH_US;
    bool ok = true;
    int status;

    shared->phase = CLIENT_FINISH;
    for (int left = CLIENTS; left;) {
        pid_t pid = waitpid(-1, &status, WNOHANG);

        if (pid < 0)
            return false;
        if (pid) {
            ok = ok && WIFEXITED(status) && !WEXITSTATUS(status);
            left--;
            continue;
        }
        if (clock_mono_us() > until_us)
            shared->phase = CLIENT_QUIT;
        poll(NULL, 0, POLL_MS);
    }
    return ok && shared->phase == CLIENT_FINISH;
}

static struct client_counts sum(const struct shared *shared)
{
    struct client_counts all = {0};

    for (unsigned i = 0; i < CLIENTS; i++) {
        const struct client_counts *c = &shared->counts[i];

        all.batches += c->batches;
        all.events += c->events;
        all.stored += c->stored;
        all.spooled += c->spooled;
        all.all_rejected += c->all_rejected;
        all.unavailable += c->unavailable;
        all.broken += c->broken;
        all.left += c->left;
        all.repeated += c->repeated;
        all.wrong += c->wrong;
    }
    return all;
}

static void print_row(const char *what, uint64_t count)
{
    printf("  %-34s %10llu\n", what, (unsigned long long)count);
}

static void print_kills(const struct killer *k)
{
    uint64_t all = 0;
    char what[64];

    for (int t = 0; t < KILL_TARGETS; t++) {
        all += k->killed[t];
        snprintf(what, sizeof what, "killed: %s",
                 killer_target_name((enum killer_target)t));
        print_row(what, k->killed[t]);
    }
    print_row("killed", all);
    print_row("was away already", k->missed);
}

static void print_counts(const struct client_counts *n)
{
    print_row("batches", n->batches);
    print_row("events", n->events);
    print_row("answers 200 (committed)", n->stored);
    print_row("answers 202 (spooled)", n->spooled);
    print_row("answers 429, 500, 503 (tried again)", n->unavailable);
    print_row("no whole answer (tried again)", n->broken - n->left);
    print_row("client left (tried again)", n->left);
    print_row("sent again after the answer", n->repeated);
    print_row("answers that contradict", n->wrong);
}

static int torture(const struct plan *p)
{
    static struct token_keys keys;
    struct client_counts n;
    struct shared *shared;
    struct killer killer;
    struct err err;
    char path[4096];
    bool ended;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    snprintf(path, sizeof path, "%s/keys/token", p->folder);
    if (shared == MAP_FAILED || !token_keys_load(path, &keys, &err)) {
        fprintf(stderr, "torture: %s\n",
                shared == MAP_FAILED ? "no memory" : err.what);
        return EXIT_FAILURE;
    }
    fflush(stdout);
    start_clients(p, &keys, shared);
    killer_init(&killer, p->folder, p->seed);
    strike_on(p, &killer);
    ended = wait_clients(shared);
    n = sum(shared);
    print_kills(&killer);
    print_counts(&n);
    if (!ended)
        puts("FAIL  a client was never answered, or did not end");
    if (n.wrong)
        puts("FAIL  an answer contradicts what was sent");
    return ended && !n.wrong && n.stored && n.spooled ? EXIT_SUCCESS
                                                      : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct plan p;

    if (argc == 2 && !strcmp(argv[1], "port"))
        return print_free_port();
    if (argc != ARGUMENTS) {
        fputs("usage: torture PORT VAR LEDGERS SECONDS KILLS SEED\n", stderr);
        return EXIT_FAILURE;
    }
    p = (struct plan){.port = (int)number(argv[1]),
                      .folder = argv[2],
                      .ledgers = argv[3],
                      .duration_us = (int64_t)number(argv[4]) * US_PER_S,
                      .kills = number(argv[5]),
                      .seed = (uint32_t)number(argv[6])};
    return torture(&p);
}
