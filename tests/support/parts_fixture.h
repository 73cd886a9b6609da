/*
 * parts_fixture.h -- a model_fixture whose model also has contents, similar
 * posts and a trend.
 *
 * Use    struct parts p; fixture_init(&p.base, users, posts); fixture_event
 * ...; parts_open(&p, bodies); p.base.model is ready; parts_close(&p). Texts
 * bodies[n] is what post n says (English); NULL: nothing. Its tag is "t<n %
 * 3>". Times  event number n (from 0) happened n ms after 1970, now is 2000 ms,
 * half lives are 10 ms.
 */
#pragma once

#include "model_fixture.h"
#include "reco/content.h"
#include "reco/hybrid.h"
#include "reco/similar.h"
#include "reco/trending.h"

enum {
    PARTS_SECTIONS =
        MODEL_CONTENT_SECTIONS + MODEL_ITEM_SECTIONS + MODEL_TREND_SECTIONS,
    PARTS_NEIGHBOURS = 50,
};

struct parts {
    struct fixture base;
    struct terms terms;
    struct content_build content;
    struct similar similar;
    struct trending trending;
};

static inline bool parts_sections(void *arg, struct model_extra *out,
                                  struct err *err)
{
    struct parts *p = arg;

    fixture_must(content_build_end(&p->content, out, err), err);
    similar_sections(&p->similar, out + MODEL_CONTENT_SECTIONS);
    trending_sections(&p->trending,
                      out + MODEL_CONTENT_SECTIONS + MODEL_ITEM_SECTIONS);
    return true;
}

static inline void parts_words(struct parts *p, const char *const *bodies)
{
    struct err err;

    fixture_must(terms_init(&p->terms, "en", &err), &err);
    fixture_must(content_build_init(&p->content, &err), &err);
    for (uint32_t i = 0; i < p->base.post_count; i++) {
        static const struct span tags[] = {SPAN("t0"), SPAN("t1"), SPAN("t2")};
        struct terms_text words = {.body = span_of(bodies[i]),
                                   .tags = &tags[i % 3],
                                   .tag_count = bodies[i] ? 1 : 0};
        fixture_must(terms_make(&p->terms, &words, &err) &&
                         content_build_add(&p->content, &p->terms, &err),
                     &err);
    }
}

static inline void parts_open(struct parts *p, const char *const *bodies)
{
    enum { NOW_MS = 2000, HALF_LIFE_MS = 10 };
    struct fixture *f = &p->base;
    uint8_t weight_of[2 * MASK_COUNT];
    struct model_source source;
    struct err err;

    weights_table(&f->weights, weight_of);
    parts_words(p, bodies);
    fixture_must(trending_build(&f->events, weight_of, f->post_count, NOW_MS,
                                HALF_LIFE_MS * 100, &p->trending, &err),
                 &err);
    fixture_write(f); /* folds; the file is written over below */
    fixture_must(trending_end(&p->trending, &f->matrix, &err) &&
                     similar_build(&f->matrix, weight_of, PARTS_NEIGHBOURS, 0,
                                   &p->similar, &err),
                 &err);
    source = fixture_source(f);
    source.extras = parts_sections;
    source.extras_arg = p;
    source.extra_count = PARTS_SECTIONS;
    fixture_must(model_write(f->path, &source, &err), &err);
    fixture_must(model_open(f->path, &f->model, &err), &err);
    fixture_must(reco_scratch_init(&f->scratch, &f->model, &err), &err);
}

static inline void parts_close(struct parts *p)
{
    terms_release(&p->terms);
    content_build_release(&p->content);
    similar_release(&p->similar);
    trending_release(&p->trending);
    fixture_close(&p->base);
}

/* A small model with all parts as bytes of the heap. */
static inline unsigned char *parts_sample(size_t *size)
{
    static const char *const bodies[] = {"rye bread", "bread and butter",
                                         "a butter knife", NULL};
    struct parts p = {0};
    unsigned char *copy;

    fixture_init(&p.base, 5, 4);
    fixture_mask(&p.base, 0, 0, MASK_VIEW);
    fixture_mask(&p.base, 0, 2, MASK_VIEW | MASK_SHARE);
    fixture_mask(&p.base, 1, 0, MASK_LIKE);
    fixture_mask(&p.base, 1, 1, MASK_CLICK);
    fixture_mask(&p.base, 3, 1, MASK_VIEW);
    fixture_mask(&p.base, 3, 2, MASK_VIEW);
    fixture_mask(&p.base, 3, 3, MASK_LIKE | MASK_SHARE);
    parts_open(&p, bodies);
    *size = p.base.model.size;
    copy = malloc(*size);
    if (!copy)
        abort();
    memcpy(copy, p.base.model.bytes, *size);
    parts_close(&p);
    return copy;
}

/* Ranks and explains for one user of the model, with all parts. */
static inline void parts_use(const struct model *m, struct hybrid *h,
                             struct reco_scratch *s, struct profile *p,
                             uint32_t user)
{
    static struct hybrid_settings settings;
    static struct reader reader;
    static struct hybrid_reasons why[8];
    struct history_event events[8];
    struct row row = model_user_row(m, user);
    uint32_t count = row.count < 8 ? row.count : 8;
    struct err err;

    settings.query_terms = 16;
    fixture_must(blend_table_read("0:25/25/25/25", &settings.blend, &err),
                 &err);
    for (uint32_t i = 0; i < count; i++)
        events[i] = (struct history_event){
            .post = m->post_ids[pair_ordinal(row.pairs[i])],
            .type = EVENT_LIKE};
    profile_make(p, m, events, count);
    fixture_must(reader_make(&reader, m, p, (struct uuid){{1}}, NULL, 0, &err),
                 &err);
    hybrid_taste(h, p, m, events, count, NULL, 0, 0, 0);
    fixture_must(hybrid_rank(h, &reader, s, &settings, &err), &err);
    count = h->blend.count < 8 ? h->blend.count : 8;
    fixture_must(
        hybrid_explain(h, &reader, s, h->blend.posts, count, why, &err), &err);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t r = 0; r < why[i].count; r++)
            for (uint32_t w = 0; w < why[i].at[r].word_count; w++)
                if (!content_term_text(m, why[i].at[r].words[w]).at)
                    abort();
    hybrid_forget(h);
}

/* Whether the check lets it pass; if so, everything in it is used. */
static inline bool parts_survive(const void *bytes, size_t size)
{
    static struct hybrid h; /* large */
    struct model m;
    struct reco_scratch s;
    struct profile p;
    struct err err;

    if (!model_of_bytes(bytes, size, &m, &err))
        return false;
    fixture_must(reco_scratch_init(&s, &m, &err), &err);
    fixture_must(profile_init(&p, 16, &err), &err);
    fixture_must(hybrid_init(&h, &m, &err), &err);
    for (uint32_t u = 0; u < m.user_count; u++)
        parts_use(&m, &h, &s, &p, u);
    hybrid_release(&h);
    profile_release(&p);
    reco_scratch_release(&s);
    model_close(&m);
    return true;
}
