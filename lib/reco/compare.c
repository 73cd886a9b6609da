#include "reco/compare.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

enum { THREADS_MOST = 256, LANES = 4 };
#define TAIL 0.025 /* of a 95 % interval, each side */

struct estimate compare_mean(const double *sums, const double *counts,
                             size_t units)
{
    double sum = 0, count = 0, squares = 0, n = (double)units, mean;

    for (size_t u = 0; u < units; u++) {
        sum += sums[u];
        count += counts[u];
    }
    if (count <= 0)
        return (struct estimate){0};
    mean = sum / count;
    for (size_t u = 0; u < units; u++) {
        double rest = sums[u] - mean * counts[u];
        squares += rest * rest;
    }
    return (struct estimate){
        mean, units > 1 ? sqrt(n / (n - 1) * squares) / count : 0};
}

/* ---- bootstrap ---- */

struct job {
    const double *sums, *counts;
    size_t units;
    uint64_t seed;
    struct bootstrap *out;
    atomic_uint next;
};

struct worker {
    struct job *job;
    pthread_t thread;
    bool started;
    uint32_t *drawn; /* [units] how often each was drawn */
};

/* Four sums side by side, always in the same order. */
static double weighed(const double *values, const uint32_t *drawn, size_t count)
{
    double lane[LANES] = {0}, sum = 0;
    size_t i = 0;

    for (; i + LANES <= count; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            lane[l] += values[i + l] * drawn[i + l];
    for (; i < count; i++)
        sum += values[i] * drawn[i];
    return lane[0] + lane[1] + lane[2] + lane[2 + 1] + sum;
}

static void means_of(const struct job *job, const uint32_t *drawn, double *out)
{
    double count = weighed(job->counts, drawn, job->units);

    for (uint32_t c = 0; c < job->out->columns; c++)
        out[c] = weighed(job->sums + c * job->units, drawn, job->units) / count;
}

static void *resample(void *arg)
{
    struct worker *w = arg;
    struct job *job = w->job;
    struct bootstrap *out = job->out;
    uint32_t b;

    while ((b = atomic_fetch_add(&job->next, 1)) < out->resamples) {
        struct rng rng = rng_of(job->seed ^ (uint64_t)b << 32);
        memset(w->drawn, 0, job->units * sizeof *w->drawn);
        for (size_t i = 0; i < job->units; i++)
            w->drawn[rng_below(&rng, (uint32_t)job->units)]++;
        means_of(job, w->drawn, out->means + (size_t)b * out->columns);
    }
    return NULL;
}

static bool run_workers(struct job *job, uint32_t threads, struct err *err)
{
    struct worker all[THREADS_MOST] = {0};
    uint32_t count = threads < THREADS_MOST ? threads : THREADS_MOST;
    bool ok = true;

    count = count ? count : 1;
    for (uint32_t i = 0; ok && i < count; i++) {
        all[i].job = job;
        ok = mem_take(job->units, sizeof *all[i].drawn, &all[i].drawn, err);
    }
    for (uint32_t i = 1; ok && i < count; i++)
        all[i].started =
            !pthread_create(&all[i].thread, NULL, resample, &all[i]);
    if (ok)
        resample(&all[0]);
    for (uint32_t i = 0; i < count; i++) {
        if (all[i].started)
            pthread_join(all[i].thread, NULL);
        mem_give(all[i].drawn);
    }
    return ok;
}

bool bootstrap_run(const double *sums, const double *counts, size_t units,
                   uint32_t columns, uint32_t resamples, uint64_t seed,
                   uint32_t threads, struct bootstrap *out, struct err *err)
{
    struct job job = {sums, counts, units, seed, out, 0};
    uint32_t *once = NULL;
    bool ok = false;

    *out = (struct bootstrap){.resamples = resamples, .columns = columns};
    if (!units || units > UINT32_MAX || resamples < COMPARE_RESAMPLES_LEAST)
        return err_set(err, ERR_INVALID,
                       "bootstrap of %u resamples of %zu users", resamples,
                       units);
    if (!mem_take((size_t)resamples * columns, sizeof *out->means, &out->means,
                  err) ||
        !mem_take(columns, sizeof *out->observed, &out->observed, err) ||
        !mem_take(units, sizeof *once, &once, err) ||
        !run_workers(&job, threads, err))
        goto out;
    for (size_t u = 0; u < units; u++)
        once[u] = 1;
    means_of(&job, once, out->observed);
    ok = true;
out:
    mem_give(once);
    if (!ok)
        bootstrap_release(out);
    return ok;
}

void bootstrap_release(struct bootstrap *b)
{
    mem_give(b->means);
    mem_give(b->observed);
    *b = (struct bootstrap){0};
}

static int number_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

bool bootstrap_pair(const struct bootstrap *b, uint32_t column_a,
                    uint32_t column_b, struct paired *out, struct err *err)
{
    double *all, n = b->resamples, p;
    uint32_t least = 0, most = 0, tail = (uint32_t)(TAIL * n);

    if (!mem_take(b->resamples, sizeof *all, &all, err))
        return false;
    for (uint32_t i = 0; i < b->resamples; i++) {
        const double *means = b->means + (size_t)i * b->columns;
        all[i] = means[column_b] - means[column_a];
        least += all[i] <= 0;
        most += all[i] >= 0;
    }
    qsort(all, b->resamples, sizeof *all, number_order);
    p = 2 * (1 + (double)(least < most ? least : most)) / (n + 1);
    *out = (struct paired){
        .difference = b->observed[column_b] - b->observed[column_a],
        .low = all[tail],
        .high = all[b->resamples - 1 - tail],
        .p = p < 1 ? p : 1,
    };
    mem_give(all);
    return true;
}

/* ---- several comparisons ---- */

struct ranked_p {
    double p;
    size_t at;
};

static int p_order(const void *a, const void *b)
{
    return number_order(&((const struct ranked_p *)a)->p,
                        &((const struct ranked_p *)b)->p);
}

bool compare_holm(double *p, size_t count, struct err *err)
{
    struct ranked_p *all;
    double least = 0;

    if (!mem_take(count, sizeof *all, &all, err))
        return false;
    for (size_t i = 0; i < count; i++)
        all[i] = (struct ranked_p){p[i], i};
    qsort(all, count, sizeof *all, p_order);
    for (size_t i = 0; i < count; i++) {
        double adjusted = fmin(1, all[i].p * (double)(count - i));
        least = fmax(least, adjusted);
        p[all[i].at] = least;
    }
    mem_give(all);
    return true;
}
