#include "reco/recommend.h"

#include <string.h>

#include "reco/heap.h"

static bool worse(const void *left, const void *right)
{
    const struct recommended *a = left, *b = right;

    return a->sum != b->sum ? a->sum < b->sum : a->post > b->post;
}

/* sums[i] += similarity * weight over the posts of each neighbour. */
static void add_neighbours(const struct model *model, struct reco_scratch *s,
                           const struct recommendation *r)
{
    for (uint32_t n = 0; n < r->neighbour_count; n++) {
        struct row row = model_user_row(model, r->neighbours[n].user);
        uint64_t product[MASK_COUNT];
        for (unsigned m = 0; m < MASK_COUNT; m++)
            product[m] =
                (uint64_t)r->neighbours[n].similarity * model->weight_of[m];
        for (uint32_t i = 0; i < row.count; i++) {
            uint32_t post = pair_ordinal(row.pairs[i]);
            s->sums[post] += product[pair_mask(row.pairs[i])];
            s->touched[post / KERNEL_POSTS] = 1;
        }
    }
}

/* What he has seen or hidden drops out of the race before it is judged. */
static void drop_seen(const struct reader *reader, struct reco_scratch *s)
{
    const struct profile *p = reader->profile;
    struct row own = {0};

    if (reader->self != ORDINAL_NONE)
        own = model_user_row(reader->model, reader->self);
    for (uint32_t j = 0; j < p->count; j++)
        s->sums[p->posts[j].post] = 0;
    for (uint32_t j = 0; j < p->hidden_count; j++)
        s->sums[p->hidden[j]] = 0;
    for (uint32_t j = 0; j < own.count; j++)
        s->sums[pair_ordinal(own.pairs[j])] = 0;
}

/* The best `want` among the sums that reach the floor. */
static void choose(const struct reader *reader, const struct reco_scratch *s,
                   uint32_t floor, uint32_t want, struct recommendation *r)
{
    r->count = 0;
    for (uint32_t b = 0; b < s->post_blocks; b++) {
        uint32_t first = b * KERNEL_POSTS;
        if (s->peaks[b] < floor)
            continue;
        for (uint32_t post = first; post < first + KERNEL_POSTS; post++) {
            struct recommended one = {post, 0, s->sums[post]};
            if (one.sum && kernel_bits((float)one.sum) >= floor &&
                heap_wants(r->posts, r->count, want, &one, worse) &&
                reader_may_get_unseen(reader, post))
                heap_keep(r->posts, &r->count, want, &one, sizeof one, worse);
        }
    }
}

/*
 * The floor is set for `want` posts that all pass; when visibility, author or
 * keys refuse too many of those above it, it is lowered and all are looked at
 * again. A floor of 1 lets every sum through, so this ends.
 */
static void choose_enough(const struct reader *reader,
                          const struct reco_scratch *s, uint32_t want,
                          struct recommendation *r)
{
    uint32_t reach = want + reader->key_count, floor;

    do {
        floor = kernel_floor(s->peaks, s->post_blocks, reach);
        choose(reader, s, floor, want, r);
        reach *= 2;
    } while (r->count < want && floor > 1);
}

static void clear_sums(struct reco_scratch *s)
{
    for (uint32_t b = 0; b < s->post_blocks; b++)
        if (s->touched[b]) {
            s->touched[b] = 0;
            memset(s->sums + (size_t)b * KERNEL_POSTS, 0,
                   KERNEL_POSTS * sizeof *s->sums);
        }
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

bool recommend(const struct reader *reader, struct reco_scratch *s, uint32_t k,
               uint32_t want, struct recommendation *out, struct err *err)
{
    const struct model *model = reader->model;

    out->count = out->neighbour_count = 0;
    k = k ? k : model->meta->neighbours;
    if (k > NEIGHBOURS_MOST || want > RECOMMEND_MOST)
        return err_set(err, ERR_INVALID, "%u posts of %u neighbours", want, k);
    out->neighbour_count = neighbours_find(model, s, reader->profile,
                                           reader->self, k, out->neighbours);
    if (!out->neighbour_count || !want)
        return true;
    add_neighbours(model, s, out);
    drop_seen(reader, s);
    s->kernel->sum_peaks(s->sums, s->touched, s->post_blocks, s->peaks);
    choose_enough(reader, s, want, out);
    clear_sums(s);
    heap_sort(out->posts, out->count, sizeof *out->posts, worse);
    set_scores(model, out);
    return true;
}
