#include "reco/eigen.h"

#include <math.h>

#include "base/mem.h"
#include "base/rng.h"
#include "reco/linear.h"

/* Directions beyond the rank, so that the last ones asked for settle too. */
enum { SPARE = 32 };

/* Normal numbers by Box and Muller; a factor is of no matter here. */
static void fill_normal(float *at, size_t count, uint64_t seed)
{
    struct rng rng = rng_of(seed);

    for (size_t i = 0; i < count; i++) {
        double r = sqrt(-2 * log(1 - rng_unit(&rng)));
        at[i] = (float)(r * cos(2 * M_PI * rng_unit(&rng)));
    }
}

/* vectors = base * turn', columns by rank; the first `rank` rows of turn. */
static bool turn_base(float *vectors, const float *base, const double *turn,
                      uint32_t columns, uint32_t wide, uint32_t rank,
                      struct err *err)
{
    float *small;

    if (!mem_take((size_t)rank * wide, sizeof *small, &small, err))
        return false;
    for (size_t i = 0; i < (size_t)rank * wide; i++)
        small[i] = (float)turn[i];
    linear_multiply_turned(vectors, base, small, columns, rank, wide);
    mem_give(small);
    return true;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

bool eigen_right(const struct sparse *s, const struct sparse *turned,
                 uint32_t rank, uint32_t rounds, uint64_t seed, float *vectors,
                 float *values, struct err *err)
{
    uint32_t most = smaller(s->row_count, s->column_count);
    uint32_t wide = smaller(rank + SPARE, most);
    float *base = NULL, *image = NULL;
    double *gram = NULL, *squares = NULL;
    bool ok = false;

    if (!rank || rank > most)
        return err_set(err, ERR_INVALID, "eigen: rank %u of %u", rank, most);
    if (!mem_take((size_t)s->column_count * wide, sizeof *base, &base, err) ||
        !mem_take((size_t)s->row_count * wide, sizeof *image, &image, err) ||
        !mem_take((size_t)wide * wide, sizeof *gram, &gram, err) ||
        !mem_take(wide, sizeof *squares, &squares, err))
        goto out;
    fill_normal(base, (size_t)s->column_count * wide, seed);
    for (uint32_t i = 0; i <= rounds; i++) {
        if (i) {
            sparse_multiply(image, s, base, wide);
            sparse_multiply(base, turned, image, wide);
        }
        if (!linear_orthonormal(base, s->column_count, wide, err))
            goto out;
    }
    sparse_multiply(image, s, base, wide);
    if (!linear_gram(gram, image, s->row_count, wide, err) ||
        !linear_eigen(gram, squares, wide, err) ||
        !turn_base(vectors, base, gram, s->column_count, wide, rank, err))
        goto out;
    for (uint32_t i = 0; i < rank; i++)
        values[i] = (float)sqrt(squares[i] > 0 ? squares[i] : 0);
    ok = true;
out:
    mem_give(base);
    mem_give(image);
    mem_give(gram);
    mem_give(squares);
    return ok;
}
