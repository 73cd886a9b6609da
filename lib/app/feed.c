#include "app/feed.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "reco/fallback.h"
#include "store/history.h"

enum { US_PER_MS = 1000 };

static const char source_personal[] = "ml_recommendations";
static const char source_random[] = "random_fallback";
static const char source_latest[] = "latest";

const char *rung_name(unsigned rung)
{
    static const char *const names[] = {
        [RUNG_NEIGHBOURS] = "neighbours",
        [RUNG_RANDOM] = "random",
        [RUNG_LATEST] = "latest",
    };
    enum { COUNT = sizeof names / sizeof names[0] };

    return rung && rung < COUNT ? names[rung] : "unknown";
}

bool feeder_init(struct feeder *f, const struct config *config, struct db *db,
                 struct err *err)
{
    f->config = config;
    f->db = db;
    f->history = NULL;
    f->history_count = 0;
    f->profile = (struct profile){0};
    shelf_init(&f->shelf);
    shelf_init(&f->page);
    live_model_init(&f->live);
    if (!mem_take(config->history_events, sizeof *f->history, &f->history,
                  err) ||
        !profile_init(&f->profile, config->history_events, err)) {
        feeder_release(f);
        return false;
    }
    live_model_follow(&f->live, config, true);
    return true;
}

void feeder_release(struct feeder *f)
{
    live_model_release(&f->live);
    shelf_release(&f->shelf);
    shelf_release(&f->page);
    profile_release(&f->profile);
    mem_give(f->history);
    f->history = NULL;
}

/* ---- what a feed is made of ---- */

static const char *reason_of(const struct err *err)
{
    return err->code == ERR_TIMEOUT ? "timeout" : "database_down";
}

/* NULL when the history is there, else the reason why it is not. */
static const char *load_history(struct feeder *f, const struct feed_ask *ask,
                                struct feed *out)
{
    int64_t start_us = clock_mono_us();
    int64_t until_us = start_us + (int64_t)f->config->db_wait_ms * US_PER_MS;
    struct err err;
    bool ok;

    f->history_count = 0;
    if (ask->fresh)
        return NULL;
    if (until_us > ask->until_us)
        until_us = ask->until_us;
    ok = history_load(f->db, ask->user, f->config->history_events, until_us,
                      f->history, &f->history_count, &err);
    out->history_us = clock_mono_us() - start_us;
    if (ok)
        return NULL;
    f->history_count = 0;
    log_failure(LOG_WARN, "app", "history_failed", &err);
    return reason_of(&err);
}

static const char *judge_model(const struct feeder *f)
{
    switch (f->live.state) {
    case LIVE_USABLE:
        return NULL;
    case LIVE_STALE:
        return "model_stale";
    case LIVE_NONE:
        break;
    }
    return "model_missing";
}

static uint64_t seed_of(const struct feeder *f, const struct feed_ask *ask)
{
    struct {
        struct uuid user;
        int64_t built_at_ms, newest_at_ms;
        uint64_t events;
    } of = {
        .user = ask->user,
        .built_at_ms = f->live.readable ? f->live.model.meta->built_at_ms : 0,
        .newest_at_ms = f->history_count ? f->history[0].at_ms : 0,
        .events = f->history_count,
    };

    return hash64(&of, sizeof of);
}

static bool is_full(const struct feed *out, const struct feed_ask *ask)
{
    return out->count == ask->want;
}

/* The next slot, or NULL: then there is more than was asked for. */
static struct feed_slot *next_slot(struct feed *out, const struct feed_ask *ask)
{
    if (is_full(out, ask)) {
        out->has_more = true;
        return NULL;
    }
    return &out->slots[out->count++];
}

static void add_model_post(const struct model *model, uint32_t post,
                           enum rung rung, float score, struct feed *out,
                           const struct feed_ask *ask)
{
    struct feed_slot *slot = next_slot(out, ask);

    if (slot)
        *slot = (struct feed_slot){.post = model->post_ids[post],
                                   .text = model_post_text(model, post),
                                   .rung = rung,
                                   .score = score};
}

/* ---- the personalised rung ---- */

static void explain(struct feeder *f, struct feed *out)
{
    const struct model *model = &f->live.model;
    int64_t start_us = clock_mono_us();
    uint32_t posts[FEED_MOST];
    struct reasons why[FEED_MOST];
    struct err err;

    for (uint32_t i = 0; i < out->count; i++)
        posts[i] = f->picked.posts[i].post;
    if (!recommend_explain(&f->reader, &f->live.scratch, &f->picked, posts,
                           out->count, why, &err)) {
        log_failure(LOG_WARN, "app", "explain_failed", &err);
        return;
    }
    for (uint32_t i = 0; i < out->count; i++) {
        struct feed_slot *slot = &out->slots[i];
        slot->readers = why[i].neighbour_count;
        slot->reason_count = why[i].count;
        for (uint32_t r = 0; r < why[i].count; r++) {
            slot->reasons[r].post = model->post_ids[why[i].at[r].post];
            slot->reasons[r].title = model_post_title(model, why[i].at[r].post);
            slot->reasons[r].share = why[i].at[r].share;
        }
    }
    out->reasons_us = clock_mono_us() - start_us;
}

/* NULL when at least one post came of it, else the reason why none did. */
static const char *add_neighbours(struct feeder *f, const struct feed_ask *ask,
                                  struct feed *out)
{
    int64_t start_us = clock_mono_us();
    struct err err;
    bool ok;

    if (!f->profile.norm)
        return "cold_start";
    /* One more than wanted tells whether there is another page. */
    ok = recommend(&f->reader, &f->live.scratch, 0, ask->want + 1, &f->picked,
                   &err);
    out->neighbours_us = clock_mono_us() - start_us;
    if (!ok) {
        log_failure(LOG_ERROR, "app", "recommend_failed", &err);
        return "model_missing";
    }
    for (uint32_t i = 0; i < f->picked.count; i++)
        add_model_post(&f->live.model, f->picked.posts[i].post, RUNG_NEIGHBOURS,
                       f->picked.posts[i].score, out, ask);
    if (!out->count)
        return f->picked.neighbour_count ? "exhausted" : "cold_start";
    explain(f, out);
    return NULL;
}

/* ---- the rung of chance ---- */

static bool make_reader(struct feeder *f, const struct feed_ask *ask,
                        const struct feed *out)
{
    uint64_t keys[CURSOR_POSTS_MOST + FEED_MOST];
    uint32_t count = 0;
    struct err err;

    for (uint32_t i = 0; ask->cursor && i < ask->cursor->key_count; i++)
        keys[count++] = ask->cursor->keys[i];
    for (uint32_t i = 0; i < out->count; i++)
        keys[count++] = uuid_key(out->slots[i].post);
    if (reader_make(&f->reader, &f->live.model, &f->profile, ask->user, keys,
                    count, &err))
        return true;
    log_failure(LOG_ERROR, "app", "reader_failed", &err);
    return false;
}

static void fill_from_model(struct feeder *f, const struct feed_ask *ask,
                            struct feed *out, uint64_t seed)
{
    uint32_t posts[FEED_MOST + 1];
    uint32_t want = ask->want - out->count + 1;
    uint32_t count;

    if (!make_reader(f, ask, out))
        return;
    count = fallback_random(&f->reader, seed, want, posts);
    if (!count && !out->count) {
        count = fallback_seen_oldest(&f->reader, want, posts);
        if (count)
            out->fallback_reason = "exhausted";
    }
    for (uint32_t i = 0; i < count; i++)
        add_model_post(&f->live.model, posts[i], RUNG_RANDOM, 0, out, ask);
}

static bool is_seen(const struct feeder *f, struct uuid post)
{
    for (size_t i = 0; i < f->history_count; i++)
        if (uuid_equal(f->history[i].post, post))
            return true;
    return false;
}

static bool is_hidden(const struct feeder *f, struct uuid post)
{
    for (size_t i = 0; i < f->history_count; i++)
        if (f->history[i].type == EVENT_HIDE &&
            uuid_equal(f->history[i].post, post))
            return true;
    return false;
}

static void add_shelf_post(const struct shelf *s, uint32_t i, enum rung rung,
                           struct feed *out, const struct feed_ask *ask)
{
    struct feed_slot *slot = next_slot(out, ask);

    if (slot)
        *slot = (struct feed_slot){
            .post = s->posts[i].id, .text = shelf_text(s, i), .rung = rung};
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
            (seen_too ? is_hidden(f, id) : is_seen(f, id)))
            continue;
        add_shelf_post(s, pick, RUNG_RANDOM, out, ask);
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

static void fill_by_chance(struct feeder *f, const struct feed_ask *ask,
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

/* ---- the two feeds ---- */

static void make_for_you(struct feeder *f, const struct feed_ask *ask,
                         struct feed *out, const char *reason)
{
    const char *no_model = judge_model(f);

    if (f->live.readable) {
        profile_make(&f->profile, &f->live.model, f->history,
                     (uint32_t)f->history_count);
        if (!no_model)
            out->model = f->live.model.meta;
    }
    if (no_model)
        reason = no_model;
    if (!reason)
        reason = make_reader(f, ask, out) ? add_neighbours(f, ask, out)
                                          : "model_missing";
    out->source = reason ? source_random : source_personal;
    out->fallback_reason = reason;
    if (!out->has_more)
        fill_by_chance(f, ask, out);
}

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
        add_model_post(m, best[i], RUNG_LATEST, 0, out, ask);
    if (out->count) {
        uint32_t last = best[out->count - 1];
        out->cursor.published_at_ms = m->post_published_ms[last];
        out->cursor.post = m->post_ids[last];
    }
}

static void make_latest(struct feeder *f, const struct feed_ask *ask,
                        struct feed *out, const char *reason)
{
    struct uuid before_id = {{0}};
    int64_t before_ms = INT64_MAX;
    struct err err;

    out->source = source_latest;
    if (ask->cursor) {
        before_ms = ask->cursor->published_at_ms;
        before_id = ask->cursor->post;
    }
    if (!reason && !shelf_read(&f->page, f->db, f->config, ask->want + 1,
                               before_ms, before_id, ask->until_us, &err)) {
        log_failure(LOG_WARN, "app", "latest_failed", &err);
        reason = reason_of(&err);
    }
    out->fallback_reason = reason;
    if (reason) {
        if (f->live.readable)
            latest_from_model(f, ask, out);
        return;
    }
    for (uint32_t i = 0; i < f->page.count; i++)
        add_shelf_post(&f->page, i, RUNG_LATEST, out, ask);
    if (out->count) {
        out->cursor.published_at_ms =
            f->page.posts[out->count - 1].published_at_ms;
        out->cursor.post = f->page.posts[out->count - 1].id;
    }
}

/* What the reader has hidden leaves the page, its place in the order stays. */
static void drop_hidden(struct feeder *f, struct feed *out)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < out->count; i++)
        if (!is_hidden(f, out->slots[i].post))
            out->slots[kept++] = out->slots[i];
    out->count = kept;
}

/* The next page's cursor; a scroll ends after cursor_posts posts. */
static void move_cursor(const struct feeder *f, struct feed *out)
{
    out->first_position = out->cursor.served_count + 1;
    if (out->cursor.feed == CURSOR_LATEST) {
        out->cursor.served_count += out->count;
        return;
    }
    for (uint32_t i = 0; i < out->count; i++)
        if (!cursor_add(&out->cursor, out->slots[i].post))
            out->has_more = false;
    if (out->cursor.key_count >= f->config->cursor_posts)
        out->has_more = false;
}

void feed_make(struct feeder *f, const struct feed_ask *ask, struct feed *out)
{
    const char *reason;

    out->source = source_random;
    out->fallback_reason = NULL;
    out->model = NULL;
    out->count = 0;
    out->has_more = false;
    out->history_us = out->neighbours_us = 0;
    out->reasons_us = out->fill_us = 0;
    live_model_follow(&f->live, f->config, false);
    reason = load_history(f, ask, out);
    if (ask->cursor)
        out->cursor = *ask->cursor;
    else
        out->cursor = (struct cursor){.feed = ask->kind,
                                      .issued_at_ms = ask->now_ms,
                                      .seed = seed_of(f, ask)};
    if (ask->kind == CURSOR_LATEST) {
        make_latest(f, ask, out, reason);
        drop_hidden(f, out);
    } else {
        make_for_you(f, ask, out, reason);
    }
    move_cursor(f, out);
}
