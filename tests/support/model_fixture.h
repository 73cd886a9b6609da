/*
 * model_fixture.h -- a model of a few events, written and opened for real.
 *
 * Use     fixture_init(&f, users, posts); fixture_event(&f, ...) ...;
 *         fixture_open(&f); f.model and f.scratch are ready;
 *         fixture_close(&f).
 * Ids     ordinal n has the id fixture_user(n), fixture_post(n).
 * Texts   post n has the text {"title":"Post n"} and the title Post n.
 * Errors  print and abort.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "reco/interactions.h"
#include "reco/model.h"
#include "reco/model_write.h"
#include "reco/profile.h"
#include "reco/recommend.h"
#include "reco/scratch.h"

struct fixture {
    uint32_t user_count, post_count;
    struct interactions events;
    struct weights weights;
    uint32_t neighbours;
    struct index_plan index;
    bool without_index;
    uint8_t *flags;
    struct uuid *authors, *users, *posts;
    char text[64];
    char folder[64], path[96];
    struct matrix matrix;
    struct model model;
    struct reco_scratch scratch;
};

static inline void fixture_must(bool ok, const struct err *err)
{
    if (ok)
        return;
    fprintf(stderr, "fixture: %s %s\n", err->where, err->what);
    abort();
}

static inline struct uuid fixture_id(char kind, uint32_t n)
{
    enum { BYTE_BITS = 8, NUMBER_BYTES = 4 };
    struct uuid id = {{(unsigned char)kind}};

    for (int i = 0; i < NUMBER_BYTES; i++)
        id.b[UUID_BYTES - 1 - i] = (unsigned char)(n >> (i * BYTE_BITS));
    return id;
}

static inline struct uuid fixture_user(uint32_t n)
{
    return fixture_id('u', n);
}

static inline struct uuid fixture_post(uint32_t n)
{
    return fixture_id('p', n);
}

static inline void fixture_init(struct fixture *f, uint32_t users,
                                uint32_t posts)
{
    struct err err;

    *f = (struct fixture){.user_count = users,
                          .post_count = posts,
                          .weights = {1, 3, 7, 10, false},
                          .neighbours = 100};
    interactions_init(&f->events);
    fixture_must(mem_take(users, sizeof *f->users, &f->users, &err), &err);
    fixture_must(mem_take(posts, sizeof *f->posts, &f->posts, &err), &err);
    fixture_must(mem_take(posts, sizeof *f->authors, &f->authors, &err), &err);
    fixture_must(mem_take(posts, 1, &f->flags, &err), &err);
    for (uint32_t i = 0; i < users; i++)
        f->users[i] = fixture_user(i);
    for (uint32_t i = 0; i < posts; i++)
        f->posts[i] = fixture_post(i);
    memset(f->flags, MODEL_VISIBLE, posts);
}

static inline void fixture_event(struct fixture *f, uint32_t user,
                                 uint32_t post, enum event_type type)
{
    struct err err;

    fixture_must(interactions_add(&f->events, user, post, type,
                                  (int64_t)f->events.count, &err),
                 &err);
}

/* The events that make this mask. */
static inline void fixture_mask(struct fixture *f, uint32_t user, uint32_t post,
                                unsigned mask)
{
    for (enum event_type t = EVENT_VIEW; t <= EVENT_SHARE; t++)
        if (mask >> t & 1)
            fixture_event(f, user, post, t);
}

static inline bool fixture_text(void *arg, uint32_t post, struct span *text,
                                struct model_title *title, struct err *err)
{
    struct fixture *f = arg;
    const char *head = "{\"title\":\"", *tail = "\"}";
    int bytes =
        snprintf(f->text, sizeof f->text, "%sPost %u%s", head, post, tail);

    (void)err;
    *text = (struct span){f->text, (size_t)bytes};
    title->offset = (uint32_t)strlen(head);
    title->bytes = (uint32_t)bytes - title->offset - (uint32_t)strlen(tail);
    return true;
}

static inline struct model_source fixture_source(struct fixture *f)
{
    return (struct model_source){.matrix = &f->matrix,
                                 .user_ids = f->users,
                                 .post_ids = f->posts,
                                 .post_authors = f->authors,
                                 .post_flags = f->flags,
                                 .text = fixture_text,
                                 .text_arg = f,
                                 .weights = f->weights,
                                 .index = f->index,
                                 .without_index = f->without_index,
                                 .neighbours = f->neighbours,
                                 .built_at_ms = 2000,
                                 .trained_until_ms = 1000,
                                 .version = "test-1"};
}

/* Folds and writes; f->path names the file until fixture_close. */
static inline void fixture_write(struct fixture *f)
{
    const char *base = getenv("TMPDIR");
    struct model_source source;
    struct err err;

    /* In memory where there is such a folder: fsync is the slowest part. */
    if (!base)
        base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(f->folder, sizeof f->folder, "%s/kith-XXXXXX", base);
    if (!mkdtemp(f->folder)) {
        perror(f->folder);
        abort();
    }
    snprintf(f->path, sizeof f->path, "%s/model", f->folder);
    fixture_must(interactions_fold(&f->events, &f->weights, f->user_count,
                                   f->post_count, &f->matrix, &err),
                 &err);
    source = fixture_source(f);
    fixture_must(model_write(f->path, &source, &err), &err);
}

static inline void fixture_open(struct fixture *f)
{
    struct err err;

    fixture_write(f);
    fixture_must(model_open(f->path, &f->model, &err), &err);
    fixture_must(reco_scratch_init(&f->scratch, &f->model, &err), &err);
}

static inline void fixture_close(struct fixture *f)
{
    unlink(f->path);
    rmdir(f->folder);
    reco_scratch_release(&f->scratch);
    model_close(&f->model);
    matrix_release(&f->matrix);
    interactions_release(&f->events);
    mem_give(f->users);
    mem_give(f->posts);
    mem_give(f->authors);
    mem_give(f->flags);
    *f = (struct fixture){0};
}

/* The profile of a reader whose masks are given for every post. */
static inline void fixture_profile(const struct fixture *f, struct profile *p,
                                   const uint8_t *masks)
{
    struct history_event *events;
    uint32_t count = 0;
    struct err err;

    fixture_must(mem_take((size_t)f->post_count * EVENT_TYPES + 1,
                          sizeof *events, &events, &err),
                 &err);
    for (uint32_t i = 0; i < f->post_count; i++)
        for (enum event_type t = EVENT_VIEW; t <= EVENT_HIDE; t++) {
            unsigned bit = t == EVENT_HIDE ? MASK_HIDE : 1u << t;
            if (t != EVENT_UNLIKE && masks[i] & bit)
                events[count++] =
                    (struct history_event){.post = fixture_post(i), .type = t};
        }
    fixture_must(profile_init(p, count ? count : 1, &err), &err);
    profile_make(p, &f->model, events, count);
    mem_give(events);
}
