#include "app/feed_inner.h"

#include "base/log.h"

/* Newest first without the database: the model's own posts. */
static void latest_from_model(struct feeder *f, const struct feed_ask *ask,
                              struct feed *out)
{
    const struct model *m = &f->live.model;
    uint32_t best[FEED_MOST + 1];
    uint32_t count = 0, want = ask->want + 1;
    int64_t before_ms = ask->cursor ? ask->cursor->published_at_ms : INT64_MAX;

    for (uint32_t post = 0; post < m->post_count; post++) {
        int64_t at_ms = m->post_published_ms[post];
        uint32_t i;

        if (!model_post_visible(m, post) || at_ms > before_ms ||
            (at_ms == before_ms && ask->cursor &&
             uuid_compare(&m->post_ids[post], &ask->cursor->post) >= 0) ||
            (count == want && at_ms < m->post_published_ms[best[count - 1]]))
            continue;
        /* Ordinals ascend with the ids: of equal times the later goes first. */
        for (i = count == want ? count - 1 : count++;
             i && m->post_published_ms[best[i - 1]] <= at_ms; i--)
            best[i] = best[i - 1];
        best[i] = post;
    }
    for (uint32_t i = 0; i < count; i++)
        feed_add_model_post(m, best[i], RUNG_LATEST, out, ask);
    if (out->count) {
        uint32_t last = best[out->count - 1];
        out->cursor.published_at_ms = m->post_published_ms[last];
        out->cursor.post = m->post_ids[last];
    }
}

/* What the reader has hidden leaves the page, its place in the order stays. */
static void drop_hidden(struct feeder *f, struct feed *out)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < out->count; i++)
        if (!feed_is_hidden(f, out->slots[i].post))
            out->slots[kept++] = out->slots[i];
    out->count = kept;
}

void feed_make_latest(struct feeder *f, const struct feed_ask *ask,
                      const char *reason, struct feed *out)
{
    struct uuid before_id = {{0}};
    int64_t before_ms = INT64_MAX;
    struct err err;

    out->source = "latest";
    if (ask->cursor) {
        before_ms = ask->cursor->published_at_ms;
        before_id = ask->cursor->post;
    }
    if (!reason && !shelf_read(&f->page, f->db, f->config, ask->want + 1,
                               before_ms, before_id, ask->until_us, &err)) {
        log_failure(LOG_WARN, "app", "latest_failed", &err);
        reason = feed_failure(&err);
    }
    out->fallback_reason = reason;
    if (reason) {
        if (f->live.readable)
            latest_from_model(f, ask, out);
        drop_hidden(f, out);
        return;
    }
    for (uint32_t i = 0; i < f->page.count; i++)
        feed_add_shelf_post(&f->page, i, RUNG_LATEST, out, ask);
    if (out->count) {
        out->cursor.published_at_ms =
            f->page.posts[out->count - 1].published_at_ms;
        out->cursor.post = f->page.posts[out->count - 1].id;
    }
    drop_hidden(f, out);
}
