/*
 * linear.h -- dense linear algebra; the one door to BLAS and LAPACK.
 *
 * Shapes   matrices are rows after one another, without gaps; the product is
 *          m x n, the sum inside it over k.
 * Same     OpenBLAS is held to one thread: the order of its sums, hence every
 *          bit, depends on the kind of processor but not on the number of
 *          threads. Callers that want more threads cut the work in blocks.
 * Limits   each dimension below 2^31.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* out[m][n] = a[m][k] * b[k][n] */
void linear_multiply(float *out, const float *a, const float *b, uint32_t m,
                     uint32_t n, uint32_t k);
/* out[m][n] = a[m][k] * b[n][k]' */
void linear_multiply_turned(float *out, const float *a, const float *b,
                            uint32_t m, uint32_t n, uint32_t k);
/* out[k][k] = a[n][k]' * a, both triangles, summed as doubles. */
MUST_USE bool linear_gram(double *out, const float *a, uint32_t n, uint32_t k,
                          struct err *err);

/*
 * The columns of a[n][k] become an orthonormal base of the space they span, to
 * about 1e-4, by Cholesky of their products: half the operations of Householder
 * and all of them fast. Columns too near to each other for that go by
 * Householder; when they span less than k, the rest is filled up with other
 * directions. k <= n, else ERR_INVALID.
 * from Yamamoto et al. 2015 (Cholesky QR)
 */
MUST_USE bool linear_orthonormal(float *a, uint32_t n, uint32_t k,
                                 struct err *err);

/*
 * Eigenvalues of the symmetric a[k][k], largest first, and in its place the
 * eigenvectors: row i belongs to values[i]. The sign of a vector is that
 * which makes its largest component (the first such) positive.
 */
MUST_USE bool linear_eigen(double *a, double *values, uint32_t k,
                           struct err *err);

/*
 * a[n][n], symmetric and positive definite, becomes its inverse. ERR_INVALID:
 * it is not positive definite. O(n^3), in place.
 */
MUST_USE bool linear_invert(float *a, uint32_t n, struct err *err);
