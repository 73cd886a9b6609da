#include "lists.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "reco/neighbours_batch.h"
#include "reco/recommend.h"

enum { EVENTS_MOST = 40000 };

/* What all threads share. */
struct work {
    const struct model *model;
    const struct lists_plan *plan;
    struct post_bits bits;
    atomic_uint next;
};

struct run {
    struct work *work;
    struct reco_scratch scratch;
    struct neighbours_batch batch;
    struct profile profile;
    struct reader reader;
    struct recommendation answer;
    double busy_us, search_us;
    pthread_t thread;
};

static void must(bool ok, const struct err *err)
{
    if (ok)
        return;
    fprintf(stderr, "lists: %s %s\n", err->where, err->what);
    abort();
}

static double clock_us(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static uint32_t user_at(const struct work *w, uint32_t i)
{
    return (uint32_t)((uint64_t)w->model->user_count * i / w->plan->users);
}

static void make_list(struct run *r, uint32_t user, uint32_t i)
{
    const struct model *model = r->work->model;
    const struct neighbour *near;
    struct err err;
    uint32_t count;

    profile_of_user(&r->profile, model, user);
    near = neighbours_batch_at(&r->batch, i, &count);
    must(reader_make(&r->reader, model, &r->profile, model->user_ids[user],
                     NULL, 0, &err) &&
             recommend_known(&r->reader, &r->scratch, &r->work->bits, near,
                             count, r->work->plan->posts, &r->answer, &err),
         &err);
}

static void make_lists(struct run *r, uint32_t from, uint32_t end)
{
    struct work *w = r->work;
    struct err err;

    r->search_us -= clock_us(CLOCK_THREAD_CPUTIME_ID);
    neighbours_batch_begin(&r->batch);
    for (uint32_t i = from; i < end; i++) {
        profile_of_user(&r->profile, w->model, user_at(w, i));
        must(neighbours_batch_add(&r->batch, &r->profile, user_at(w, i), &err),
             &err);
    }
    neighbours_batch_search(&r->batch);
    r->search_us += clock_us(CLOCK_THREAD_CPUTIME_ID);
    for (uint32_t i = from; i < end; i++)
        make_list(r, user_at(w, i), i - from);
}

static void *run_one(void *arg)
{
    struct run *r = arg;
    struct work *w = r->work;
    uint32_t users = w->plan->users, from;
    struct err err;

    must(reco_scratch_init(&r->scratch, w->model, &err) &&
             neighbours_batch_init(&r->batch, w->model, &r->scratch,
                                   NEIGHBOURS_BATCH, w->plan->neighbours,
                                   &err) &&
             profile_init(&r->profile, EVENTS_MOST, &err),
         &err);
    while ((from = atomic_fetch_add(&w->next, NEIGHBOURS_BATCH)) < users)
        make_lists(r, from,
                   users - from < NEIGHBOURS_BATCH ? users
                                                   : from + NEIGHBOURS_BATCH);
    profile_release(&r->profile);
    neighbours_batch_release(&r->batch);
    reco_scratch_release(&r->scratch);
    r->busy_us = clock_us(CLOCK_THREAD_CPUTIME_ID);
    return NULL;
}

struct lists_times lists_time(const struct model *model,
                              const struct lists_plan *plan)
{
    struct lists_times took = {.wall_us = -clock_us(CLOCK_MONOTONIC)};
    struct work work = {.model = model, .plan = plan};
    struct run *runs;
    struct err err;

    took.made_us = -clock_us(CLOCK_THREAD_CPUTIME_ID);
    must(post_bits_init(&work.bits, model, &err), &err);
    took.made_us += clock_us(CLOCK_THREAD_CPUTIME_ID);
    took.busy_us = took.made_us;
    must(mem_take(plan->threads, sizeof *runs, &runs, &err), &err);
    for (uint32_t i = 0; i < plan->threads; i++) {
        runs[i].work = &work;
        if (pthread_create(&runs[i].thread, NULL, run_one, &runs[i])) {
            perror("pthread_create");
            abort();
        }
    }
    for (uint32_t i = 0; i < plan->threads; i++) {
        pthread_join(runs[i].thread, NULL);
        took.busy_us += runs[i].busy_us;
        took.search_us += runs[i].search_us;
    }
    took.wall_us += clock_us(CLOCK_MONOTONIC);
    post_bits_release(&work.bits);
    mem_give(runs);
    return took;
}
