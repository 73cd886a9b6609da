#include "lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "reco/recommend.h"

enum { EVENTS_MOST = 40000, SIZE = NEIGHBOURS_BATCH };

/* One place of a batch. */
struct seat {
    struct profile profile;
    struct reader reader;
    struct reco_scratch scratch;
    struct recommendation answer;
};

static struct seat seats[SIZE];
static struct history_event events[EVENTS_MOST];

static void must(bool ok, const struct err *err)
{
    if (ok)
        return;
    fprintf(stderr, "lists: %s %s\n", err->where, err->what);
    abort();
}

static double wall_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static double us_of(const struct timeval *t)
{
    return (double)t->tv_sec * 1e6 + (double)t->tv_usec;
}

/* Of the processes that have ended. */
static double busy_us(void)
{
    struct rusage all;

    getrusage(RUSAGE_CHILDREN, &all);
    return us_of(&all.ru_utime) + us_of(&all.ru_stime);
}

static void take_seat(const struct model *model, struct seat *s, uint32_t user)
{
    struct err err;

    profile_make(&s->profile, model, events,
                 profile_recall(model, user, events, EVENTS_MOST));
    must(reader_make(&s->reader, model, &s->profile, model->user_ids[user],
                     NULL, 0, &err),
         &err);
}

/* Batches first, first + processes, ... */
static void work(const struct model *model, const struct lists_plan *plan,
                 uint32_t first)
{
    struct recommend_ask asks[SIZE];
    uint32_t users = plan->users;
    struct err err;

    for (uint32_t i = 0; i < SIZE; i++) {
        struct seat *s = &seats[i];
        must(profile_init(&s->profile, EVENTS_MOST, &err), &err);
        must(reco_scratch_init(&s->scratch, model, &err), &err);
        asks[i] = (struct recommend_ask){&s->reader, &s->scratch, &s->answer};
    }
    for (uint32_t from = first * SIZE; from < users;
         from += plan->processes * SIZE) {
        uint32_t count = users - from < SIZE ? users - from : SIZE;
        for (uint32_t i = 0; i < count; i++)
            take_seat(model, &seats[i], from + i);
        must(recommend_batch(asks, count, plan->neighbours, plan->posts, &err),
             &err);
    }
}

struct lists_times lists_time(const struct model *model,
                              const struct lists_plan *plan)
{
    struct lists_times took = {-busy_us(), -wall_us()};
    int status;

    fflush(NULL);
    for (uint32_t i = 0; i < plan->processes; i++) {
        pid_t child = fork();
        if (child < 0) {
            perror("fork");
            abort();
        }
        if (!child) {
            work(model, plan, i);
            _exit(EXIT_SUCCESS);
        }
    }
    for (uint32_t i = 0; i < plan->processes; i++)
        if (wait(&status) < 0 || status) {
            fprintf(stderr, "lists: a process failed\n");
            abort();
        }
    took.busy_us += busy_us();
    took.wall_us += wall_us();
    return took;
}
