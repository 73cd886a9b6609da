#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "reco/content.h"

enum { FIRST_SLOTS = 1024, TEXT_MOST_BYTES = 1 << 30 };

static const double k1 = 1.2, b = .75;

double content_bm25(uint32_t tf, uint64_t length, double average, uint32_t n,
                    uint32_t posts)
{
    double idf = log(1 + (posts - (double)n + .5) / (n + .5));
    double relative = average > 0 ? (double)length / average : 1;

    return idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * relative));
}

bool content_build_init(struct content_build *c, struct err *err)
{
    *c = (struct content_build){.slot_count = FIRST_SLOTS};
    buf_init(&c->shown, TEXT_MOST_BYTES);
    if (mem_take(c->slot_count, sizeof *c->slots, &c->slots, err) &&
        mem_grow(&c->rows, &c->rows_cap, 1, sizeof *c->rows, err)) {
        c->rows[0] = 0;
        return true;
    }
    content_build_release(c);
    return false;
}

void content_build_release(struct content_build *c)
{
    for (size_t i = 0; i < MODEL_CONTENT_SECTIONS; i++)
        mem_give(c->made[i]);
    mem_give(c->keys);
    mem_give(c->kinds);
    mem_give(c->shown_at);
    mem_give(c->slots);
    mem_give(c->pairs);
    mem_give(c->rows);
    buf_release(&c->shown);
    *c = (struct content_build){0};
}

/* ---- collecting ---- */

static size_t slot_of(const struct content_build *c, uint64_t key)
{
    size_t i = (size_t)key & (c->slot_count - 1);

    while (c->slots[i] && c->keys[c->slots[i] - 1] != key)
        i = (i + 1) & (c->slot_count - 1);
    return i;
}

static bool widen(struct content_build *c, struct err *err)
{
    uint32_t *old = c->slots;

    if (!mem_take(c->slot_count * 2, sizeof *c->slots, &c->slots, err)) {
        c->slots = old;
        return false;
    }
    c->slot_count *= 2;
    for (uint32_t t = 0; t < c->term_count; t++)
        c->slots[slot_of(c, c->keys[t])] = t + 1;
    mem_give(old);
    return true;
}

static bool find_term(struct content_build *c, const struct term *term,
                      uint32_t *out, struct err *err)
{
    size_t slot = slot_of(c, term->key), need = (size_t)c->term_count + 1;

    if (c->slots[slot]) {
        *out = c->slots[slot] - 1;
        return true;
    }
    if (need >= PAIR_ORDINALS)
        return err_set(err, ERR_LIMIT, "content: over 2^28 terms");
    if (!mem_grow(&c->keys, &c->keys_cap, need, sizeof *c->keys, err) ||
        !mem_grow(&c->kinds, &c->kinds_cap, need, sizeof *c->kinds, err) ||
        !mem_grow(&c->shown_at, &c->shown_cap, need, sizeof *c->shown_at, err))
        return false;
    *out = c->term_count++;
    c->keys[*out] = term->key;
    c->kinds[*out] = (uint8_t)term->kind;
    buf_span(&c->shown, term->shown);
    c->shown_at[*out] = (uint32_t)c->shown.bytes;
    c->slots[slot] = *out + 1;
    if (c->shown.failed)
        return err_set(err, ERR_LIMIT, "content: texts of %u terms", *out);
    return c->term_count * (size_t)2 < c->slot_count || widen(c, err);
}

bool content_build_add(struct content_build *c, const struct terms *t,
                       struct err *err)
{
    if (c->pair_count + t->count >= UINT32_MAX)
        return err_set(err, ERR_LIMIT, "content: 2^32 pairs");
    if (!mem_grow(&c->pairs, &c->pairs_cap, c->pair_count + t->count,
                  sizeof *c->pairs, err) ||
        !mem_grow(&c->rows, &c->rows_cap, (size_t)c->post_count + 2,
                  sizeof *c->rows, err))
        return false;
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t term = 0;
        if (!find_term(c, &t->found[i], &term, err))
            return false;
        c->pairs[c->pair_count++] =
            (struct content_pair){term, t->found[i].count};
    }
    c->length += t->length;
    c->rows[++c->post_count] = (uint32_t)c->pair_count;
    return true;
}

/* ---- making the sections ---- */

struct sight {
    uint64_t key;
    uint32_t term; /* in order of sight */
};

/* All in the order of keys; `rank` maps from the order of sight. */
struct making {
    struct content_build *c;
    struct sight *sights;
    uint32_t *rank, *next; /* next: free place of each term's row */
    uint32_t *posts_of;    /* [terms] by order of sight */
    double *bm25;          /* of one post's pairs */
    size_t bm25_cap;
    double average;
    uint32_t pair_count;

    struct model_content *meta;
    uint64_t *keys;
    uint8_t *kinds;
    char *text;
    uint32_t *text_ends, *term_rows, *term_posts, *rows, *terms;
    uint16_t *term_weights, *weights;
};

static int by_key(const void *left, const void *right)
{
    const struct sight *a = left, *z = right;

    return (a->key > z->key) - (a->key < z->key);
}

static bool take_terms(struct making *m, struct err *err)
{
    struct content_build *c = m->c;
    size_t terms = c->term_count;

    if (!mem_take(1, sizeof *m->meta, &c->made[0], err) ||
        !mem_take(terms, sizeof *m->keys, &c->made[1], err) ||
        !mem_take(terms, 1, &c->made[2], err) ||
        !mem_take(c->shown.bytes, 1, &c->made[3], err) ||
        !mem_take(terms, sizeof *m->text_ends, &c->made[4], err) ||
        !mem_take(terms + 1, sizeof *m->term_rows, &c->made[5], err) ||
        !mem_take(terms, sizeof *m->rank, &m->rank, err) ||
        !mem_take(terms, sizeof *m->sights, &m->sights, err) ||
        !mem_take(terms, sizeof *m->next, &m->next, err) ||
        !mem_take(terms, sizeof *m->posts_of, &m->posts_of, err))
        return false;
    m->meta = c->made[0];
    m->keys = c->made[1];
    m->kinds = c->made[2];
    m->text = c->made[3];
    m->text_ends = c->made[4];
    m->term_rows = c->made[5];
    return true;
}

static void copy_terms(struct making *m)
{
    struct content_build *c = m->c;
    uint32_t end = 0;

    for (uint32_t t = 0; t < c->term_count; t++)
        m->sights[t] = (struct sight){c->keys[t], t};
    qsort(m->sights, c->term_count, sizeof *m->sights, by_key);
    for (uint32_t r = 0; r < c->term_count; r++) {
        uint32_t t = m->sights[r].term, from = t ? c->shown_at[t - 1] : 0;
        uint32_t bytes = c->shown_at[t] - from;
        m->rank[t] = r;
        m->keys[r] = c->keys[t];
        m->kinds[r] = c->kinds[t];
        if (bytes)
            memcpy(m->text + end, c->shown.at + from, bytes);
        end += bytes;
        m->text_ends[r] = end;
    }
}

static bool is_common(const struct making *m, uint32_t term)
{
    return m->c->kinds[term] == TERM_WORD &&
           m->c->post_count >= CONTENT_COMMON_FROM &&
           m->posts_of[term] > m->c->post_count / 2;
}

static void count_posts(struct making *m)
{
    const struct content_build *c = m->c;
    uint32_t with_text = 0;

    for (size_t i = 0; i < c->pair_count; i++)
        m->posts_of[c->pairs[i].term]++;
    for (uint32_t p = 0; p < c->post_count; p++)
        with_text += c->rows[p + 1] > c->rows[p];
    m->average = with_text ? (double)c->length / with_text : 0;
}

/* Pairs of a post come with ascending keys, so their ranks ascend too. */
static void weigh_post(struct making *m, uint32_t post)
{
    const struct content_build *c = m->c;
    const struct content_pair *pairs = c->pairs + c->rows[post];
    uint32_t count = c->rows[post + 1] - c->rows[post];
    uint64_t length = 0;
    double norm = 0;

    for (uint32_t i = 0; i < count; i++)
        length += pairs[i].count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t term = pairs[i].term;
        m->bm25[i] = is_common(m, term)
                         ? 0
                         : content_bm25(pairs[i].count, length, m->average,
                                        m->posts_of[term], c->post_count);
        norm += m->bm25[i] * m->bm25[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        double one = norm > 0 ? m->bm25[i] / sqrt(norm) : 0;
        uint16_t weight = (uint16_t)(one * CONTENT_ONE + .5);
        if (!weight)
            continue;
        m->terms[m->pair_count] = m->rank[pairs[i].term];
        m->weights[m->pair_count++] = weight;
    }
    m->rows[post + 1] = m->pair_count;
}

static bool weigh(struct making *m, struct err *err)
{
    struct content_build *c = m->c;
    size_t most = 0;

    if (!mem_take((size_t)c->post_count + 1, sizeof *m->rows, &c->made[8],
                  err) ||
        !mem_take(c->pair_count, sizeof *m->terms, &c->made[9], err) ||
        !mem_take(c->pair_count, sizeof *m->weights, &c->made[10], err))
        return false;
    m->rows = c->made[8];
    m->terms = c->made[9];
    m->weights = c->made[10];
    for (uint32_t p = 0; p < c->post_count; p++)
        if (c->rows[p + 1] - c->rows[p] > most)
            most = c->rows[p + 1] - c->rows[p];
    if (!mem_take(most, sizeof *m->bm25, &m->bm25, err))
        return false;
    for (uint32_t p = 0; p < c->post_count; p++)
        weigh_post(m, p);
    return true;
}

/* Counting sort by term: posts of a term come out ascending. */
static bool invert(struct making *m, struct err *err)
{
    struct content_build *c = m->c;
    uint32_t terms = c->term_count;

    if (!mem_take(m->pair_count, sizeof *m->term_posts, &c->made[6], err) ||
        !mem_take(m->pair_count, sizeof *m->term_weights, &c->made[7], err))
        return false;
    m->term_posts = c->made[6];
    m->term_weights = c->made[7];
    for (uint32_t i = 0; i < m->pair_count; i++)
        m->term_rows[m->terms[i] + 1]++;
    for (uint32_t t = 0; t < terms; t++)
        m->term_rows[t + 1] += m->term_rows[t];
    memcpy(m->next, m->term_rows, terms * sizeof *m->next);
    for (uint32_t p = 0; p < c->post_count; p++)
        for (uint32_t i = m->rows[p]; i < m->rows[p + 1]; i++) {
            uint32_t at = m->next[m->terms[i]]++;
            m->term_posts[at] = p;
            m->term_weights[at] = m->weights[i];
        }
    return true;
}

static void name_sections(const struct making *m, struct model_extra *out)
{
    const struct content_build *c = m->c;
    size_t terms = c->term_count, pairs = m->pair_count;
    size_t u16 = sizeof(uint16_t), u32 = sizeof(uint32_t);
    const size_t bytes[MODEL_CONTENT_SECTIONS] = {
        sizeof *m->meta,
        terms * sizeof *m->keys,
        terms,
        c->shown.bytes,
        terms * u32,
        (terms + 1) * u32,
        pairs * u32,
        pairs * u16,
        ((size_t)c->post_count + 1) * u32,
        pairs * u32,
        pairs * u16,
    };

    *m->meta = (struct model_content){c->term_count, m->pair_count, m->average};
    for (uint32_t i = 0; i < MODEL_CONTENT_SECTIONS; i++)
        out[i] =
            (struct model_extra){MODEL_CONTENT_META + i, c->made[i], bytes[i]};
}

bool content_build_end(struct content_build *c, struct model_extra *out,
                       struct err *err)
{
    struct making m = {.c = c};
    bool ok = take_terms(&m, err);

    if (ok) {
        copy_terms(&m);
        count_posts(&m);
        ok = weigh(&m, err) && invert(&m, err);
    }
    if (ok)
        name_sections(&m, out);
    mem_give(m.rank);
    mem_give(m.sights);
    mem_give(m.next);
    mem_give(m.posts_of);
    mem_give(m.bm25);
    return ok;
}
