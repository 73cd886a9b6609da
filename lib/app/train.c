#include "app/train.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "app/post_wire.h"
#include "app/train_parts.h"
#include "base/clock.h"
#include "base/idmap.h"
#include "base/mem.h"
#include "reco/interactions.h"
#include "reco/model_write.h"
#include "reco/split.h"
#include "store/posts.h"
#include "store/training.h"

enum {
    US_PER_S = 1000000,
    US_PER_MS = 1000,
    WATCH_EVERY = 4096,
    POST_TEXT_MOST = 1 << 20,
};

/* Everything one run holds; arrays of posts are in ordinal order. */
struct run {
    struct db *db;
    const struct config *config;
    const struct train_watch *watch;
    struct train_report *report;
    int64_t until_us;

    struct idmap posts; /* ordinals ascend with the ids */
    struct uuid *authors;
    uint8_t *flags;
    int64_t *published_ms;
    size_t authors_cap, flags_cap, published_cap;

    struct uuid *users; /* in order of sight, then sorted */
    size_t users_cap;
    uint32_t user_count;
    struct interactions events;
    bool keeps_log; /* there is a live model to compare with */
    struct split_log log;
    struct matrix matrix;
    struct post_counts *counts;
    struct train_parts parts;

    struct posts texts; /* second pass */
    struct buf text;
};

static void watch(const struct run *r, enum train_stage stage, uint64_t done,
                  uint64_t total)
{
    if (r->watch && r->watch->at && done % WATCH_EVERY == 0)
        r->watch->at(r->watch->arg, stage, done, total);
}

static void run_release(struct run *r)
{
    idmap_release(&r->posts);
    mem_give(r->authors);
    mem_give(r->flags);
    mem_give(r->published_ms);
    mem_give(r->users);
    mem_give(r->counts);
    split_log_release(&r->log);
    interactions_release(&r->events);
    matrix_release(&r->matrix);
    train_parts_release(&r->parts);
    buf_release(&r->text);
}

static bool add_post(struct run *r, const struct post_row *row, struct err *err)
{
    uint32_t post;
    size_t need = (size_t)r->posts.count + 1;

    if (!mem_grow(&r->authors, &r->authors_cap, need, sizeof *r->authors,
                  err) ||
        !mem_grow(&r->flags, &r->flags_cap, need, sizeof *r->flags, err) ||
        !mem_grow(&r->published_ms, &r->published_cap, need,
                  sizeof *r->published_ms, err) ||
        !idmap_add(&r->posts, row->id, &post, err))
        return false;
    r->authors[post] = row->author;
    r->flags[post] = row->visible ? MODEL_VISIBLE : 0;
    r->published_ms[post] = row->published_at_ms;
    return true;
}

static bool read_posts(struct run *r, struct err *err)
{
    struct posts it = posts_all(r->db, r->until_us, err);
    struct post_row row;
    bool ok = true;

    while (ok && posts_next(&it, &row)) {
        ok = add_post(r, &row, err);
        watch(r, TRAIN_POSTS, r->posts.count, 0);
    }
    posts_end(&it);
    return ok && !it.failed;
}

/* Rows come grouped by user, so a new id is a new user. */
static bool find_user(struct run *r, struct uuid id, struct err *err)
{
    if (r->user_count && uuid_equal(r->users[r->user_count - 1], id))
        return true;
    if (!mem_grow(&r->users, &r->users_cap, (size_t)r->user_count + 1,
                  sizeof *r->users, err))
        return false;
    r->users[r->user_count++] = id;
    return true;
}

static bool keep(struct run *r, uint32_t post, const struct training_row *row,
                 struct err *err)
{
    return !r->keeps_log ||
           split_log_add(&r->log,
                         (struct split_event){.user = r->user_count - 1,
                                              .post = post,
                                              .at_ms = row->at_ms,
                                              .type = (uint8_t)row->type},
                         err);
}

static bool add_event(struct run *r, const struct training_row *row,
                      struct err *err)
{
    uint32_t post;

    if (!idmap_find(&r->posts, row->post, &post)) {
        r->report->skipped++;
        return true;
    }
    if (!r->report->events++ || row->at_ms < r->report->oldest_ms)
        r->report->oldest_ms = row->at_ms;
    return find_user(r, row->user, err) &&
           interactions_add(&r->events, r->user_count - 1, post, row->type,
                            row->at_ms, err) &&
           keep(r, post, row, err);
}

static bool read_interactions(struct run *r, struct err *err)
{
    struct training_rows it = training_rows_of(r->db, r->until_us, err);
    struct training_row row;
    bool ok = true;

    interactions_init(&r->events);
    while (ok && training_rows_next(&it, &row)) {
        ok = add_event(r, &row, err);
        watch(r, TRAIN_INTERACTIONS, r->report->events, 0);
    }
    training_rows_end(&it);
    r->report->skipped += it.skipped;
    return ok && !it.failed;
}

static bool sort_users(struct run *r, struct err *err)
{
    uint32_t *rank;
    bool ok;

    if (!mem_take(r->user_count, sizeof *rank, &rank, err))
        return false;
    ok = ids_sort(r->users, r->user_count, rank, err);
    if (ok)
        interactions_renumber(&r->events, rank, NULL);
    for (size_t i = 0; ok && i < r->log.count; i++)
        r->log.events[i].user = rank[r->log.events[i].user];
    r->log.user_count = r->user_count;
    r->log.post_count = r->posts.count;
    r->log.has_times = true;
    mem_give(rank);
    return ok;
}

static struct weights weights_of(const struct config *c)
{
    return (struct weights){.view = (uint8_t)c->weight_view,
                            .click = (uint8_t)c->weight_click,
                            .like = (uint8_t)c->weight_like,
                            .share = (uint8_t)c->weight_share,
                            .use_max = c->weight_max};
}

/* Readers of each post by type; each reader counts once. */
static bool count_readers(struct run *r, struct err *err)
{
    if (!mem_take(r->matrix.post_count, sizeof *r->counts, &r->counts, err))
        return false;
    for (uint32_t post = 0; post < r->matrix.post_count; post++) {
        struct row row = matrix_post_row(&r->matrix, post);
        struct post_counts *c = &r->counts[post];

        for (uint32_t i = 0; i < row.count; i++) {
            uint8_t mask = pair_mask(row.pairs[i]);
            c->views += !!(mask & MASK_VIEW);
            c->clicks += !!(mask & MASK_CLICK);
            c->likes += !!(mask & MASK_LIKE);
            c->shares += !!(mask & MASK_SHARE);
        }
    }
    return true;
}

static bool fold(struct run *r, struct err *err)
{
    int64_t start_us = clock_mono_us();
    struct weights weights = weights_of(r->config);

    r->report->trained_until_ms = r->report->events ? r->events.newest_ms : 0;
    r->events.keeps_times = r->config->post_readers > 0;
    if (!sort_users(r, err) ||
        !train_parts_init(&r->parts, r->config, &weights, err) ||
        !train_parts_events(&r->parts, &r->events, r->posts.count,
                            r->report->built_at_ms, err) ||
        !interactions_fold(&r->events, &weights, r->user_count, r->posts.count,
                           &r->matrix, err) ||
        !train_parts_matrix(&r->parts, &r->matrix, err) ||
        !count_readers(r, err))
        return false;
    r->report->fold_us = clock_mono_us() - start_us;
    return true;
}

/* model_text_fn: the second pass runs in step with the writer. */
static bool next_text(void *arg, uint32_t post, struct span *text,
                      struct model_title *title, struct err *err)
{
    struct run *r = arg;
    struct post_row row;

    if (!posts_next(&r->texts, &row))
        return r->texts.failed
                   ? false
                   : err_set(err, ERR_CORRUPT, "posts ended at %u", post);
    if (!uuid_equal(row.id, r->posts.ids[post]))
        return err_set(err, ERR_CORRUPT, "posts changed within a snapshot");
    row.counts = r->counts[post];
    buf_reset(&r->text);
    post_wire_write(&r->text, &row, r->config, title);
    if (!train_parts_text(&r->parts, &row, err))
        return false;
    if (r->text.failed)
        return err_set(err, ERR_LIMIT, "post %u: text over %d bytes", post,
                       POST_TEXT_MOST);
    *text = buf_view(&r->text);
    watch(r, TRAIN_WRITE, post, r->posts.count);
    return true;
}

static bool write_model(struct run *r, const char *path, struct err *err)
{
    struct train_report *report = r->report;
    struct model_source source = {
        .matrix = &r->matrix,
        .user_ids = r->users,
        .post_ids = r->posts.ids,
        .post_authors = r->authors,
        .post_flags = r->flags,
        .post_published_ms = r->published_ms,
        .text = next_text,
        .text_arg = r,
        .extras = train_parts_sections,
        .extras_arg = &r->parts,
        .extra_count = TRAIN_PARTS_SECTIONS,
        .weights = weights_of(r->config),
        .neighbours = r->config->neighbours,
        .index = {.readers_most = r->config->post_readers,
                  .pair_at_ms = r->matrix.user_times},
        .built_at_ms = report->built_at_ms,
        .trained_until_ms = report->trained_until_ms,
        .version = report->version,
    };
    int64_t start_us = clock_mono_us();
    struct post_row none;
    bool ok;

    buf_init(&r->text, POST_TEXT_MOST);
    r->texts = posts_all(r->db, r->until_us, err);
    ok = model_write(path, &source, err);
    /* A stream that is left before its end costs the connection. */
    if (ok && posts_next(&r->texts, &none))
        ok = err_set(err, ERR_CORRUPT, "posts changed within a snapshot");
    posts_end(&r->texts);
    ok = ok && !r->texts.failed;
    report->data_hash = model_data_hash(&source);
    report->write_us = clock_mono_us() - start_us;
    return ok;
}

static bool write_counts(struct run *r, struct err *err)
{
    for (uint32_t from = 0; from < r->posts.count; from += POSTS_BATCH) {
        uint32_t left = r->posts.count - from;
        uint32_t count = left < POSTS_BATCH ? left : POSTS_BATCH;

        if (!post_counts_write(r->db, r->posts.ids + from, r->counts + from,
                               count, r->report->built_at_ms, r->until_us, err))
            return false;
    }
    return true;
}

static bool read_all(struct run *r, struct err *err)
{
    int64_t start_us = clock_mono_us();
    bool ok = idmap_init(&r->posts, 0, err) && read_posts(r, err) &&
              read_interactions(r, err);

    r->report->read_us = clock_mono_us() - start_us;
    return ok;
}

/* Everything that is read from one moment; ends with a file. */
static bool build(struct run *r, const char *path, struct err *err)
{
    struct err ignored;

    if (!training_begin(r->db, r->report->built_at_ms, r->until_us, err))
        return false;
    if (read_all(r, err) && fold(r, err) && write_model(r, path, err))
        return training_end(r->db, r->until_us, err);
    (void)!training_end(r->db, r->until_us, &ignored); /* *err: first cause */
    return false;
}

static bool judge(struct run *r, bool force, struct err *err)
{
    struct train_report *report = r->report;
    const struct gate_data data = {.log = &r->log,
                                   .user_ids = r->users,
                                   .post_ids = r->posts.ids,
                                   .newest_ms = report->trained_until_ms};

    snprintf(report->candidate.version, sizeof report->candidate.version, "%s",
             report->version);
    return candidate_judge(r->config, r->log.count ? &data : NULL, force,
                           &report->candidate, err);
}

static void describe(const struct run *r, const struct train_options *options,
                     struct run_record *record)
{
    const struct config *c = r->config;

    snprintf(record->revision, sizeof record->revision, "%s",
             options->revision ? options->revision : "unknown");
    run_param(record, "algorithm", MODEL_ALGORITHM);
    run_param(record, "served_algorithm", "%s", c->algorithm);
    run_param(record, "blend", "%s", c->blend);
    run_param(record, "trend_half_life_s", "%u", c->trend_half_life_s);
    run_param(record, "neighbours", "%u", c->neighbours);
    run_param(record, "post_readers", "%u", c->post_readers);
    run_param(record, "weights", "view %u, click %u, like %u, share %u, %s",
              c->weight_view, c->weight_click, c->weight_like, c->weight_share,
              c->weight_max ? "maximum" : "sum");
    run_param(record, "gate",
              "%u days, NDCG %u %%, coverage %u %%, counts %u %%", c->gate_days,
              c->gate_ndcg_margin, c->gate_coverage_margin,
              c->gate_counts_least);
    run_param(record, "force", options->force ? "yes" : "no");
}

/* What is known when it is over, of a failed run too. */
static void measure(const struct run *r, int64_t start_us,
                    struct run_record *record)
{
    const struct train_report *report = r->report;

    if (report->data_hash)
        snprintf(record->data_hash, sizeof record->data_hash, "%016" PRIx64,
                 report->data_hash);
    if (report->events) {
        record->data_from_ms = report->oldest_ms;
        record->data_until_ms = report->trained_until_ms
                                    ? report->trained_until_ms
                                    : r->events.newest_ms;
    }
    run_metric(record, "events", (double)report->events);
    run_metric(record, "skipped_events", (double)report->skipped);
    run_metric(record, "users", report->users);
    run_metric(record, "posts", report->posts);
    run_metric(record, "pairs", report->pairs);
    run_metric(record, "read_ms", (double)report->read_us / US_PER_MS);
    run_metric(record, "fold_ms", (double)report->fold_us / US_PER_MS);
    run_metric(record, "write_ms", (double)report->write_us / US_PER_MS);
    record->took_us = clock_mono_us() - start_us;
}

/* Best effort: whatever broke the run may break this as well. When it is the
 * database, nobody waits for it once more. */
static void record_failure(struct run *r, struct run_record *record,
                           const struct err *why)
{
    struct err ignored;

    if (why->code == ERR_DOWN || why->code == ERR_TIMEOUT)
        return;
    record->status = RUN_FAILED;
    run_note(record, "%s", why->what);
    if (!runs_record(r->db, record, r->until_us, &r->report->candidate.run_id,
                     &ignored))
        r->report->candidate.run_id = 0;
}

static bool settle(struct run *r, struct run_record *record, struct err *err)
{
    return write_counts(r, err) &&
           candidate_settle(r->db, r->config, record, r->until_us,
                            &r->report->candidate, err);
}

static bool train(struct run *r, const struct train_options *options,
                  struct run_record *record, struct err *err)
{
    char path[REGISTRY_PATH_BYTES] = "", live[MODEL_VERSION_BYTES];
    int64_t start_us = clock_mono_us();
    struct train_report *report = r->report;
    bool ok;

    r->keeps_log = r->config->gate_days && registry_live(r->config, live);
    describe(r, options, record);
    ok = registry_prepare(r->config, err) &&
         registry_path(r->config, span_of(report->version), path, err) &&
         build(r, path, err);
    report->users = r->matrix.user_count;
    report->posts = r->matrix.post_count;
    report->pairs = r->matrix.pair_count;
    watch(r, TRAIN_COMPARE, 0, 0);
    ok = ok && judge(r, options->force, err);
    measure(r, start_us, record);
    ok = ok && settle(r, record, err);
    if (ok)
        return true;
    if (!report->candidate.run_id) {
        unlink(path); /* nobody knows of it */
        record_failure(r, record, err);
    }
    return false;
}

bool train_make(struct db *db, const struct config *config,
                const struct train_options *options, struct train_report *out,
                struct run_record *record, struct err *err)
{
    struct run r = {.db = db,
                    .config = config,
                    .watch = options->watch,
                    .report = out,
                    .until_us = clock_mono_us() +
                                (int64_t)config->db_job_wait_s * US_PER_S};
    bool ok;

    *out = (struct train_report){.built_at_ms = clock_wall_ms()};
    run_record_init(record, "train");
    version_text(out->built_at_ms, out->version);
    ok = train(&r, options, record, err);
    run_release(&r);
    return ok;
}

bool train_run(struct db *db, const struct config *config,
               const struct train_watch *watcher, struct train_report *out,
               struct err *err)
{
    const struct train_options options = {.watch = watcher};
    struct run_record record;
    bool ok = train_make(db, config, &options, out, &record, err);

    run_record_release(&record);
    return ok;
}
