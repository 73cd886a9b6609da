#include "reco/sparse.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/vector.h"

void sparse_release(struct sparse *s)
{
    mem_give(s->starts);
    mem_give(s->columns);
    mem_give(s->values);
    *s = (struct sparse){0};
}

size_t sparse_bytes(const struct sparse *s)
{
    size_t cells = s->starts ? s->starts[s->row_count] : 0;

    return ((size_t)s->row_count + 1) * sizeof *s->starts +
           cells * (sizeof *s->columns + sizeof *s->values);
}

bool sparse_take(struct sparse *s, uint32_t rows, uint32_t columns,
                 uint32_t cells, struct err *err)
{
    *s = (struct sparse){.row_count = rows, .column_count = columns};
    if (mem_take((size_t)rows + 1, sizeof *s->starts, &s->starts, err) &&
        mem_take(cells, sizeof *s->columns, &s->columns, err) &&
        mem_take(cells, sizeof *s->values, &s->values, err))
        return true;
    sparse_release(s);
    return false;
}

void sparse_weights(const struct fit_input *in, bool binary, float *table)
{
    uint8_t least = 0;

    for (unsigned mask = 0; mask < MASK_COUNT; mask++)
        if (in->weight_of[mask] && (!least || in->weight_of[mask] < least))
            least = in->weight_of[mask];
    for (unsigned mask = 0; mask < MASK_COUNT; mask++)
        table[mask] = binary || !least
                          ? (float)(in->weight_of[mask] > 0)
                          : (float)in->weight_of[mask] / (float)least;
}

/* One side of the matrix: sums of weights of each row. */
static void row_sums(const uint32_t *rows, const uint32_t *pairs,
                     uint32_t count, const float *weights, double *sums)
{
    for (uint32_t r = 0; r < count; r++) {
        double sum = 0;
        for (uint32_t i = rows[r]; i < rows[r + 1]; i++)
            sum += (double)weights[pair_mask(pairs[i])];
        sums[r] = sum;
    }
}

static void to_powers(double *sums, uint32_t count, double power)
{
    for (uint32_t i = 0; i < count; i++)
        sums[i] = sums[i] > 0 ? pow(sums[i], -power) : 0;
}

bool sparse_of_input(const struct fit_input *in, bool binary, double user_power,
                     double post_power, struct sparse *out, struct err *err)
{
    const struct matrix *m = in->matrix;
    float weights[MASK_COUNT];
    double *users = NULL, *posts = NULL;
    bool ok = false;

    sparse_weights(in, binary, weights);
    if (!mem_take(m->user_count, sizeof *users, &users, err) ||
        !mem_take(m->post_count, sizeof *posts, &posts, err) ||
        !sparse_take(out, m->user_count, m->post_count, m->pair_count, err))
        goto out;
    row_sums(m->user_rows, m->user_posts, m->user_count, weights, users);
    row_sums(m->post_rows, m->post_users, m->post_count, weights, posts);
    to_powers(users, m->user_count, user_power);
    to_powers(posts, m->post_count, post_power);
    memcpy(out->starts, m->user_rows,
           ((size_t)m->user_count + 1) * sizeof *out->starts);
    for (uint32_t u = 0; u < m->user_count; u++)
        for (uint32_t i = m->user_rows[u]; i < m->user_rows[u + 1]; i++) {
            uint32_t post = pair_ordinal(m->user_posts[i]);
            double w = (double)weights[pair_mask(m->user_posts[i])];
            out->columns[i] = post;
            out->values[i] = (float)(w * users[u] * posts[post]);
        }
    ok = true;
out:
    mem_give(users);
    mem_give(posts);
    return ok;
}

bool sparse_post_powers(const struct fit_input *in, bool binary, double power,
                        float **out, struct err *err)
{
    const struct matrix *m = in->matrix;
    float weights[MASK_COUNT];
    double *sums = NULL;
    bool ok = false;

    sparse_weights(in, binary, weights);
    if (!mem_take(m->post_count, sizeof *sums, &sums, err) ||
        !mem_take(m->post_count, sizeof **out, out, err))
        goto out;
    row_sums(m->post_rows, m->post_users, m->post_count, weights, sums);
    for (uint32_t i = 0; i < m->post_count; i++)
        (*out)[i] = sums[i] > 0 ? (float)pow(sums[i], power) : 1;
    ok = true;
out:
    mem_give(sums);
    return ok;
}

bool sparse_turn(const struct sparse *s, struct sparse *out, struct err *err)
{
    uint32_t cells = s->starts[s->row_count];

    if (!sparse_take(out, s->column_count, s->row_count, cells, err))
        return false;
    for (uint32_t i = 0; i < cells; i++)
        out->starts[s->columns[i] + 1]++;
    for (uint32_t c = 0; c < s->column_count; c++)
        out->starts[c + 1] += out->starts[c];
    for (uint32_t r = 0; r < s->row_count; r++)
        for (uint32_t i = s->starts[r]; i < s->starts[r + 1]; i++) {
            uint32_t at = out->starts[s->columns[i]]++;
            out->columns[at] = r;
            out->values[at] = s->values[i];
        }
    /* Each start has moved to the next one's place. */
    memmove(out->starts + 1, out->starts,
            (size_t)s->column_count * sizeof *out->starts);
    out->starts[0] = 0;
    return true;
}

/*
 * Product and sum are rounded apart in both bodies (-ffp-contract=off), so
 * that they give the same bits.
 */
#define ADD_SCALED_BODY                                                        \
    for (uint32_t i = 0; i < count; i++)                                       \
        to[i] += from[i] * by;

typedef void add_scaled_fn(float *restrict to, const float *restrict from,
                           float by, uint32_t count);

VECTOR static void add_scaled_plain(float *restrict to,
                                    const float *restrict from, float by,
                                    uint32_t count){ADD_SCALED_BODY}

#ifdef __x86_64__
VECTOR __attribute__((target("avx2"))) static void add_scaled_avx2(
    float *restrict to, const float *restrict from, float by, uint32_t count)
{
    ADD_SCALED_BODY
}
#endif

static add_scaled_fn *add_scaled_best(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2"))
        return add_scaled_avx2;
#endif
    return add_scaled_plain;
}

void sparse_multiply(float *out, const struct sparse *s, const float *b,
                     uint32_t k)
{
    add_scaled_fn *add_scaled = add_scaled_best();

    memset(out, 0, (size_t)s->row_count * k * sizeof *out);
    for (uint32_t r = 0; r < s->row_count; r++)
        for (uint32_t i = s->starts[r]; i < s->starts[r + 1]; i++)
            add_scaled(out + (size_t)r * k, b + (size_t)s->columns[i] * k,
                       s->values[i], k);
}

void sparse_multiply_row(float *out, const struct sparse *a, uint32_t row,
                         const struct sparse *b)
{
    memset(out, 0, b->column_count * sizeof *out);
    for (uint32_t i = a->starts[row]; i < a->starts[row + 1]; i++) {
        uint32_t middle = a->columns[i];
        float by = a->values[i];
        for (uint32_t c = b->starts[middle]; c < b->starts[middle + 1]; c++)
            out[b->columns[c]] += by * b->values[c];
    }
}
