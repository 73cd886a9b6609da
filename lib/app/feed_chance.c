/* The rungs below what the model says of this reader. */
#include "app/feed_inner.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "reco/fallback.h"
#include "reco/trending.h"

/* ---- with a model ---- */

static void add_all(struct feeder *f, const uint32_t *posts, uint32_t count,
                    enum rung rung, struct feed *out,
                    const struct feed_ask *ask)
{
    for (uint32_t i = 0; i < count && !out->has_more; i++)
        feed_add_post(f, posts[i], rung, out, ask);
}

/* The blend has its own; this is for what it left, or had no weight for. */
static void add_trending(struct feeder *f, const struct feed_ask *ask,
                         struct feed *out)
{
    struct part hot;

    if (!trending_is_there(&f->live.model) ||
        !feed_make_reader(f, ask, out, false))
        return;
    part_begin(&hot, ask->want - out->count + 1);
    trending_find(&f->reader, &hot);
    part_end(&hot);
    for (uint32_t i = 0; i < hot.count && !out->has_more; i++)
        feed_add_post(f, hot.posts[i].post, RUNG_TRENDING, out, ask);
}

static void add_random(struct feeder *f, const struct feed_ask *ask,
                       struct feed *out, bool with_held)
{
    uint32_t posts[FEED_MOST + 1];
    uint32_t want = ask->want - out->count + 1;

    if (out->has_more || !feed_make_reader(f, ask, out, with_held))
        return;
    add_all(f, posts,
            fallback_random(&f->reader, out->cursor.seed, want, posts),
            RUNG_RANDOM, out, ask);
}

static void add_seen(struct feeder *f, const struct feed_ask *ask,
                     struct feed *out)
{
    uint32_t posts[FEED_MOST + 1];

    if (feed_make_reader(f, ask, out, true))
        add_all(f, posts,
                fallback_seen_oldest(&f->reader, ask->want + 1, posts),
                RUNG_RANDOM, out, ask);
}

static bool fill_from_model(struct feeder *f, const struct feed_ask *ask,
                            struct feed *out)
{
    add_trending(f, ask, out);
    add_random(f, ask, out, false);
    if (ask->held_count)
        add_random(f, ask, out, true);
    if (out->count)
        return false;
    add_seen(f, ask, out);
    return out->count > 0;
}

/* ---- without ---- */

/* May the post of a shelf be given? */
static bool may_get(const struct feed_ask *ask, const struct shelf_post *post,
                    bool with_held)
{
    return !uuid_equal(post->author, ask->user) &&
           !feed_is_left_out(ask, post->id) &&
           (with_held || !feed_is_held(ask, post->id));
}

static bool is_given(const struct feed *out, struct uuid post)
{
    for (uint32_t i = 0; i < out->count; i++)
        if (uuid_equal(out->slots[i].post, post))
            return true;
    return false;
}

static void pick_by_chance(struct feeder *f, const struct feed_ask *ask,
                           struct feed *out, bool with_held)
{
    const struct shelf *s = &f->shelf;
    uint32_t order[SHELF_POSTS];
    struct rng rng = rng_of(out->cursor.seed);

    for (uint32_t i = 0; i < s->count; i++)
        order[i] = i;
    for (uint32_t i = 0; i < s->count && !out->has_more; i++) {
        uint32_t j = i + rng_below(&rng, s->count - i);
        uint32_t pick = order[j];

        order[j] = order[i];
        if (may_get(ask, &s->posts[pick], with_held) &&
            !feed_is_seen(f, s->posts[pick].id) &&
            !is_given(out, s->posts[pick].id))
            feed_add_shelf_post(s, pick, RUNG_RANDOM, out, ask);
    }
}

static bool shelf_find(const struct shelf *s, struct uuid post, uint32_t *at)
{
    for (*at = 0; *at < s->count; ++*at)
        if (uuid_equal(s->posts[*at].id, post))
            return true;
    return false;
}

static bool is_newest_of(const struct feeder *f, size_t event)
{
    for (size_t i = 0; i < event; i++)
        if (uuid_equal(f->history[i].post, f->history[event].post))
            return false;
    return true;
}

/* Those seen longest ago first, hidden ones never. */
static void pick_seen(struct feeder *f, const struct feed_ask *ask,
                      struct feed *out)
{
    uint32_t at;

    for (size_t e = f->history_count; e-- > 0 && !out->has_more;)
        if (shelf_find(&f->shelf, f->history[e].post, &at) &&
            is_newest_of(f, e) && may_get(ask, &f->shelf.posts[at], true) &&
            !feed_is_hidden(f, f->history[e].post))
            feed_add_shelf_post(&f->shelf, at, RUNG_RANDOM, out, ask);
}

static bool fill_from_shelf(struct feeder *f, const struct feed_ask *ask,
                            struct feed *out)
{
    struct err err;

    if (!shelf_follow(&f->shelf, f->db, f->config, ask->until_us, &err))
        log_failure(LOG_WARN, "app", "shelf_failed", &err);
    pick_by_chance(f, ask, out, false);
    if (ask->held_count)
        pick_by_chance(f, ask, out, true);
    if (out->count)
        return false;
    pick_seen(f, ask, out);
    return out->count > 0;
}

void feed_add_precomputed(struct feeder *f, const struct feed_ask *ask,
                          struct feed *out)
{
    int64_t start_us = clock_mono_us();
    struct shelf *s = &f->page;
    struct err err;

    if (!shelf_read_precomputed(s, f->db, f->config, ask->user, ask->until_us,
                                &err)) {
        log_failure(LOG_WARN, "app", "precomputed_failed", &err);
        return;
    }
    for (uint32_t i = 0; i < s->count; i++) {
        struct feed_slot *slot;
        if (!may_get(ask, &s->posts[i], false) ||
            feed_is_seen(f, s->posts[i].id))
            continue;
        slot = feed_add_shelf_post(s, i, RUNG_PRECOMPUTED, out, ask);
        if (!slot)
            break;
        slot->has_score = true;
        slot->score = s->posts[i].score;
    }
    out->personal = out->count > 0;
    out->rank_us = clock_mono_us() - start_us;
}

/* ---- both ---- */

bool feed_add_chance(struct feeder *f, const struct feed_ask *ask,
                     struct feed *out)
{
    int64_t start_us = clock_mono_us();
    bool all_seen = false;

    /* Without a usable model the database knows better what is there. */
    if (!out->model)
        all_seen = fill_from_shelf(f, ask, out);
    /* Also when the page is full: is there another one? */
    if (f->live.readable && !out->has_more && (out->model || !out->count))
        all_seen = fill_from_model(f, ask, out);
    out->fill_us = clock_mono_us() - start_us;
    return all_seen;
}
