#include "reco/trending.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum { UNIT_BITS = 30, RELATIVE_BITS = 32, TYPE_BITS = 3 };

double trending_wilson(double good, double all)
{
    const double z = 1.96;
    double rate, spread;

    if (all <= 0)
        return 0;
    rate = good / all;
    spread = z * sqrt((rate * (1 - rate) + z * z / (4 * all)) / all);
    return fmax(0, (rate + z * z / (2 * all) - spread) / (1 + z * z / all));
}

uint64_t trending_add(uint32_t weight, int64_t age_ms, int64_t half_life_ms)
{
    double unit = (double)((uint64_t)1 << UNIT_BITS);

    if (half_life_ms > 0 && age_ms > 0)
        unit *= exp2(-(double)age_ms / (double)half_life_ms);
    return (uint64_t)(weight * unit + .5);
}

bool trending_build(const struct interactions *events, const uint8_t *weight_of,
                    uint32_t post_count, int64_t now_ms, int64_t half_life_ms,
                    struct trending *out, struct err *err)
{
    *out = (struct trending){.post_count = post_count};
    if (!mem_take(post_count, sizeof *out->sums, &out->sums, err))
        return false;
    for (size_t i = 0; i < events->count; i++) {
        const struct interaction *e = &events->events[i];
        unsigned type = e->when & ((1 << TYPE_BITS) - 1);
        int64_t at_ms = e->when >> TYPE_BITS;
        if (type <= EVENT_SHARE)
            out->sums[e->post] += trending_add(weight_of[1u << type],
                                               now_ms - at_ms, half_life_ms);
    }
    return true;
}

/* Readers who did more than view count as good. */
static double rate_of(struct row row)
{
    uint32_t good = 0;

    for (uint32_t i = 0; i < row.count; i++)
        good += pair_mask(row.pairs[i]) > MASK_VIEW;
    return trending_wilson(good, row.count);
}

struct hot {
    float heat;
    uint32_t post;
};

static int hottest_first(const void *left, const void *right)
{
    const struct hot *a = left, *b = right;

    if (a->heat != b->heat)
        return a->heat < b->heat ? 1 : -1;
    return (a->post > b->post) - (a->post < b->post);
}

bool trending_end(struct trending *t, const struct matrix *matrix,
                  struct err *err)
{
    struct hot *order;
    uint32_t count = 0;

    if (!mem_take(t->post_count, sizeof *t->posts, &t->posts, err) ||
        !mem_take(t->post_count, sizeof *t->heats, &t->heats, err) ||
        !mem_take(t->post_count, sizeof *order, &order, err))
        return false;
    for (uint32_t p = 0; p < t->post_count; p++) {
        double heat = (double)t->sums[p] * rate_of(matrix_post_row(matrix, p));
        t->heats[p] = heat > 0 ? (float)(log2(heat) - UNIT_BITS) : -INFINITY;
        if (heat > 0)
            order[count++] = (struct hot){t->heats[p], p};
    }
    qsort(order, count, sizeof *order, hottest_first);
    for (uint32_t i = 0; i < count; i++)
        t->posts[i] = order[i].post;
    t->count = count;
    mem_give(order);
    return true;
}

void trending_release(struct trending *t)
{
    mem_give(t->sums);
    mem_give(t->posts);
    mem_give(t->heats);
    *t = (struct trending){0};
}

void trending_sections(const struct trending *t, struct model_extra *out)
{
    out[0] = (struct model_extra){MODEL_TREND_POSTS, t->posts,
                                  t->count * sizeof *t->posts};
    out[1] = (struct model_extra){MODEL_TREND_HEATS, t->heats,
                                  t->post_count * sizeof *t->heats};
}

void trending_find(const struct reader *reader, struct part *out)
{
    const struct model *m = reader->model;
    double one = (double)((uint64_t)1 << RELATIVE_BITS), top;

    if (!m->trend_count)
        return;
    top = (double)m->trend_heats[m->trend_posts[0]];
    for (uint32_t i = 0; i < m->trend_count && out->count < out->room; i++) {
        uint32_t post = m->trend_posts[i];
        /* Never 0: the order goes on where the heat has gone. */
        uint64_t sum =
            1 + (uint64_t)(one * exp2((double)m->trend_heats[post] - top));
        part_offer(out, reader, post, sum);
    }
}
