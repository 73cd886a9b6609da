#include "app/feed_inner.h"

#include "base/log.h"

/* The place of a post in the feed by date. */
struct place {
    int64_t at_ms;
    struct uuid id;
    uint32_t post; /* ordinal */
};

/* a comes before b: newer, of one instant the larger id. */
static bool is_before(const struct place *a, const struct place *b)
{
    return a->at_ms != b->at_ms ? a->at_ms > b->at_ms
                                : uuid_compare(&a->id, &b->id) > 0;
}

/* The first `want` places behind the cursor. */
struct page {
    struct place behind, best[FEED_MOST + 1];
    uint32_t count, want;
};

static void offer(struct page *p, const struct place *one)
{
    uint32_t i;

    if (!is_before(&p->behind, one) ||
        (p->count == p->want && !is_before(one, &p->best[p->count - 1])))
        return;
    for (i = p->count == p->want ? p->count - 1 : p->count++;
         i && is_before(one, &p->best[i - 1]); i--)
        p->best[i] = p->best[i - 1];
    p->best[i] = *one;
}

static struct place behind_of(const struct feed_ask *ask)
{
    struct place p = {.at_ms = INT64_MAX};

    if (ask->cursor) {
        p.at_ms = ask->cursor->published_at_ms;
        p.id = ask->cursor->post;
    }
    return p;
}

/* Newest first without the database: the model's posts and the overlay. */
static void latest_from_model(struct feeder *f, const struct feed_ask *ask,
                              struct feed *out)
{
    const struct model *m = &f->live.model;
    const struct fresh *fresh = feed_has_overlay(f) ? &f->fresh : NULL;
    struct page p = {.behind = behind_of(ask), .want = ask->want + 1};

    for (uint32_t i = 0; i < m->post_count; i++)
        if (model_post_visible(m, i) && !(fresh && fresh->gone[i]))
            offer(&p,
                  &(struct place){m->post_published_ms[i], m->post_ids[i], i});
    for (uint32_t i = 0; fresh && i < fresh->newer.count; i++)
        offer(&p, &(struct place){fresh->newer.posts[i].published_at_ms,
                                  fresh->newer.posts[i].id, m->post_count + i});
    for (uint32_t i = 0; i < p.count; i++)
        feed_add_post(f, p.best[i].post, RUNG_LATEST, out, ask);
    if (out->count) {
        out->cursor.published_at_ms = p.best[out->count - 1].at_ms;
        out->cursor.post = p.best[out->count - 1].id;
    }
}

static void latest_from_page(const struct shelf *page,
                             const struct feed_ask *ask, struct feed *out)
{
    for (uint32_t i = 0; i < page->count; i++)
        feed_add_shelf_post(page, i, RUNG_LATEST, out, ask);
    if (out->count) {
        out->cursor.published_at_ms =
            page->posts[out->count - 1].published_at_ms;
        out->cursor.post = page->posts[out->count - 1].id;
    }
}

/* What the reader has hidden or does not want now leaves the page, its place
 * in the order stays. */
static void drop_unwanted(struct feeder *f, const struct feed_ask *ask,
                          struct feed *out)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < out->count; i++)
        if (!feed_is_hidden(f, out->slots[i].post) &&
            !feed_is_left_out(ask, out->slots[i].post))
            out->slots[kept++] = out->slots[i];
    out->count = kept;
}

void feed_make_latest(struct feeder *f, const struct feed_ask *ask,
                      const char *reason, struct feed *out)
{
    struct place behind = behind_of(ask);
    struct err err;

    out->source = "latest";
    if (!reason && !shelf_read(&f->page, f->db, f->config, ask->want + 1,
                               behind.at_ms, behind.id, ask->until_us, &err)) {
        log_failure(LOG_WARN, "app", "latest_failed", &err);
        reason = feed_failure(&err);
    }
    out->fallback_reason = reason;
    if (!reason)
        latest_from_page(&f->page, ask, out);
    else if (f->live.readable)
        latest_from_model(f, ask, out);
    drop_unwanted(f, ask, out);
}
