#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "reco/recommend.h"

/*
 * A mark on a post: 1 + its place among the shown posts in the low bits, 1 +
 * its place in the profile above them.
 */
enum { SHOWN_BITS = 10, SHOWN_MASK = (1 << SHOWN_BITS) - 1 };
_Static_assert((int)RECOMMEND_MOST < (int)SHOWN_MASK, "shown places fit");
_Static_assert((uint64_t)PROFILE_EVENTS_MOST << SHOWN_BITS < UINT32_MAX,
               "profile places fit");

enum { RATE_BITS = 44, PLACE_SHIFT = 32 };

struct shown {
    uint32_t place, weight;
};

static void set_marks(const struct profile *p, struct reco_scratch *s,
                      const uint32_t *posts, uint32_t count)
{
    for (uint32_t j = 0; j < p->count; j++)
        s->marks[p->posts[j].post] = (j + 1) << SHOWN_BITS;
    for (uint32_t i = 0; i < count; i++)
        s->marks[posts[i]] |= i + 1;
}

static void clear_marks(const struct profile *p, struct reco_scratch *s,
                        const uint32_t *posts, uint32_t count)
{
    for (uint32_t j = 0; j < p->count; j++)
        s->marks[p->posts[j].post] = 0;
    for (uint32_t i = 0; i < count; i++)
        s->marks[posts[i]] = 0;
}

/*
 * One neighbour's part in everything. `common` gathers the posts he shares
 * with the reader: place in the profile above w_uj * w_vj.
 */
static void add_parts(const struct reader *reader, struct reco_scratch *s,
                      const struct neighbour *v, uint64_t *common,
                      struct reasons *out)
{
    const struct profile *p = reader->profile;
    const struct model *model = reader->model;
    struct row row = model_user_row(model, v->user);
    struct shown shown[RECOMMEND_MOST];
    uint32_t common_count = 0, shown_count = 0;
    uint64_t rate = (uint64_t)((double)((uint64_t)1 << RATE_BITS) /
                               sqrt((double)((uint64_t)p->norm * v->norm)));

    for (uint32_t i = 0; i < row.count; i++) {
        uint32_t mark = s->marks[pair_ordinal(row.pairs[i])];
        uint32_t weight = model->weight_of[pair_mask(row.pairs[i])];
        uint32_t j = mark >> SHOWN_BITS;
        if (j)
            common[common_count++] = (uint64_t)(j - 1) << PLACE_SHIFT |
                                     weight * p->posts[j - 1].weight;
        if (mark & SHOWN_MASK)
            shown[shown_count++] =
                (struct shown){(mark & SHOWN_MASK) - 1, weight};
    }
    for (uint32_t i = 0; i < shown_count; i++) {
        uint64_t *parts = s->parts + (size_t)shown[i].place * p->count;
        uint64_t each = rate * shown[i].weight;
        out[shown[i].place].neighbour_count++;
        for (uint32_t c = 0; c < common_count; c++)
            parts[common[c] >> PLACE_SHIFT] += each * (uint32_t)common[c];
    }
}

/* parts[i * profile->count + j] for every shown post i. */
static bool fill_parts(const struct reader *reader, struct reco_scratch *s,
                       const struct recommendation *from, const uint32_t *posts,
                       uint32_t count, struct reasons *out, struct err *err)
{
    const struct profile *p = reader->profile;
    size_t cells = (size_t)count * p->count;

    /* One row more than posts: the common posts of one neighbour. */
    if (!mem_grow(&s->parts, &s->parts_cap, cells + p->count + 1,
                  sizeof *s->parts, err))
        return false;
    memset(s->parts, 0, cells * sizeof *s->parts);
    for (uint32_t i = 0; i < count; i++)
        out[i] = (struct reasons){0};
    set_marks(p, s, posts, count);
    for (uint32_t n = 0; n < from->neighbour_count; n++)
        add_parts(reader, s, &from->neighbours[n], s->parts + cells, out);
    clear_marks(p, s, posts, count);
    return true;
}

/* Keeps the three largest; equal parts by the smaller post. */
static void pick_reasons(const struct profile *p, const uint64_t *parts,
                         struct reasons *out)
{
    uint64_t best[REASONS_MOST], total = 0;

    for (uint32_t j = 0; j < p->count; j++) {
        uint32_t post = p->posts[j].post, at = out->count;
        total += parts[j];
        while (at > 0 &&
               (parts[j] > best[at - 1] ||
                (parts[j] == best[at - 1] && post < out->at[at - 1].post)))
            at--;
        if (!parts[j] || at == REASONS_MOST)
            continue;
        out->count += out->count < REASONS_MOST;
        for (uint32_t i = out->count - 1; i > at; i--) {
            best[i] = best[i - 1];
            out->at[i] = out->at[i - 1];
        }
        best[at] = parts[j];
        out->at[at].post = post;
    }
    for (uint32_t i = 0; i < out->count; i++)
        out->at[i].share = (float)((double)best[i] / (double)total);
}

bool recommend_explain(const struct reader *reader, struct reco_scratch *s,
                       const struct recommendation *from, const uint32_t *posts,
                       uint32_t count, struct reasons *out, struct err *err)
{
    const struct profile *p = reader->profile;

    if (count > RECOMMEND_MOST)
        return err_set(err, ERR_INVALID, "%u posts to explain", count);
    if (!fill_parts(reader, s, from, posts, count, out, err))
        return false;
    for (uint32_t i = 0; i < count; i++)
        pick_reasons(p, s->parts + (size_t)i * p->count, &out[i]);
    return true;
}

bool recommend_parts(const struct reader *reader, struct reco_scratch *s,
                     const struct recommendation *from, uint32_t post,
                     uint64_t *parts, struct err *err)
{
    const struct profile *p = reader->profile;
    struct reasons ignored;

    if (!fill_parts(reader, s, from, &post, 1, &ignored, err))
        return false;
    memcpy(parts, s->parts, p->count * sizeof *parts);
    return true;
}
