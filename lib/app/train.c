#include "app/train.h"

#include "app/post_wire.h"
#include "app/train_parts.h"
#include "base/clock.h"
#include "base/idmap.h"
#include "base/mem.h"
#include "reco/interactions.h"
#include "reco/model_write.h"
#include "store/posts.h"
#include "store/training.h"

enum { US_PER_S = 1000000, WATCH_EVERY = 4096, POST_TEXT_MOST = 1 << 20 };

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

static bool add_event(struct run *r, const struct training_row *row,
                      struct err *err)
{
    uint32_t post;

    if (!idmap_find(&r->posts, row->post, &post)) {
        r->report->skipped++;
        return true;
    }
    r->report->events++;
    return find_user(r, row->user, err) &&
           interactions_add(&r->events, r->user_count - 1, post, row->type,
                            row->at_ms, err);
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

static bool write_model(struct run *r, struct err *err)
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
        .built_at_ms = report->built_at_ms,
        .trained_until_ms = report->trained_until_ms,
        .version = report->version,
    };
    int64_t start_us = clock_mono_us();
    struct post_row none;
    bool ok;

    buf_init(&r->text, POST_TEXT_MOST);
    r->texts = posts_all(r->db, r->until_us, err);
    ok = model_write(r->config->model, &source, err);
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

bool train_run(struct db *db, const struct config *config,
               const struct train_watch *watcher, struct train_report *out,
               struct err *err)
{
    struct run r = {.db = db,
                    .config = config,
                    .watch = watcher,
                    .report = out,
                    .until_us = clock_mono_us() +
                                (int64_t)config->db_job_wait_s * US_PER_S};
    struct err ignored;
    bool ok = false;

    *out = (struct train_report){.built_at_ms = clock_wall_ms()};
    version_text(out->built_at_ms, out->version);
    if (!training_begin(db, out->built_at_ms, r.until_us, err))
        return false;
    if (read_all(&r, err) && fold(&r, err) && write_model(&r, err))
        ok = training_end(db, r.until_us, err) && write_counts(&r, err);
    else if (!training_end(db, r.until_us, &ignored))
        ok = false; /* *err keeps the first cause */
    out->users = r.matrix.user_count;
    out->posts = r.matrix.post_count;
    out->pairs = r.matrix.pair_count;
    run_release(&r);
    return ok;
}
