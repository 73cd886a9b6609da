#include "reco/diversity.h"

#include <math.h>

#include "base/mem.h"

static void fill_row(struct diversity *d, uint32_t post, const uint32_t *posts,
                     uint32_t post_count)
{
    const struct contents *c = d->contents;
    double squares = 0;

    for (uint32_t i = c->rows[post]; i < c->rows[post + 1]; i++) {
        double x = (1 + log(c->counts[i])) *
                   log(post_count / (double)posts[c->terms[i]]);
        squares += x * x;
        d->values[i] = (float)x;
    }
    for (uint32_t i = c->rows[post]; squares > 0 && i < c->rows[post + 1]; i++)
        d->values[i] = (float)(d->values[i] / sqrt(squares));
}

bool diversity_init(struct diversity *d, const struct contents *contents,
                    uint32_t post_count, struct err *err)
{
    uint32_t *posts, pairs = contents->rows[post_count];

    *d = (struct diversity){.contents = contents};
    if (!mem_take(contents->term_count, sizeof *posts, &posts, err))
        return false;
    if (!mem_take(pairs, sizeof *d->values, &d->values, err)) {
        mem_give(posts);
        return false;
    }
    for (uint32_t i = 0; i < pairs; i++)
        posts[contents->terms[i]]++;
    for (uint32_t p = 0; p < post_count; p++)
        fill_row(d, p, posts, post_count);
    mem_give(posts);
    return true;
}

void diversity_release(struct diversity *d)
{
    mem_give(d->values);
    *d = (struct diversity){0};
}

double diversity_cosine(const struct diversity *d, uint32_t a, uint32_t b)
{
    const struct contents *c = d->contents;
    uint32_t i = c->rows[a], j = c->rows[b];
    double sum = 0;

    while (i < c->rows[a + 1] && j < c->rows[b + 1]) {
        uint32_t x = c->terms[i], y = c->terms[j];
        if (x == y)
            sum += (double)d->values[i] * d->values[j];
        i += x <= y;
        j += y <= x;
    }
    return sum;
}
