#include "reco/diversify.h"

#include <math.h>
#include <stdbool.h>

enum { PERCENT = 100 };

/* The choice so far. */
struct chosen {
    const struct diverse_post *posts;
    const struct diversity *d;
    uint32_t *order, count;
};

static uint32_t window_from(const struct chosen *c)
{
    return c->count > c->d->window ? c->count - c->d->window : 0;
}

static uint32_t same_author(const struct chosen *c,
                            const struct diverse_post *post)
{
    uint32_t same = 0;

    for (uint32_t i = window_from(c); post->author && i < c->count; i++)
        same += c->posts[c->order[i]].author == post->author;
    return same;
}

static bool has_tag(const struct diverse_post *post, uint32_t tag)
{
    for (uint32_t i = 0; i < post->tag_count; i++)
        if (post->tags[i] == tag)
            return true;
    return false;
}

static uint32_t same_tag(const struct chosen *c,
                         const struct diverse_post *post)
{
    uint32_t most = 0;

    for (uint32_t t = 0; t < post->tag_count; t++) {
        uint32_t same = 0;
        for (uint32_t i = window_from(c); i < c->count; i++)
            same += has_tag(&c->posts[c->order[i]], post->tags[t]);
        most = same > most ? same : most;
    }
    return most;
}

static double value_of(const struct chosen *c, uint32_t place, double nearest)
{
    const struct diversity *d = c->d;
    const struct diverse_post *post = &c->posts[place];
    double value = (double)post->score;
    double part = (double)d->score_percent / PERCENT;

    if (d->author_percent != PERCENT)
        value *= pow((double)d->author_percent / PERCENT, same_author(c, post));
    if (d->tag_percent != PERCENT)
        value *= pow((double)d->tag_percent / PERCENT, same_tag(c, post));
    return part * value - (1 - part) * (double)c->posts[0].score * nearest;
}

/* After a choice: how near the others are to what was chosen. */
static void draw_near(const struct chosen *c, uint32_t count, double *nearest)
{
    const struct diversity *d = c->d;
    uint32_t last = c->order[c->count - 1];

    if (!d->likeness || d->score_percent >= PERCENT)
        return;
    for (uint32_t i = 0; i < count; i++)
        nearest[i] = fmax(nearest[i], d->likeness(d->arg, i, last));
}

uint32_t diversify(const struct diverse_post *posts, uint32_t count,
                   uint32_t want, const struct diversity *d, uint32_t *order)
{
    double nearest[DIVERSE_POSTS_MOST] = {0};
    bool used[DIVERSE_POSTS_MOST] = {false};
    struct chosen c = {posts, d, order, 0};

    count = count < DIVERSE_POSTS_MOST ? count : DIVERSE_POSTS_MOST;
    want = want < DIVERSE_CHOSEN_MOST ? want : DIVERSE_CHOSEN_MOST;
    want = want < count ? want : count;
    while (c.count < want) {
        double best = -INFINITY;
        uint32_t pick = 0;
        for (uint32_t i = 0; i < count; i++) {
            double value;
            /* Nothing behind can win: values only sink below the score. */
            if ((double)posts[i].score * d->score_percent / PERCENT <= best)
                break;
            if (used[i])
                continue;
            value = value_of(&c, i, nearest[i]);
            if (value > best) {
                best = value;
                pick = i;
            }
        }
        used[pick] = true;
        order[c.count++] = pick;
        draw_near(&c, count, nearest);
    }
    return c.count;
}
