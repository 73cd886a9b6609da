#include "app/feed_fresh.h"

#include <string.h>

#include "app/post_wire.h"
#include "app/train_parts.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"

enum {
    PAGE = 100,
    ROUND_MS = 20,     /* a request gives no more to the overlay */
    OVERLAP_MS = 5000, /* transactions commit later than their stamps */
    TEXT_MOST_BYTES = 1 << 20,
    US_PER_MS = 1000,
    SALT_ERASED = 1, /* so that reader 5 and post 5 are told apart */
};

bool fresh_init(struct fresh *f, const struct config *config, struct err *err)
{
    *f = (struct fresh){.newer.room = config->fresh_posts,
                        .edits.room = config->fresh_posts};
    buf_init(&f->text, TEXT_MOST_BYTES);
    if (mem_take(f->newer.room, sizeof *f->newer.posts, &f->newer.posts, err) &&
        mem_take(f->edits.room, sizeof *f->edits.posts, &f->edits.posts, err) &&
        terms_init(&f->terms, config->language, err))
        return true;
    fresh_release(f);
    return false;
}

static void empty(struct fresh_set *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        mem_give(s->posts[i].block);
    s->count = 0;
    s->bytes = 0;
}

static void drop_all(struct fresh *f)
{
    empty(&f->newer);
    empty(&f->edits);
    mem_give(f->gone);
    f->gone = NULL;
    f->gone_count = f->erased_count = 0;
    f->digest = f->logged = f->swap_count = 0;
}

void fresh_release(struct fresh *f)
{
    drop_all(f);
    mem_give(f->newer.posts);
    mem_give(f->edits.posts);
    mem_give(f->erased);
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
    f->newest_at_us = clock_mono_us();
    f->midway = false;
    return true;
}

/* ---- sets ---- */

/* The place of the id, or where it belongs. */
static uint32_t place_of(const struct fresh_set *s, struct uuid id)
{
    uint32_t from = 0, count = s->count;

    while (count > 0) {
        uint32_t half = count / 2;
        if (uuid_compare(&s->posts[from + half].id, &id) < 0) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return from;
}

bool fresh_find(const struct fresh_set *s, struct uuid id, uint32_t *at)
{
    *at = place_of(s, id);
    return *at < s->count && uuid_equal(s->posts[*at].id, id);
}

static void take_out(struct fresh *f, struct fresh_set *s, uint32_t at)
{
    f->digest -= s->posts[at].digest;
    s->bytes -= s->posts[at].bytes;
    mem_give(s->posts[at].block);
    memmove(s->posts + at, s->posts + at + 1,
            (--s->count - at) * sizeof *s->posts);
}

/* The one published longest ago; of several the smallest id. */
static uint32_t oldest(const struct fresh_set *s)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < s->count; i++)
        if (s->posts[i].published_at_ms < s->posts[best].published_at_ms)
            best = i;
    return best;
}

static bool is_full(const struct fresh_set *s, const struct fresh_post *one)
{
    return s->count == s->room ||
           s->bytes + one->bytes > (size_t)s->room * FRESH_POST_BYTES;
}

/* Owns the post's block from now on. */
static void put_in(struct fresh *f, struct fresh_set *s,
                   const struct fresh_post *post)
{
    uint32_t at;

    while (is_full(s, post)) {
        at = s->count ? oldest(s) : 0;
        if (!s->count ||
            s->posts[at].published_at_ms >= post->published_at_ms) {
            mem_give(post->block);
            return;
        }
        take_out(f, s, at);
    }
    at = place_of(s, post->id);
    memmove(s->posts + at + 1, s->posts + at,
            (s->count++ - at) * sizeof *s->posts);
    s->posts[at] = *post;
    s->bytes += post->bytes;
    f->digest += post->digest;
}

/* ---- one row ---- */

static struct fresh_post post_of(const struct post_row *row)
{
    return (struct fresh_post){.id = row->id,
                               .author = row->author,
                               .published_at_ms = row->published_at_ms,
                               .updated_at_ms = row->updated_at_ms};
}

/* Text, and with `words` a vector, in one block. */
static bool fill(struct fresh *f, const struct model *model,
                 struct model_title title, bool words, struct fresh_post *out,
                 struct err *err)
{
    size_t count = words ? f->terms.count : 0;
    size_t terms_bytes = count * sizeof *out->vector.terms;
    size_t weights_bytes = count * sizeof *out->vector.weights;
    uint32_t *terms;
    uint16_t *weights;

    out->bytes = terms_bytes + weights_bytes + f->text.bytes;
    if (!mem_take(out->bytes, 1, &terms, err))
        return false;
    weights = (uint16_t *)(void *)((char *)terms + terms_bytes);
    out->block = terms;
    out->vector = (struct content_vector){terms, weights, 0};
    if (words && content_is_there(model))
        out->vector.count = content_weigh(model, &f->terms, terms, weights);
    out->text = (struct span){
        memcpy((char *)weights + weights_bytes, f->text.at, f->text.bytes),
        f->text.bytes};
    out->title = (struct span){out->text.at + title.offset, title.bytes};
    out->digest = hash64_seeded(out->text.at, out->text.bytes,
                                (uint64_t)out->updated_at_ms);
    return true;
}

static bool write_text(struct fresh *f, const struct config *config,
                       const struct post_row *row, struct model_title *title,
                       struct err *err)
{
    buf_reset(&f->text);
    post_wire_write(&f->text, row, config, title);
    return !f->text.failed ||
           err_set(err, ERR_LIMIT, "fresh: text over %d bytes",
                   TEXT_MOST_BYTES);
}

static bool add_newer(struct fresh *f, const struct config *config,
                      const struct model *model, const struct post_row *row,
                      struct err *err)
{
    struct terms_text words = train_parts_words(row);
    struct fresh_post post = post_of(row);
    struct model_title title;

    if (!write_text(f, config, row, &title, err) ||
        !terms_make(&f->terms, &words, err) ||
        !fill(f, model, title, true, &post, err))
        return false;
    put_in(f, &f->newer, &post);
    return true;
}

/* Most changes of a known post are none of what is shown. */
static bool add_edit(struct fresh *f, const struct config *config,
                     const struct model *model, uint32_t known,
                     const struct post_row *row, struct err *err)
{
    struct fresh_post post = post_of(row);
    struct model_title title;

    if (!write_text(f, config, row, &title, err))
        return false;
    if (span_equal(buf_view(&f->text), model_post_text(model, known)))
        return true;
    if (!fill(f, model, title, false, &post, err))
        return false;
    put_in(f, &f->edits, &post);
    return true;
}

static void judge_known(struct fresh *f, uint32_t post, bool visible)
{
    uint64_t digest = hash64(&post, sizeof post);

    if (f->gone[post] == !visible)
        return;
    f->gone[post] = !visible;
    f->gone_count += visible ? (uint32_t)-1 : 1;
    f->digest += visible ? -digest : digest;
}

/* Where a reader stands among the erased, or belongs. */
static uint32_t erased_place(const struct fresh *f, uint32_t user)
{
    uint32_t at = f->erased_count;

    while (at && f->erased[at - 1] >= user)
        at--;
    return at;
}

bool fresh_is_erased(const struct fresh *f, uint32_t user)
{
    uint32_t at = erased_place(f, user);

    return at < f->erased_count && f->erased[at] == user;
}

static bool erase(struct fresh *f, const struct model *model, struct uuid id,
                  struct err *err)
{
    uint32_t user, at;

    if (!model_find_user(model, id, &user) || fresh_is_erased(f, user))
        return true;
    if (!mem_grow(&f->erased, &f->erased_cap, f->erased_count + 1,
                  sizeof *f->erased, err))
        return false;
    at = erased_place(f, user);
    memmove(f->erased + at + 1, f->erased + at,
            (f->erased_count++ - at) * sizeof *f->erased);
    f->erased[at] = user;
    f->digest += hash64_seeded(&user, sizeof user, SALT_ERASED);
    return true;
}

static bool take_row(struct fresh *f, const struct config *config,
                     const struct model *model, const struct post_row *row,
                     struct err *err)
{
    uint32_t known, at;
    bool is_known;
    struct fresh_set *set;

    if (row->updated_at_ms > f->newest_ms) {
        f->newest_ms = row->updated_at_ms;
        f->newest_at_us = clock_mono_us();
    }
    if (row->erased_user)
        return erase(f, model, row->id, err);
    is_known = model_find_post(model, row->id, &known) &&
               model_post_visible(model, known);
    if (is_known)
        judge_known(f, known, row->visible);
    set = is_known ? &f->edits : &f->newer;
    if (fresh_find(set, row->id, &at)) {
        if (row->visible && set->posts[at].updated_at_ms == row->updated_at_ms)
            return true;
        take_out(f, set, at);
    }
    if (!row->visible || !set->room)
        return true;
    return is_known ? add_edit(f, config, model, known, row, err)
                    : add_newer(f, config, model, row, err);
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

/* What it takes now, and the most it may; both with the tables for it. */
static size_t bytes_of(const struct fresh *f, const struct model *model,
                       size_t *most)
{
    size_t room = (size_t)f->newer.room + f->edits.room;
    size_t tables = model->post_count + f->erased_cap * sizeof *f->erased +
                    room * sizeof *f->newer.posts;

    *most = tables + room * FRESH_POST_BYTES;
    return tables + f->newer.bytes + f->edits.bytes;
}

static void log_overlay(struct fresh *f, const struct model *model)
{
    struct log_line line;
    size_t most, bytes = bytes_of(f, model, &most);

    if (f->logged == f->digest)
        return;
    f->logged = f->digest;
    log_begin(&line, LOG_INFO, "app", "overlay");
    log_i64(&line, "new", f->newer.count);
    log_i64(&line, "edited", f->edits.count);
    log_i64(&line, "gone", f->gone_count);
    log_i64(&line, "erased", f->erased_count);
    log_i64(&line, "bytes", (int64_t)bytes);
    log_i64(&line, "most_bytes", (int64_t)most);
    log_end(&line);
}

/* The server's clock when this round began, or less: newest_ms had passed at
 * newest_at_us, as no stamp is of the future. */
static int64_t least_now_ms(const struct fresh *f)
{
    int64_t since_us = f->round_at_us - f->newest_at_us;

    return f->newest_ms + (since_us > 0 ? since_us / US_PER_MS : 0);
}

bool fresh_follow(struct fresh *f, struct db *db, const struct config *config,
                  const struct model *model, int64_t until_us, struct err *err)
{
    int64_t now_us = clock_mono_us();
    int64_t stop_us = now_us + (int64_t)ROUND_MS * US_PER_MS;
    bool more = true;

    if (now_us < f->next_look_us)
        return true;
    f->next_look_us = now_us + (int64_t)config->fresh_check_ms * US_PER_MS;
    if (!f->midway)
        f->round_at_us = now_us;
    f->midway = true;
    while (more && clock_mono_us() < stop_us)
        if (!read_page(f, db, config, model, INT64_MAX, until_us, &more, err))
            return false;
    log_overlay(f, model);
    if (more) { /* goes on behind the last row */
        f->next_look_us = 0;
        return true;
    }
    f->midway = false;
    f->since_ms = least_now_ms(f) - OVERLAP_MS;
    f->after = (struct uuid){{0}};
    return true;
}

bool fresh_load(struct fresh *f, struct db *db, const struct config *config,
                const struct model *model, int64_t newest_ms, int64_t until_us,
                struct err *err)
{
    bool more = true;

    while (more && f->since_ms <= newest_ms)
        if (!read_page(f, db, config, model, newest_ms, until_us, &more, err))
            return false;
    return true;
}
