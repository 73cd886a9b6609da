/*
 * eigen.h -- the strongest directions of a sparse matrix: randomised subspace
 * iteration.
 *
 *     Q <- orthonormal(normal numbers [columns][rank + spare])
 *     `rounds` times: Q <- orthonormal(s' (s Q))
 *     eigenvectors of (s Q)'(s Q) turn Q into right singular vectors
 *
 * Same    seed and matrix, the same bytes on one kind of processor, whatever
 *         the number of threads.
 * Signs   arbitrary; what is built on them must not depend on signs.
 * Cost    rounds * (4 * cells * rank + 4 * columns * rank^2) operations;
 *         (rows + 2 * columns) * rank floats.
 * from    Halko, Martinsson, Tropp 2011, algorithm 4.4
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "reco/sparse.h"

/*
 * vectors[column_count][rank], a direction a column, strongest first, and
 * their singular values. `turned` is s turned. ERR_INVALID: rank is 0 or
 * more than the smaller side of s.
 */
MUST_USE bool eigen_right(const struct sparse *s, const struct sparse *turned,
                          uint32_t rank, uint32_t rounds, uint64_t seed,
                          float *vectors, float *values, struct err *err);
