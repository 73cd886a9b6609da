/*
 * Events stored per second and the time of a history: against a private server
 * (starts itself under with_pg.sh when DB_URL is not set).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "queries.h"
#include "store/events.h"
#include "store/history.h"
#include "store/migrate.h"
#include "store/training.h"

#include "bench.h"

enum {
    US_PER_S = 1000 * 1000,
    SOON_US = 60 * US_PER_S,
    RUN_US = 3 * US_PER_S,
    WRITERS = 2,
    BATCH = 20,
    POSTS = 5000,
    READERS = 20000,
    OLD_ROWS = 100000,
    LOADS = 2000,
    HISTORY = 200,
};

#define NOW_MS INT64_C(1700000000000)

static struct err err;

static void must(bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "bench_store: %s\n", err.what);
    exit(EXIT_FAILURE);
}

static int64_t soon(void)
{
    return clock_mono_us() + SOON_US;
}

static void open_db(struct db *db)
{
    must(db_init(db, getenv("DB_URL"), true, &err));
    must(db_script(db,
                   "CREATE SCHEMA IF NOT EXISTS bench_store; "
                   "SET search_path = bench_store",
                   soon(), &err));
}

static struct uuid numbered(uint64_t space, uint64_t number)
{
    struct rng r = rng_of(space << 32 ^ number);
    uint64_t halves[2] = {rng_next(&r), rng_next(&r)};
    struct uuid id;

    memcpy(id.b, halves, sizeof id.b);
    return id;
}

enum { USER = 1, POST, EVENT, REQUEST };

static void fill(struct db *db)
{
    static struct import_row rows[OLD_ROWS];
    static struct uuid posts[POSTS];
    struct import_counts counts;
    struct db_param in = db_param_array(DB_UUID, posts, POSTS);
    const struct db_sql sql = {
        "bench_posts",
        "INSERT INTO posts (id, title) SELECT id, 'post' FROM unnest($1) "
        "AS g (id)",
        ""};
    size_t applied;
    int64_t begin_us;

    must(migrate_run(db, sql_migrations, soon(), &applied, &err));
    for (unsigned i = 0; i < POSTS; i++)
        posts[i] = numbered(POST, i);
    must(db_query(db, sql, &in, 1, soon(), NULL, &err));
    for (unsigned i = 0; i < OLD_ROWS; i++)
        rows[i] = (struct import_row){
            numbered(EVENT, UINT32_MAX - i), numbered(USER, i % 100),
            numbered(POST, i % POSTS), EVENT_CLICK, NOW_MS - i};
    begin_us = clock_mono_us();
    must(interactions_import(db, rows, OLD_ROWS, soon(), &counts, &err));
    bench_figure("store.import",
                 (double)counts.inserted * US_PER_S /
                     (double)(clock_mono_us() - begin_us),
                 "rows/s");
    must(db_script(db, "VACUUM (ANALYZE)", soon(), &err));
}

static void one_batch(struct db *db, struct rng *r, uint64_t *next)
{
    struct event_row rows[BATCH];
    enum event_fate fates[BATCH];
    struct uuid request = numbered(REQUEST, rng_next(r));

    for (int16_t i = 0; i < BATCH; i++)
        rows[i] = (struct event_row){
            .id = numbered(EVENT, (*next)++),
            .post = numbered(POST, rng_below(r, POSTS)),
            .type = SPAN("view"),
            .at_ms = NOW_MS,
            .client_at_ms = NOW_MS,
            .metadata = SPAN("{\"dwell_ms\":1200,\"max_ratio\":0.9}"),
            .attributed = true,
            .shown = {.request = request,
                      .position = i,
                      .source = SPAN("neighbours"),
                      .arm = SPAN("on"),
                      .model_version = SPAN("20240101T000000"),
                      .propensity = 1.0f}};
    must(events_insert(db, numbered(USER, rng_below(r, READERS)), rows, BATCH,
                       NOW_MS, soon(), fates, &err));
}

static uint64_t write_events(unsigned writer)
{
    struct rng r = rng_of(writer);
    uint64_t first = (uint64_t)(writer + 1) << 24, next = first;
    struct db db;
    int64_t until_us;

    open_db(&db);
    one_batch(&db, &r, &next);
    until_us = clock_mono_us() + RUN_US;
    first = next;
    while (clock_mono_us() < until_us)
        one_batch(&db, &r, &next);
    db_release(&db);
    return next - first;
}

static void bench_events(unsigned writers)
{
    uint64_t *done = mmap(NULL, sizeof *done * WRITERS, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t sum = 0;
    char name[64];

    if (done == MAP_FAILED)
        exit(EXIT_FAILURE);
    for (unsigned i = 0; i < writers; i++)
        if (fork() == 0) {
            done[i] = write_events(i + writers * 100);
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    for (unsigned i = 0; i < writers; i++)
        sum += done[i];
    snprintf(name, sizeof name, "store.events.connections_%u", writers);
    bench_figure(name, (double)sum * US_PER_S / RUN_US, "events/s");
    munmap(done, sizeof *done * WRITERS);
}

static void bench_history(struct db *db)
{
    enum { P50 = 50, P95 = 95 };
    static double took[LOADS];
    struct history_event out[HISTORY];
    struct rng r = rng_of(7);
    size_t count;

    for (int i = 0; i < LOADS; i++) {
        int64_t begin_us = clock_mono_us();

        must(history_load(db, numbered(USER, rng_below(&r, 100)), HISTORY,
                          soon(), out, &count, &err));
        took[i] = (double)(clock_mono_us() - begin_us);
    }
    bench_sort(took, LOADS);
    bench_figure("store.history_of_200.p50", bench_percentile(took, LOADS, P50),
                 "us");
    bench_figure("store.history_of_200.p95", bench_percentile(took, LOADS, P95),
                 "us");
}

int main(int count, char **args)
{
    char *again[] = {(char *)"tests/support/with_pg.sh", args[0], NULL};
    struct db db;

    (void)count;
    if (!getenv("DB_URL")) {
        execv(again[0], again);
        perror(again[0]);
        return EXIT_FAILURE;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    open_db(&db);
    fill(&db);
    bench_history(&db);
    bench_events(1);
    bench_events(WRITERS);
    must(db_script(&db, "DROP SCHEMA bench_store CASCADE", soon(), &err));
    db_release(&db);
    return EXIT_SUCCESS;
}
