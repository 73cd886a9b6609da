#include "app/precompute.h"

#include "base/clock.h"
#include "base/mem.h"
#include "reco/recommend.h"
#include "store/batch.h"

enum { US_PER_S = 1000000, MS_PER_S = 1000, CLEAN_ROWS = 10000 };

struct run {
    struct db *db;
    const struct config *config;
    const struct model *model;
    int64_t until_us;
    struct reco_scratch scratch;
    struct profile profile;
    struct reader reader;
    struct history_event *events; /* of one reader */
    struct recommendation picked;
    struct batch_row *rows; /* [BATCH_WRITE_MOST] */
    size_t row_count;
    struct precompute_report *report;
};

static bool flush(struct run *r, struct err *err)
{
    int64_t now_ms = clock_wall_ms();

    if (r->row_count &&
        !batch_write(r->db, r->rows, r->row_count, now_ms,
                     now_ms + (int64_t)r->config->batch_life_s * MS_PER_S,
                     r->until_us, err))
        return false;
    r->report->written += r->row_count;
    r->row_count = 0;
    return true;
}

static bool add_reader(struct run *r, uint32_t user, struct err *err)
{
    struct uuid id = r->model->user_ids[user];

    profile_make(
        &r->profile, r->model, r->events,
        profile_recall(r->model, user, r->events, r->config->history_events));
    if (!r->profile.norm)
        return true;
    if (!reader_make(&r->reader, r->model, &r->profile, id, NULL, 0, err) ||
        !recommend(&r->reader, &r->scratch, 0, r->config->batch_posts,
                   &r->picked, err))
        return false;
    if (r->row_count + r->picked.count > BATCH_WRITE_MOST && !flush(r, err))
        return false;
    for (uint32_t i = 0; i < r->picked.count; i++)
        r->rows[r->row_count++] = (struct batch_row){
            .user = id,
            .post = r->model->post_ids[r->picked.posts[i].post],
            .score = r->picked.posts[i].score};
    r->report->readers += r->picked.count > 0;
    return true;
}

static bool clean(struct run *r, struct err *err)
{
    size_t deleted;

    do {
        if (!batch_clean(r->db, CLEAN_ROWS, r->until_us, &deleted, err))
            return false;
        r->report->deleted += deleted;
    } while (deleted == CLEAN_ROWS);
    return true;
}

static bool run_all(struct run *r, const struct precompute_watch *watch,
                    struct err *err)
{
    for (uint32_t user = 0; user < r->model->user_count; user++) {
        if (!add_reader(r, user, err))
            return false;
        if (watch)
            watch->at(watch->arg, user, r->model->user_count);
    }
    return flush(r, err) && clean(r, err);
}

bool precompute_run(struct db *db, const struct config *config,
                    const struct model *model,
                    const struct precompute_watch *watch,
                    struct precompute_report *out, struct err *err)
{
    int64_t start_us = clock_mono_us();
    struct run *r = NULL; /* large */
    bool ok = false;

    *out = (struct precompute_report){0};
    if (!mem_take(1, sizeof *r, &r, err))
        return false;
    r->db = db;
    r->config = config;
    r->model = model;
    r->report = out;
    r->until_us = start_us + (int64_t)config->db_job_wait_s * US_PER_S;
    ok = reco_scratch_init(&r->scratch, model, err) &&
         profile_init(&r->profile, config->history_events, err) &&
         mem_take(config->history_events, sizeof *r->events, &r->events, err) &&
         mem_take(BATCH_WRITE_MOST, sizeof *r->rows, &r->rows, err) &&
         run_all(r, watch, err);
    reco_scratch_release(&r->scratch);
    profile_release(&r->profile);
    mem_give(r->events);
    mem_give(r->rows);
    mem_give(r);
    out->took_us = clock_mono_us() - start_us;
    return ok;
}
