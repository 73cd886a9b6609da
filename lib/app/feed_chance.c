#include "app/feed_inner.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "reco/fallback.h"

/* Posts of the model taken away since: so many more are drawn. */
enum { GONE_MOST = 200 };

static void fill_from_model(struct feeder *f, const struct feed_ask *ask,
                            struct feed *out, uint64_t seed)
{
    uint32_t posts[FEED_MOST + 1 + GONE_MOST];
    uint32_t gone =
        f->fresh.gone_count < GONE_MOST ? f->fresh.gone_count : GONE_MOST;
    uint32_t want = ask->want - out->count + 1 + gone;
    uint32_t count;

    if (!feed_make_reader(f, ask, out))
        return;
    count = fallback_random(&f->reader, seed, want, posts);
    if (!count && !out->count) {
        count = fallback_seen_oldest(&f->reader, want, posts);
        if (count)
            out->fallback_reason = "exhausted";
    }
    for (uint32_t i = 0; i < count && !out->has_more; i++)
        if (!fresh_is_gone(&f->fresh, posts[i]))
            feed_add_model_post(&f->live.model, posts[i], RUNG_RANDOM, out,
                                ask);
}

static bool is_seen(const struct feeder *f, struct uuid post)
{
    for (size_t i = 0; i < f->history_count; i++)
        if (uuid_equal(f->history[i].post, post))
            return true;
    return false;
}

/* Unseen ones by chance; when all were seen, those again, hidden ones never. */
static void pick_from_shelf(struct feeder *f, const struct feed_ask *ask,
                            struct feed *out, uint64_t seed, bool seen_too)
{
    const struct shelf *s = &f->shelf;
    uint32_t order[SHELF_POSTS];
    struct rng rng = rng_of(seed);

    for (uint32_t i = 0; i < s->count; i++)
        order[i] = i;
    for (uint32_t i = 0; i < s->count && !out->has_more; i++) {
        uint32_t j = i + rng_below(&rng, s->count - i);
        uint32_t pick = order[j];
        struct uuid id = s->posts[pick].id;

        order[j] = order[i];
        if (uuid_equal(s->posts[pick].author, ask->user) ||
            (ask->cursor && cursor_has(ask->cursor, id)) ||
            (seen_too ? feed_is_hidden(f, id) : is_seen(f, id)))
            continue;
        feed_add_shelf_post(s, pick, RUNG_RANDOM, out, ask);
    }
}

static void fill_from_shelf(struct feeder *f, const struct feed_ask *ask,
                            struct feed *out, uint64_t seed)
{
    struct err err;

    if (!shelf_follow(&f->shelf, f->db, f->config, ask->until_us, &err))
        log_failure(LOG_WARN, "app", "shelf_failed", &err);
    pick_from_shelf(f, ask, out, seed, false);
    if (!out->count)
        pick_from_shelf(f, ask, out, seed, true);
}

void feed_add_chance(struct feeder *f, const struct feed_ask *ask,
                     struct feed *out)
{
    int64_t start_us = clock_mono_us();
    bool from_model = f->live.readable;

    /* Without a usable model the database knows better what is there. */
    if (!out->model)
        fill_from_shelf(f, ask, out, out->cursor.seed);
    /* Also when the page is full: is there another one? */
    if (from_model && !out->has_more && (out->model || !out->count))
        fill_from_model(f, ask, out, out->cursor.seed);
    out->fill_us = clock_mono_us() - start_us;
}
