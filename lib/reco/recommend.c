#include "reco/recommend.h"

#include <string.h>

#include "reco/heap.h"

enum {
    /* Posts whose sums a near cache holds beside all else: half a megabyte. */
    NEAR_POSTS = 1 << 16,
    /* Of more posts the sums are made strip by strip, 128 kB at a time. */
    STRIP_POSTS = 1 << 14,
    STRIP_BLOCKS = STRIP_POSTS / KERNEL_POSTS,
    LINE_PAIRS = 16,
    WORD_BITS = 64,
};

static bool worse(const void *left, const void *right)
{
    const struct recommended *a = left, *b = right;

    return a->sum != b->sum ? a->sum < b->sum : a->post > b->post;
}

/* Rows of strangers are in no cache: the row after this one is fetched while
 * this one is added. */
static void fetch_row(struct row row)
{
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
    bool strips;                  /* sums are those of one strip */
    uint32_t first_post;          /* of the strip; else 0 */
    uint32_t want;
    struct recommendation *out;
};

static inline void drop(const struct choice *c, uint32_t post)
{
    if (c->strips)
        c->s->seen[post / WORD_BITS] |= UINT64_C(1) << post % WORD_BITS;
    else
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

static inline uint32_t key_of(uint64_t sum)
{
    return kernel_bits((float)(int64_t)sum);
}

static inline void offer(struct choice *c, uint32_t post, uint64_t sum)
{
    struct recommended one = {post, 0, sum};
    struct recommendation *out = c->out;

    if (heap_wants(out->posts, out->count, c->want, &one, worse) &&
        reader_may_get_unseen(c->reader, post))
        heap_keep(out->posts, &out->count, c->want, &one, sizeof one, worse);
}

/* The key that a post has to reach; 0: there is room for any. */
static uint32_t least_kept(const struct choice *c)
{
    return c->out->count < c->want ? 0 : key_of(c->out->posts[0].sum);
}

/* Keys that are looked at: floor <= key < end. */
struct band {
    uint32_t floor, end;
};

static inline bool is_within(struct band band, uint32_t key)
{
    return key >= band.floor && key < band.end;
}

static void offer_sums(struct choice *c, uint32_t blocks, struct band band)
{
    const struct reco_scratch *s = c->s;

    for (uint32_t b = 0; b < blocks; b++) {
        uint32_t first = b * KERNEL_POSTS;
        if (s->peaks[b] < band.floor)
            continue;
        for (uint32_t at = first; at < first + KERNEL_POSTS; at++)
            if (is_within(band, key_of(s->sums[at])))
                offer(c, c->bits ? c->bits->posts[at] : c->first_post + at,
                      s->sums[at]);
    }
}

static void offer_found(struct choice *c, uint32_t count, struct band band)
{
    const struct found *found = &c->s->found;

    for (uint32_t i = 0; i < count; i++)
        if (is_within(band, found->keys[i]))
            offer(c, found->ordinals[i], found->values[i]);
}

/*
 * The floor is set for `want` posts that all pass; when visibility, author or
 * keys refuse too many of those above it, or earlier strips kept lesser ones,
 * it is lowered and those between are looked at. A floor of 1 lets every sum
 * through, so this ends.
 */
static void choose(struct choice *c, const uint32_t *keys, uint32_t count,
                   void (*look)(struct choice *, uint32_t, struct band))
{
    uint32_t reach = c->want + c->reader->key_count;
    struct band band = {UINT32_MAX, UINT32_MAX};

    do {
        band.end = band.floor;
        band.floor = least_kept(c);
        if (!band.floor)
            band.floor = kernel_floor(keys, count, reach);
        look(c, count, band);
        reach *= 2;
    } while (least_kept(c) < band.floor && band.floor > 1);
}

static void scan(struct choice *c)
{
    struct reco_scratch *s = c->s;

    s->kernel->sum_peaks(s->sums, s->post_blocks, s->peaks);
    choose(c, s->peaks, s->post_blocks, offer_sums);
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
            found->keys[found->count] = key_of(sum);
            found->count += sum != 0;
        }
    }
    choose(c, found->keys, found->count, offer_found);
}

/* ---- strip by strip ---- */

/* What is left of a neighbour's row. */
struct rest {
    const uint32_t *at, *end;
    uint64_t similarity;
};

static void begin_rests(const struct model *model,
                        const struct recommendation *r, uint32_t strips,
                        struct rest *rests)
{
    for (uint32_t n = 0; n < r->neighbour_count; n++) {
        struct row row = model_user_row(model, r->neighbours[n].user);
        rests[n] = (struct rest){row.pairs, row.pairs + row.count,
                                 r->neighbours[n].similarity};
        row.count /= strips;
        fetch_row(row);
    }
}

/* Adds the posts before `end`, which have the strip's sums. As many of the next
 * strip as there were of this one are fetched before they are needed. */
static void add_rest(const struct choice *c, struct rest *rest, uint32_t end)
{
    const uint32_t *at = rest->at, *stop = rest->end;
    const uint8_t *weight_of = c->reader->model->weight_of;
    uint64_t *restrict sums = c->s->sums, similarity = rest->similarity;

    for (; at < stop && pair_ordinal(*at) < end; at++)
        sums[pair_ordinal(*at) - c->first_post] +=
            similarity * weight_of[pair_mask(*at)];
    for (const uint32_t *next = at; next < at + (at - rest->at) && next < stop;
         next += LINE_PAIRS)
        __builtin_prefetch(next);
    rest->at = at;
}

/* His own posts of the strip drop out; nothing is left of them in `seen`. */
static void drop_strip(const struct choice *c, uint32_t posts)
{
    uint64_t *seen = c->s->seen + c->first_post / WORD_BITS;

    for (uint32_t w = 0; w < (posts + WORD_BITS - 1) / WORD_BITS; w++) {
        for (uint64_t rest = seen[w]; rest; rest &= rest - 1)
            c->s->sums[w * WORD_BITS + (uint32_t)__builtin_ctzll(rest)] = 0;
        seen[w] = 0;
    }
}

/* Sums of all posts are more than a near cache holds, and rows are sorted by
 * post: every row is read on strip by strip, in the same sums. */
static void pass_strips(struct choice *c)
{
    const struct recommendation *r = c->out;
    struct reco_scratch *s = c->s;
    struct rest rests[NEIGHBOURS_MOST];
    uint32_t strips = (s->post_blocks + STRIP_BLOCKS - 1) / STRIP_BLOCKS;

    begin_rests(c->reader->model, r, strips, rests);
    for (uint32_t strip = 0; strip < strips; strip++) {
        uint32_t first = strip * STRIP_BLOCKS;
        uint32_t blocks = s->post_blocks - first < STRIP_BLOCKS
                              ? s->post_blocks - first
                              : STRIP_BLOCKS;
        size_t posts = (size_t)blocks * KERNEL_POSTS;
        c->first_post = strip * STRIP_POSTS;
        for (uint32_t n = 0; n < r->neighbour_count; n++)
            add_rest(c, &rests[n], c->first_post + STRIP_POSTS);
        drop_strip(c, (uint32_t)posts);
        s->kernel->sum_peaks(s->sums, blocks, s->peaks);
        choose(c, s->peaks, blocks, offer_sums);
        s->kernel->clear(s->sums, posts * sizeof *s->sums);
    }
}

/* Do the neighbours touch so few posts that walking to them is all? */
static bool is_thin(const struct model *model, const struct recommendation *r)
{
    uint32_t posts = model->post_count;
    uint64_t updates = 0;

    for (uint32_t n = 0; n < r->neighbour_count; n++)
        updates += model_user_row(model, r->neighbours[n].user).count;
    return updates < (posts < NEAR_POSTS ? posts : NEAR_POSTS) / SCRATCH_THIN;
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
    struct choice c = {.reader = reader, .s = s, .want = want, .out = out};
    bool thin;

    out->count = 0;
    if (!out->neighbour_count || !want)
        return;
    thin = is_thin(model, out);
    c.bits = !thin && bits && bits->bits ? bits : NULL;
    c.strips = !thin && !c.bits && model->post_count > NEAR_POSTS;
    fetch_rows(model, out);
    if (c.bits)
        post_bits_add(bits, s->kernel, out->neighbours, out->neighbour_count,
                      s->sums);
    else if (!c.strips)
        add_neighbours(model, out, s->sums);
    drop_seen(&c);
    if (c.strips)
        pass_strips(&c);
    else if (thin)
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
