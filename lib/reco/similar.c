#include "reco/similar.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

uint32_t similar_of(uint64_t dot, uint64_t norm_a, uint64_t norm_b,
                    double shrink)
{
    double one = (double)((uint64_t)1 << SIMILAR_BITS);

    return (uint32_t)(one * (double)dot /
                      (sqrt((double)norm_a * (double)norm_b) + shrink));
}

/* ---- training ---- */

struct building {
    const struct matrix *matrix;
    const uint8_t *weight_of;
    uint32_t k;
    double shrink;
    uint64_t *norms; /* [posts] */
    uint64_t *dots;  /* [posts], zero between posts */
    uint32_t *touched;
    struct part_post *kept; /* [k] a heap */
    struct similar *out;
};

static void make_norms(struct building *b)
{
    const struct matrix *m = b->matrix;

    for (uint32_t post = 0; post < m->post_count; post++) {
        struct row row = matrix_post_row(m, post);
        for (uint32_t i = 0; i < row.count; i++) {
            uint32_t weight = b->weight_of[pair_mask(row.pairs[i])];
            b->norms[post] += (uint64_t)weight * weight;
        }
    }
}

/* Dots of one post with every other; returns how many were touched. */
static uint32_t add_dots(struct building *b, uint32_t post)
{
    const struct matrix *m = b->matrix;
    struct row readers = matrix_post_row(m, post);
    uint32_t count = 0;

    for (uint32_t r = 0; r < readers.count; r++) {
        struct row posts = matrix_user_row(m, pair_ordinal(readers.pairs[r]));
        uint64_t weight = b->weight_of[pair_mask(readers.pairs[r])];
        if (posts.count > SIMILAR_HEAVY)
            continue;
        for (uint32_t i = 0; i < posts.count; i++) {
            uint32_t other = pair_ordinal(posts.pairs[i]);
            if (other == post)
                continue;
            if (!b->dots[other])
                b->touched[count++] = other;
            b->dots[other] += weight * b->weight_of[pair_mask(posts.pairs[i])];
        }
    }
    return count;
}

static int by_post(const void *left, const void *right)
{
    const struct part_post *a = left, *b = right;

    return (a->post > b->post) - (a->post < b->post);
}

/* Rows are stored by ordinal: the check can tell that none comes twice. */
static bool keep_row(struct building *b, uint32_t post, uint32_t count,
                     struct err *err)
{
    struct similar *out = b->out;
    size_t need = (size_t)out->pair_count + count;

    qsort(b->kept, count, sizeof *b->kept, by_post);
    if (need >= UINT32_MAX)
        return err_set(err, ERR_LIMIT, "items: 2^32 pairs");
    if (!mem_grow(&out->posts, &out->posts_cap, need, sizeof *out->posts,
                  err) ||
        !mem_grow(&out->sims, &out->sims_cap, need, sizeof *out->sims, err))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        out->posts[out->pair_count] = b->kept[i].post;
        out->sims[out->pair_count++] = (uint32_t)b->kept[i].sum;
    }
    out->rows[post + 1] = out->pair_count;
    return true;
}

static bool build_row(struct building *b, uint32_t post, struct err *err)
{
    uint32_t touched = add_dots(b, post), count = 0;

    for (uint32_t i = 0; i < touched; i++) {
        uint32_t other = b->touched[i];
        struct part_post one = {similar_of(b->dots[other], b->norms[post],
                                           b->norms[other], b->shrink),
                                other};
        b->dots[other] = 0;
        if (one.sum && heap_wants(b->kept, count, b->k, &one, part_worse))
            heap_keep(b->kept, &count, b->k, &one, sizeof one, part_worse);
    }
    return keep_row(b, post, count, err);
}

bool similar_build(const struct matrix *matrix, const uint8_t *weight_of,
                   uint32_t k, double shrink, struct similar *out,
                   struct err *err)
{
    struct building b = {.matrix = matrix,
                         .weight_of = weight_of,
                         .k = k,
                         .shrink = shrink,
                         .out = out};
    size_t posts = matrix->post_count;
    bool ok;

    *out = (struct similar){.post_count = matrix->post_count};
    if (k < 1 || k > SIMILAR_MOST)
        return err_set(err, ERR_INVALID, "items: %u similar posts", k);
    ok = mem_take(posts + 1, sizeof *out->rows, &out->rows, err) &&
         mem_take(posts, sizeof *b.norms, &b.norms, err) &&
         mem_take(posts, sizeof *b.dots, &b.dots, err) &&
         mem_take(posts, sizeof *b.touched, &b.touched, err) &&
         mem_take(k, sizeof *b.kept, &b.kept, err);
    if (ok)
        make_norms(&b);
    for (uint32_t post = 0; ok && post < posts; post++)
        ok = build_row(&b, post, err);
    mem_give(b.norms);
    mem_give(b.dots);
    mem_give(b.touched);
    mem_give(b.kept);
    if (!ok)
        similar_release(out);
    return ok;
}

void similar_release(struct similar *m)
{
    mem_give(m->rows);
    mem_give(m->posts);
    mem_give(m->sims);
    *m = (struct similar){0};
}

void similar_sections(const struct similar *m, struct model_extra *out)
{
    size_t u32 = sizeof(uint32_t);

    out[0] = (struct model_extra){MODEL_ITEM_ROWS, m->rows,
                                  ((size_t)m->post_count + 1) * u32};
    out[1] =
        (struct model_extra){MODEL_ITEM_POSTS, m->posts, m->pair_count * u32};
    out[2] =
        (struct model_extra){MODEL_ITEM_SIMS, m->sims, m->pair_count * u32};
}

/* ---- serving ---- */

void similar_find(const struct reader *reader, const struct taste *tastes,
                  uint32_t count, uint64_t *sums, struct part *out)
{
    const struct model *m = reader->model;

    for (uint32_t t = 0; t < count; t++) {
        uint32_t post = tastes[t].post;
        if (post >= m->post_count)
            continue;
        for (uint32_t i = m->item_rows[post]; i < m->item_rows[post + 1]; i++)
            sums[m->item_posts[i]] +=
                (uint64_t)tastes[t].weight * m->item_sims[i];
    }
    for (uint32_t t = 0; t < count; t++) {
        uint32_t post = tastes[t].post;
        if (post >= m->post_count)
            continue;
        for (uint32_t i = m->item_rows[post]; i < m->item_rows[post + 1]; i++) {
            uint64_t sum = sums[m->item_posts[i]];
            sums[m->item_posts[i]] = 0;
            part_offer(out, reader, m->item_posts[i], sum);
        }
    }
}

uint64_t similar_part(const struct model *m, const struct taste *taste,
                      uint32_t post)
{
    uint32_t from, end;

    if (taste->post >= m->post_count)
        return 0;
    from = m->item_rows[taste->post];
    end = m->item_rows[taste->post + 1];
    while (from < end) {
        uint32_t half = from + (end - from) / 2;
        if (m->item_posts[half] < post)
            from = half + 1;
        else
            end = half;
    }
    if (from == m->item_rows[taste->post + 1] || m->item_posts[from] != post)
        return 0;
    return (uint64_t)taste->weight * m->item_sims[from];
}
