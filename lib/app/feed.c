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
        [RUNG_EXPLORE] = "explore",       [RUNG_PRECOMPUTED] = "precomputed",
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

static bool read_algorithm(struct feeder *f, struct err *err)
{
    const char *name = f->config->algorithm;

    f->hybrid = name && !strcmp(name, HYBRID_ALGORITHM);
    return !name || f->hybrid || !strcmp(name, MODEL_ALGORITHM) ||
           err_set(err, ERR_INVALID,
                   "KITH_ALGORITHM=%s: " MODEL_ALGORITHM
                   " or " HYBRID_ALGORITHM,
                   name);
}

static bool read_settings(struct feeder *f, struct err *err)
{
    const struct config *c = f->config;

    f->settings.query_terms = c->query_terms;
    f->settings.half_life_ms = (int64_t)c->taste_half_life_s * MS_PER_S;
    f->settings.post_half_life_ms = (int64_t)c->post_half_life_s * MS_PER_S;
    if (!read_algorithm(f, err) ||
        !blend_table_read(c->blend, &f->settings.blend, err))
        return false;
    /* They have been asked first, as a rung of their own. */
    for (uint32_t i = 0; !f->hybrid && i < f->settings.blend.band_count; i++)
        f->settings.blend.bands[i].weights[BLEND_NEIGHBOURS] = 0;
    return mem_take(1, sizeof *f->ranker, &f->ranker, err) &&
           mem_take(c->fresh_posts, sizeof *f->newer, &f->newer, err) &&
           mem_take(c->fresh_posts, 1, &f->newer_may, err) &&
           mem_take(c->fresh_posts, sizeof *f->newer_keys, &f->newer_keys,
                    err) &&
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
    f->newer_may = NULL;
    f->newer_keys = NULL;
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
    mem_give(f->newer_may);
    mem_give(f->newer_keys);
    mem_give(f->history);
    f->history = NULL;
    f->ranker = NULL;
    f->newer = NULL;
    f->newer_may = NULL;
    f->newer_keys = NULL;
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

bool feed_has_overlay(const struct feeder *f)
{
    return f->fresh.gone && f->fresh.swap_count == f->live.swap_count;
}

/* ---- who asks ---- */

/* Appends to keys[0..*count). */
static void add_keys(uint64_t *keys, uint32_t *count, const uint64_t *more,
                     uint32_t more_count)
{
    if (more_count)
        memcpy(keys + *count, more, more_count * sizeof *more);
    *count += more_count;
}

/* The model and what the overlay says about it. */
static void add_overlay(struct feeder *f)
{
    struct reader *r = &f->reader;

    f->live.scratch.erased = NULL;
    f->live.scratch.erased_count = 0;
    if (!feed_has_overlay(f))
        return;
    r->gone = f->fresh.gone;
    r->newer = f->newer_may;
    r->newer_keys = f->newer_keys;
    r->newer_count = f->fresh.newer.count;
    f->live.scratch.erased = f->fresh.erased;
    f->live.scratch.erased_count = f->fresh.erased_count;
    if (r->self != ORDINAL_NONE && fresh_is_erased(&f->fresh, r->self))
        r->self = ORDINAL_NONE;
}

bool feed_make_reader(struct feeder *f, const struct feed_ask *ask,
                      const struct feed *out, bool with_held)
{
    uint64_t keys[READER_KEYS_MOST];
    uint32_t count = 0;
    struct err err;

    if (ask->cursor)
        add_keys(keys, &count, ask->cursor->keys, ask->cursor->key_count);
    add_keys(keys, &count, ask->excluded, ask->excluded_count);
    if (!with_held)
        add_keys(keys, &count, ask->held, ask->held_count);
    for (uint32_t i = 0; i < out->count; i++)
        keys[count++] = uuid_key(out->slots[i].post);
    if (!reader_make(&f->reader, &f->live.model, &f->profile, ask->user, keys,
                     count, &err)) {
        log_failure(LOG_ERROR, "app", "reader_failed", &err);
        return false;
    }
    add_overlay(f);
    return true;
}

/* ---- the ladder ---- */

/* His row of the model stands for a history that cannot be read. */
static void recall_history(struct feeder *f, const struct feed_ask *ask)
{
    uint32_t user;

    if (!model_find_user(&f->live.model, ask->user, &user) ||
        (feed_has_overlay(f) && fresh_is_erased(&f->fresh, user)))
        return;
    f->history_count = profile_recall(&f->live.model, user, f->history,
                                      f->config->history_events);
}

/* Why the posts are not his own choice, when they are not. */
static const char *judge_reader(const struct feeder *f)
{
    const struct recommendation *near =
        f->hybrid ? &f->ranker->picked : &f->picked;

    return f->ranker->history && near->neighbour_count ? "exhausted"
                                                       : "cold_start";
}

static bool is_outage(const char *reason)
{
    return reason && (!strcmp(reason, missing[MISSING_TIMEOUT]) ||
                      !strcmp(reason, missing[MISSING_DATABASE]));
}

static void make_for_you(struct feeder *f, const struct feed_ask *ask,
                         struct feed *out, const char *reason)
{
    const char *no_model = judge_model(f), *why = NULL;
    bool all_seen;

    if (f->live.readable) {
        if (is_outage(reason))
            recall_history(f, ask);
        profile_make(&f->profile, &f->live.model, f->history,
                     (uint32_t)f->history_count);
        feed_judge_newer(f, ask);
    }
    if (no_model) {
        if (!reason && !ask->fresh)
            feed_add_precomputed(f, ask, out);
    } else {
        out->model = f->live.model.meta;
        if (!f->hybrid)
            feed_add_neighbours(f, ask, out);
        if (!out->has_more)
            feed_add_hybrid(f, ask, out);
        why = judge_reader(f);
    }
    all_seen = !out->has_more && feed_add_chance(f, ask, out);
    out->fallback_reason = no_model        ? no_model
                           : reason        ? reason
                           : all_seen      ? "exhausted"
                           : out->personal ? NULL
                                           : why;
    out->source = out->fallback_reason ? source_random : source_personal;
}

/* ---- the feed ---- */

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
    out->personal = false;
    out->count = 0;
    out->has_more = false;
    f->profile.again_before_ms =
        f->config->seen_s ? ask->now_ms - (int64_t)f->config->seen_s * MS_PER_S
                          : 0;
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
    /* A database that has just failed is not asked again. */
    if (!is_outage(reason))
        feed_follow_fresh(f, ask, out);
    feed_make_from(f, ask, reason, out);
}
