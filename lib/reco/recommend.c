#include "reco/recommend.h"

#include <string.h>

#include "reco/heap.h"

static bool worse(const void *left, const void *right)
{
    const struct recommended *a = left, *b = right;

    return a->sum != b->sum ? a->sum < b->sum : a->post > b->post;
}

/* Rows of strangers are in no cache: the row after this one is fetched while
 * this one is added. */
static void fetch_row(struct row row)
{
    enum { LINE_PAIRS = 16 };

    for (uint32_t i = 0; i < row.count; i += LINE_PAIRS)
        __builtin_prefetch(row.pairs + i);
}

/* sums[i] += similarity * weight over the posts of each neighbour. */
static void add_neighbours(const struct model *model,
                           const struct recommendation *r,
                           uint64_t *restrict sums)
{
    struct row row, next = model_user_row(model, r->neighbours[0].user);

    for (uint32_t n = 0; n < r->neighbour_count; n++) {
        uint64_t product[MASK_COUNT];
        row = next;
        if (n + 1 < r->neighbour_count) {
            next = model_user_row(model, r->neighbours[n + 1].user);
            fetch_row(next);
        }
        for (unsigned m = 0; m < MASK_COUNT; m++)
            product[m] =
                (uint64_t)r->neighbours[n].similarity * model->weight_of[m];
        for (uint32_t i = 0; i < row.count; i++)
            sums[pair_ordinal(row.pairs[i])] +=
                product[pair_mask(row.pairs[i])];
    }
}

/* One choice of the best `want`. */
struct choice {
    const struct reader *reader;
    struct reco_scratch *s;
    const struct post_bits *bits; /* sums stand by slots; NULL: by posts */
    uint32_t want;
    struct recommendation *out;
};

static inline void drop(const struct choice *c, uint32_t post)
{
    c->s->sums[c->bits ? c->bits->slots[post] : post] = 0;
}

/* What he has seen or hidden drops out of the race before it is judged. */
static void drop_seen(const struct choice *c)
{
    const struct reader *reader = c->reader;
    const struct profile *p = reader->profile;
    struct row own = {0};

    if (reader->self != ORDINAL_NONE)
        own = model_user_row(reader->model, reader->self);
    for (uint32_t j = 0; j < p->count; j++)
        if (!p->posts[j].again)
            drop(c, p->posts[j].post);
    for (uint32_t j = 0; j < p->hidden_count; j++)
        drop(c, p->hidden[j]);
    for (uint32_t j = 0; j < own.count; j++)
        if (!p->again_before_ms ||
            reader_has_seen(reader, pair_ordinal(own.pairs[j])))
            drop(c, pair_ordinal(own.pairs[j]));
}

static inline void offer(struct choice *c, uint32_t post, uint64_t sum)
{
    struct recommended one = {post, 0, sum};
    struct recommendation *out = c->out;

    if (heap_wants(out->posts, out->count, c->want, &one, worse) &&
        reader_may_get_unseen(c->reader, post))
        heap_keep(out->posts, &out->count, c->want, &one, sizeof one, worse);
}

static void choose_scanned(struct choice *c, uint32_t floor)
{
    const struct reco_scratch *s = c->s;

    for (uint32_t b = 0; b < s->post_blocks; b++) {
        uint32_t first = b * KERNEL_POSTS;
        if (s->peaks[b] < floor)
            continue;
        for (uint32_t at = first; at < first + KERNEL_POSTS; at++)
            if (kernel_bits((float)s->sums[at]) >= floor)
                offer(c, c->bits ? c->bits->posts[at] : at, s->sums[at]);
    }
}

static void choose_found(struct choice *c, uint32_t floor)
{
    const struct found *found = &c->s->found;

    for (uint32_t i = 0; i < found->count; i++)
        if (found->keys[i] >= floor)
            offer(c, found->ordinals[i], found->values[i]);
}

/*
 * The floor is set for `want` posts that all pass; when visibility, author or
 * keys refuse too many of those above it, it is lowered and all are looked at
 * again. A floor of 1 lets every sum through, so this ends.
 */
static void choose(struct choice *c, const uint32_t *keys, uint32_t count,
                   void (*look)(struct choice *, uint32_t))
{
    uint32_t reach = c->want + c->reader->key_count, floor;

    do {
        floor = kernel_floor(keys, count, reach);
        c->out->count = 0;
        look(c, floor);
        reach *= 2;
    } while (c->out->count < c->want && floor > 1);
}

static void scan(struct choice *c)
{
    struct reco_scratch *s = c->s;

    s->kernel->sum_peaks(s->sums, s->post_blocks, s->peaks);
    choose(c, s->peaks, s->post_blocks, choose_scanned);
    s->kernel->clear(s->sums,
                     (size_t)s->post_blocks * KERNEL_POSTS * sizeof *s->sums);
}

/* Few posts were touched: walks the neighbours' rows again, takes each sum
 * out once and leaves zero. */
static void walk(struct choice *c)
{
    const struct model *model = c->reader->model;
    struct found *found = &c->s->found;
    uint64_t *restrict sums = c->s->sums;

    found->count = 0;
    for (uint32_t n = 0; n < c->out->neighbour_count; n++) {
        struct row row = model_user_row(model, c->out->neighbours[n].user);
        for (uint32_t i = 0; i < row.count; i++) {
            uint32_t post = pair_ordinal(row.pairs[i]);
            uint64_t sum = sums[post];
            sums[post] = 0;
            found->ordinals[found->count] = post;
            found->values[found->count] = sum;
            found->keys[found->count] = kernel_bits((float)(int64_t)sum);
            found->count += sum != 0;
        }
    }
    choose(c, found->keys, found->count, choose_found);
}

static uint64_t count_updates(const struct model *model,
                              const struct recommendation *r)
{
    uint64_t updates = 0;

    for (uint32_t n = 0; n < r->neighbour_count; n++)
        updates += model_user_row(model, r->neighbours[n].user).count;
    return updates;
}

static void set_scores(const struct model *model, struct recommendation *r)
{
    uint64_t most = 0;

    for (uint32_t n = 0; n < r->neighbour_count; n++)
        most += r->neighbours[n].similarity;
    most *= model->weight_most;
    for (uint32_t i = 0; i < r->count; i++)
        r->posts[i].score = (float)((double)r->posts[i].sum / (double)most);
}

/* Where their rows begin is in no cache either. */
static void fetch_rows(const struct model *model,
                       const struct recommendation *r)
{
    for (uint32_t n = 0; n < r->neighbour_count; n++)
        __builtin_prefetch(&model->user_rows[r->neighbours[n].user]);
    for (uint32_t n = 0; n < r->neighbour_count; n++)
        __builtin_prefetch(model_user_row(model, r->neighbours[n].user).pairs);
}

/* The second half of a request: from neighbours to posts. */
static void pick(const struct reader *reader, struct reco_scratch *s,
                 const struct post_bits *bits, uint32_t want,
                 struct recommendation *out)
{
    const struct model *model = reader->model;
    struct choice c = {reader, s, bits, want, out};
    bool thin;

    out->count = 0;
    if (!out->neighbour_count || !want)
        return;
    thin = count_updates(model, out) < model->post_count / SCRATCH_THIN;
    if (thin || !bits || !bits->bits)
        c.bits = NULL;
    if (c.bits) {
        post_bits_add(bits, s->kernel, out->neighbours, out->neighbour_count,
                      s->sums);
    } else {
        fetch_rows(model, out);
        add_neighbours(model, out, s->sums);
    }
    drop_seen(&c);
    if (thin)
        walk(&c);
    else
        scan(&c);
    heap_sort(out->posts, out->count, sizeof *out->posts, worse);
    set_scores(model, out);
}

static bool judge(uint32_t k, uint32_t want, struct err *err)
{
    return (k <= NEIGHBOURS_MOST && want <= RECOMMEND_MOST) ||
           err_set(err, ERR_INVALID, "%u posts of %u neighbours", want, k);
}

bool recommend(const struct reader *reader, struct reco_scratch *s, uint32_t k,
               uint32_t want, struct recommendation *out, struct err *err)
{
    k = k ? k : reader->model->meta->neighbours;
    out->count = out->neighbour_count = 0;
    if (!judge(k, want, err))
        return false;
    out->neighbour_count = neighbours_find(reader->model, s, reader->profile,
                                           reader->self, k, out->neighbours);
    pick(reader, s, NULL, want, out);
    return true;
}

bool recommend_known(const struct reader *reader, struct reco_scratch *s,
                     const struct post_bits *bits,
                     const struct neighbour *neighbours, uint32_t count,
                     uint32_t want, struct recommendation *out, struct err *err)
{
    out->count = out->neighbour_count = 0;
    if (!judge(count, want, err))
        return false;
    memcpy(out->neighbours, neighbours, count * sizeof *neighbours);
    out->neighbour_count = count;
    pick(reader, s, bits, want, out);
    return true;
}
