#include "reco/fallback.h"

#include "base/rng.h"

enum { ROUNDS = 4 };

/* A permutation of [0, 4^half_bits) chosen by the round keys. */
struct shuffle {
    uint64_t keys[ROUNDS];
    unsigned half_bits;
};

static struct shuffle shuffle_of(uint32_t count, uint64_t seed)
{
    struct shuffle s = {.half_bits = 1};
    struct rng rng = rng_of(seed);

    while ((uint64_t)1 << (2 * s.half_bits) < count)
        s.half_bits++;
    for (unsigned i = 0; i < ROUNDS; i++)
        s.keys[i] = rng_next(&rng);
    return s;
}

static uint32_t shuffle_at(const struct shuffle *s, uint32_t i)
{
    uint32_t mask = ((uint32_t)1 << s->half_bits) - 1;
    uint32_t left = i >> s->half_bits, right = i & mask;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct rng f = rng_of(s->keys[round] + right);
        uint32_t next = left ^ ((uint32_t)rng_next(&f) & mask);
        left = right;
        right = next;
    }
    return left << s->half_bits | right;
}

uint32_t fallback_random(const struct reader *reader, uint64_t seed,
                         uint32_t want, uint32_t *out)
{
    uint32_t posts = reader->model->post_count + reader->newer_count, got = 0;
    struct shuffle s = shuffle_of(posts, seed);
    uint64_t places = (uint64_t)1 << (2 * s.half_bits); /* < 4 * posts */

    for (uint64_t i = 0; i < places && posts && got < want; i++) {
        uint32_t post = shuffle_at(&s, (uint32_t)i);
        if (post < posts && reader_may_get(reader, post))
            out[got++] = post;
    }
    return got;
}

uint32_t fallback_seen_oldest(const struct reader *reader, uint32_t want,
                              uint32_t *out)
{
    const struct profile *p = reader->profile;
    struct row own = {0};
    uint32_t got = 0;

    if (reader->self != ORDINAL_NONE)
        own = model_user_row(reader->model, reader->self);
    for (uint32_t i = 0; i < own.count && got < want; i++) {
        uint32_t post = pair_ordinal(own.pairs[i]);
        if (!profile_has(p, post) && reader_may_get_unseen(reader, post))
            out[got++] = post;
    }
    for (uint32_t i = p->count; i-- > 0 && got < want;)
        if (reader_may_get_unseen(reader, p->posts[i].post))
            out[got++] = p->posts[i].post;
    return got;
}
