/*
 * How the demo's readers behave. The numbers are chosen so that a feed learns
 * something: tastes differ clearly, popular posts are popular with everybody,
 * and a little of what people open is chance.
 */
#include "demo.h"

#include <math.h>

#include "base/hash.h"
#include "base/rng.h"

enum {
    HOUR_MS = 3600000,
    DAY_MS = 24 * HOUR_MS,
    MS_PER_S = 1000,
    HOURS = 24,
    TASTES_MOST = 3,
    VIEWS_LEAST = 12,
    VIEWS_MOST = 110,
    TIME_TRIES = 12,
    PERSONA_DAYS = 9,
};

static const double two_pi = 6.283185307179586;
static const double views_median = 42, views_sigma = 0.55;
static const double noise = 0.10; /* of the views */
static const double popularity_sigma = 0.55;
static const double young_days = 2;       /* a newer post had less time */
static const double attention_days = 4.5; /* mean age of a post when read */
static const double hours_sigma = 2.2;    /* around the reader's hour */
/* Chances of the next step, in the reader's taste and outside of it. */
static const double click_in = 0.46, click_out = 0.14;
static const double like_in = 0.48, like_out = 0.12;
static const double share_in = 0.24, share_out = 0.05;

static double normal(struct rng *r)
{
    double u = 1 - rng_unit(r); /* not 0 */
    double v = rng_unit(r);

    return sqrt(-2 * log(u)) * cos(two_pi * v); /* from Box, Muller 1958 */
}

/* A stream of its own for each named thing: adding one changes no other. */
static struct rng stream(uint64_t seed, const void *at, size_t bytes)
{
    return rng_of(hash64_seeded(at, bytes, seed));
}

/* Each topic's posts in random order, one into each of its equal stretches of
 * the month. */
void demo_publish(struct demo *d, uint64_t seed, int64_t now_ms)
{
    for (uint32_t topic = 0; topic < d->topic_count; topic++) {
        struct rng r =
            stream(seed, d->topics[topic].at, d->topics[topic].bytes);
        uint32_t at[DEMO_POSTS_MOST], count = 0;
        for (uint32_t i = 0; i < d->post_count; i++)
            if (d->posts[i].topic == topic)
                at[count++] = i;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t other = i + rng_below(&r, count - i), post = at[other];
            double part = (i + rng_unit(&r)) / count;
            at[other] = at[i];
            d->posts[post].published_at_ms =
                now_ms - (int64_t)((1 - part) * DEMO_DAYS * (double)DAY_MS) - 1;
        }
    }
}

struct scene {
    const struct demo *d;
    int64_t now_ms;
    double pull[DEMO_POSTS_MOST]; /* popularity of each post */
    bool (*take)(void *arg, const struct demo_event *event);
    void *arg;
};

struct reader {
    struct uuid id;
    struct rng rng;
    double hour; /* of the day at which this one reads */
    uint32_t taste_count, taste[TASTES_MOST];
    double strength[TASTES_MOST];
    bool seen[DEMO_POSTS_MOST];
};

static bool likes_topic(const struct reader *r, uint32_t topic)
{
    for (uint32_t i = 0; i < r->taste_count; i++)
        if (r->taste[i] == topic)
            return true;
    return false;
}

/* One unseen post of the topic (topic_count: of any), by popularity. */
static bool choose_post(const struct scene *s, struct reader *r, uint32_t topic,
                        uint32_t *out)
{
    const struct demo *d = s->d;
    double sum = 0, at;

    for (uint32_t i = 0; i < d->post_count; i++)
        if (!r->seen[i] &&
            (topic == d->topic_count || d->posts[i].topic == topic))
            sum += s->pull[i];
    at = rng_unit(&r->rng) * sum;
    for (uint32_t i = 0; i < d->post_count; i++) {
        if (r->seen[i] ||
            (topic != d->topic_count && d->posts[i].topic != topic))
            continue;
        *out = i;
        at -= s->pull[i];
        if (at < 0)
            break;
    }
    return sum > 0;
}

static uint32_t choose_topic(const struct scene *s, struct reader *r)
{
    double at;

    if (rng_unit(&r->rng) < noise)
        return s->d->topic_count;
    at = rng_unit(&r->rng);
    for (uint32_t i = 0; i < r->taste_count; i++) {
        at -= r->strength[i];
        if (at < 0)
            return r->taste[i];
    }
    return r->taste[0];
}

/* A moment after the post came out, at the reader's usual hours. */
static int64_t choose_time(const struct scene *s, struct reader *r,
                           int64_t published_ms)
{
    for (int i = 0; i < TIME_TRIES; i++) {
        double age = -attention_days * log(1 - rng_unit(&r->rng));
        double hour = r->hour + hours_sigma * normal(&r->rng);
        int64_t at = published_ms + (int64_t)(age * DAY_MS);
        at -= at % DAY_MS;
        at += (int64_t)(fmod(hour + HOURS, HOURS) * HOUR_MS);
        if (at > published_ms && at < s->now_ms - HOUR_MS)
            return at;
    }
    /* Too young for the reader's hours: any moment since it came out. */
    return published_ms + 1 +
           (int64_t)(rng_unit(&r->rng) * (double)(s->now_ms - published_ms));
}

/* `seconds` later, or a little less than that; false when that is not yet. */
static bool later(const struct scene *s, struct reader *r, int64_t *at_ms,
                  uint32_t seconds)
{
    *at_ms += (2 + rng_below(&r->rng, seconds)) * (int64_t)MS_PER_S;
    return *at_ms < s->now_ms;
}

static bool tell(const struct scene *s, const struct reader *r, uint32_t post,
                 enum event_type type, int64_t at_ms)
{
    struct demo_event event = {r->id, s->d->posts[post].id, type, at_ms};

    return s->take(s->arg, &event);
}

static bool read_post(const struct scene *s, struct reader *r, uint32_t post)
{
    bool in = likes_topic(r, s->d->posts[post].topic);
    int64_t at = choose_time(s, r, s->d->posts[post].published_at_ms);
    const struct {
        enum event_type type;
        double chance;
        uint32_t seconds;
    } steps[] = {
        {EVENT_CLICK, in ? click_in : click_out, 40},
        {EVENT_LIKE, in ? like_in : like_out, 150},
        {EVENT_SHARE, in ? share_in : share_out, 90},
    };

    r->seen[post] = true;
    if (at >= s->now_ms)
        return true;
    if (!tell(s, r, post, EVENT_VIEW, at))
        return false;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (rng_unit(&r->rng) >= steps[i].chance ||
            !later(s, r, &at, steps[i].seconds))
            return true;
        if (!tell(s, r, post, steps[i].type, at))
            return false;
    }
    return true;
}

/* One to three tastes; the first is the strongest. Readers take their first
 * taste by turns, so that every topic has its circle. */
static void form_tastes(const struct scene *s, struct reader *r,
                        uint32_t number)
{
    uint32_t topics = s->d->topic_count;
    uint32_t wanted = 1 + rng_below(&r->rng, TASTES_MOST);
    double sum = 0;

    if (wanted > topics)
        wanted = topics;
    r->taste[0] = number % topics;
    for (r->taste_count = 1; r->taste_count < wanted;) {
        uint32_t topic = rng_below(&r->rng, topics);
        if (!likes_topic(r, topic))
            r->taste[r->taste_count++] = topic;
    }
    for (uint32_t i = 0; i < r->taste_count; i++)
        sum += r->strength[i] = (0.7 + 0.3 * rng_unit(&r->rng)) / (1 << i);
    for (uint32_t i = 0; i < r->taste_count; i++)
        r->strength[i] /= sum;
}

static bool live_reader(const struct scene *s, struct reader *r,
                        uint32_t number)
{
    double views = views_median * exp(views_sigma * normal(&r->rng));
    uint32_t post;

    views = fmin(fmax(views, VIEWS_LEAST), VIEWS_MOST);
    r->hour = rng_below(&r->rng, 2) ? 7 + 2 * rng_unit(&r->rng)
                                    : 18 + 4 * rng_unit(&r->rng);
    form_tastes(s, r, number);
    for (int i = 0; i < (int)views; i++)
        if (choose_post(s, r, choose_topic(s, r), &post) &&
            !read_post(s, r, post))
            return false;
    return true;
}

/* What a persona did: few steps, all but the last in its own topic, so that
 * there is much left to recommend. */
static const struct {
    bool foreign;
    int steps; /* view, click, like, share */
} persona_posts[] = {
    {false, 3}, {false, 2}, {false, 2}, {false, 1}, {true, 1},
};

static bool live_persona(const struct scene *s, struct reader *r,
                         uint32_t topic)
{
    uint32_t count = sizeof persona_posts / sizeof persona_posts[0];

    for (uint32_t i = 0; i < count; i++) {
        uint32_t post;
        int64_t at, first;
        uint32_t from = persona_posts[i].foreign ? s->d->topic_count : topic;
        if (!choose_post(s, r, from, &post))
            continue;
        r->seen[post] = true;
        at = s->now_ms -
             (int64_t)(PERSONA_DAYS * (count - i - rng_unit(&r->rng)) / count *
                       DAY_MS);
        first = s->d->posts[post].published_at_ms;
        if (at <= first)
            at = first + 1 + (s->now_ms - first) / 2;
        for (int step = 0; step < persona_posts[i].steps; step++) {
            if (!tell(s, r, post, (enum event_type)step, at))
                return false;
            if (!later(s, r, &at, 60))
                break;
        }
    }
    return true;
}

static void weigh_posts(struct scene *s, uint64_t seed)
{
    for (uint32_t i = 0; i < s->d->post_count; i++) {
        const struct demo_post *post = &s->d->posts[i];
        struct rng r = stream(seed, post->id.b, UUID_BYTES);
        double days = (double)(s->now_ms - post->published_at_ms) / DAY_MS;
        s->pull[i] = exp(popularity_sigma * normal(&r)) *
                     fmin(1, 0.15 + days / young_days);
    }
}

static void meet(struct reader *r, struct uuid id, uint64_t seed)
{
    *r = (struct reader){.id = id, .rng = stream(seed, id.b, UUID_BYTES)};
}

bool demo_live(const struct demo *d, uint64_t seed, int64_t now_ms,
               bool (*take)(void *arg, const struct demo_event *event),
               void *arg)
{
    struct scene s = {.d = d, .now_ms = now_ms, .take = take, .arg = arg};
    struct reader r;

    weigh_posts(&s, seed);
    for (size_t i = 0; i < d->persona_count; i++) {
        meet(&r, d->personas[i].id, seed);
        if (!live_persona(&s, &r, d->personas[i].topic))
            return false;
    }
    for (uint32_t i = 0; i < DEMO_READERS; i++) {
        meet(&r, demo_reader_id(i), seed);
        if (!live_reader(&s, &r, i))
            return false;
    }
    return true;
}
