#include <stdlib.h>
#include <string.h>

#include "app/gate.h"
#include "base/hash.h"
#include "base/mem.h"
#include "reco/algorithm_hybrid.h"
#include "reco/evaluate.h"
#include "reco/hybrid.h"

#define MS_PER_DAY INT64_C(86400000)
#define MS_PER_S INT64_C(1000)
#define SEED UINT64_C(0x6761746500000000) /* "gate" */

enum { BEFORE = 1, AFTER = 2 }; /* a reader has events on this side of T0 */

/* ---- who is asked ---- */

static uint8_t sides_of(const struct split_event *e)
{
    return (uint8_t)((e->role & SPLIT_HISTORY ? BEFORE : 0) |
                     (e->role & SPLIT_TEST ? AFTER : 0));
}

/* sides[user]: both bits for those who can be asked. */
static uint32_t find_readers(const struct gate_data *d,
                             const struct model *live, uint8_t *sides)
{
    const struct split_log *log = d->log;
    uint32_t count = 0, ignored;

    for (size_t i = 0; i < log->count; i++)
        sides[log->events[i].user] |= sides_of(&log->events[i]);
    for (uint32_t u = 0; u < log->user_count; u++) {
        if (sides[u] == (BEFORE | AFTER) &&
            !model_find_user(live, d->user_ids[u], &ignored))
            sides[u] = 0;
        count += sides[u] == (BEFORE | AFTER);
    }
    return count;
}

/* A share of the readers, the same ones on every run. */
static bool is_chosen(struct uuid id, uint32_t readers)
{
    return readers <= GATE_READERS_MOST ||
           hash64_seeded(id.b, UUID_BYTES, SEED) <=
               UINT64_MAX / readers * GATE_READERS_MOST;
}

static bool choose_readers(const struct gate_data *d, const struct model *live,
                           struct err *err)
{
    struct split_log *log = d->log;
    uint8_t *sides;
    uint32_t count;

    if (!mem_take(log->user_count, 1, &sides, err))
        return false;
    count = find_readers(d, live, sides);
    for (size_t i = 0; i < log->count; i++) {
        struct split_event *e = &log->events[i];
        if (sides[e->user] != (BEFORE | AFTER) ||
            !is_chosen(d->user_ids[e->user], count))
            e->role &= (uint8_t) ~(SPLIT_TEST | SPLIT_HISTORY);
    }
    mem_give(sides);
    return true;
}

/* ---- the live model as it would have been at T0 ---- */

/* Pairs that this database dates at T0 or later, too: sorted keys. */
struct late {
    uint64_t *keys;
    size_t count, cap;
};

static uint64_t key_of(uint32_t user, uint32_t post)
{
    enum { WORD_BITS = 32 };

    return (uint64_t)user << WORD_BITS | post;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static bool find_late(const struct split_log *log, int64_t cut_ms,
                      struct late *late, struct err *err)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct split_event *e = &log->events[i];
        if (e->at_ms < cut_ms)
            continue;
        if (!mem_grow(&late->keys, &late->cap, late->count + 1,
                      sizeof *late->keys, err))
            return false;
        late->keys[late->count++] = key_of(e->user, e->post);
    }
    if (late->count)
        qsort(late->keys, late->count, sizeof *late->keys, by_number);
    return true;
}

static int by_ordinal(const void *a, const void *b)
{
    uint32_t x = pair_ordinal(*(const uint32_t *)a);
    uint32_t y = pair_ordinal(*(const uint32_t *)b);

    return (x > y) - (x < y);
}

static uint8_t mask_before(const struct matrix *m, uint32_t user, uint32_t post)
{
    struct row row = matrix_user_row(m, user);
    uint32_t key = pair_of(post, 0);
    const uint32_t *pair =
        row.count ? bsearch(&key, row.pairs, row.count, sizeof key, by_ordinal)
                  : NULL;

    return pair ? pair_mask(*pair) : 0;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, UUID_BYTES);
}

static bool find_ordinal(const struct uuid *ids, uint32_t count, struct uuid id,
                         uint32_t *ordinal)
{
    const struct uuid *at =
        count ? bsearch(&id, ids, count, sizeof id, by_id) : NULL;

    *ordinal = at ? (uint32_t)(at - ids) : ORDINAL_NONE;
    return at != NULL;
}

struct past {
    const struct gate_data *data;
    const struct model *live;
    const struct matrix *train; /* what this database knew before T0 */
    struct late late;
    uint32_t *posts; /* [live posts] their ordinals here */
};

static bool add_past_user(const struct past *p, uint32_t live_user,
                          uint32_t user, struct interactions *in,
                          struct err *err)
{
    struct row row = model_user_row(p->live, live_user);

    for (uint32_t i = 0; i < row.count; i++) {
        uint32_t post = p->posts[pair_ordinal(row.pairs[i])];
        uint8_t mask = pair_mask(row.pairs[i]);
        uint64_t key = key_of(user, post);

        if (post == ORDINAL_NONE)
            continue;
        if (p->late.count &&
            bsearch(&key, p->late.keys, p->late.count, sizeof key, by_number))
            mask &= mask_before(p->train, user, post);
        for (enum event_type t = EVENT_VIEW; t <= EVENT_SHARE; t++)
            if (mask >> t & 1 && !interactions_add(in, user, post, t, 0, err))
                return false;
    }
    return true;
}

static bool add_past(const struct past *p, struct interactions *in,
                     struct err *err)
{
    const struct gate_data *d = p->data;
    uint32_t user;

    for (uint32_t i = 0; i < p->live->post_count; i++)
        find_ordinal(d->post_ids, d->log->post_count, p->live->post_ids[i],
                     &p->posts[i]);
    for (uint32_t u = 0; u < p->live->user_count; u++)
        if (find_ordinal(d->user_ids, d->log->user_count, p->live->user_ids[u],
                         &user) &&
            !add_past_user(p, u, user, in, err))
            return false;
    return true;
}

static bool make_past(const struct gate_data *d, const struct model *live,
                      const struct split *split, struct matrix *out,
                      struct err *err)
{
    struct past p = {.data = d, .live = live, .train = &split->train};
    struct interactions in;
    bool ok;

    interactions_init(&in);
    ok = mem_take(live->post_count, sizeof *p.posts, &p.posts, err) &&
         find_late(d->log, split->now_ms, &p.late, err) &&
         add_past(&p, &in, err) &&
         interactions_fold(&in, &live->weights, d->log->user_count,
                           d->log->post_count, out, err);
    interactions_release(&in);
    mem_give(p.posts);
    mem_give(p.late.keys);
    return ok;
}

/* Times of the past pairs: what this database dates, 0 for what it lost. */
static bool date_past(const struct split *split, const struct matrix *past,
                      int64_t **out, struct err *err)
{
    const struct matrix *known = &split->train;

    if (!mem_take(past->pair_count, sizeof **out, out, err))
        return false;
    for (uint32_t u = 0; u < past->user_count; u++) {
        struct row row = matrix_user_row(past, u);
        struct row dated = matrix_user_row(known, u);
        for (uint32_t i = 0, j = 0; i < row.count; i++) {
            uint32_t post = pair_ordinal(row.pairs[i]);
            while (j < dated.count && pair_ordinal(dated.pairs[j]) < post)
                j++;
            if (j < dated.count && pair_ordinal(dated.pairs[j]) == post)
                (*out)[past->user_rows[u] + i] =
                    split->pair_at_ms[known->user_rows[u] + j];
        }
    }
    return true;
}

/* ---- both sides ---- */

static bool fit_hybrid(const struct config *config,
                       const struct fit_input *input, uint32_t neighbours,
                       const struct model *candidate, void **state,
                       struct err *err)
{
    struct fit_input in = *input;
    struct hybrid_plan plan = {
        .neighbours = neighbours,
        .query_terms = config->query_terms,
        .similar_posts = config->similar_posts,
        .similar_shrink = config->similar_shrink,
        .taste_half_life_ms = config->taste_half_life_s * MS_PER_S,
        .post_half_life_ms = config->post_half_life_s * MS_PER_S,
        .trend_half_life_ms = config->trend_half_life_s * MS_PER_S,
        .contents_of = candidate,
    };

    if (candidate)
        in.post_published_ms = candidate->post_published_ms;
    return blend_table_read(config->blend, &plan.blend, err) &&
           algorithm_hybrid_fit(&in, &plan, state, err);
}

static bool fit_neighbours(const struct fit_input *in, uint32_t neighbours,
                           void **state, struct err *err)
{
    const struct algorithm *knn = algorithm_find("user_knn");
    double values[ALGORITHM_SETTINGS_MOST] = {0};

    for (size_t i = 0; knn->settings[i].name; i++)
        values[i] = knn->settings[i].value;
    values[0] = neighbours; /* k is its first setting */
    return knn->fit(in, values, state, err);
}

/* What KITH_ALGORITHM would make of these pairs. */
static bool score_side(const struct config *config, const struct gate_data *d,
                       const struct split *split, const struct fit_input *in,
                       uint32_t neighbours, struct gate_side *out,
                       struct err *err)
{
    bool hybrid = !strcmp(gate_algorithm(config), HYBRID_ALGORITHM);
    const struct algorithm *served =
        hybrid ? &algorithm_hybrid : algorithm_find("user_knn");
    const struct evaluate_plan plan = {
        .cuts = {GATE_CUT}, .cut_count = 1, .threads = 1, .seed = SEED};
    struct estimate ndcg, coverage;
    struct evaluation e = {0};
    void *state = NULL;
    bool ok =
        (hybrid ? fit_hybrid(config, in, neighbours, d->candidate, &state, err)
                : fit_neighbours(in, neighbours, &state, err)) &&
        evaluation_init(&e, &plan, err) &&
        evaluation_add(&e, split, SPLIT_MAIN, served, state, err) &&
        evaluation_mean(&e, METRIC_NDCG, 0, &ndcg, err) &&
        evaluation_coverage(&e, 0, &coverage, err);

    if (ok) {
        out->ndcg = ndcg.value;
        out->coverage = coverage.value;
    }
    evaluation_release(&e);
    served->release(state);
    return ok;
}

static bool score_live(const struct config *config, const struct gate_data *d,
                       const struct model *live, const struct split *split,
                       struct gate_side *out, struct err *err)
{
    struct fit_input in = split_fit_input(split, SEED, 1);
    struct matrix past = {0};
    int64_t *past_at_ms = NULL;
    bool ok = make_past(d, live, split, &past, err) &&
              date_past(split, &past, &past_at_ms, err);

    in.matrix = &past;
    in.weight_of = live->weight_of;
    in.pair_at_ms = past_at_ms;
    ok = ok &&
         score_side(config, d, split, &in, live->meta->neighbours, out, err);
    matrix_release(&past);
    mem_give(past_at_ms);
    return ok;
}

bool gate_measure(const struct config *config, const struct gate_data *d,
                  const struct model *live, struct gate *gate, struct err *err)
{
    const struct weights weights = {.view = (uint8_t)config->weight_view,
                                    .click = (uint8_t)config->weight_click,
                                    .like = (uint8_t)config->weight_like,
                                    .share = (uint8_t)config->weight_share,
                                    .use_max = config->weight_max};
    int64_t cut_ms = d->newest_ms - config->gate_days * MS_PER_DAY;
    struct split split = {0};
    struct fit_input in;
    bool ok;

    split_by_time(d->log, cut_ms, INT64_MAX);
    if (!choose_readers(d, live, err) ||
        !split_make(d->log, &weights, cut_ms, &split, err))
        return false;
    gate->readers = split.group_from[SPLIT_MAIN + 1];
    gate->compared = gate->readers >= GATE_READERS_LEAST;
    in = split_fit_input(&split, SEED, 1);
    ok = !gate->compared ||
         (score_side(config, d, &split, &in, config->neighbours,
                     &gate->candidate, err) &&
          score_live(config, d, live, &split, &gate->live, err));
    split_release(&split);
    return ok;
}
