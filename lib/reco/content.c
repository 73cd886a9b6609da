#include "reco/content.h"

#include <math.h>

#include "base/mem.h"

struct content_vector content_of(const struct model *m, uint32_t post)
{
    uint32_t from = m->text_rows[post];

    return (struct content_vector){m->text_terms + from, m->text_weights + from,
                                   m->text_rows[post + 1] - from};
}

struct span content_term_text(const struct model *m, uint32_t term)
{
    uint32_t from = term ? m->term_text_ends[term - 1] : 0;

    return (struct span){(const char *)m->term_text + from,
                         m->term_text_ends[term] - from};
}

/* ---- a text that the model does not know ---- */

static bool find_term(const struct model *m, uint64_t key, uint32_t *term)
{
    uint32_t from = 0, count = m->content->term_count;

    while (count > 0) {
        uint32_t half = count / 2;
        if (m->term_keys[from + half] < key) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    *term = from;
    return from < m->content->term_count && m->term_keys[from] == key;
}

/* 0 for a common term, and *known says whether the model has it. */
static double weigh_term(const struct model *m, const struct terms *t,
                         uint32_t i, uint32_t *term, bool *known)
{
    uint32_t n = 1;

    *known = find_term(m, t->found[i].key, term);
    if (*known)
        n = m->term_rows[*term + 1] - m->term_rows[*term];
    return n ? content_bm25(t->found[i].count, t->length, m->content->average,
                            n, m->post_count)
             : 0;
}

uint32_t content_weigh(const struct model *m, const struct terms *t,
                       uint32_t *terms, uint16_t *weights)
{
    double norm = 0;
    uint32_t term, count = 0;
    bool known;

    for (uint32_t i = 0; i < t->count; i++) {
        double one = weigh_term(m, t, i, &term, &known);
        norm += one * one;
    }
    for (uint32_t i = 0; i < t->count && norm > 0; i++) {
        double one = weigh_term(m, t, i, &term, &known) / sqrt(norm);
        uint16_t weight = (uint16_t)(one * CONTENT_ONE + .5);
        if (!known || !weight)
            continue;
        terms[count] = term;
        weights[count++] = weight;
    }
    return count;
}

/* ---- the query ---- */

bool content_room_init(struct content_room *r, const struct model *m,
                       struct err *err)
{
    size_t terms = content_is_there(m) ? m->content->term_count : 0;

    *r = (struct content_room){0};
    if (mem_take(terms, sizeof *r->taste, &r->taste, err) &&
        mem_take(terms, sizeof *r->touched, &r->touched, err))
        return true;
    content_room_release(r);
    return false;
}

void content_room_release(struct content_room *r)
{
    mem_give(r->taste);
    mem_give(r->touched);
    *r = (struct content_room){0};
}

void content_like(struct content_room *r, struct content_vector v,
                  uint32_t weight)
{
    for (uint32_t i = 0; weight && i < v.count; i++) {
        uint32_t term = v.terms[i];
        if (!r->taste[term])
            r->touched[r->touched_count++] = term;
        r->taste[term] += (uint64_t)weight * v.weights[i];
    }
}

static bool worse(const void *left, const void *right)
{
    const struct content_term *a = left, *b = right;

    return a->weight != b->weight ? a->weight < b->weight : a->term > b->term;
}

void content_ask(struct content_room *r, uint32_t most)
{
    most = most < CONTENT_QUERY_MOST ? most : CONTENT_QUERY_MOST;
    r->query_count = 0;
    for (uint32_t i = 0; i < r->touched_count; i++) {
        struct content_term one = {r->touched[i], r->taste[r->touched[i]]};
        r->taste[one.term] = 0;
        if (heap_wants(r->query, r->query_count, most, &one, worse))
            heap_keep(r->query, &r->query_count, most, &one, sizeof one, worse);
    }
    r->touched_count = 0;
    heap_sort(r->query, r->query_count, sizeof *r->query, worse);
    for (uint32_t i = 0; i < r->query_count; i++)
        r->taste[r->query[i].term] = r->query[i].weight;
}

void content_forget(struct content_room *r)
{
    for (uint32_t i = 0; i < r->query_count; i++)
        r->taste[r->query[i].term] = 0;
    content_ask(r, 0); /* also what was liked and never asked */
}

uint64_t content_score(const struct content_room *r, struct content_vector v)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < v.count; i++)
        sum += r->taste[v.terms[i]] * v.weights[i];
    return sum;
}

/* Steps through the terms that both have. */
static bool next_shared(struct content_vector a, struct content_vector b,
                        uint32_t *i, uint32_t *j)
{
    while (*i < a.count && *j < b.count) {
        if (a.terms[*i] == b.terms[*j])
            return true;
        if (a.terms[*i] < b.terms[*j])
            ++*i;
        else
            ++*j;
    }
    return false;
}

uint64_t content_shared(const struct content_room *r, struct content_vector a,
                        struct content_vector b)
{
    uint64_t sum = 0;

    for (uint32_t i = 0, j = 0; next_shared(a, b, &i, &j); i++, j++)
        if (r->taste[a.terms[i]])
            sum += (uint64_t)a.weights[i] * b.weights[j];
    return sum;
}

double content_cosine(struct content_vector a, struct content_vector b)
{
    uint64_t sum = 0, norm_a = 0, norm_b = 0;

    for (uint32_t i = 0, j = 0; next_shared(a, b, &i, &j); i++, j++)
        sum += (uint64_t)a.weights[i] * b.weights[j];
    for (uint32_t i = 0; i < a.count; i++)
        norm_a += (uint64_t)a.weights[i] * a.weights[i];
    for (uint32_t i = 0; i < b.count; i++)
        norm_b += (uint64_t)b.weights[i] * b.weights[i];
    return sum ? (double)sum / sqrt((double)norm_a * (double)norm_b) : 0;
}

uint32_t content_words(const struct content_room *r, struct content_vector v,
                       uint32_t *out)
{
    struct content_term best[CONTENT_WORDS];
    uint32_t count = 0;

    for (uint32_t i = 0; i < v.count; i++) {
        struct content_term one = {v.terms[i],
                                   r->taste[v.terms[i]] * v.weights[i]};
        if (one.weight && heap_wants(best, count, CONTENT_WORDS, &one, worse))
            heap_keep(best, &count, CONTENT_WORDS, &one, sizeof one, worse);
    }
    heap_sort(best, count, sizeof *best, worse);
    for (uint32_t i = 0; i < count; i++)
        out[i] = best[i].term;
    return count;
}

/* ---- searching the model ---- */

static void add_sums(const struct content_room *r, const struct model *m,
                     uint64_t *sums)
{
    for (uint32_t q = 0; q < r->query_count; q++) {
        uint32_t term = r->query[q].term;
        for (uint32_t i = m->term_rows[term]; i < m->term_rows[term + 1]; i++)
            sums[m->term_posts[i]] += r->query[q].weight * m->term_weights[i];
    }
}

/* Walks the lists again, takes each sum out once and leaves zero. */
static void take_sums(const struct content_room *r, const struct model *m,
                      uint64_t *sums, const struct reader *reader,
                      uint32_t self, struct part *out)
{
    for (uint32_t q = 0; q < r->query_count; q++) {
        uint32_t term = r->query[q].term;
        for (uint32_t i = m->term_rows[term]; i < m->term_rows[term + 1]; i++) {
            uint32_t post = m->term_posts[i];
            uint64_t sum = sums[post];
            sums[post] = 0;
            if (reader)
                part_offer(out, reader, post, sum);
            else if (post != self && model_post_visible(m, post))
                part_keep(out, post, sum);
        }
    }
}

void content_find(const struct content_room *r, const struct reader *reader,
                  uint64_t *sums, struct part *out)
{
    add_sums(r, reader->model, sums);
    take_sums(r, reader->model, sums, reader, ORDINAL_NONE, out);
}

uint32_t content_similar(const struct model *m, struct content_room *r,
                         uint64_t *sums, uint32_t post, uint32_t want,
                         struct part *out)
{
    part_begin(out, want);
    if (!content_is_there(m))
        return 0;
    content_like(r, content_of(m, post), 1);
    content_ask(r, CONTENT_QUERY_MOST);
    add_sums(r, m, sums);
    take_sums(r, m, sums, NULL, post, out);
    content_forget(r);
    part_end(out);
    return out->count;
}
