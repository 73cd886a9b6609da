#include "reco/split.h"

#include <stdlib.h>

#include "base/mem.h"

/* ---- the matrix ---- */

static bool make_matrix(const struct split_log *log,
                        const struct weights *weights, struct split *s,
                        struct err *err)
{
    struct interactions in;

    interactions_init(&in);
    for (size_t i = 0; i < log->count; i++) {
        const struct split_event *e = &log->events[i];
        if (!(e->role & SPLIT_TRAIN))
            continue;
        s->counts.train_events++;
        if (!interactions_add(&in, e->user, e->post, (enum event_type)e->type,
                              e->at_ms, err)) {
            interactions_release(&in);
            return false;
        }
    }
    return interactions_fold(&in, weights, log->user_count, log->post_count,
                             &s->train, err);
}

static int pair_order(const void *a, const void *b)
{
    uint32_t x = pair_ordinal(*(const uint32_t *)a);
    uint32_t y = pair_ordinal(*(const uint32_t *)b);

    return (x > y) - (x < y);
}

static bool make_times(const struct split_log *log, struct split *s,
                       struct err *err)
{
    if (!log->has_times)
        return true;
    if (!mem_take(s->train.pair_count, sizeof *s->pair_at_ms, &s->pair_at_ms,
                  err))
        return false;
    for (size_t i = 0; i < log->count; i++) {
        const struct split_event *e = &log->events[i];
        struct row row = matrix_user_row(&s->train, e->user);
        uint32_t key = pair_of(e->post, 0);
        const uint32_t *pair;

        if (!(e->role & SPLIT_TRAIN))
            continue;
        pair = bsearch(&key, row.pairs, row.count, sizeof key, pair_order);
        if (pair && e->at_ms > s->pair_at_ms[pair - s->train.user_posts])
            s->pair_at_ms[pair - s->train.user_posts] = e->at_ms;
    }
    return true;
}

/* ---- what is alive ---- */

static int64_t newest_known_ms(const struct split_log *log)
{
    int64_t newest = 0;

    for (size_t i = 0; i < log->count; i++)
        if (log->events[i].role & (SPLIT_TRAIN | SPLIT_HISTORY) &&
            log->events[i].at_ms > newest)
            newest = log->events[i].at_ms;
    return newest;
}

static bool make_alive(const struct split_log *log, int64_t cut_ms,
                       struct split *s, struct err *err)
{
    const int64_t *published_ms = log->post_published_ms;

    if (!mem_take(log->post_count, sizeof *s->alive, &s->alive, err))
        return false;
    for (uint32_t i = 0; published_ms && i < log->post_count; i++)
        s->alive[i] = published_ms[i] < cut_ms;
    for (size_t i = 0; !published_ms && i < log->count; i++)
        if (log->events[i].at_ms < cut_ms)
            s->alive[log->events[i].post] = 1;
    return true;
}

/* ---- cases ---- */

struct builder {
    const struct split_log *log;
    struct split *s;
    size_t *from;               /* [users + 1] into events */
    struct split_event *events; /* HISTORY and TEST, by user */
    size_t history_count, test_count;
    size_t history_cap, test_cap, case_cap, case_count;
    uint8_t *group; /* [case_cap] */
    size_t group_cap;
};

static bool group_events(struct builder *b, struct err *err)
{
    const struct split_log *log = b->log;
    const uint8_t wanted = SPLIT_HISTORY | SPLIT_TEST;

    if (!mem_take((size_t)log->user_count + 2, sizeof *b->from, &b->from,
                  err) ||
        !mem_take(log->count, sizeof *b->events, &b->events, err))
        return false;
    for (size_t i = 0; i < log->count; i++)
        if (log->events[i].role & wanted)
            b->from[log->events[i].user + 2]++;
    for (uint32_t u = 0; u < log->user_count; u++)
        b->from[u + 2] += b->from[u + 1];
    for (size_t i = 0; i < log->count; i++)
        if (log->events[i].role & wanted)
            b->events[b->from[log->events[i].user + 1]++] = log->events[i];
    return true;
}

/* As the matrix folds: by post, then by time, then by type. */
static int fold_order(const void *a, const void *b)
{
    const struct split_event *x = a, *y = b;

    if (x->post != y->post)
        return x->post < y->post ? -1 : 1;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->type > y->type) - (x->type < y->type);
}

static int newest_first(const void *a, const void *b)
{
    const struct query_post *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms > y->at_ms ? -1 : 1;
    return (x->post > y->post) - (x->post < y->post);
}

/* The reader's own events, sorted, into one query_post a post: those that
 * weigh something first. Returns how many do; *seen gets all. */
static uint32_t fold_history(const struct split_event *events, size_t count,
                             const uint8_t *weight_of, struct query_post *out,
                             uint32_t *seen)
{
    uint32_t all = 0, liked = 0;

    for (size_t i = 0; i < count;) {
        struct query_post p = {.post = events[i].post};
        bool known = false;
        for (; i < count && events[i].post == p.post; i++) {
            if (!(events[i].role & SPLIT_HISTORY))
                continue;
            known = true;
            p.mask = mask_fold(p.mask, (enum event_type)events[i].type);
            p.at_ms = events[i].at_ms;
        }
        if (!known)
            continue;
        out[all++] = p;
        if (weight_of[p.mask]) {
            struct query_post other = out[liked];
            out[liked++] = p;
            out[all - 1] = liked < all ? other : p;
        }
    }
    if (liked)
        qsort(out, liked, sizeof *out, newest_first);
    *seen = all;
    return liked;
}

static bool has_seen(const struct query_post *seen, uint32_t count,
                     uint32_t post)
{
    for (uint32_t i = 0; i < count; i++)
        if (seen[i].post == post)
            return true;
    return false;
}

/* The posts to be found, ascending. */
static uint32_t fold_tests(struct builder *b, const struct split_event *events,
                           size_t count, const struct split_case *c,
                           uint32_t *out)
{
    struct split_counts *counts = &b->s->counts;
    const struct query_post *seen = b->s->history + c->history_from;
    uint32_t tests = 0;

    for (size_t i = 0; i < count;) {
        uint32_t post = events[i].post;
        bool wanted = false;
        for (; i < count && events[i].post == post; i++)
            wanted |= (events[i].role & SPLIT_TEST) != 0;
        if (!wanted)
            continue;
        counts->test_pairs++;
        if (has_seen(seen, c->seen_count, post))
            counts->seen_pairs++;
        else if (b->s->alive && !b->s->alive[post])
            counts->late_pairs++;
        else
            out[tests++] = post;
    }
    return tests;
}

static bool add_case(struct builder *b, const struct split_case *c,
                     enum split_group group, struct err *err)
{
    if (!mem_grow(&b->s->cases, &b->case_cap, b->case_count + 1, sizeof *c,
                  err) ||
        !mem_grow(&b->group, &b->group_cap, b->case_count + 1, 1, err))
        return false;
    b->s->cases[b->case_count] = *c;
    b->group[b->case_count++] = (uint8_t)group;
    b->test_count = c->test_from + c->test_count;
    return true;
}

/* Of a reader with a history: the same question for cold posts alone. */
static bool add_cold_posts(struct builder *b, const struct split_case *c,
                           struct err *err)
{
    struct split_case cold = *c;
    uint32_t *tests = b->s->tests;

    cold.test_from = c->test_from + c->test_count;
    cold.test_count = 0;
    for (uint32_t i = 0; i < c->test_count; i++) {
        uint32_t post = tests[c->test_from + i];
        if (!matrix_post_row(&b->s->train, post).count)
            tests[cold.test_from + cold.test_count++] = post;
    }
    b->s->counts.cold_pairs += cold.test_count;
    return !cold.test_count || !c->history_count ||
           add_case(b, &cold, SPLIT_COLD_POSTS, err);
}

static bool add_user(struct builder *b, uint32_t user, struct err *err)
{
    struct split *s = b->s;
    struct split_event *events = b->events + b->from[user];
    size_t count = b->from[user + 1] - b->from[user];
    struct split_case c = {
        .user = user,
        .self = matrix_user_row(&s->train, user).count ? user : ORDINAL_NONE,
        .history_from = b->history_count,
        .test_from = b->test_count,
    };

    if (!count)
        return true;
    if (!mem_grow(&s->history, &b->history_cap, b->history_count + count,
                  sizeof *s->history, err) ||
        !mem_grow(&s->tests, &b->test_cap, b->test_count + 2 * count,
                  sizeof *s->tests, err))
        return false;
    qsort(events, count, sizeof *events, fold_order);
    c.history_count = fold_history(events, count, s->weight_of,
                                   s->history + c.history_from, &c.seen_count);
    c.test_count = fold_tests(b, events, count, &c, s->tests + c.test_from);
    if (!c.test_count)
        return true;
    b->history_count += c.seen_count;
    s->counts.test_users++;
    s->counts.cold_users += !c.history_count;
    return add_case(b, &c, c.history_count ? SPLIT_MAIN : SPLIT_COLD_USERS,
                    err) &&
           add_cold_posts(b, &c, err);
}

/* By group; users are ascending already. */
static bool order_cases(struct builder *b, struct err *err)
{
    struct split *s = b->s;
    struct split_case *sorted;
    uint32_t next = 0;

    if (!mem_take(b->case_count, sizeof *sorted, &sorted, err))
        return false;
    for (unsigned g = 0; g < SPLIT_GROUPS; g++) {
        s->group_from[g] = next;
        for (size_t i = 0; i < b->case_count; i++)
            if (b->group[i] == g)
                sorted[next++] = s->cases[i];
    }
    s->group_from[SPLIT_GROUPS] = next;
    mem_give(s->cases);
    s->cases = sorted;
    return true;
}

static bool make_cases(const struct split_log *log, struct split *s,
                       struct err *err)
{
    struct builder b = {.log = log, .s = s};
    bool ok = group_events(&b, err);

    for (uint32_t u = 0; ok && u < log->user_count; u++)
        ok = add_user(&b, u, err);
    ok = ok && order_cases(&b, err);
    mem_give(b.from);
    mem_give(b.events);
    mem_give(b.group);
    return ok;
}

/* ---- whole ---- */

static void count_rest(const struct split_log *log, struct split *s)
{
    for (uint32_t u = 0; u < s->train.user_count; u++)
        s->counts.train_users += matrix_user_row(&s->train, u).count > 0;
    for (uint32_t i = 0; i < s->train.post_count; i++)
        s->counts.train_posts += matrix_post_row(&s->train, i).count > 0;
    for (size_t i = 0; i < log->count; i++)
        s->counts.test_events += (log->events[i].role & SPLIT_TEST) != 0;
}

bool split_make(const struct split_log *log, const struct weights *weights,
                int64_t cut_ms, struct split *out, struct err *err)
{
    bool timed = cut_ms != INT64_MIN;

    *out = (struct split){
        .post_published_ms = log->post_published_ms,
        .contents = log->contents,
        .now_ms = timed ? cut_ms : newest_known_ms(log),
    };
    weights_table(weights, out->weight_of);
    if (!make_matrix(log, weights, out, err) || !make_times(log, out, err) ||
        (timed && !make_alive(log, cut_ms, out, err)) ||
        !make_cases(log, out, err)) {
        split_release(out);
        return false;
    }
    count_rest(log, out);
    return true;
}

void split_release(struct split *s)
{
    matrix_release(&s->train);
    mem_give(s->pair_at_ms);
    mem_give(s->alive);
    mem_give(s->history);
    mem_give(s->tests);
    mem_give(s->cases);
    *s = (struct split){0};
}

struct fit_input split_fit_input(const struct split *s, uint64_t seed,
                                 uint32_t threads)
{
    return (struct fit_input){
        .matrix = &s->train,
        .weight_of = s->weight_of,
        .pair_at_ms = s->pair_at_ms,
        .post_published_ms = s->post_published_ms,
        .contents = s->contents,
        .now_ms = s->now_ms,
        .seed = seed,
        .threads = threads,
    };
}
