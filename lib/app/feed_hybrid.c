/* The hybrid parts: the pure ranking is reco/hybrid.h; here it meets the
 * request. */
#include "app/feed_inner.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/rng.h"
#include "reco/diversify.h"
#include "reco/explore.h"
#include "reco/fallback.h"

enum {
    CANDIDATES = 160, /* best ones that are spread: three pages */
    POOL_MOST = 2048, /* new posts that take part in exploration */
    MS_PER_S = 1000,
    SALT_SLOTS = 1, /* so that slots and picks are drawn apart */
    SALT_PICKS,
    SALT_OTHERS,
    SALT_POOL,
    FRESH_SHARE = 2, /* of db_wait_ms, for the overlay */
    US_PER_MS = 1000,
};

/* ---- newer posts ---- */

bool feed_follow_model(struct feeder *f, struct err *err)
{
    if (feed_has_overlay(f))
        return true;
    hybrid_release(f->ranker);
    f->fresh.swap_count = 0;
    return hybrid_init(f->ranker, &f->live.model, err) &&
           fresh_begin(&f->fresh, &f->live.model, f->live.swap_count, err);
}

void feed_follow_fresh(struct feeder *f, const struct feed_ask *ask,
                       struct feed *out)
{
    int64_t start_us = clock_mono_us();
    int64_t until_us =
        start_us + (int64_t)f->config->db_wait_ms * US_PER_MS / FRESH_SHARE;
    struct err err;

    if (!f->live.readable)
        return;
    if (until_us > ask->until_us)
        until_us = ask->until_us;
    if (!feed_follow_model(f, &err) ||
        !fresh_follow(&f->fresh, f->db, f->config, &f->live.model, until_us,
                      &err))
        log_failure(LOG_WARN, "app", "fresh_failed", &err);
    out->fresh_us = clock_mono_us() - start_us;
}

/* What the reader did on a newer post, oldest event first. */
static void mark_history(struct feeder *f)
{
    const struct profile *p = &f->profile;
    uint32_t count = (uint32_t)f->history_count, at;

    if (!p->unknown_count)
        return;
    count = count < p->most_events ? count : p->most_events;
    for (uint32_t e = count; e-- > 0;) {
        struct newer_post *post;
        if (p->place_of[e] != ORDINAL_NONE ||
            !fresh_find(&f->fresh.newer, f->history[e].post, &at))
            continue;
        post = &f->newer[at];
        post->mask = mask_fold(post->mask, f->history[e].type);
        post->at_ms = f->history[e].at_ms;
        if (post->at_ms >= p->again_before_ms || post->mask & MASK_HIDE)
            f->newer_may[at] = false; /* he has seen it */
    }
}

void feed_judge_newer(struct feeder *f, const struct feed_ask *ask)
{
    static const struct uuid nobody;
    bool is_somebody = !uuid_equal(ask->user, nobody);

    if (!feed_has_overlay(f))
        return;
    for (uint32_t i = 0; i < f->fresh.newer.count; i++) {
        const struct fresh_post *post = &f->fresh.newer.posts[i];
        f->newer[i] = (struct newer_post){
            .vector = post->vector, .published_at_ms = post->published_at_ms};
        f->newer_keys[i] = uuid_key(post->id);
        f->newer_may[i] = !(is_somebody && uuid_equal(post->author, ask->user));
    }
    mark_history(f);
}

/* ---- one request ---- */

/* Candidates, best first, and what is drawn by chance. */
struct making {
    struct feeder *f;
    const struct feed_ask *ask;
    struct feed *out;
    const struct model *model;
    uint64_t seed; /* of this page */

    struct blended posts[CANDIDATES];
    struct diverse_post traits[CANDIDATES];
    uint32_t count;
    uint32_t order[FEED_MOST + 1], order_count;

    struct explore_plan plan;
    uint32_t pool[POOL_MOST], pool_count;
    uint32_t pool_size, pool_readers; /* all that could be in it; of each */
    uint32_t drawn[FEED_MOST], drawn_count;
    double pool_chance; /* of one of the pool, where its slot is drawn */
    bool is_new;        /* the pool is of new posts */

    struct blended shown[FEED_MOST]; /* ranked ones, in the order of slots */
    uint32_t shown_slots[FEED_MOST], shown_count;
};

static bool is_newer(const struct making *m, uint32_t post)
{
    return post >= m->model->post_count;
}

static const struct fresh_post *newer_of(const struct making *m, uint32_t post)
{
    return &m->f->fresh.newer.posts[post - m->model->post_count];
}

/* ---- exploration ---- */

/*
 * Whether it still waits for its first readers. The guarantee: until a training
 * has seen explore_readers of them, or it is too old, it is new; the drawn
 * slots go to new posts first, and among those to the ones with fewest readers.
 * So one that has been shown to nobody waits behind no other.
 */
static bool is_unread(const struct making *m, uint32_t post)
{
    const struct config *c = m->f->config;
    int64_t least_ms = m->ask->now_ms - (int64_t)c->explore_age_s * MS_PER_S;

    if (is_newer(m, post))
        return newer_of(m, post)->published_at_ms >= least_ms;
    return m->model->post_published_ms[post] >= least_ms &&
           model_post_row(m->model, post).count < c->explore_readers;
}

static uint32_t readers_of(const struct making *m, uint32_t post)
{
    return is_newer(m, post) ? 0 : model_post_row(m->model, post).count;
}

/* Keeps those with fewest readers; of too many each with the same chance. */
static void offer_pool(struct making *m, uint32_t post, struct rng *rng)
{
    uint32_t readers = readers_of(m, post), at;

    if (m->pool_size && readers > m->pool_readers)
        return;
    if (!m->pool_size || readers < m->pool_readers) {
        m->pool_readers = readers;
        m->pool_size = m->pool_count = 0;
    }
    m->pool_size++;
    if (m->pool_count < POOL_MOST) {
        m->pool[m->pool_count++] = post;
        return;
    }
    at = rng_below(rng, m->pool_size);
    if (at < POOL_MOST)
        m->pool[at] = post;
}

static void fill_pool(struct making *m)
{
    struct feeder *f = m->f;
    uint32_t posts = m->model->post_count, newer = f->reader.newer_count;
    struct rng rng = rng_of(hash64_seeded(&m->seed, sizeof m->seed, SALT_POOL));

    for (uint32_t i = 0; i < newer; i++)
        if (is_unread(m, posts + i) && reader_may_get(&f->reader, posts + i))
            offer_pool(m, posts + i, &rng);
    for (uint32_t p = 0; p < posts; p++)
        if (is_unread(m, p) && reader_may_get(&f->reader, p))
            offer_pool(m, p, &rng);
    m->is_new = m->pool_count > 0;
}

/* No new post: any post that he may get, with a chance that is as good as
 * exact: his own and hidden ones are not counted out. */
static void draw_any(struct making *m)
{
    uint32_t known = m->f->profile.count + m->f->reader.key_count;
    uint32_t posts = m->model->post_count;

    m->drawn_count = fallback_random(
        &m->f->reader, hash64_seeded(&m->seed, sizeof m->seed, SALT_OTHERS),
        m->plan.count, m->drawn);
    m->pool_chance = 1 / (double)(posts > known ? posts - known : 1);
}

static void draw(struct making *m)
{
    m->plan =
        explore_slots(m->ask->want, m->f->config->explore_percent,
                      hash64_seeded(&m->seed, sizeof m->seed, SALT_SLOTS));
    if (!m->plan.count)
        return;
    fill_pool(m);
    if (!m->pool_count) {
        draw_any(m);
        return;
    }
    m->pool_chance = 1 / (double)m->pool_size;
    m->drawn_count =
        explore_draw(m->pool, m->pool_count, m->plan.count,
                     hash64_seeded(&m->seed, sizeof m->seed, SALT_PICKS));
    for (uint32_t i = 0; i < m->drawn_count; i++)
        m->drawn[i] = m->pool[i];
}

static bool is_drawn(const struct making *m, uint32_t post)
{
    for (uint32_t i = 0; i < m->drawn_count; i++)
        if (m->drawn[i] == post)
            return true;
    return false;
}

/* ---- ranked posts ---- */

static uint64_t author_of(const struct making *m, uint32_t post)
{
    static const struct uuid nobody;
    const struct uuid *author = is_newer(m, post)
                                    ? &newer_of(m, post)->author
                                    : &m->model->post_authors[post];

    return uuid_equal(*author, nobody) ? 0 : uuid_key(*author) | 1;
}

static struct diverse_post traits_of(const struct making *m,
                                     const struct blended *post)
{
    struct content_vector v = hybrid_vector(m->f->ranker, m->model, post->post);
    struct diverse_post out = {.score = post->score,
                               .author = author_of(m, post->post)};

    for (uint32_t i = 0; i < v.count && out.tag_count < DIVERSE_TAGS_MOST; i++)
        if (m->model->term_kinds[v.terms[i]] == TERM_TAG)
            out.tags[out.tag_count++] = v.terms[i];
    return out;
}

static double likeness(void *arg, uint32_t a, uint32_t b)
{
    const struct making *m = arg;
    const struct hybrid *h = m->f->ranker;

    return content_cosine(hybrid_vector(h, m->model, m->posts[a].post),
                          hybrid_vector(h, m->model, m->posts[b].post));
}

static void spread(struct making *m)
{
    const struct config *c = m->f->config;
    const struct blend *b = &m->f->ranker->blend;
    struct diversity d = {.author_percent = c->diversity_author,
                          .tag_percent = c->diversity_tag,
                          .score_percent = c->diversity_score,
                          .window = c->diversity_window,
                          .likeness = likeness,
                          .arg = m};

    for (uint32_t i = 0; i < b->count && m->count < CANDIDATES; i++) {
        uint32_t post = b->posts[i].post;
        if (is_drawn(m, post))
            continue;
        m->traits[m->count] = traits_of(m, &b->posts[i]);
        m->posts[m->count++] = b->posts[i];
    }
    m->order_count =
        diversify(m->traits, m->count, m->ask->want + 1, &d, m->order);
}

static enum rung rung_of(enum blend_part part)
{
    static const enum rung rungs[] = {
        [BLEND_NEIGHBOURS] = RUNG_NEIGHBOURS,
        [BLEND_ITEMS] = RUNG_ITEM_MODEL,
        [BLEND_CONTENT] = RUNG_CONTENT,
        [BLEND_TRENDING] = RUNG_TRENDING,
    };

    return rungs[part];
}

/* False when there is no slot left. */
static bool add_ranked(struct making *m, const struct blended *post)
{
    struct feed_slot *slot = feed_add_post(
        m->f, post->post, rung_of(blend_leader(post)), m->out, m->ask);

    if (!slot)
        return false;
    for (enum blend_part p = 0; p < BLEND_TRENDING; p++)
        m->out->personal |= post->gives[p] > 0;
    slot->has_score = true;
    slot->score = post->score;
    if (m->out->count > 1)
        slot->propensity = (float)(1 - m->plan.chance);
    m->shown_slots[m->shown_count] = m->out->count - 1;
    m->shown[m->shown_count++] = *post;
    return true;
}

static bool add_drawn(struct making *m, uint32_t post)
{
    struct feed_slot *slot =
        feed_add_post(m->f, post, RUNG_EXPLORE, m->out, m->ask);

    if (!slot)
        return false;
    slot->propensity = (float)(m->plan.chance * m->pool_chance);
    if (m->is_new) {
        slot->reason_count = 1;
        slot->reasons[0] = (struct feed_reason){.code = REASON_NEW, .share = 1};
    }
    return true;
}

/* The free slots in order; one past the last tells whether there is more. */
static void merge(struct making *m)
{
    uint32_t next = 0, drawn = 0;

    for (uint32_t slot = m->out->count; slot <= m->ask->want; slot++) {
        bool chance = slot < m->ask->want && m->plan.is_drawn[slot] &&
                      drawn < m->drawn_count;
        if (chance)
            add_drawn(m, m->drawn[drawn++]);
        else if (next < m->order_count)
            add_ranked(m, &m->posts[m->order[next++]]);
        else if (drawn < m->drawn_count)
            add_drawn(m, m->drawn[drawn++]);
        else
            break;
    }
}

/* ---- reasons ---- */

static enum reason_code code_of(enum blend_part part)
{
    static const enum reason_code codes[] = {
        [BLEND_NEIGHBOURS] = REASON_READERS,
        [BLEND_ITEMS] = REASON_POSTS,
        [BLEND_CONTENT] = REASON_TOPIC,
        [BLEND_TRENDING] = REASON_TRENDING,
    };

    return codes[part];
}

/* False when its share would be written as 0: what it names is gone. */
static bool is_worth_saying(const struct feed_reason *r, bool named)
{
    const float least = 1e-4f;
    float share = 0;

    for (uint32_t i = 0; i < r->count; i++)
        share += r->posts[i].share;
    return (named ? share : r->share) >= least;
}

static bool set_reason(const struct making *m, const struct hybrid_reason *why,
                       struct feed_reason *out)
{
    *out = (struct feed_reason){.code = code_of(why->part),
                                .share = why->share,
                                .readers = why->readers};
    for (uint32_t i = 0; i < why->count; i++)
        feed_add_evidence(m->f, why->at[i].post, why->at[i].share, out);
    for (uint32_t i = 0; i < why->word_count; i++) {
        struct span word = content_term_text(m->model, why->words[i]);
        if (word.bytes)
            out->words[out->word_count++] = word;
    }
    return is_worth_saying(out, why->count);
}

static void explain(struct making *m)
{
    int64_t start_us = clock_mono_us();
    struct hybrid_reasons why[FEED_MOST];
    struct err err;

    if (!hybrid_explain(m->f->ranker, &m->f->reader, &m->f->live.scratch,
                        m->shown, m->shown_count, why, &err)) {
        log_failure(LOG_WARN, "app", "explain_failed", &err);
        return;
    }
    for (uint32_t i = 0; i < m->shown_count; i++) {
        struct feed_slot *slot = &m->out->slots[m->shown_slots[i]];
        for (uint32_t r = 0; r < why[i].count; r++)
            if (set_reason(m, &why[i].at[r],
                           &slot->reasons[slot->reason_count]))
                slot->reason_count++;
    }
    m->out->reasons_us += clock_mono_us() - start_us;
}

/* ---- all of it ---- */

static bool rank(struct feeder *f, const struct feed_ask *ask, struct err *err)
{
    f->settings.now_ms = ask->now_ms;
    hybrid_taste(f->ranker, &f->profile, &f->live.model, f->history,
                 (uint32_t)f->history_count, f->newer, f->fresh.newer.count,
                 ask->now_ms, f->settings.half_life_ms);
    return hybrid_rank(f->ranker, &f->reader, &f->live.scratch, &f->settings,
                       err);
}

void feed_add_hybrid(struct feeder *f, const struct feed_ask *ask,
                     struct feed *out)
{
    int64_t start_us = clock_mono_us();
    struct making m = {.f = f,
                       .ask = ask,
                       .out = out,
                       .model = &f->live.model,
                       .seed = out->cursor.seed + out->cursor.served_count};
    struct err err;

    f->ranker->history = 0;
    if (!feed_make_reader(f, ask, out, false))
        return;
    if (!feed_follow_model(f, &err) || !rank(f, ask, &err)) {
        log_failure(LOG_ERROR, "app", "hybrid_failed", &err);
        return;
    }
    draw(&m);
    spread(&m);
    merge(&m);
    out->rank_us = clock_mono_us() - start_us;
    explain(&m);
    hybrid_forget(f->ranker);
}
