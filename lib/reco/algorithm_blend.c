/*
 * blend -- spectral and user_knn_idf together: what the shape of the whole
 * graph says of a post, and what the nearest users do.
 *
 *     score(u, i) = spectral(u, i) / top + knn * user_knn_idf(u, i) / top
 *
 * where `top` is the mean of that part's TOP largest scores over the posts that
 * are not in the history: what matters of both parts is then of one size,
 * whatever the length of it. (The largest alone is noisy and ranks worse.)
 *
 * Settings  those of the parts, and knn.
 * Unscored  posts that neither part scores: NO_SCORE.
 * Cost      a request: the sum of the parts and three passes over all posts.
 * from      weighted sum of scaled scores (Lee 1997), which did better here
 *           than reciprocal ranks
 */
#include <string.h>

#include "base/mem.h"
#include "base/vector.h"
#include "reco/algorithm.h"

extern const struct algorithm algorithm_spectral, algorithm_user_knn_idf;

enum setting {
    KNN,
    RANK,
    SHARE,
    USER,
    POST,
    LINEAR,
    SHARP,
    KEEP,
    ROUNDS,
    K,
    IDF,
    Q,
    BETA,
    SHRINK,
    BINARY,
    SETTINGS,
};

_Static_assert((int)SETTINGS <= (int)ALGORITHM_SETTINGS_MOST, "they fit");

/* The names are those of the parts: it is by name that they are handed on. */
static const struct algorithm_setting settings[] = {
    [KNN] = {"knn", 0.7, 0, 100, "weight of the nearest users"},
    [RANK] = {"rank", 1536, 1, 4096, "as spectral"},
    [SHARE] = {"share", 0.0625, 0, 1, "as spectral"},
    [USER] = {"user", 0.3, 0, 1, "as spectral"},
    [POST] = {"post", 0.4, 0, 1, "as spectral"},
    [LINEAR] = {"linear", 0.3, 0, 100, "as spectral"},
    [SHARP] = {"sharp", 0.9, 0, 1, "as spectral"},
    [KEEP] = {"keep", 400, 1, 10000, "as spectral"},
    [ROUNDS] = {"rounds", 3, 0, 20, "as spectral"},
    [K] = {"k", 200, 1, 100000, "as user_knn_idf"},
    [IDF] = {"idf", 1.5, 0, 4, "as user_knn_idf"},
    [Q] = {"q", 1.5, 0.1, 16, "as user_knn_idf"},
    [BETA] = {"beta", 0.2, 0, 2, "as user_knn_idf"},
    [SHRINK] = {"shrink", 0, 0, 1e9, "as user_knn_idf"},
    [BINARY] = {"binary", 0, 0, 1, "1: every pair weighs the same"},
    {0},
};

enum { PARTS = 2, TOP = 20 };

static const struct algorithm *const parts[PARTS] = {
    &algorithm_spectral,
    &algorithm_user_knn_idf,
};

struct blend {
    uint32_t post_count;
    float weights[PARTS];
    void *states[PARTS];
};

struct room {
    void *rooms[PARTS];
    float *near;  /* [posts] scores of the nearest users */
    uint8_t *had; /* [posts] 1: in the history; zero between calls */
};

static void release(void *state)
{
    struct blend *b = state;

    if (!b)
        return;
    for (unsigned i = 0; i < PARTS; i++)
        parts[i]->release(b->states[i]);
    mem_give(b);
}

/* The part's values out of ours, by name. */
static void values_of(const struct algorithm *part, const double *values,
                      double *out)
{
    for (unsigned i = 0; part->settings[i].name; i++) {
        out[i] = part->settings[i].value;
        for (unsigned j = 0; j < SETTINGS; j++)
            if (!strcmp(part->settings[i].name, settings[j].name))
                out[i] = values[j];
    }
}

static bool fit(const struct fit_input *in, const double *values, void **state,
                struct err *err)
{
    double of_part[ALGORITHM_SETTINGS_MOST];
    struct blend *b;

    if (!mem_take(1, sizeof *b, &b, err))
        return false;
    b->post_count = in->matrix->post_count;
    b->weights[0] = 1;
    b->weights[1] = (float)values[KNN];
    for (unsigned i = 0; i < PARTS; i++) {
        values_of(parts[i], values, of_part);
        if (!parts[i]->fit(in, of_part, &b->states[i], err)) {
            release(b);
            return false;
        }
    }
    *state = b;
    return true;
}

/* A part whose values stay the same is not fitted again. */
static bool change(const struct fit_input *in, const double *from,
                   const double *to, void *state, bool *changed,
                   struct err *err)
{
    double before[ALGORITHM_SETTINGS_MOST] = {0};
    double after[ALGORITHM_SETTINGS_MOST] = {0};
    struct blend *b = state;

    b->weights[1] = (float)to[KNN];
    for (unsigned i = 0; i < PARTS; i++) {
        values_of(parts[i], from, before);
        values_of(parts[i], to, after);
        if (!memcmp(before, after, sizeof after))
            continue;
        parts[i]->release(b->states[i]);
        b->states[i] = NULL;
        if (!parts[i]->fit(in, after, &b->states[i], err))
            return false;
    }
    *changed = true;
    return true;
}

static void room_close(void *room)
{
    struct room *r = room;

    if (!r)
        return;
    for (unsigned i = 0; i < PARTS; i++)
        parts[i]->room_close(r->rooms[i]);
    mem_give(r->near);
    mem_give(r->had);
    mem_give(r);
}

static bool room_open(const void *state, void **room, struct err *err)
{
    const struct blend *b = state;
    struct room *r;
    bool ok;

    if (!mem_take(1, sizeof *r, &r, err))
        return false;
    ok = mem_take(b->post_count, sizeof *r->near, &r->near, err) &&
         mem_take(b->post_count, sizeof *r->had, &r->had, err);
    for (unsigned i = 0; ok && i < PARTS; i++)
        ok = parts[i]->room_open(b->states[i], &r->rooms[i], err);
    if (!ok) {
        room_close(r);
        return false;
    }
    *room = r;
    return true;
}

/* The part's weight over the mean of its TOP largest scores outside the
 * history. All but a few posts fail the one test that comes first. */
static float scale_of(const struct blend *b, const struct room *r,
                      unsigned part, const float *scores)
{
    float top[TOP] = {0}; /* largest first, zeros behind them */
    uint32_t count = 0;
    double sum = 0;

    for (uint32_t i = 0; i < b->post_count; i++) {
        uint32_t at = TOP - 1;
        if (scores[i] <= top[at] || r->had[i])
            continue;
        for (; at && top[at - 1] < scores[i]; at--)
            top[at] = top[at - 1];
        top[at] = scores[i];
    }
    for (; count < TOP && top[count] > 0; count++)
        sum += (double)top[count];
    return count ? (float)((double)b->weights[part] * count / sum) : 0;
}

/* scores become the sum of what both parts say of each post. */
VECTOR static void mix(float *restrict scores, float by,
                       const float *restrict near, float by_near,
                       uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        float sum = (scores[i] > 0 ? scores[i] : 0) * by +
                    (near[i] > 0 ? near[i] : 0) * by_near;
        scores[i] = sum > 0 ? sum : NO_SCORE;
    }
}

static void score(const void *state, void *room, const struct query *q,
                  float *scores)
{
    const struct blend *b = state;
    struct room *r = room;
    float by, by_near;

    for (unsigned i = 0; i < PARTS; i++)
        parts[i]->score(b->states[i], r->rooms[i], q, i ? r->near : scores);
    for (uint32_t i = 0; i < q->count; i++)
        r->had[q->posts[i].post] = 1;
    by = scale_of(b, r, 0, scores);
    by_near = scale_of(b, r, 1, r->near);
    for (uint32_t i = 0; i < q->count; i++)
        r->had[q->posts[i].post] = 0;
    mix(scores, by, r->near, by_near, b->post_count);
}

static size_t bytes(const void *state)
{
    const struct blend *b = state;
    size_t sum = sizeof *b;

    for (unsigned i = 0; i < PARTS; i++)
        sum += parts[i]->bytes(b->states[i]);
    return sum;
}

const struct algorithm algorithm_blend = {
    .name = "blend",
    .about = "spectral and user_knn_idf, each scaled by its largest scores",
    .settings = settings,
    .fit = fit,
    .change = change,
    .release = release,
    .room_open = room_open,
    .room_close = room_close,
    .score = score,
    .bytes = bytes,
};
