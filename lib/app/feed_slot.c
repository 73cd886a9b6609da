/* What comes into an answer, and what is ruled out of it. */
#include "app/feed_inner.h"

struct feed_slot *feed_next_slot(struct feed *out, const struct feed_ask *ask)
{
    if (out->count == ask->want) {
        out->has_more = true;
        return NULL;
    }
    return &out->slots[out->count++];
}

struct feed_slot *feed_add_post(const struct feeder *f, uint32_t post,
                                enum rung rung, struct feed *out,
                                const struct feed_ask *ask)
{
    struct feed_slot *slot = feed_next_slot(out, ask);
    const struct model *m = &f->live.model;
    uint32_t at;

    if (!slot)
        return NULL;
    *slot = (struct feed_slot){.rung = rung, .propensity = 1};
    if (post >= m->post_count) {
        slot->post = f->fresh.newer.posts[post - m->post_count].id;
        slot->text = f->fresh.newer.posts[post - m->post_count].text;
        return slot;
    }
    slot->post = m->post_ids[post];
    slot->text = model_post_text(m, post);
    if (feed_has_overlay(f) && fresh_find(&f->fresh.edits, slot->post, &at))
        slot->text = f->fresh.edits.posts[at].text;
    return slot;
}

struct feed_slot *feed_add_shelf_post(const struct shelf *s, uint32_t i,
                                      enum rung rung, struct feed *out,
                                      const struct feed_ask *ask)
{
    struct feed_slot *slot = feed_next_slot(out, ask);

    if (slot)
        *slot = (struct feed_slot){.post = s->posts[i].id,
                                   .text = shelf_text(s, i),
                                   .rung = rung,
                                   .propensity = 1};
    return slot;
}

void feed_add_evidence(const struct feeder *f, uint32_t post, float share,
                       struct feed_reason *reason)
{
    const struct model *m = &f->live.model;
    bool overlay = feed_has_overlay(f);
    uint32_t at;

    if (post < m->post_count && overlay && f->fresh.gone[post])
        return;
    reason->posts[reason->count].share = share;
    if (post >= m->post_count) {
        const struct fresh_post *newer =
            &f->fresh.newer.posts[post - m->post_count];
        reason->posts[reason->count].post = newer->id;
        reason->posts[reason->count++].title = newer->title;
        return;
    }
    reason->posts[reason->count].post = m->post_ids[post];
    reason->posts[reason->count].title =
        overlay && fresh_find(&f->fresh.edits, m->post_ids[post], &at)
            ? f->fresh.edits.posts[at].title
            : model_post_title(m, post);
    reason->count++;
}

/* ---- what is ruled out ---- */

static bool has_key(const uint64_t *keys, uint32_t count, uint64_t key)
{
    for (uint32_t i = 0; i < count; i++)
        if (keys[i] == key)
            return true;
    return false;
}

bool feed_is_left_out(const struct feed_ask *ask, struct uuid post)
{
    return (ask->cursor && cursor_has(ask->cursor, post)) ||
           has_key(ask->excluded, ask->excluded_count, uuid_key(post));
}

bool feed_is_held(const struct feed_ask *ask, struct uuid post)
{
    return has_key(ask->held, ask->held_count, uuid_key(post));
}

bool feed_is_hidden(const struct feeder *f, struct uuid post)
{
    for (size_t i = 0; i < f->history_count; i++)
        if (f->history[i].type == EVENT_HIDE &&
            uuid_equal(f->history[i].post, post))
            return true;
    return false;
}

/* The first event that names it is its newest. */
bool feed_is_seen(const struct feeder *f, struct uuid post)
{
    for (size_t i = 0; i < f->history_count; i++)
        if (uuid_equal(f->history[i].post, post))
            return f->history[i].at_ms >= f->profile.again_before_ms ||
                   feed_is_hidden(f, post);
    return false;
}
