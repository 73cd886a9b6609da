#include "app/feed_fresh.h"

#include <string.h>

#include "app/post_wire.h"
#include "app/train_parts.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"

enum {
    PAGE = 200,
    PAGES_A_ROUND = 5,
    OVERLAP_MS = 5000, /* transactions commit later than their stamps */
    TEXT_MOST_BYTES = 1 << 20,
    US_PER_MS = 1000,
};

bool fresh_init(struct fresh *f, const struct config *config, struct err *err)
{
    *f = (struct fresh){.room = config->fresh_posts};
    buf_init(&f->text, TEXT_MOST_BYTES);
    if (!f->room)
        return true;
    if (mem_take(f->room, sizeof *f->posts, &f->posts, err) &&
        terms_init(&f->terms, config->language, err))
        return true;
    fresh_release(f);
    return false;
}

static void drop_all(struct fresh *f)
{
    for (uint32_t i = 0; i < f->count; i++)
        mem_give(f->posts[i].block);
    mem_give(f->gone);
    f->gone = NULL;
    f->count = f->gone_count = 0;
    f->digest = f->swap_count = 0;
}

void fresh_release(struct fresh *f)
{
    drop_all(f);
    mem_give(f->posts);
    terms_release(&f->terms);
    buf_release(&f->text);
    *f = (struct fresh){0};
}

bool fresh_begin(struct fresh *f, const struct model *model,
                 uint64_t swap_count, struct err *err)
{
    drop_all(f);
    if (!mem_take(model->post_count, 1, &f->gone, err))
        return false;
    f->swap_count = swap_count;
    f->built_at_ms = model->meta->built_at_ms;
    f->since_ms = f->newest_ms = f->built_at_ms - OVERLAP_MS;
    f->after = (struct uuid){{0}};
    f->next_look_us = 0;
    return true;
}

/* The place of the id, or where it belongs. */
static uint32_t place_of(const struct fresh *f, struct uuid id)
{
    uint32_t from = 0, count = f->count;

    while (count > 0) {
        uint32_t half = count / 2;
        if (uuid_compare(&f->posts[from + half].id, &id) < 0) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return from;
}

bool fresh_find(const struct fresh *f, struct uuid id, uint32_t *at)
{
    *at = place_of(f, id);
    return *at < f->count && uuid_equal(f->posts[*at].id, id);
}

/* ---- one row ---- */

static void take_out(struct fresh *f, uint32_t at)
{
    f->digest -= f->posts[at].digest;
    mem_give(f->posts[at].block);
    memmove(f->posts + at, f->posts + at + 1,
            (--f->count - at) * sizeof *f->posts);
}

/* The one published longest ago; of several the smallest id. */
static uint32_t oldest(const struct fresh *f)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < f->count; i++)
        if (f->posts[i].published_at_ms < f->posts[best].published_at_ms)
            best = i;
    return best;
}

/* Text and vector in one block. */
static bool fill(struct fresh *f, const struct config *config,
                 const struct model *model, const struct post_row *row,
                 struct fresh_post *out, struct err *err)
{
    struct terms_text words = train_parts_words(row);
    struct model_title title;
    size_t terms_bytes, weights_bytes;
    uint32_t *terms;
    uint16_t *weights;

    buf_reset(&f->text);
    post_wire_write(&f->text, row, config, &title);
    if (f->text.failed)
        return err_set(err, ERR_LIMIT, "fresh: text over %d bytes",
                       TEXT_MOST_BYTES);
    if (!terms_make(&f->terms, &words, err))
        return false;
    terms_bytes = f->terms.count * sizeof *terms;
    weights_bytes = f->terms.count * sizeof *weights;
    if (!mem_take(terms_bytes + weights_bytes + f->text.bytes, 1, &terms, err))
        return false;
    weights = (uint16_t *)(void *)((char *)terms + terms_bytes);
    *out = (struct fresh_post){.id = row->id,
                               .author = row->author,
                               .published_at_ms = row->published_at_ms,
                               .updated_at_ms = row->updated_at_ms,
                               .block = terms};
    out->vector = (struct content_vector){terms, weights, 0};
    if (content_is_there(model))
        out->vector.count = content_weigh(model, &f->terms, terms, weights);
    out->text = (struct span){
        memcpy((char *)weights + weights_bytes, f->text.at, f->text.bytes),
        f->text.bytes};
    out->title = (struct span){out->text.at + title.offset, title.bytes};
    out->digest = hash64_seeded(out->text.at, out->text.bytes,
                                (uint64_t)row->updated_at_ms);
    return true;
}

static bool put_in(struct fresh *f, const struct config *config,
                   const struct model *model, const struct post_row *row,
                   struct err *err)
{
    struct fresh_post post;
    uint32_t at;

    if (!fill(f, config, model, row, &post, err))
        return false;
    if (f->count == f->room) {
        at = oldest(f);
        if (f->posts[at].published_at_ms >= row->published_at_ms) {
            mem_give(post.block);
            return true;
        }
        take_out(f, at);
    }
    at = place_of(f, row->id);
    memmove(f->posts + at + 1, f->posts + at,
            (f->count++ - at) * sizeof *f->posts);
    f->posts[at] = post;
    f->digest += post.digest;
    return true;
}

/* A post of the model: only whether it is still there. */
static void judge_known(struct fresh *f, uint32_t post, bool visible)
{
    uint64_t digest = hash64(&post, sizeof post);

    if (f->gone[post] == !visible)
        return;
    f->gone[post] = !visible;
    f->gone_count += visible ? (uint32_t)-1 : 1;
    f->digest += visible ? -digest : digest;
}

static bool take_row(struct fresh *f, const struct config *config,
                     const struct model *model, const struct post_row *row,
                     struct err *err)
{
    uint32_t at;

    if (row->updated_at_ms > f->newest_ms)
        f->newest_ms = row->updated_at_ms;
    if (model_find_post(model, row->id, &at)) {
        judge_known(f, at, row->visible || !model_post_visible(model, at));
        return true;
    }
    if (fresh_find(f, row->id, &at)) {
        if (row->visible && f->posts[at].updated_at_ms == row->updated_at_ms)
            return true;
        take_out(f, at);
    }
    return !row->visible || !f->room || put_in(f, config, model, row, err);
}

/* ---- rounds ---- */

/* *more: the page was full. */
static bool read_page(struct fresh *f, struct db *db,
                      const struct config *config, const struct model *model,
                      int64_t newest_ms, int64_t until_us, bool *more,
                      struct err *err)
{
    struct posts it =
        posts_changed(db, f->since_ms, f->after, PAGE, until_us, err);
    struct post_row row;
    uint32_t count = 0;
    bool ok = true;

    while (ok && posts_next(&it, &row)) {
        count++;
        f->since_ms = row.updated_at_ms;
        f->after = row.id;
        if (row.updated_at_ms <= newest_ms)
            ok = take_row(f, config, model, &row, err);
    }
    posts_end(&it);
    *more = count == PAGE;
    return ok && !it.failed;
}

bool fresh_follow(struct fresh *f, struct db *db, const struct config *config,
                  const struct model *model, int64_t until_us, struct err *err)
{
    int64_t now_us = clock_mono_us();
    bool more = true;

    if (!f->room || now_us < f->next_look_us)
        return true;
    f->next_look_us = now_us + (int64_t)config->fresh_check_ms * US_PER_MS;
    for (int page = 0; more && page < PAGES_A_ROUND; page++)
        if (!read_page(f, db, config, model, INT64_MAX, until_us, &more, err))
            return false;
    if (more)
        return true; /* goes on behind the last row */
    f->since_ms = f->newest_ms - OVERLAP_MS;
    f->after = (struct uuid){{0}};
    return true;
}

bool fresh_load(struct fresh *f, struct db *db, const struct config *config,
                const struct model *model, int64_t newest_ms, int64_t until_us,
                struct err *err)
{
    bool more = f->room > 0;

    while (more && f->since_ms <= newest_ms)
        if (!read_page(f, db, config, model, newest_ms, until_us, &more, err))
            return false;
    return true;
}
