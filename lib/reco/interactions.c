#include "reco/interactions.h"

#include <stdlib.h>

#include "base/mem.h"

enum { WHEN_TYPE_BITS = 3, WHEN_TYPE_MASK = 7 };
#define WHEN_MOST_MS ((int64_t)1 << 59)

_Static_assert(EVENT_TYPES <= WHEN_TYPE_MASK + 1, "a type fits its bits");
_Static_assert(sizeof(struct interaction) == 16, "16 bytes an event");

void interactions_init(struct interactions *in)
{
    *in = (struct interactions){.newest_ms = INT64_MIN};
}

void interactions_release(struct interactions *in)
{
    mem_give(in->events);
    interactions_init(in);
}

bool interactions_add(struct interactions *in, uint32_t user, uint32_t post,
                      enum event_type type, int64_t at_ms, struct err *err)
{
    if (user >= PAIR_ORDINALS || post >= PAIR_ORDINALS)
        return err_set(err, ERR_LIMIT, "2^28 users or posts, or more");
    if (at_ms < -WHEN_MOST_MS || at_ms > WHEN_MOST_MS)
        return err_set(err, ERR_LIMIT, "event at an impossible time");
    if (!mem_grow(&in->events, &in->cap, in->count + 1, sizeof *in->events,
                  err))
        return false;
    in->events[in->count++] = (struct interaction){
        user, post, at_ms * (1 << WHEN_TYPE_BITS) + (int64_t)type};
    in->user_count = user >= in->user_count ? user + 1 : in->user_count;
    in->post_count = post >= in->post_count ? post + 1 : in->post_count;
    in->newest_ms = at_ms > in->newest_ms ? at_ms : in->newest_ms;
    return true;
}

struct ranked_id {
    struct uuid id;
    uint32_t ordinal;
};

static int id_order(const void *a, const void *b)
{
    return uuid_compare(&((const struct ranked_id *)a)->id,
                        &((const struct ranked_id *)b)->id);
}

bool ids_sort(struct uuid *ids, uint32_t count, uint32_t *rank, struct err *err)
{
    struct ranked_id *all;

    if (!mem_take(count, sizeof *all, &all, err))
        return false;
    for (uint32_t i = 0; i < count; i++)
        all[i] = (struct ranked_id){ids[i], i};
    qsort(all, count, sizeof *all, id_order);
    for (uint32_t i = 0; i < count; i++) {
        ids[i] = all[i].id;
        rank[all[i].ordinal] = i;
    }
    mem_give(all);
    return true;
}

void interactions_renumber(struct interactions *in, const uint32_t *user_rank,
                           const uint32_t *post_rank)
{
    in->user_count = in->post_count = 0;
    for (size_t i = 0; i < in->count; i++) {
        struct interaction *e = &in->events[i];
        e->user = user_rank ? user_rank[e->user] : e->user;
        e->post = post_rank ? post_rank[e->post] : e->post;
        if (e->user >= in->user_count)
            in->user_count = e->user + 1;
        if (e->post >= in->post_count)
            in->post_count = e->post + 1;
    }
}

/*
 * Moves every event into its user's part, in place: follows each cycle of
 * the permutation (American flag sort). next[u] ends as the end of part u.
 */
static void group_by_user(struct interaction *events, size_t *next,
                          const size_t *end, uint32_t user_count)
{
    for (uint32_t u = 0; u < user_count; u++)
        while (next[u] < end[u]) {
            struct interaction e = events[next[u]];
            while (e.user != u) {
                struct interaction other = events[next[e.user]];
                events[next[e.user]++] = e;
                e = other;
            }
            events[next[u]++] = e;
        }
}

static int fold_order(const void *a, const void *b)
{
    const struct interaction *x = a, *y = b;

    if (x->post != y->post)
        return x->post < y->post ? -1 : 1;
    return (x->when > y->when) - (x->when < y->when);
}

/* The pairs of one user's sorted events, into `out` and `times` unless NULL. */
static uint32_t fold_user(const struct interaction *events, size_t count,
                          const uint8_t *weight_of, uint32_t *out,
                          int64_t *times)
{
    uint32_t pairs = 0;

    for (size_t i = 0; i < count;) {
        uint32_t post = events[i].post;
        uint8_t mask = 0;
        for (; i < count && events[i].post == post; i++)
            mask = mask_fold(mask, events[i].when & WHEN_TYPE_MASK);
        if (!weight_of[mask])
            continue;
        if (out)
            out[pairs] = pair_of(post, mask);
        if (times)
            times[pairs] = events[i - 1].when >> WHEN_TYPE_BITS;
        pairs++;
    }
    return pairs;
}

/* Sorts, and counts what the events of each user will come to. */
static bool count_pairs(struct interactions *in, const size_t *end,
                        const uint8_t *weight_of, struct matrix *m,
                        struct err *err)
{
    uint64_t pairs = 0;

    for (uint32_t u = 0; u < m->user_count; u++) {
        size_t from = u ? end[u - 1] : 0;
        qsort(in->events + from, end[u] - from, sizeof *in->events, fold_order);
        m->user_rows[u] = (uint32_t)pairs;
        pairs +=
            fold_user(in->events + from, end[u] - from, weight_of, NULL, NULL);
        if (pairs > UINT32_MAX)
            return err_set(err, ERR_LIMIT, "2^32 pairs or more");
    }
    m->user_rows[m->user_count] = m->pair_count = (uint32_t)pairs;
    return true;
}

static bool make_user_side(struct interactions *in, const uint8_t *weight_of,
                           struct matrix *m, struct err *err)
{
    bool ok = false;
    size_t *next = NULL, *end = NULL, sum = 0;

    if (!mem_take(m->user_count, sizeof *next, &next, err) ||
        !mem_take(m->user_count, sizeof *end, &end, err) ||
        !mem_take((size_t)m->user_count + 1, sizeof *m->user_rows,
                  &m->user_rows, err))
        goto out;
    for (size_t i = 0; i < in->count; i++)
        end[in->events[i].user]++;
    for (uint32_t u = 0; u < m->user_count; u++) {
        next[u] = sum;
        end[u] = sum += end[u];
    }
    group_by_user(in->events, next, end, m->user_count);
    if (!count_pairs(in, end, weight_of, m, err) ||
        !mem_take(m->pair_count, sizeof *m->user_posts, &m->user_posts, err) ||
        (in->keeps_times &&
         !mem_take(m->pair_count, sizeof *m->user_times, &m->user_times, err)))
        goto out;
    for (uint32_t u = 0; u < m->user_count; u++) {
        size_t from = u ? end[u - 1] : 0;
        fold_user(in->events + from, end[u] - from, weight_of,
                  m->user_posts + m->user_rows[u],
                  m->user_times ? m->user_times + m->user_rows[u] : NULL);
    }
    ok = true;
out:
    mem_give(next);
    mem_give(end);
    return ok;
}

/* Users ascending fill every post's row ascending. */
static bool make_post_side(struct matrix *m, struct err *err)
{
    uint32_t *next = NULL;

    if (!mem_take((size_t)m->post_count + 1, sizeof *m->post_rows,
                  &m->post_rows, err) ||
        !mem_take(m->pair_count, sizeof *m->post_users, &m->post_users, err) ||
        !mem_take(m->post_count, sizeof *next, &next, err))
        return false;
    for (uint32_t i = 0; i < m->pair_count; i++)
        m->post_rows[pair_ordinal(m->user_posts[i]) + 1]++;
    for (uint32_t p = 0; p < m->post_count; p++) {
        next[p] = m->post_rows[p];
        m->post_rows[p + 1] += m->post_rows[p];
    }
    for (uint32_t u = 0; u < m->user_count; u++)
        for (uint32_t i = m->user_rows[u]; i < m->user_rows[u + 1]; i++) {
            uint32_t pair = m->user_posts[i];
            m->post_users[next[pair_ordinal(pair)]++] =
                pair_of(u, pair_mask(pair));
        }
    mem_give(next);
    return true;
}

bool interactions_fold(struct interactions *in, const struct weights *weights,
                       uint32_t user_count, uint32_t post_count,
                       struct matrix *out, struct err *err)
{
    bool ok = false;
    uint8_t weight_of[2 * MASK_COUNT];

    *out = (struct matrix){.user_count = user_count, .post_count = post_count};
    weights_table(weights, weight_of);
    if (user_count < in->user_count || post_count < in->post_count ||
        user_count > PAIR_ORDINALS || post_count > PAIR_ORDINALS) {
        err_set(err, ERR_INVALID, "matrix of %u x %u for ordinals below %u, %u",
                user_count, post_count, in->user_count, in->post_count);
        goto out;
    }
    /* One at least, so that the part of a user without events has a place. */
    if (!mem_grow(&in->events, &in->cap, 1, sizeof *in->events, err) ||
        !make_user_side(in, weight_of, out, err))
        goto out;
    /* The larger half of the memory goes before the second half is taken. */
    interactions_release(in);
    ok = make_post_side(out, err);
out:
    interactions_release(in);
    if (!ok)
        matrix_release(out);
    return ok;
}

void matrix_release(struct matrix *m)
{
    mem_give(m->user_rows);
    mem_give(m->user_posts);
    mem_give(m->user_times);
    mem_give(m->post_rows);
    mem_give(m->post_users);
    *m = (struct matrix){0};
}

size_t matrix_bytes(const struct matrix *m)
{
    size_t rows = (size_t)m->user_count + 1 + m->post_count + 1;

    return (rows + 2 * (size_t)m->pair_count) * sizeof(uint32_t);
}
