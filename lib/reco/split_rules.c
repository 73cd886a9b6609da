#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "reco/mt19937.h"
#include "reco/split.h"

enum {
    HELD_ONE_OF = 10,
    STRONG_LEAST = 5, /* events of a user */
    KNOWN = SPLIT_TRAIN | SPLIT_HISTORY,
};
#define STRONG_SHARE 0.2

static void contents_release(struct contents *c)
{
    if (!c)
        return;
    /* Made by the loader; the algorithm's view of them is read-only. */
    mem_give((void *)(uintptr_t)c->rows);
    mem_give((void *)(uintptr_t)c->terms);
    mem_give((void *)(uintptr_t)c->counts);
    mem_give(c);
}

void split_log_release(struct split_log *log)
{
    mem_give(log->events);
    mem_give(log->post_published_ms);
    contents_release(log->contents);
    *log = (struct split_log){0};
}

bool split_log_add(struct split_log *log, struct split_event event,
                   struct err *err)
{
    if (event.user >= PAIR_ORDINALS || event.post >= PAIR_ORDINALS)
        return err_set(err, ERR_LIMIT, "2^28 users or posts, or more");
    if (!mem_grow(&log->events, &log->cap, log->count + 1, sizeof *log->events,
                  err))
        return false;
    log->events[log->count++] = event;
    if (event.user >= log->user_count)
        log->user_count = event.user + 1;
    if (event.post >= log->post_count)
        log->post_count = event.post + 1;
    return true;
}

uint64_t split_pair_hash(uint32_t user, uint32_t post)
{
    struct rng rng = rng_of((uint64_t)user << 32 | post);

    return rng_next(&rng);
}

void split_hold_tenth(struct split_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        struct split_event *e = &log->events[i];
        if (e->role == SPLIT_TEST)
            e->role = 0;
        else if ((e->role & KNOWN) == KNOWN &&
                 split_pair_hash(e->user, e->post) % HELD_ONE_OF == 0)
            e->role = SPLIT_TEST;
    }
}

/* ---- by time ---- */

static int time_order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

bool split_time_of_share(const struct split_log *log, double share,
                         int64_t *at_ms, struct err *err)
{
    int64_t *all;
    size_t at = (size_t)(share * (double)log->count);

    if (!log->count || !log->has_times)
        return err_set(err, ERR_INVALID, "no events, or events without times");
    if (!mem_take(log->count, sizeof *all, &all, err))
        return false;
    for (size_t i = 0; i < log->count; i++)
        all[i] = log->events[i].at_ms;
    qsort(all, log->count, sizeof *all, time_order);
    *at_ms = at < log->count ? all[at] : all[log->count - 1] + 1;
    mem_give(all);
    return true;
}

void split_by_time(struct split_log *log, int64_t from_ms, int64_t until_ms)
{
    for (size_t i = 0; i < log->count; i++) {
        struct split_event *e = &log->events[i];
        bool wanted = e->type != EVENT_UNLIKE && e->type != EVENT_HIDE;

        if (e->at_ms < from_ms)
            e->role = KNOWN;
        else
            e->role = e->at_ms < until_ms && wanted ? SPLIT_TEST : 0;
    }
}

/* ---- strong generalisation ---- */

/* rank[o] = place among those with has[o], or ORDINAL_NONE. */
static uint32_t rank_of_those(const uint32_t *has, uint32_t least,
                              uint32_t count, uint32_t *rank)
{
    uint32_t next = 0;

    for (uint32_t i = 0; i < count; i++)
        rank[i] = has[i] >= least ? next++ : ORDINAL_NONE;
    return next;
}

/* Events of those without a rank leave. rank may be NULL: all stay. */
static void renumber(struct split_log *log, const uint32_t *user_rank,
                     const uint32_t *post_rank)
{
    size_t kept = 0;

    for (size_t i = 0; i < log->count; i++) {
        struct split_event e = log->events[i];
        e.user = user_rank ? user_rank[e.user] : e.user;
        e.post = post_rank ? post_rank[e.post] : e.post;
        if (e.user != ORDINAL_NONE && e.post != ORDINAL_NONE)
            log->events[kept++] = e;
    }
    log->count = kept;
}

static bool drop_rare_users(struct split_log *log, struct err *err)
{
    uint32_t *events = NULL, *rank = NULL;
    bool ok = mem_take(log->user_count, sizeof *events, &events, err) &&
              mem_take(log->user_count, sizeof *rank, &rank, err);

    for (size_t i = 0; ok && i < log->count; i++)
        events[log->events[i].user]++;
    if (ok) {
        log->user_count =
            rank_of_those(events, STRONG_LEAST, log->user_count, rank);
        renumber(log, rank, NULL);
    }
    mem_give(events);
    mem_give(rank);
    return ok;
}

static bool drop_untrained_posts(struct split_log *log, struct err *err)
{
    uint32_t *pairs = NULL, *rank = NULL;
    bool ok = mem_take(log->post_count, sizeof *pairs, &pairs, err) &&
              mem_take(log->post_count, sizeof *rank, &rank, err);

    for (size_t i = 0; ok && i < log->count; i++)
        if (log->events[i].role & SPLIT_TRAIN)
            pairs[log->events[i].post] = 1;
    if (ok) {
        log->post_count = rank_of_those(pairs, 1, log->post_count, rank);
        renumber(log, NULL, rank);
    }
    mem_give(pairs);
    mem_give(rank);
    return ok;
}

/* Every event gets the role of its user: TRAIN, HISTORY (asked side) or 0. */
static bool deal_users(struct split_log *log, struct mt19937 *g, uint32_t held,
                       enum split_side side, struct err *err)
{
    uint32_t *order = NULL, users = log->user_count;
    uint32_t to = side == SPLIT_TEST_SIDE ? users : users - held;
    uint8_t *role = NULL;
    bool ok = mem_take(users, sizeof *order, &order, err) &&
              mem_take(users, sizeof *role, &role, err);

    if (ok) {
        mt19937_permute(g, order, users);
        for (uint32_t i = 0; i < users - 2 * held; i++)
            role[order[i]] = SPLIT_TRAIN;
        for (uint32_t i = to - held; i < to; i++)
            role[order[i]] = SPLIT_HISTORY;
        for (size_t i = 0; i < log->count; i++)
            log->events[i].role = role[log->events[i].user];
    }
    mem_give(order);
    mem_give(role);
    return ok;
}

/* at[from[u] .. from[u + 1]): the events of user u in file order, HISTORY
 * only. */
struct grouped {
    size_t *from, *at;
    uint32_t *drawn; /* [most events of one user] */
};

static void grouped_release(struct grouped *g)
{
    mem_give(g->from);
    mem_give(g->at);
    mem_give(g->drawn);
}

static bool group_history(const struct split_log *log, struct grouped *g,
                          struct err *err)
{
    size_t most = 0;

    if (!mem_take((size_t)log->user_count + 2, sizeof *g->from, &g->from,
                  err) ||
        !mem_take(log->count, sizeof *g->at, &g->at, err))
        return false;
    /* Counted two places on, so that filling moves them into place. */
    for (size_t i = 0; i < log->count; i++)
        if (log->events[i].role == SPLIT_HISTORY)
            g->from[log->events[i].user + 2]++;
    for (uint32_t u = 0; u < log->user_count; u++) {
        most = g->from[u + 2] > most ? g->from[u + 2] : most;
        g->from[u + 2] += g->from[u + 1];
    }
    for (size_t i = 0; i < log->count; i++)
        if (log->events[i].role == SPLIT_HISTORY)
            g->at[g->from[log->events[i].user + 1]++] = i;
    return mem_take(most, sizeof *g->drawn, &g->drawn, err);
}

static bool hold_fifth(struct split_log *log, struct mt19937 *g,
                       struct err *err)
{
    struct grouped all = {0};
    bool ok = group_history(log, &all, err);

    for (uint32_t u = 0; ok && u < log->user_count; u++) {
        const size_t *at = all.at + all.from[u];
        uint32_t n = (uint32_t)(all.from[u + 1] - all.from[u]);
        if (n < STRONG_LEAST)
            continue;
        mt19937_permute(g, all.drawn, n);
        for (uint32_t i = 0; i < (uint32_t)(STRONG_SHARE * n); i++)
            log->events[at[all.drawn[i]]].role = SPLIT_TEST;
    }
    grouped_release(&all);
    return ok;
}

bool split_strong(struct split_log *log, uint32_t seed, uint32_t held,
                  enum split_side side, struct err *err)
{
    struct mt19937 g;

    assert(!log->contents && !log->post_published_ms);
    if (!drop_rare_users(log, err))
        return false;
    if (log->user_count / 2 < held || log->user_count - 2 * held < 1)
        return err_set(err, ERR_INVALID,
                       "%u users with %d events or more: too few to hold back "
                       "twice %u",
                       log->user_count, STRONG_LEAST, held);
    mt19937_init(&g, seed);
    if (!deal_users(log, &g, held, side, err) ||
        !drop_untrained_posts(log, err))
        return false;
    mt19937_init(&g, seed);
    return hold_fifth(log, &g, err);
}
