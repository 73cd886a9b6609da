#include "reco/baseline.h"

#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

#define MS_PER_DAY 86400000.0

/* What all three keep: one score a post, or none of their own. */
struct popularity {
    uint32_t post_count;
    float scores[];
};

static bool popularity_take(uint32_t post_count, struct popularity **out,
                            struct err *err)
{
    struct popularity *p;

    if (!mem_take(1, sizeof *p + post_count * sizeof *p->scores, &p, err))
        return false;
    p->post_count = post_count;
    *out = p;
    return true;
}

static size_t bytes(const void *state)
{
    const struct popularity *p = state;

    return sizeof *p + p->post_count * sizeof *p->scores;
}

static bool no_room(const void *state, void **room, struct err *err)
{
    (void)state;
    (void)err;
    *room = NULL;
    return true;
}

static void no_room_close(void *room)
{
    (void)room;
}

static void score_alike(const void *state, void *room, const struct query *q,
                        float *scores)
{
    const struct popularity *p = state;

    (void)room;
    (void)q;
    memcpy(scores, p->scores, p->post_count * sizeof *scores);
}

/* ---- random ---- */

static const struct algorithm_setting no_settings[] = {{0}};

struct chance {
    uint32_t post_count;
};

static bool random_fit(const struct fit_input *in, const double *values,
                       void **state, struct err *err)
{
    struct chance *c;

    (void)values;
    if (!mem_take(1, sizeof *c, &c, err))
        return false;
    c->post_count = in->matrix->post_count;
    *state = c;
    return true;
}

static size_t random_bytes(const void *state)
{
    (void)state;
    return sizeof(struct chance);
}

static void random_score(const void *state, void *room, const struct query *q,
                         float *scores)
{
    const struct chance *c = state;
    struct rng rng = rng_of(q->seed);

    (void)room;
    for (uint32_t i = 0; i < c->post_count; i++)
        scores[i] = (float)rng_unit(&rng);
}

const struct algorithm algorithm_random = {
    .name = "random",
    .about = "every post alike: the floor",
    .settings = no_settings,
    .fit = random_fit,
    .release = mem_give,
    .room_open = no_room,
    .room_close = no_room_close,
    .score = random_score,
    .bytes = random_bytes,
};

/* ---- popular ---- */

static const struct algorithm_setting popular_settings[] = {
    {"weighted", 0, 0, 1, "1: sum of weights instead of number of users"},
    {0},
};

static bool popular_fit(const struct fit_input *in, const double *values,
                        void **state, struct err *err)
{
    struct popularity *p;
    bool weighted = values[0] > 0;

    if (!popularity_take(in->matrix->post_count, &p, err))
        return false;
    for (uint32_t i = 0; i < p->post_count; i++) {
        struct row row = matrix_post_row(in->matrix, i);
        double sum = 0;
        for (uint32_t j = 0; j < row.count; j++)
            sum += weighted ? in->weight_of[pair_mask(row.pairs[j])] : 1;
        p->scores[i] = (float)sum;
    }
    *state = p;
    return true;
}

const struct algorithm algorithm_popular = {
    .name = "popular",
    .about = "posts that most users have, the same for everybody",
    .settings = popular_settings,
    .fit = popular_fit,
    .release = mem_give,
    .room_open = no_room,
    .room_close = no_room_close,
    .score = score_alike,
    .bytes = bytes,
};

/* ---- recent_popular ---- */

static const struct algorithm_setting recent_settings[] = {
    {"half_life_days", 7, 0.01, 3650, "age at which an event counts half"},
    {"weighted", 1, 0, 1, "0: every pair counts 1 before its decay"},
    {0},
};

static bool recent_fit(const struct fit_input *in, const double *values,
                       void **state, struct err *err)
{
    const struct matrix *m = in->matrix;
    double half_life_ms = values[0] * MS_PER_DAY, *sums;
    bool weighted = values[1] > 0;
    struct popularity *p;

    if (!mem_take(m->post_count, sizeof *sums, &sums, err))
        return false;
    if (!popularity_take(m->post_count, &p, err)) {
        mem_give(sums);
        return false;
    }
    for (uint32_t i = 0; i < m->pair_count; i++) {
        uint32_t pair = m->user_posts[i];
        double age_ms =
            in->pair_at_ms ? (double)(in->now_ms - in->pair_at_ms[i]) : 0;
        sums[pair_ordinal(pair)] +=
            (weighted ? in->weight_of[pair_mask(pair)] : 1) *
            exp2(-age_ms / half_life_ms);
    }
    for (uint32_t i = 0; i < m->post_count; i++)
        p->scores[i] = (float)sums[i];
    mem_give(sums);
    *state = p;
    return true;
}

const struct algorithm algorithm_recent_popular = {
    .name = "recent_popular",
    .about = "posts with most weight, each event halved every half-life",
    .settings = recent_settings,
    .fit = recent_fit,
    .release = mem_give,
    .room_open = no_room,
    .room_close = no_room_close,
    .score = score_alike,
    .bytes = bytes,
};
