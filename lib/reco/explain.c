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

enum { RATE_BITS = 44 };

/*
 * Which posts are marked, by the low bits of their ordinals: of the thousands
 * of pairs of a request's neighbours few are, and 4 kB stay in the nearest
 * cache where the marks of a large model do not.
 */
enum { SIEVE_WORDS = 512, WORD_BITS = 64, PIECE_PAIRS = 256 };
_Static_assert((SIEVE_WORDS & (SIEVE_WORDS - 1)) == 0, "a mask");

struct sieve {
    uint64_t words[SIEVE_WORDS];
};

/* A post of a neighbour: its place in the profile or among the shown posts. */
struct known {
    uint32_t place, weight;
};

static void sieve_add(struct sieve *v, uint32_t post)
{
    v->words[post / WORD_BITS % SIEVE_WORDS] |= (uint64_t)1 << post % WORD_BITS;
}

/* The pairs whose posts may be marked; without a branch, because no pattern
 * could be foretold. */
static uint32_t sift(const struct sieve *v, const uint32_t *pairs,
                     uint32_t count, uint32_t *out)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t post = pair_ordinal(pairs[i]);
        out[kept] = pairs[i];
        kept += (uint32_t)(v->words[post / WORD_BITS % SIEVE_WORDS] >>
                           post % WORD_BITS) &
                1;
    }
    return kept;
}

static void set_marks(const struct profile *p, struct reco_scratch *s,
                      const uint32_t *posts, uint32_t count,
                      struct sieve *sieve)
{
    for (uint32_t j = 0; j < p->count; j++) {
        s->marks[p->posts[j].post] = (j + 1) << SHOWN_BITS;
        sieve_add(sieve, p->posts[j].post);
    }
    for (uint32_t i = 0; i < count; i++) {
        s->marks[posts[i]] |= i + 1;
        sieve_add(sieve, posts[i]);
    }
}

static void clear_marks(const struct profile *p, struct reco_scratch *s,
                        const uint32_t *posts, uint32_t count)
{
    for (uint32_t j = 0; j < p->count; j++)
        s->marks[p->posts[j].post] = 0;
    for (uint32_t i = 0; i < count; i++)
        s->marks[posts[i]] = 0;
}

/* What one neighbour knows of the reader's posts and of the shown ones. One
 * place more than can be used: what is not kept is written there. */
struct met {
    struct known *common; /* [profile->count + 1] */
    uint32_t common_count, shown_count;
    struct known shown[RECOMMEND_MOST + 1];
};

static void meet(const struct model *model, const uint32_t *marks,
                 const uint32_t *pairs, uint32_t count, struct met *m)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t mark = marks[pair_ordinal(pairs[i])];
        uint32_t weight = model->weight_of[pair_mask(pairs[i])];
        uint32_t j = mark >> SHOWN_BITS, shown = mark & SHOWN_MASK;
        m->common[m->common_count] = (struct known){j - 1, weight};
        m->common_count += j != 0;
        m->shown[m->shown_count] = (struct known){shown - 1, weight};
        m->shown_count += shown != 0;
    }
}

/* One neighbour's part in everything. */
static void add_parts(const struct reader *reader, struct reco_scratch *s,
                      const struct sieve *sieve, const struct neighbour *v,
                      struct met *m, struct reasons *out)
{
    const struct profile *p = reader->profile;
    struct row row = model_user_row(reader->model, v->user);
    uint32_t kept[PIECE_PAIRS];
    uint64_t rate = (uint64_t)((double)((uint64_t)1 << RATE_BITS) /
                               sqrt((double)((uint64_t)p->norm * v->norm)));

    m->common_count = m->shown_count = 0;
    for (uint32_t i = 0, piece; i < row.count; i += piece) {
        piece = row.count - i < PIECE_PAIRS ? row.count - i : PIECE_PAIRS;
        meet(reader->model, s->marks, kept,
             sift(sieve, row.pairs + i, piece, kept), m);
    }
    for (uint32_t i = 0; i < m->shown_count; i++) {
        uint64_t *parts = s->parts + (size_t)m->shown[i].place * p->count;
        uint64_t each = rate * m->shown[i].weight;
        out[m->shown[i].place].neighbour_count++;
        for (uint32_t c = 0; c < m->common_count; c++)
            parts[m->common[c].place] += each * m->common[c].weight;
    }
}

/* parts[i * profile->count + j] for every shown post i, all but the factor
 * w_uj: part_of() adds it. */
static bool fill_parts(const struct reader *reader, struct reco_scratch *s,
                       const struct recommendation *from, const uint32_t *posts,
                       uint32_t count, struct reasons *out, struct err *err)
{
    const struct profile *p = reader->profile;
    size_t cells = (size_t)count * p->count;
    struct sieve sieve = {0};
    struct met met;

    /* One row more than posts: the common posts of one neighbour. */
    if (!mem_grow(&s->parts, &s->parts_cap, cells + p->count + 1,
                  sizeof *s->parts, err))
        return false;
    memset(s->parts, 0, cells * sizeof *s->parts);
    for (uint32_t i = 0; i < count; i++)
        out[i] = (struct reasons){0};
    set_marks(p, s, posts, count, &sieve);
    met.common = (struct known *)(s->parts + cells);
    for (uint32_t n = 0; n < from->neighbour_count; n++)
        add_parts(reader, s, &sieve, &from->neighbours[n], &met, out);
    clear_marks(p, s, posts, count);
    return true;
}

static uint64_t part_of(const struct profile *p, const uint64_t *parts,
                        uint32_t j)
{
    return parts[j] * p->posts[j].weight;
}

/* Keeps the three largest; equal parts by the smaller post. */
static void pick_reasons(const struct profile *p, const uint64_t *parts,
                         struct reasons *out)
{
    uint64_t best[REASONS_MOST], total = 0;

    for (uint32_t j = 0; j < p->count; j++) {
        uint64_t part = part_of(p, parts, j);
        uint32_t post = p->posts[j].post, at = out->count;
        total += part;
        if (!part || (at == REASONS_MOST && part < best[at - 1]))
            continue;
        while (at > 0 && (part > best[at - 1] || (part == best[at - 1] &&
                                                  post < out->at[at - 1].post)))
            at--;
        if (at == REASONS_MOST)
            continue;
        out->count += out->count < REASONS_MOST;
        for (uint32_t i = out->count - 1; i > at; i--) {
            best[i] = best[i - 1];
            out->at[i] = out->at[i - 1];
        }
        best[at] = part;
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
    for (uint32_t j = 0; j < p->count; j++)
        parts[j] = part_of(p, s->parts, j);
    return true;
}
