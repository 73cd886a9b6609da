#include "reco/algorithm_hybrid.h"

#include <string.h>

#include "base/mem.h"
#include "reco/content.h"
#include "reco/hybrid.h"
#include "reco/model_parts.h"
#include "reco/model_write.h"
#include "reco/similar.h"
#include "reco/terms.h"
#include "reco/trending.h"

/* Weights of the parts are those of the default of KITH_BLEND. */
enum setting {
    K,
    NEIGHBOURS,
    ITEMS,
    CONTENT,
    TRENDING,
    FEW_NEIGHBOURS,
    FEW_ITEMS,
    FEW_CONTENT,
    FEW_TRENDING,
    TERMS,
    SIMILAR,
    SHRINK,
    TASTE_DAYS,
    POST_DAYS,
    TREND_DAYS,
    SETTINGS,
};

_Static_assert((int)SETTINGS <= (int)ALGORITHM_SETTINGS_MOST, "they fit");

enum {
    WEIGHT_MOST = 1000,
    DAYS_MOST = 36500,
    FEW_FROM = 1,
    MANY_FROM = 5,
    EVENTS_MOST = 16384, /* of one reader */
    BITS_OF_TYPE = 3,    /* of interaction.when */
};
#define MS_PER_DAY 86400000.0

static const struct algorithm_setting settings[] = {
    [K] = {"k", 100, 1, NEIGHBOURS_MOST, "similar readers"},
    [NEIGHBOURS] = {"neighbours", 100, 0, WEIGHT_MOST,
                    "weight of neighbours, from 5 posts on"},
    [ITEMS] = {"items", 0, 0, WEIGHT_MOST, "weight of similar posts"},
    [CONTENT] = {"content", 20, 0, WEIGHT_MOST, "weight of contents"},
    [TRENDING] = {"trending", 100, 0, WEIGHT_MOST, "weight of the trend"},
    [FEW_NEIGHBOURS] = {"few_neighbours", 100, 0, WEIGHT_MOST,
                        "weight of neighbours, with 1 to 4 posts"},
    [FEW_ITEMS] = {"few_items", 30, 0, WEIGHT_MOST, "of similar posts, then"},
    [FEW_CONTENT] = {"few_content", 30, 0, WEIGHT_MOST, "of contents, then"},
    [FEW_TRENDING] = {"few_trending", 100, 0, WEIGHT_MOST,
                      "of the trend, then"},
    [TERMS] = {"terms", 64, 1, CONTENT_QUERY_MOST,
               "strongest terms that search"},
    [SIMILAR] = {"similar", 50, 1, SIMILAR_MOST, "similar posts of each post"},
    [SHRINK] = {"shrink", 1000, 0, 1e6, "damps the similarity of rare posts"},
    [TASTE_DAYS] = {"taste_days", 0, 0, DAYS_MOST,
                    "a reader's event counts half after this; 0: never"},
    [POST_DAYS] = {"post_days", 7, 0, DAYS_MOST,
                   "a post counts half this long after publication; 0: never"},
    [TREND_DAYS] = {"trend_days", 2, 0, DAYS_MOST,
                    "an event counts half in the trend; 0: never"},
    {0},
};

struct state {
    struct model model;
    struct hybrid_settings settings;
};

struct room {
    const struct state *state;
    struct reco_scratch scratch;
    struct hybrid *hybrid;
    struct profile profile;
    struct reader reader;
    struct history_event *events; /* [EVENTS_MOST] */
    bool has_scratch, has_hybrid, has_profile;
};

/* ---- fit: the sources of a model ---- */

/* Everything that is only needed until the model is made. */
struct making {
    const struct fit_input *in;
    const struct hybrid_plan *plan;
    struct uuid *user_ids, *post_ids;
    uint8_t *flags;
    struct content_build content;
    struct similar similar;
    struct trending trending;
};

static void making_release(struct making *m)
{
    mem_give(m->user_ids);
    mem_give(m->post_ids);
    mem_give(m->flags);
    content_build_release(&m->content);
    similar_release(&m->similar);
    trending_release(&m->trending);
}

/* Ids that ascend with the ordinals; none is nil, which stands for nobody. */
static bool make_ids(uint32_t count, struct uuid **out, struct err *err)
{
    enum { BYTE_BITS = 8 };

    if (!mem_take(count, sizeof **out, out, err))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        (*out)[i].b[0] = 1;
        for (unsigned b = 0; b < sizeof i; b++)
            (*out)[i].b[UUID_BYTES - 1 - b] =
                (unsigned char)(i >> BYTE_BITS * b);
    }
    return true;
}

static bool make_flags(struct making *m, struct err *err)
{
    const int64_t *published_ms = m->in->post_published_ms;

    if (!mem_take(m->in->matrix->post_count, 1, &m->flags, err))
        return false;
    for (uint32_t i = 0; i < m->in->matrix->post_count; i++)
        m->flags[i] = !published_ms || published_ms[i] < m->in->now_ms
                          ? MODEL_VISIBLE
                          : 0;
    return true;
}

static struct weights weights_of(const uint8_t *weight_of)
{
    struct weights w = {.view = weight_of[MASK_VIEW],
                        .click = weight_of[MASK_CLICK],
                        .like = weight_of[MASK_LIKE],
                        .share = weight_of[MASK_SHARE]};

    w.use_max = weight_of[MASK_STORED] < w.view + w.click + w.like + w.share;
    return w;
}

static bool make_trend(struct making *m, struct err *err)
{
    const struct matrix *x = m->in->matrix;
    struct interactions in;
    bool ok = true;

    interactions_init(&in);
    for (uint32_t u = 0; ok && u < x->user_count; u++) {
        struct row row = matrix_user_row(x, u);
        for (uint32_t i = 0; ok && i < row.count; i++) {
            int64_t at_ms = m->in->pair_at_ms
                                ? m->in->pair_at_ms[x->user_rows[u] + i]
                                : m->in->now_ms;
            for (enum event_type t = EVENT_VIEW; ok && t <= EVENT_SHARE; t++)
                if (pair_mask(row.pairs[i]) >> t & 1)
                    ok = interactions_add(&in, u, pair_ordinal(row.pairs[i]), t,
                                          at_ms, err);
        }
    }
    ok = ok &&
         trending_build(&in, m->in->weight_of, x->post_count, m->in->now_ms,
                        m->plan->trend_half_life_ms, &m->trending, err) &&
         trending_end(&m->trending, x, err);
    interactions_release(&in);
    return ok;
}

/* The words of one post, under keys that ascend with the numbers of terms. */
static bool add_words(struct making *m, uint32_t post, struct term *found,
                      struct err *err)
{
    const struct contents *c = m->in->contents;
    struct terms t = {.found = found};

    for (uint32_t i = c->rows[post]; i < c->rows[post + 1]; i++) {
        found[t.count++] = (struct term){.key = (uint64_t)c->terms[i] + 1,
                                         .count = c->counts[i],
                                         .kind = TERM_WORD,
                                         .shown = {"", 0}};
        t.length += c->counts[i];
    }
    return content_build_add(&m->content, &t, err);
}

static bool make_contents(struct making *m, struct err *err)
{
    const struct contents *c = m->in->contents;
    uint32_t posts = m->in->matrix->post_count, most = 0;
    struct term *found;
    bool ok = true;

    if (!content_build_init(&m->content, err))
        return false;
    for (uint32_t p = 0; p < posts; p++)
        if (c->rows[p + 1] - c->rows[p] > most)
            most = c->rows[p + 1] - c->rows[p];
    if (!mem_take(most, sizeof *found, &found, err))
        return false;
    for (uint32_t p = 0; ok && p < posts; p++)
        ok = add_words(m, p, found, err);
    mem_give(found);
    return ok;
}

/* Sections of another model, byte for byte. */
static void copy_contents(const struct model *from, struct model_extra *out)
{
    for (uint32_t i = 0; i < MODEL_CONTENT_SECTIONS; i++) {
        out[i].id = MODEL_CONTENT_META + i;
        out[i].at = model_section_at(from->bytes, out[i].id, &out[i].bytes);
    }
}

static bool has_contents(const struct making *m)
{
    return m->plan->contents_of ? content_is_there(m->plan->contents_of)
                                : m->in->contents != NULL;
}

static bool sections(void *arg, struct model_extra *out, struct err *err)
{
    struct making *m = arg;

    if (m->plan->contents_of && has_contents(m))
        copy_contents(m->plan->contents_of, out);
    else if (has_contents(m) && !content_build_end(&m->content, out, err))
        return false;
    out += has_contents(m) ? MODEL_CONTENT_SECTIONS : 0;
    similar_sections(&m->similar, out);
    trending_sections(&m->trending, out + MODEL_ITEM_SECTIONS);
    return true;
}

static bool make_parts(struct making *m, struct err *err)
{
    const struct matrix *x = m->in->matrix;

    return make_ids(x->user_count, &m->user_ids, err) &&
           make_ids(x->post_count, &m->post_ids, err) && make_flags(m, err) &&
           similar_build(x, m->in->weight_of, m->plan->similar_posts,
                         m->plan->similar_shrink, &m->similar, err) &&
           make_trend(m, err) &&
           (m->plan->contents_of || !m->in->contents || make_contents(m, err));
}

static bool make_model(struct making *m, struct model *out, struct err *err)
{
    struct model_source source = {
        .matrix = m->in->matrix,
        .user_ids = m->user_ids,
        .post_ids = m->post_ids,
        .post_flags = m->flags,
        .post_published_ms = m->in->post_published_ms,
        .extras = sections,
        .extras_arg = m,
        .extra_count = MODEL_ITEM_SECTIONS + MODEL_TREND_SECTIONS,
        .weights = weights_of(m->in->weight_of),
        .neighbours = m->plan->neighbours,
        .built_at_ms = m->in->now_ms,
        .trained_until_ms = m->in->now_ms,
        .version = HYBRID_ALGORITHM,
    };

    if (has_contents(m))
        source.extra_count += MODEL_CONTENT_SECTIONS;
    return model_make(&source, out, err);
}

static void release(void *state)
{
    struct state *s = state;

    if (!s)
        return;
    model_close(&s->model);
    mem_give(s);
}

bool algorithm_hybrid_fit(const struct fit_input *in,
                          const struct hybrid_plan *plan, void **state,
                          struct err *err)
{
    struct making m = {.in = in, .plan = plan};
    struct state *s = NULL;
    bool ok = mem_take(1, sizeof *s, &s, err) && make_parts(&m, err) &&
              make_model(&m, &s->model, err);

    making_release(&m);
    if (!ok) {
        mem_give(s);
        return false;
    }
    s->settings = (struct hybrid_settings){
        .blend = plan->blend,
        .query_terms = plan->query_terms,
        .half_life_ms = plan->taste_half_life_ms,
        .post_half_life_ms =
            in->post_published_ms ? plan->post_half_life_ms : 0,
    };
    *state = s;
    return true;
}

static int64_t days(double value)
{
    return (int64_t)(value * MS_PER_DAY);
}

static struct hybrid_plan plan_of(const double *values)
{
    struct hybrid_plan plan = {
        .blend = {.band_count = 1 + 2,
                  .bands = {{.weights = {[BLEND_TRENDING] = 1}},
                            {.from = FEW_FROM},
                            {.from = MANY_FROM}}},
        .neighbours = (uint32_t)values[K],
        .query_terms = (uint32_t)values[TERMS],
        .similar_posts = (uint32_t)values[SIMILAR],
        .similar_shrink = values[SHRINK],
        .taste_half_life_ms = days(values[TASTE_DAYS]),
        .post_half_life_ms = days(values[POST_DAYS]),
        .trend_half_life_ms = days(values[TREND_DAYS]),
    };

    for (int p = 0; p < BLEND_PARTS; p++) {
        plan.blend.bands[1].weights[p] = (uint32_t)values[FEW_NEIGHBOURS + p];
        plan.blend.bands[2].weights[p] = (uint32_t)values[NEIGHBOURS + p];
    }
    return plan;
}

static bool fit(const struct fit_input *in, const double *values, void **state,
                struct err *err)
{
    struct hybrid_plan plan = plan_of(values);

    return algorithm_hybrid_fit(in, &plan, state, err);
}

/* ---- asking ---- */

static void room_close(void *room)
{
    struct room *r = room;

    if (!r)
        return;
    if (r->has_scratch)
        reco_scratch_release(&r->scratch);
    if (r->has_hybrid)
        hybrid_release(r->hybrid);
    if (r->has_profile)
        profile_release(&r->profile);
    mem_give(r->hybrid);
    mem_give(r->events);
    mem_give(r);
}

static bool room_open(const void *state, void **room, struct err *err)
{
    const struct state *s = state;
    struct room *r;

    if (!mem_take(1, sizeof *r, &r, err))
        return false;
    r->state = s;
    r->has_scratch = reco_scratch_init(&r->scratch, &s->model, err);
    r->has_profile =
        r->has_scratch && profile_init(&r->profile, EVENTS_MOST, err);
    if (r->has_profile && mem_take(1, sizeof *r->hybrid, &r->hybrid, err) &&
        mem_take(EVENTS_MOST, sizeof *r->events, &r->events, err))
        r->has_hybrid = hybrid_init(r->hybrid, &s->model, err);
    if (!r->has_hybrid) {
        room_close(r);
        return false;
    }
    *room = r;
    return true;
}

/* One event a type, all at the time of the pair. */
static uint32_t make_events(struct room *r, const struct query *q)
{
    const struct model *m = &r->state->model;
    uint32_t count = 0;

    for (uint32_t i = 0; i < q->count; i++)
        for (enum event_type t = EVENT_VIEW; t <= EVENT_SHARE; t++)
            if (q->posts[i].mask >> t & 1 && count < EVENTS_MOST)
                r->events[count++] = (struct history_event){
                    .post = m->post_ids[q->posts[i].post],
                    .at_ms = q->posts[i].at_ms,
                    .type = t};
    return count;
}

static void score(const void *state, void *room, const struct query *q,
                  float *scores)
{
    static const struct uuid nobody;
    const struct state *s = state;
    const struct model *m = &s->model;
    struct room *r = room;
    struct hybrid_settings settings_now = s->settings;
    uint32_t count = make_events(r, q);
    struct err ignored; /* k and room are within their bounds */

    for (uint32_t i = 0; i < m->post_count; i++)
        scores[i] = NO_SCORE;
    settings_now.now_ms = q->now_ms;
    profile_make(&r->profile, m, r->events, count);
    if (!reader_make(&r->reader, m, &r->profile,
                     q->self == ORDINAL_NONE ? nobody : m->user_ids[q->self],
                     NULL, 0, &ignored))
        return;
    hybrid_taste(r->hybrid, &r->profile, m, r->events, count, NULL, 0,
                 q->now_ms, settings_now.half_life_ms);
    if (hybrid_rank(r->hybrid, &r->reader, &r->scratch, &settings_now,
                    &ignored))
        for (uint32_t i = 0; i < r->hybrid->blend.count; i++)
            scores[r->hybrid->blend.posts[i].post] =
                r->hybrid->blend.posts[i].score;
    hybrid_forget(r->hybrid);
}

static size_t bytes(const void *state)
{
    const struct state *s = state;

    return sizeof *s + s->model.size;
}

const struct algorithm algorithm_hybrid = {
    .name = "hybrid",
    .about = "hybrid_v2: neighbours, similar posts, contents and trend",
    .settings = settings,
    .fit = fit,
    .release = release,
    .room_open = room_open,
    .room_close = room_close,
    .score = score,
    .bytes = bytes,
};

/* ---- contents alone ---- */

enum content_setting { CONTENT_TERMS, CONTENT_POST_DAYS };

static const struct algorithm_setting content_settings[] = {
    [CONTENT_TERMS] = {"terms", 64, 1, CONTENT_QUERY_MOST,
                       "strongest terms that search"},
    [CONTENT_POST_DAYS] = {"post_days", 0, 0, DAYS_MOST,
                           "a post counts half this long after publication; "
                           "0: never fades"},
    {0},
};

static bool fit_content(const struct fit_input *in, const double *values,
                        void **state, struct err *err)
{
    struct hybrid_plan plan = {
        .blend = {.band_count = 1,
                  .bands = {{.weights = {[BLEND_CONTENT] = 1}}}},
        .neighbours = 1,
        .query_terms = (uint32_t)values[CONTENT_TERMS],
        .similar_posts = 1,
        .post_half_life_ms = days(values[CONTENT_POST_DAYS]),
    };

    return algorithm_hybrid_fit(in, &plan, state, err);
}

const struct algorithm algorithm_content = {
    .name = "content",
    .about = "posts that read like those of the history (BM25)",
    .settings = content_settings,
    .fit = fit_content,
    .release = release,
    .room_open = room_open,
    .room_close = room_close,
    .score = score,
    .bytes = bytes,
};
