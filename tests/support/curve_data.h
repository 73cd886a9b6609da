/*
 * curve_data.h -- a model_fixture filled with seeded interactions of a known
 * size, or with the training half of a folder of train.txt / test.txt.
 *
 * Curves   users of log-normal degree meet posts with a probability that falls
 *          with the rank r as exp(-slope * r^exponent); no tastes. That of
 *          ml20m is fitted to ML-20M, that of 1m to 1 M users, 200 k posts and
 *          100 M pairs with a largest post of 120 k; that of gowalla is a guess
 *          of the right size (users, posts, pairs, largest post).
 * Types    a pair has one type, drawn by the shares of a mix.
 * Times    each event at a random time of one year.
 * Same     one curve and one mix give the same pairs on every machine.
 */
#pragma once

#include <math.h>

#include "base/lines.h"
#include "model_fixture.h"

struct curve {
    const char *name;
    uint32_t users, posts, pairs;
    uint32_t least_degree;
    double spread;          /* sigma of the log-normal degree */
    double slope, exponent; /* popularity of rank r: exp(-slope * r^exponent) */
};

static const struct curve curve_all[] = {
    /* Largest post about 1,300 users, median 12. */
    {"gowalla", 29858, 40981, 810128, 8, 0.75, 2.82, 0.10},
    {"ml20m", 138493, 26744, 19990000, 20, 1.0, 0.20, 0.40},
    {"1m", 1000000, 200000, 100000000, 8, 1.0, 0.3345, 0.272},
};
enum { CURVES = sizeof curve_all / sizeof *curve_all };

/* Tenths of a percent of views, clicks, likes; the rest are shares. */
struct mix {
    const char *name;
    uint32_t view, click, like;
};

static const struct mix mix_all[] = {
    {"binary", 1000, 0, 0}, /* every pair weighs the same */
    {"60/20/12/8", 600, 200, 120},
    {"90/8/1.5/.5", 900, 80, 15},
};
enum { MIXES = sizeof mix_all / sizeof *mix_all };

/* Cumulative popularity by rank. */
static inline double *curve_cumulate(const struct curve *c)
{
    double *sum, total = 0;
    struct err err;

    fixture_must(mem_take(c->posts, sizeof *sum, &sum, &err), &err);
    for (uint32_t r = 0; r < c->posts; r++)
        sum[r] = total += exp(-c->slope * pow(r + 1, c->exponent));
    return sum;
}

static inline uint32_t curve_rank(const double *sum, uint32_t posts,
                                  struct rng *rng)
{
    double at = rng_unit(rng) * sum[posts - 1];
    uint32_t from = 0, count = posts;

    while (count > 0) {
        uint32_t half = count / 2;
        if (sum[from + half] < at) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return from < posts ? from : posts - 1;
}

static inline double curve_normal(struct rng *rng)
{
    return sqrt(-2 * log(1 - rng_unit(rng))) * cos(2 * M_PI * rng_unit(rng));
}

static inline enum event_type mix_type(const struct mix *mix, struct rng *rng)
{
    enum { WHOLE = 1000 };
    uint32_t at = rng_below(rng, WHOLE);

    return at < mix->view                            ? EVENT_VIEW
           : at < mix->view + mix->click             ? EVENT_CLICK
           : at < mix->view + mix->click + mix->like ? EVENT_LIKE
                                                     : EVENT_SHARE;
}

/* Some time within a year. */
static inline int64_t curve_time(struct rng *rng)
{
    return (int64_t)(rng_unit(rng) * 365 * 86400000);
}

/* A user's posts without repetition; marks[post] holds user + 1. */
static inline void curve_user(struct fixture *f, const struct curve *c,
                              const struct mix *mix, uint32_t user,
                              uint32_t degree, const double *sum,
                              uint32_t *marks, const uint32_t *post_of,
                              struct rng *rng)
{
    enum { TRIES = 8 };
    struct err err;

    for (uint32_t tries = degree * TRIES; degree && tries; tries--) {
        uint32_t post = post_of[curve_rank(sum, c->posts, rng)];
        enum event_type type = mix_type(mix, rng);
        if (marks[post] == user + 1)
            continue;
        marks[post] = user + 1;
        degree--;
        fixture_must(interactions_add(&f->events, user, post, type,
                                      curve_time(rng), &err),
                     &err);
    }
}

static inline uint32_t *curve_shuffled(uint32_t count, struct rng *rng)
{
    uint32_t *all;
    struct err err;

    fixture_must(mem_take(count, sizeof *all, &all, &err), &err);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = rng_below(rng, i + 1);
        all[i] = all[j];
        all[j] = i;
    }
    return all;
}

/* Events of the curve into a fixture that fixture_open may then open. */
static inline void curve_make(struct fixture *f, const struct curve *c,
                              const struct mix *mix)
{
    enum { LARGEST_SHARE = 3 };
    struct rng rng = rng_of(1);
    double mean = (double)c->pairs / c->users - c->least_degree;
    double middle = log(mean) - c->spread * c->spread / 2;
    double *sum = curve_cumulate(c);
    uint32_t *post_of = curve_shuffled(c->posts, &rng), *marks;
    struct err err;

    fixture_init(f, c->users, c->posts);
    fixture_must(mem_take(c->posts, sizeof *marks, &marks, &err), &err);
    for (uint32_t u = 0; u < c->users; u++) {
        double extra = exp(middle + c->spread * curve_normal(&rng));
        uint32_t degree = c->least_degree + (uint32_t)extra;
        uint32_t most = c->posts / LARGEST_SHARE;
        curve_user(f, c, mix, u, degree < most ? degree : most, sum, marks,
                   post_of, &rng);
    }
    mem_give(marks);
    mem_give(post_of);
    mem_give(sum);
}

/* The next number of a line; false at its end. */
static inline bool lightgcn_number(struct span *line, uint32_t *out)
{
    enum { TEN = 10 };
    size_t i = 0;
    uint32_t value = 0;

    while (i < line->bytes && line->at[i] == ' ')
        i++;
    if (i == line->bytes)
        return false;
    for (; i < line->bytes && line->at[i] >= '0' && line->at[i] <= '9'; i++)
        value = value * TEN + (uint32_t)(line->at[i] - '0');
    if (i < line->bytes && line->at[i] != ' ')
        return false;
    *out = value;
    line->at += i;
    line->bytes -= i;
    return true;
}

static inline void lightgcn_lines(const char *path, const struct mix *mix,
                                  struct interactions *events)
{
    struct rng rng = rng_of(1);
    struct lines lines;
    struct span line;
    uint32_t user, post;
    struct err err;

    fixture_must(lines_open(&lines, path, &err), &err);
    while (lines_next(&lines, &line))
        if (lightgcn_number(&line, &user))
            while (lightgcn_number(&line, &post))
                fixture_must(interactions_add(events, user, post,
                                              mix_type(mix, &rng),
                                              curve_time(&rng), &err),
                             &err);
    fixture_must(!lines.failed, &err);
    lines_close(&lines);
}

/* The pairs of FOLDER/train.txt or train.txt.gz: a line "user post post ...".
 */
static inline void lightgcn_make(struct fixture *f, const char *folder,
                                 const struct mix *mix)
{
    enum { PATH_BYTES = 4096 };
    char path[PATH_BYTES];
    struct interactions events;

    snprintf(path, sizeof path, "%s/train.txt", folder);
    if (access(path, R_OK))
        snprintf(path, sizeof path, "%s/train.txt.gz", folder);
    interactions_init(&events);
    lightgcn_lines(path, mix, &events);
    fixture_init(f, events.user_count, events.post_count);
    f->events = events;
}
