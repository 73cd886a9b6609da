#include "reco/hybrid.h"

#include <math.h>
#include <stdlib.h>

#include "reco/similar.h"
#include "reco/trending.h"

bool hybrid_init(struct hybrid *h, const struct model *model, struct err *err)
{
    h->taste_count = h->history = h->newer_count = 0;
    h->newer = NULL;
    return content_room_init(&h->content, model, err);
}

void hybrid_release(struct hybrid *h)
{
    content_room_release(&h->content);
}

struct content_vector hybrid_vector(const struct hybrid *h,
                                    const struct model *m, uint32_t post)
{
    static const struct content_vector empty;

    if (post >= m->post_count)
        return h->newer[post - m->post_count].vector;
    return content_is_there(m) ? content_of(m, post) : empty;
}

/* ---- tastes ---- */

static uint32_t faded(uint32_t tenths, int64_t age_ms, int64_t half_life_ms)
{
    double weight = (double)tenths * TASTE_ONE;

    if (half_life_ms > 0 && age_ms > 0)
        weight *= exp2(-(double)age_ms / (double)half_life_ms);
    /* Never 0: the faintest taste is still one. */
    return weight < 1 ? 1 : (uint32_t)(weight + .5);
}

/* Puts one among the newest; of equal times the smaller ordinal goes first. */
static void add_taste(struct hybrid *h, uint32_t post, uint32_t tenths,
                      int64_t at_ms)
{
    uint32_t i = h->taste_count;

    h->history++;
    while (i &&
           (h->taste_at_ms[i - 1] < at_ms ||
            (h->taste_at_ms[i - 1] == at_ms && h->tastes[i - 1].post > post)))
        i--;
    if (i == HYBRID_TASTES)
        return;
    if (h->taste_count < HYBRID_TASTES)
        h->taste_count++;
    for (uint32_t j = h->taste_count - 1; j > i; j--) {
        h->tastes[j] = h->tastes[j - 1];
        h->taste_at_ms[j] = h->taste_at_ms[j - 1];
    }
    h->tastes[i] = (struct taste){post, tenths};
    h->taste_at_ms[i] = at_ms;
}

/* profile->posts are the seen ones without the hidden ones, in the same order:
 * the first event that names one is its newest. */
static void add_profile(struct hybrid *h, const struct profile *p,
                        const struct history_event *events, uint32_t count)
{
    uint32_t seen = 0, next = 0, hidden = 0;

    for (uint32_t e = 0; e < count && e < p->most_events; e++) {
        if (p->place_of[e] != seen)
            continue; /* of an older place, or of no post of the model */
        if (hidden < p->hidden_count && p->hidden[hidden] == p->seen[seen]) {
            hidden++;
        } else {
            const struct profile_post *post = &p->posts[next++];
            if (post->weight)
                add_taste(h, post->post, post->weight, events[e].at_ms);
        }
        seen++;
    }
}

void hybrid_taste(struct hybrid *h, const struct profile *profile,
                  const struct model *model, const struct history_event *events,
                  uint32_t event_count, const struct newer_post *newer,
                  uint32_t newer_count, int64_t now_ms, int64_t half_life_ms)
{
    h->taste_count = h->history = 0;
    h->newer = newer;
    h->newer_count = newer_count;
    for (uint32_t i = 0; i < newer_count; i++) {
        uint32_t weight =
            newer[i].mask & MASK_HIDE ? 0 : model->weight_of[newer[i].mask];
        if (weight)
            add_taste(h, model->post_count + i, weight, newer[i].at_ms);
    }
    add_profile(h, profile, events, event_count);
    for (uint32_t i = 0; i < h->taste_count; i++)
        h->tastes[i].weight = faded(h->tastes[i].weight,
                                    now_ms - h->taste_at_ms[i], half_life_ms);
}

/* ---- parts ---- */

static bool find_neighbours(struct hybrid *h, const struct reader *reader,
                            struct reco_scratch *s, struct err *err)
{
    struct part *part = &h->parts[BLEND_NEIGHBOURS];

    h->picked.count = h->picked.neighbour_count = 0;
    if (!reader->profile->norm)
        return true;
    if (!recommend(reader, s, 0, HYBRID_ROOM, &h->picked, err))
        return false;
    for (uint32_t i = 0; i < h->picked.count; i++)
        part->posts[i] =
            (struct part_post){h->picked.posts[i].sum, h->picked.posts[i].post};
    part->count = h->picked.count; /* best first as they came */
    return true;
}

static void find_contents(struct hybrid *h, const struct reader *reader,
                          struct reco_scratch *s, uint32_t query_terms)
{
    const struct model *m = reader->model;
    struct part *part = &h->parts[BLEND_CONTENT];

    for (uint32_t i = 0; i < h->taste_count; i++)
        content_like(&h->content, hybrid_vector(h, m, h->tastes[i].post),
                     h->tastes[i].weight);
    content_ask(&h->content, query_terms);
    content_find(&h->content, reader, s->sums, part);
    for (uint32_t i = 0; i < h->newer_count; i++)
        if (reader_may_get(reader, m->post_count + i))
            part_keep(part, m->post_count + i,
                      content_score(&h->content, h->newer[i].vector));
    part_end(part);
}

static double freshness(const struct hybrid *h, const struct model *m,
                        uint32_t post, const struct hybrid_settings *settings)
{
    int64_t published_ms = post < m->post_count
                               ? m->post_published_ms[post]
                               : h->newer[post - m->post_count].published_at_ms;
    int64_t age_ms = settings->now_ms - published_ms;

    return age_ms <= 0
               ? 1
               : exp2(-(double)age_ms / (double)settings->post_half_life_ms);
}

/* Sums of a part are at least 1: an old post sinks, it does not vanish. */
static void fade(struct hybrid *h, const struct model *m, enum blend_part p,
                 const struct hybrid_settings *settings)
{
    struct part *part = &h->parts[p];

    if (settings->post_half_life_ms <= 0)
        return;
    for (uint32_t i = 0; i < part->count; i++) {
        struct part_post one = part->posts[i];
        double sum = (double)one.sum * freshness(h, m, one.post, settings);
        part->posts[i].sum = sum < 1 ? 1 : (uint64_t)sum;
    }
    qsort(part->posts, part->count, sizeof *part->posts, part_order);
}

bool hybrid_rank(struct hybrid *h, const struct reader *reader,
                 struct reco_scratch *s, const struct hybrid_settings *settings,
                 struct err *err)
{
    const struct model *m = reader->model;
    const struct blend_band *band = blend_band_of(&settings->blend, h->history);
    const struct part *parts[BLEND_PARTS];

    for (int p = 0; p < BLEND_PARTS; p++) {
        part_begin(&h->parts[p], HYBRID_ROOM);
        parts[p] = &h->parts[p];
    }
    if (band->weights[BLEND_NEIGHBOURS] && !find_neighbours(h, reader, s, err))
        return false;
    if (band->weights[BLEND_ITEMS] && similar_is_there(m)) {
        similar_find(reader, h->tastes, h->taste_count, s->sums,
                     &h->parts[BLEND_ITEMS]);
        part_end(&h->parts[BLEND_ITEMS]);
    }
    if (band->weights[BLEND_CONTENT] && content_is_there(m))
        find_contents(h, reader, s, settings->query_terms);
    for (enum blend_part p = 0; p < BLEND_TRENDING; p++)
        fade(h, m, p, settings);
    if (band->weights[BLEND_TRENDING] && trending_is_there(m)) {
        trending_find(reader, &h->parts[BLEND_TRENDING]);
        part_end(&h->parts[BLEND_TRENDING]);
    }
    blend_make(&h->blend, parts, band->weights);
    return true;
}

void hybrid_forget(struct hybrid *h)
{
    content_forget(&h->content);
}

/* ---- reasons ---- */

/* Keeps the three largest parts; equal ones by the smaller post. */
struct evidence {
    uint64_t total, best[REASONS_MOST];
    uint32_t count;
    struct reason *at; /* [REASONS_MOST] */
};

static void add_evidence(struct evidence *e, uint32_t post, uint64_t part)
{
    uint32_t i = e->count;

    e->total += part;
    while (i && (part > e->best[i - 1] ||
                 (part == e->best[i - 1] && post < e->at[i - 1].post)))
        i--;
    if (!part || i == REASONS_MOST)
        return;
    if (e->count < REASONS_MOST)
        e->count++;
    for (uint32_t j = e->count - 1; j > i; j--) {
        e->best[j] = e->best[j - 1];
        e->at[j] = e->at[j - 1];
    }
    e->best[i] = part;
    e->at[i].post = post;
}

static void end_evidence(const struct evidence *e, struct hybrid_reason *out)
{
    out->count = e->count;
    for (uint32_t i = 0; i < e->count; i++)
        out->at[i].share =
            (float)((double)out->share * (double)e->best[i] / (double)e->total);
}

static void explain_items(const struct hybrid *h, const struct model *m,
                          uint32_t post, struct hybrid_reason *out)
{
    struct evidence e = {.at = out->at};

    for (uint32_t t = 0; t < h->taste_count; t++)
        add_evidence(&e, h->tastes[t].post,
                     similar_part(m, &h->tastes[t], post));
    end_evidence(&e, out);
}

static void explain_content(const struct hybrid *h, const struct model *m,
                            uint32_t post, struct hybrid_reason *out)
{
    struct content_vector v = hybrid_vector(h, m, post);
    struct evidence e = {.at = out->at};

    for (uint32_t t = 0; t < h->taste_count; t++)
        add_evidence(&e, h->tastes[t].post,
                     h->tastes[t].weight *
                         content_shared(&h->content,
                                        hybrid_vector(h, m, h->tastes[t].post),
                                        v));
    end_evidence(&e, out);
    out->word_count = content_words(&h->content, v, out->words);
}

static void explain_neighbours(const struct reasons *why,
                               struct hybrid_reason *out)
{
    out->readers = why->neighbour_count;
    out->count = why->count;
    for (uint32_t i = 0; i < why->count; i++)
        out->at[i] =
            (struct reason){why->at[i].post, why->at[i].share * out->share};
}

static void explain_one(const struct hybrid *h, const struct model *m,
                        const struct blended *post, const struct reasons *why,
                        struct hybrid_reasons *out)
{
    out->count = 0;
    for (enum blend_part p = 0; p < BLEND_PARTS; p++) {
        struct hybrid_reason one = {.part = p};
        uint32_t i = out->count;
        if (!(post->gives[p] > 0))
            continue;
        one.share = post->gives[p] / post->score;
        if (p == BLEND_NEIGHBOURS)
            explain_neighbours(why, &one);
        else if (p == BLEND_ITEMS)
            explain_items(h, m, post->post, &one);
        else if (p == BLEND_CONTENT)
            explain_content(h, m, post->post, &one);
        for (; i && out->at[i - 1].share < one.share; i--)
            out->at[i] = out->at[i - 1];
        out->at[i] = one;
        out->count++;
    }
}

bool hybrid_explain(struct hybrid *h, const struct reader *reader,
                    struct reco_scratch *s, const struct blended *posts,
                    uint32_t count, struct hybrid_reasons *out, struct err *err)
{
    uint32_t near[RECOMMEND_MOST], near_count = 0, next = 0;
    struct reasons why[RECOMMEND_MOST];

    if (count > RECOMMEND_MOST)
        return err_set(err, ERR_INVALID, "%u posts to explain", count);
    for (uint32_t i = 0; i < count; i++)
        if (posts[i].gives[BLEND_NEIGHBOURS] > 0)
            near[near_count++] = posts[i].post;
    if (near_count &&
        !recommend_explain(reader, s, &h->picked, near, near_count, why, err))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        bool is_near = posts[i].gives[BLEND_NEIGHBOURS] > 0;
        explain_one(h, reader->model, &posts[i], &why[next], &out[i]);
        next += is_near;
    }
    return true;
}
