#include "app/precompute.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "reco/neighbours_batch.h"
#include "reco/recommend.h"
#include "store/batch.h"

enum {
    US_PER_S = 1000000,
    MS_PER_S = 1000,
    CLEAN_ROWS = 10000,
    CHUNK_LEAST = 64,   /* readers a thread takes at a time */
    CHUNKS = 4,         /* of each thread, so that all end together */
    THREADS_MOST = 256, /* as in config.def */
};

/* What all threads share. */
struct work {
    const struct config *config;
    const struct model *model;
    struct post_bits bits;
    uint32_t chunk; /* readers that are searched together */
    int64_t until_us;
    atomic_uint next; /* reader that nobody has taken */
    atomic_uint done;
    atomic_bool failed; /* the others end as well */
};

struct run {
    struct work *work;
    struct db *db;
    const struct precompute_watch *watch; /* NULL: nobody, or not here */
    struct reco_scratch scratch;
    struct neighbours_batch batch;
    struct profile profile;
    struct reader reader;
    struct recommendation picked;
    struct batch_row *rows; /* [BATCH_WRITE_MOST] */
    size_t row_count;
    struct precompute_report report;
    struct db own; /* of a thread that is not the caller's */
    pthread_t thread;
    bool started, ok;
    struct err err;
};

static bool flush(struct run *r, struct err *err)
{
    const struct work *w = r->work;
    int64_t now_ms = clock_wall_ms();

    if (r->row_count &&
        !batch_write(r->db, r->rows, r->row_count, now_ms,
                     now_ms + (int64_t)w->config->batch_life_s * MS_PER_S,
                     w->until_us, err))
        return false;
    r->report.written += r->row_count;
    r->row_count = 0;
    return true;
}

/* The posts of reader `i` of the batch. */
static bool add_reader(struct run *r, uint32_t user, uint32_t i,
                       struct err *err)
{
    const struct model *model = r->work->model;
    struct uuid id = model->user_ids[user];
    const struct neighbour *near;
    uint32_t count;

    profile_of_user(&r->profile, model, user);
    near = neighbours_batch_at(&r->batch, i, &count);
    if (!reader_make(&r->reader, model, &r->profile, id, NULL, 0, err) ||
        !recommend_known(&r->reader, &r->scratch, &r->work->bits, near, count,
                         r->work->config->batch_posts, &r->picked, err))
        return false;
    if (r->row_count + r->picked.count > BATCH_WRITE_MOST && !flush(r, err))
        return false;
    for (uint32_t p = 0; p < r->picked.count; p++)
        r->rows[r->row_count++] =
            (struct batch_row){.user = id,
                               .post = model->post_ids[r->picked.posts[p].post],
                               .score = r->picked.posts[p].score};
    r->report.readers += r->picked.count > 0;
    return true;
}

static bool add_chunk(struct run *r, uint32_t from, uint32_t end,
                      struct err *err)
{
    neighbours_batch_begin(&r->batch);
    for (uint32_t user = from; user < end; user++) {
        profile_of_user(&r->profile, r->work->model, user);
        if (!neighbours_batch_add(&r->batch, &r->profile, user, err))
            return false;
    }
    neighbours_batch_search(&r->batch);
    for (uint32_t user = from; user < end; user++)
        if (!add_reader(r, user, user - from, err))
            return false;
    return true;
}

/* Takes readers until none is left. */
static bool add_readers(struct run *r, struct err *err)
{
    struct work *w = r->work;
    uint32_t users = w->model->user_count, from;

    while (!atomic_load(&w->failed) &&
           (from = atomic_fetch_add(&w->next, w->chunk)) < users) {
        uint32_t end = users - from < w->chunk ? users : from + w->chunk;

        if (!add_chunk(r, from, end, err))
            return false;
        atomic_fetch_add(&w->done, end - from);
        if (r->watch)
            r->watch->at(r->watch->arg, atomic_load(&w->done), users);
    }
    return flush(r, err);
}

static void *run_one(void *arg)
{
    struct run *r = arg;
    const struct config *config = r->work->config;
    const struct model *model = r->work->model;

    /* Before any work is taken: who cannot write must not count on luck. */
    r->ok = (r->db != &r->own || db_ping(r->db, r->work->until_us, &r->err)) &&
            reco_scratch_init(&r->scratch, model, &r->err) &&
            neighbours_batch_init(&r->batch, model, &r->scratch, r->work->chunk,
                                  model->meta->neighbours, &r->err) &&
            profile_init(&r->profile, config->history_events, &r->err) &&
            mem_take(BATCH_WRITE_MOST, sizeof *r->rows, &r->rows, &r->err) &&
            add_readers(r, &r->err);
    if (!r->ok)
        atomic_store(&r->work->failed, true);
    neighbours_batch_release(&r->batch);
    reco_scratch_release(&r->scratch);
    profile_release(&r->profile);
    mem_give(r->rows);
    return NULL;
}

static void start(struct run *r, const struct config *config)
{
    r->db = &r->own;
    if (db_init(&r->own, config->db_url, config->db_prepare, &r->err))
        r->started = !pthread_create(&r->thread, NULL, run_one, r);
    else
        atomic_store(&r->work->failed, true);
}

/* Of those that could be started; the caller's own does what they leave. */
static bool join(struct run *r, struct run *first, struct err *err)
{
    if (r != first) {
        if (r->started)
            pthread_join(r->thread, NULL);
        db_release(&r->own);
        first->report.readers += r->report.readers;
        first->report.written += r->report.written;
    }
    if (r->ok || (r != first && !r->started && !r->err.code))
        return true;
    *err = r->err;
    return false;
}

static uint32_t thread_count(const struct work *w)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t most = w->config->job_threads, chunks;

    if (!most)
        most = cores < 1              ? 1
               : cores < THREADS_MOST ? (uint32_t)cores
                                      : THREADS_MOST;
    chunks = w->model->user_count / CHUNK_LEAST + 1;
    return most < chunks ? most : chunks;
}

static uint32_t chunk_size(const struct work *w, uint32_t threads)
{
    uint32_t fair = w->model->user_count / (CHUNKS * threads);

    return fair < CHUNK_LEAST        ? CHUNK_LEAST
           : fair < NEIGHBOURS_BATCH ? fair
                                     : NEIGHBOURS_BATCH;
}

static bool clean(struct db *db, int64_t until_us,
                  struct precompute_report *report, struct err *err)
{
    size_t deleted;

    do {
        if (!batch_clean(db, CLEAN_ROWS, until_us, &deleted, err))
            return false;
        report->deleted += deleted;
    } while (deleted == CLEAN_ROWS);
    return true;
}

static bool run_all(struct db *db, struct work *w,
                    const struct precompute_watch *watch,
                    struct precompute_report *report, struct err *err)
{
    uint32_t count = thread_count(w);
    struct run *runs = NULL;
    bool ok = true;

    w->chunk = chunk_size(w, count);
    if (!mem_take(count, sizeof *runs, &runs, err))
        return false;
    for (uint32_t i = 0; i < count; i++)
        runs[i].work = w;
    for (uint32_t i = 1; i < count; i++)
        start(&runs[i], w->config);
    runs[0].db = db;
    runs[0].watch = watch;
    run_one(&runs[0]);
    for (uint32_t i = count; i-- > 0;)
        ok = join(&runs[i], &runs[0], err) && ok;
    *report = runs[0].report;
    mem_give(runs);
    return ok;
}

bool precompute_run(struct db *db, const struct config *config,
                    const struct model *model,
                    const struct precompute_watch *watch,
                    struct precompute_report *out, struct err *err)
{
    int64_t start_us = clock_mono_us();
    struct work work = {.config = config,
                        .model = model,
                        .until_us = start_us +
                                    (int64_t)config->db_job_wait_s * US_PER_S};
    bool ok;

    *out = (struct precompute_report){0};
    ok = post_bits_init(&work.bits, model, err) &&
         run_all(db, &work, watch, out, err) &&
         clean(db, work.until_us, out, err);
    post_bits_release(&work.bits);
    out->took_us = clock_mono_us() - start_us;
    return ok;
}
