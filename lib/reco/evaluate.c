#include "reco/evaluate.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "reco/diversity.h"
#include "reco/heap.h"

enum {
    THREADS_MOST = 256,
    CASES_A_TURN = 16,
    PERCENT = 100,
    HALF = 50,
    MOST = 99,
};

struct ranked {
    float score;
    uint32_t post;
};

static bool is_worse(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->score != y->score)
        return x->score < y->score;
    return x->post > y->post;
}

/* What all threads share. */
struct job {
    struct evaluation *e;
    size_t first; /* row of the first case */
    const struct split *split;
    const struct split_case *cases;
    uint32_t case_count, most; /* most: largest cut */
    const struct algorithm *algorithm;
    const void *state;
    const double *novelty; /* [posts] */
    const struct diversity *diversity;
    atomic_uint next;
    atomic_bool not_a_number;
};

struct worker {
    struct job *job;
    pthread_t thread;
    bool started, opened;
    void *room;
    float *scores;         /* [posts] */
    uint8_t *masked;       /* [posts], zero between cases */
    struct ranked *ranked; /* [most] */
};

static uint32_t columns_of(const struct evaluation *e)
{
    return METRICS * e->plan.cut_count;
}

static uint32_t most_of(const struct evaluation *e)
{
    return e->plan.cuts[e->plan.cut_count - 1];
}

/* ---- one case ---- */

/* The best of the scores that may be shown, best first, into list. */
static uint32_t rank(struct worker *w, uint32_t *list)
{
    struct job *job = w->job;
    uint32_t posts = job->split->train.post_count, count = 0;
    const uint8_t *alive = job->split->alive;
    float floor = NO_SCORE; /* less than this is refused without a look */

    for (uint32_t i = 0; i < posts; i++) {
        struct ranked r = {w->scores[i], i};
        if (r.score < floor || r.score == NO_SCORE)
            continue;
        if (isnan(r.score))
            atomic_store(&job->not_a_number, true);
        if (w->masked[i] || (alive && !alive[i]) ||
            !heap_wants(w->ranked, count, job->most, &r, is_worse))
            continue;
        heap_keep(w->ranked, &count, job->most, &r, sizeof r, is_worse);
        floor = count == job->most ? w->ranked[0].score : floor;
    }
    heap_sort(w->ranked, count, sizeof *w->ranked, is_worse);
    for (uint32_t i = 0; i < count; i++)
        list[i] = w->ranked[i].post;
    return count;
}

/* Novelty and diversity of every cut in one pass over the list. */
static void measure_list(const struct job *job, const uint32_t *list,
                         uint32_t count, double *row)
{
    const struct evaluate_plan *plan = &job->e->plan;
    double novelty = 0, alike = 0;
    uint32_t r = 0;

    for (uint32_t c = 0; c < plan->cut_count; c++) {
        uint32_t k = plan->cuts[c] < count ? plan->cuts[c] : count;
        double pairs = k * (k - 1.0) / 2;
        for (; r < k; r++) {
            novelty += job->novelty[list[r]];
            for (uint32_t j = 0; job->diversity && j < r; j++)
                alike += diversity_cosine(job->diversity, list[j], list[r]);
        }
        row[METRIC_NOVELTY * plan->cut_count + c] = k ? novelty / k : 0;
        row[METRIC_DIVERSITY * plan->cut_count + c] =
            job->diversity && k > 1 ? 1 - alike / pairs : 0;
    }
}

static void measure(const struct job *job, const struct split_case *c,
                    const uint32_t *list, uint32_t count, double *row)
{
    const struct evaluate_plan *plan = &job->e->plan;
    double values[ACCURACY_METRICS];

    for (uint32_t cut = 0; cut < plan->cut_count; cut++) {
        metrics_accuracy(list, count, plan->cuts[cut],
                         job->split->tests + c->test_from, c->test_count,
                         values);
        for (uint32_t m = 0; m < ACCURACY_METRICS; m++)
            row[m * plan->cut_count + cut] = values[m];
    }
    measure_list(job, list, count, row);
}

static void run_case(struct worker *w, uint32_t at)
{
    struct job *job = w->job;
    struct evaluation *e = job->e;
    const struct split_case *c = &job->cases[at];
    const struct query_post *seen = job->split->history + c->history_from;
    struct rng rng = rng_of(e->plan.seed ^ (uint64_t)c->user << 32);
    struct query query = {
        .self = c->self,
        .posts = seen,
        .count = c->history_count,
        .now_ms = job->split->now_ms,
        .seed = rng_next(&rng),
    };
    size_t row = job->first + at;
    uint32_t *list = e->lists + row * job->most;
    int64_t begin_us = e->plan.thread_us ? e->plan.thread_us() : 0;

    job->algorithm->score(job->state, w->room, &query, w->scores);
    for (uint32_t i = 0; i < c->seen_count; i++)
        w->masked[seen[i].post] = 1;
    e->users[row] = c->user;
    e->list_counts[row] = rank(w, list);
    e->took_us[row] =
        e->plan.thread_us ? (uint32_t)(e->plan.thread_us() - begin_us) : 0;
    measure(job, c, list, e->list_counts[row], e->values + row * columns_of(e));
    for (uint32_t i = 0; i < c->seen_count; i++)
        w->masked[seen[i].post] = 0;
}

/* ---- all cases ---- */

static void *work(void *arg)
{
    struct worker *w = arg;
    struct job *job = w->job;
    uint32_t from;

    while ((from = atomic_fetch_add(&job->next, CASES_A_TURN)) <
           job->case_count)
        for (uint32_t i = from; i < job->case_count && i - from < CASES_A_TURN;
             i++)
            run_case(w, i);
    return NULL;
}

static bool worker_open(struct worker *w, struct job *job, struct err *err)
{
    uint32_t posts = job->split->train.post_count;

    w->job = job;
    w->opened = job->algorithm->room_open(job->state, &w->room, err);
    return w->opened && mem_take(posts, sizeof *w->scores, &w->scores, err) &&
           mem_take(posts, sizeof *w->masked, &w->masked, err) &&
           mem_take(job->most, sizeof *w->ranked, &w->ranked, err);
}

static void worker_close(struct worker *w)
{
    if (w->started)
        pthread_join(w->thread, NULL);
    if (w->opened)
        w->job->algorithm->room_close(w->room);
    mem_give(w->scores);
    mem_give(w->masked);
    mem_give(w->ranked);
}

static bool run_job(struct job *job, struct err *err)
{
    struct worker all[THREADS_MOST] = {0};
    uint32_t count = job->e->plan.threads;
    bool ok = true;

    count = count > THREADS_MOST ? THREADS_MOST : count ? count : 1;
    for (uint32_t i = 0; ok && i < count; i++)
        ok = worker_open(&all[i], job, err);
    for (uint32_t i = 1; ok && i < count; i++)
        all[i].started = !pthread_create(&all[i].thread, NULL, work, &all[i]);
    if (ok)
        work(&all[0]);
    for (uint32_t i = 0; i < count; i++)
        worker_close(&all[i]);
    if (ok && atomic_load(&job->not_a_number))
        return err_set(err, ERR_INVALID, "%s gives a score that is no number",
                       job->algorithm->name);
    return ok;
}

/* Room for `more` cases. */
static bool grow(struct evaluation *e, uint32_t more, struct err *err)
{
    size_t need = e->count + more, most = most_of(e);
    size_t users = e->cap, values = e->cap, lists = e->cap, counts = e->cap;
    size_t took = e->cap;

    if (need <= e->cap)
        return true;
    if (!mem_grow(&e->users, &users, need, sizeof *e->users, err) ||
        !mem_grow(&e->values, &values, need, columns_of(e) * sizeof *e->values,
                  err) ||
        !mem_grow(&e->lists, &lists, need, most * sizeof *e->lists, err) ||
        !mem_grow(&e->list_counts, &counts, need, sizeof *e->list_counts,
                  err) ||
        !mem_grow(&e->took_us, &took, need, sizeof *e->took_us, err))
        return false;
    e->cap = need;
    return true;
}

/* -log2((users with i + 1) / (training users + 1)) */
static bool make_novelty(const struct split *split, double **out,
                         struct err *err)
{
    const struct matrix *m = &split->train;
    double *novelty;

    if (!mem_take(m->post_count, sizeof *novelty, &novelty, err))
        return false;
    for (uint32_t i = 0; i < m->post_count; i++)
        novelty[i] = log2((split->counts.train_users + 1.0) /
                          (matrix_post_row(m, i).count + 1.0));
    *out = novelty;
    return true;
}

bool evaluation_add(struct evaluation *e, const struct split *split,
                    enum split_group group, const struct algorithm *algorithm,
                    const void *state, struct err *err)
{
    uint32_t from = split->group_from[group];
    struct diversity diversity = {0};
    double *novelty = NULL;
    struct job job = {
        .e = e,
        .first = e->count,
        .split = split,
        .cases = split->cases + from,
        .case_count = split->group_from[group + 1] - from,
        .most = most_of(e),
        .algorithm = algorithm,
        .state = state,
    };
    bool ok;

    e->post_count = split->train.post_count;
    e->has_diversity = split->contents != NULL;
    ok = grow(e, job.case_count, err) && make_novelty(split, &novelty, err) &&
         (!split->contents ||
          diversity_init(&diversity, split->contents, e->post_count, err));
    job.novelty = novelty;
    job.diversity = split->contents ? &diversity : NULL;
    ok = ok && run_job(&job, err);
    if (ok)
        e->count += job.case_count;
    mem_give(novelty);
    diversity_release(&diversity);
    return ok;
}

/* ---- begin and end ---- */

bool evaluation_init(struct evaluation *e, const struct evaluate_plan *plan,
                     struct err *err)
{
    *e = (struct evaluation){.plan = *plan};
    if (!plan->cut_count || plan->cut_count > EVALUATE_CUTS_MOST)
        return err_set(err, ERR_INVALID, "1 to %d values of k",
                       EVALUATE_CUTS_MOST);
    for (uint32_t i = 0; i < plan->cut_count; i++)
        if (!plan->cuts[i] || plan->cuts[i] > EVALUATE_CUT_MOST ||
            (i && plan->cuts[i] <= plan->cuts[i - 1]))
            return err_set(err, ERR_INVALID,
                           "values of k must ascend within 1 to %d",
                           EVALUATE_CUT_MOST);
    return true;
}

void evaluation_release(struct evaluation *e)
{
    mem_give(e->users);
    mem_give(e->values);
    mem_give(e->lists);
    mem_give(e->list_counts);
    mem_give(e->took_us);
    *e = (struct evaluation){0};
}

/* ---- results ---- */

/* unit[case]: users numbered in order of first sight; returns how many. */
static bool number_users(const struct evaluation *e, uint32_t **unit,
                         size_t *units, struct err *err)
{
    uint32_t most = 0, *place = NULL;

    *unit = NULL;
    *units = 0;
    for (size_t i = 0; i < e->count; i++)
        most = e->users[i] > most ? e->users[i] : most;
    if (!mem_take((size_t)most + 1, sizeof *place, &place, err))
        return false;
    if (!mem_take(e->count, sizeof **unit, unit, err)) {
        mem_give(place);
        return false;
    }
    for (size_t i = 0; i < e->count; i++) {
        if (!place[e->users[i]])
            place[e->users[i]] = (uint32_t)++ * units;
        (*unit)[i] = place[e->users[i]] - 1;
    }
    mem_give(place);
    return true;
}

static void sum_column(const struct evaluation *e, const uint32_t *unit,
                       uint32_t column, double *sums)
{
    for (size_t i = 0; i < e->count; i++)
        sums[unit[i]] += e->values[i * columns_of(e) + column];
}

bool evaluation_mean(const struct evaluation *e, enum metric metric,
                     uint32_t cut, struct estimate *out, struct err *err)
{
    uint32_t *unit = NULL;
    double *sums = NULL, *counts = NULL;
    size_t units = 0;
    bool ok = number_users(e, &unit, &units, err) &&
              mem_take(units, sizeof *sums, &sums, err) &&
              mem_take(units, sizeof *counts, &counts, err);

    if (ok) {
        sum_column(e, unit, metric * e->plan.cut_count + cut, sums);
        for (size_t i = 0; i < e->count; i++)
            counts[unit[i]]++;
        *out = compare_mean(sums, counts, units);
    }
    mem_give(unit);
    mem_give(sums);
    mem_give(counts);
    return ok;
}

static struct metric_lists lists_of(const struct evaluation *e)
{
    return (struct metric_lists){
        .lists = e->lists,
        .counts = e->list_counts,
        .count = e->count,
        .room = most_of(e),
        .post_count = e->post_count,
    };
}

bool evaluation_coverage(const struct evaluation *e, uint32_t cut,
                         struct estimate *out, struct err *err)
{
    struct metric_lists lists = lists_of(e);

    return metrics_coverage(&lists, e->plan.cuts[cut], out, err);
}

bool evaluation_gini(const struct evaluation *e, uint32_t cut,
                     struct estimate *out, struct err *err)
{
    struct metric_lists lists = lists_of(e);

    return metrics_gini(&lists, e->plan.cuts[cut], out, err);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

bool evaluation_cost(const struct evaluation *e, struct evaluation_cost *out,
                     struct err *err)
{
    uint32_t *sorted;

    *out = (struct evaluation_cost){0};
    if (!e->count)
        return true;
    if (!mem_take(e->count, sizeof *sorted, &sorted, err))
        return false;
    memcpy(sorted, e->took_us, e->count * sizeof *sorted);
    qsort(sorted, e->count, sizeof *sorted, by_number);
    for (size_t i = 0; i < e->count; i++)
        out->mean_us += (double)sorted[i] / (double)e->count;
    out->half_us = sorted[(e->count - 1) * HALF / PERCENT];
    out->most_us = sorted[(e->count - 1) * MOST / PERCENT];
    mem_give(sorted);
    return true;
}

static bool same_cases(const struct evaluation *const *all, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (all[i]->count != all[0]->count ||
            all[i]->plan.cut_count != all[0]->plan.cut_count ||
            (all[0]->count && memcmp(all[i]->users, all[0]->users,
                                     all[0]->count * sizeof *all[0]->users)))
            return false;
    return true;
}

bool evaluation_bootstrap(const struct evaluation *const *all, uint32_t count,
                          uint32_t resamples, struct bootstrap *out,
                          struct err *err)
{
    const struct evaluate_plan *plan = &all[0]->plan;
    uint32_t each = ACCURACY_METRICS * plan->cut_count, *unit = NULL;
    double *sums = NULL, *counts = NULL;
    size_t units = 0;
    bool ok = false;

    *out = (struct bootstrap){0};
    if (!same_cases(all, count))
        return err_set(err, ERR_INVALID, "bootstrap of different cases");
    if (!number_users(all[0], &unit, &units, err) ||
        !mem_take(units * each * count, sizeof *sums, &sums, err) ||
        !mem_take(units, sizeof *counts, &counts, err))
        goto out;
    for (size_t i = 0; i < all[0]->count; i++)
        counts[unit[i]]++;
    for (uint32_t a = 0; a < count; a++)
        for (uint32_t c = 0; c < each; c++)
            sum_column(all[a], unit, c, sums + ((size_t)a * each + c) * units);
    ok = bootstrap_run(sums, counts, units, each * count, resamples, plan->seed,
                       plan->threads, out, err);
out:
    mem_give(unit);
    mem_give(sums);
    mem_give(counts);
    return ok;
}
