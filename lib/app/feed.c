#include "app/feed_inner.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/history.h"

enum { US_PER_MS = 1000, MS_PER_S = 1000 };

static const char source_personal[] = "ml_recommendations";
static const char source_random[] = "random_fallback";

/* Why a history is missing; numbers go into the log of answers: only add. */
static const char *const missing[] = {NULL, "timeout", "database_down",
                                      "consent"};
enum {
    MISSING_TIMEOUT = 1,
    MISSING_DATABASE,
    MISSING_CONSENT,
    MISSING_COUNT,
};

const char *rung_name(unsigned rung)
{
    static const char *const names[] = {
        [RUNG_NEIGHBOURS] = "neighbours", [RUNG_RANDOM] = "random",
        [RUNG_LATEST] = "latest",         [RUNG_ITEM_MODEL] = "item_model",
        [RUNG_CONTENT] = "content",       [RUNG_TRENDING] = "trending",
        [RUNG_EXPLORE] = "explore",
    };
    enum { COUNT = sizeof names / sizeof names[0] };

    return rung && rung < COUNT ? names[rung] : "unknown";
}

const char *reason_name(enum reason_code code)
{
    static const char *const names[] = {
        [REASON_READERS] = "similar_readers",
        [REASON_POSTS] = "similar_posts",
        [REASON_TOPIC] = "same_topic",
        [REASON_TRENDING] = "trending",
        [REASON_NEW] = "new",
    };

    return names[code];
}

const char *feed_reason_of(unsigned number)
{
    return number < MISSING_COUNT ? missing[number] : NULL;
}

unsigned feed_reason_number(const char *reason)
{
    unsigned i = MISSING_COUNT - 1;

    while (i && (!reason || strcmp(missing[i], reason)))
        i--;
    return i;
}

const char *feed_failure(const struct err *err)
{
    return err->code == ERR_TIMEOUT ? missing[MISSING_TIMEOUT]
                                    : missing[MISSING_DATABASE];
}

/* ---- life ---- */

/* Whether config->algorithm is the hybrid; then its settings. */
static bool read_settings(struct feeder *f, struct err *err)
{
    const struct config *c = f->config;

    if (!c->algorithm || !strcmp(c->algorithm, MODEL_ALGORITHM))
        return true;
    if (strcmp(c->algorithm, HYBRID_ALGORITHM))
        return err_set(err, ERR_INVALID,
                       "KITH_ALGORITHM=%s: " MODEL_ALGORITHM
                       " or " HYBRID_ALGORITHM,
                       c->algorithm);
    f->hybrid = true;
    f->settings.query_terms = c->query_terms;
    f->settings.half_life_ms = (int64_t)c->taste_half_life_s * MS_PER_S;
    f->settings.post_half_life_ms = (int64_t)c->post_half_life_s * MS_PER_S;
    return blend_table_read(c->blend, &f->settings.blend, err) &&
           mem_take(1, sizeof *f->ranker, &f->ranker, err) &&
           mem_take(c->fresh_posts, sizeof *f->newer, &f->newer, err) &&
           fresh_init(&f->fresh, c, err);
}

bool feeder_init(struct feeder *f, const struct config *config, struct db *db,
                 struct err *err)
{
    f->config = config;
    f->db = db;
    f->hybrid = false;
    f->history = NULL;
    f->history_count = 0;
    f->profile = (struct profile){0};
    f->ranker = NULL;
    f->newer = NULL;
    f->fresh = (struct fresh){0};
    shelf_init(&f->shelf);
    shelf_init(&f->page);
    live_model_init(&f->live);
    if (!mem_take(config->history_events, sizeof *f->history, &f->history,
                  err) ||
        !profile_init(&f->profile, config->history_events, err) ||
        !read_settings(f, err)) {
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
    fresh_release(&f->fresh);
    if (f->ranker)
        hybrid_release(f->ranker);
    mem_give(f->ranker);
    mem_give(f->newer);
    mem_give(f->history);
    f->history = NULL;
    f->ranker = NULL;
    f->newer = NULL;
}

/* ---- what a feed is made of ---- */

/* NULL when the history is there, else the reason why it is not. */
static const char *load_history(struct feeder *f, const struct feed_ask *ask,
                                struct feed *out)
{
    int64_t start_us = clock_mono_us();
    int64_t until_us = start_us + (int64_t)f->config->db_wait_ms * US_PER_MS;
    struct err err;
    bool ok;

    f->history_count = 0;
    if (ask->declined && ask->kind == CURSOR_FOR_YOU)
        return missing[MISSING_CONSENT];
    if (ask->fresh || ask->declined)
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
    return feed_failure(&err);
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

struct feed_slot *feed_next_slot(struct feed *out, const struct feed_ask *ask)
{
    if (out->count == ask->want) {
        out->has_more = true;
        return NULL;
    }
    return &out->slots[out->count++];
}

struct feed_slot *feed_add_model_post(const struct model *model, uint32_t post,
                                      enum rung rung, struct feed *out,
                                      const struct feed_ask *ask)
{
    struct feed_slot *slot = feed_next_slot(out, ask);

    if (slot)
        *slot = (struct feed_slot){.post = model->post_ids[post],
                                   .text = model_post_text(model, post),
                                   .rung = rung,
                                   .propensity = 1};
    return slot;
}

void feed_add_shelf_post(const struct shelf *s, uint32_t i, enum rung rung,
                         struct feed *out, const struct feed_ask *ask)
{
    struct feed_slot *slot = feed_next_slot(out, ask);

    if (slot)
        *slot = (struct feed_slot){.post = s->posts[i].id,
                                   .text = shelf_text(s, i),
                                   .rung = rung,
                                   .propensity = 1};
}

bool feed_is_hidden(const struct feeder *f, struct uuid post)
{
    for (size_t i = 0; i < f->history_count; i++)
        if (f->history[i].type == EVENT_HIDE &&
            uuid_equal(f->history[i].post, post))
            return true;
    return false;
}

bool feed_make_reader(struct feeder *f, const struct feed_ask *ask,
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

/* ---- collaborative_filtering_v1 ---- */

static void set_reason(const struct model *model, const struct reasons *why,
                       struct feed_slot *slot)
{
    struct feed_reason *reason = &slot->reasons[0];

    slot->reason_count = why->count ? 1 : 0;
    *reason = (struct feed_reason){.code = REASON_READERS,
                                   .share = 1,
                                   .readers = why->neighbour_count,
                                   .count = why->count};
    for (uint32_t r = 0; r < why->count; r++) {
        reason->posts[r].post = model->post_ids[why->at[r].post];
        reason->posts[r].title = model_post_title(model, why->at[r].post);
        reason->posts[r].share = why->at[r].share;
    }
}

static void explain(struct feeder *f, struct feed *out)
{
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
    for (uint32_t i = 0; i < out->count; i++)
        set_reason(&f->live.model, &why[i], &out->slots[i]);
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
    for (uint32_t i = 0; i < f->picked.count; i++) {
        struct feed_slot *slot = feed_add_model_post(
            &f->live.model, f->picked.posts[i].post, RUNG_NEIGHBOURS, out, ask);
        if (!slot)
            break;
        slot->has_score = true;
        slot->score = f->picked.posts[i].score;
    }
    if (!out->count)
        return f->picked.neighbour_count ? "exhausted" : "cold_start";
    explain(f, out);
    return NULL;
}

/* ---- the feed ---- */

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
    /* Without a history the hybrid still knows better than chance. */
    if (f->hybrid && !no_model) {
        const char *why = feed_add_hybrid(f, ask, out);
        reason = reason ? reason : why;
    } else if (!reason) {
        reason = feed_make_reader(f, ask, out) ? add_neighbours(f, ask, out)
                                               : "model_missing";
    }
    out->source = reason ? source_random : source_personal;
    out->fallback_reason = reason;
    if (!out->has_more)
        feed_add_chance(f, ask, out);
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

void feed_make_from(struct feeder *f, const struct feed_ask *ask,
                    const char *reason, struct feed *out)
{
    out->source = source_random;
    out->fallback_reason = NULL;
    out->model = NULL;
    out->algorithm = f->hybrid ? HYBRID_ALGORITHM : MODEL_ALGORITHM;
    out->count = 0;
    out->has_more = false;
    if (ask->cursor)
        out->cursor = *ask->cursor;
    else
        out->cursor = (struct cursor){.feed = ask->kind,
                                      .issued_at_ms = ask->now_ms,
                                      .seed = seed_of(f, ask)};
    if (ask->kind == CURSOR_LATEST)
        feed_make_latest(f, ask, reason, out);
    else
        make_for_you(f, ask, out, reason);
    move_cursor(f, out);
}

void feed_make(struct feeder *f, const struct feed_ask *ask, struct feed *out)
{
    const char *reason;

    out->history_us = out->neighbours_us = out->reasons_us = 0;
    out->fill_us = out->fresh_us = out->rank_us = 0;
    live_model_follow(&f->live, f->config, false);
    reason = load_history(f, ask, out);
    if (f->hybrid && ask->kind == CURSOR_FOR_YOU)
        feed_follow_fresh(f, ask, out);
    feed_make_from(f, ask, reason, out);
}
