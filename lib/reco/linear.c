#include "reco/linear.h"

#include <math.h>
#include <stddef.h>

#include <cblas.h>

#include "base/mem.h"

/* LAPACK has no header in C; matrices are columns, all arguments pointers. */
void sgelqf_(const int *m, const int *n, float *a, const int *lda, float *tau,
             float *work, const int *work_count, int *info);
void sorglq_(const int *m, const int *n, const int *k, float *a, const int *lda,
             const float *tau, float *work, const int *work_count, int *info);
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda,
             int *info);
void spotrf_(const char *uplo, const int *n, float *a, const int *lda,
             int *info);
void spotri_(const char *uplo, const int *n, float *a, const int *lda,
             int *info);
void dsyevd_(const char *job, const char *uplo, const int *n, double *a,
             const int *lda, double *values, double *work,
             const int *work_count, int *iwork, const int *iwork_count,
             int *info);

enum {
    GRAM_ROWS = 256,   /* summed as floats before they join the doubles */
    WORK_PER_ROW = 64, /* room for LAPACK's blocks */
    TURN_BLOCK = 64,   /* cells: a block of both sides stays in the cache */
    DSYEVD_WORK = 2,   /* 1 + 6n + 2n^2 */
    DSYEVD_WORK_ROW = 6,
    DSYEVD_INTS = 3, /* 3 + 5n */
    DSYEVD_INTS_ROW = 5,
};

/* Least entry of the diagonal of a Cholesky root, beside its largest, with
 * which floats still give a base. */
#define APART_LEAST 1e-3

static void one_thread(void)
{
    openblas_set_num_threads(1);
}

void linear_multiply(float *out, const float *a, const float *b, uint32_t m,
                     uint32_t n, uint32_t k)
{
    one_thread();
    if (m && n)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)m, (int)n,
                    (int)k, 1, a, (int)(k ? k : 1), b, (int)n, 0, out, (int)n);
}

void linear_multiply_turned(float *out, const float *a, const float *b,
                            uint32_t m, uint32_t n, uint32_t k)
{
    one_thread();
    if (m && n)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)n,
                    (int)k, 1, a, (int)(k ? k : 1), b, (int)(k ? k : 1), 0, out,
                    (int)n);
}

bool linear_gram(double *out, const float *a, uint32_t n, uint32_t k,
                 struct err *err)
{
    float *part;

    if (!mem_take((size_t)k * k, sizeof *part, &part, err))
        return false;
    one_thread();
    for (size_t i = 0; i < (size_t)k * k; i++)
        out[i] = 0;
    for (uint32_t from = 0; from < n; from += GRAM_ROWS) {
        uint32_t rows = n - from < GRAM_ROWS ? n - from : GRAM_ROWS;
        cblas_ssyrk(CblasRowMajor, CblasLower, CblasTrans, (int)k, (int)rows, 1,
                    a + (size_t)from * k, (int)k, 0, part, (int)k);
        for (size_t i = 0; i < k; i++)
            for (size_t j = 0; j <= i; j++)
                out[i * k + j] += (double)part[i * k + j];
    }
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < i; j++)
            out[j * k + i] = out[i * k + j];
    mem_give(part);
    return true;
}

/* Whether gram[k][k] became L of L L'; columns that lie almost in the space of
 * those before them have next to nothing on its diagonal. */
static bool find_root(double *gram, uint32_t k)
{
    int order = (int)k, info = 0;
    double least, most;

    dpotrf_("U", &order, gram, &order, &info);
    if (info)
        return false;
    least = most = gram[0];
    for (size_t i = 1; i < k; i++) {
        least = fmin(least, gram[i * k + i]);
        most = fmax(most, gram[i * k + i]);
    }
    return least > most * APART_LEAST;
}

/* a becomes a L'^-1. *done: false when its columns are too near to each other;
 * a is as it was. */
static bool by_cholesky(float *a, uint32_t n, uint32_t k, bool *done,
                        struct err *err)
{
    double *gram = NULL;
    float *root = NULL;
    bool ok = false;

    *done = false;
    if (!mem_take((size_t)k * k, sizeof *gram, &gram, err) ||
        !mem_take((size_t)k * k, sizeof *root, &root, err) ||
        !linear_gram(gram, a, n, k, err))
        goto out;
    ok = true;
    if (!find_root(gram, k))
        goto out;
    for (size_t i = 0; i < (size_t)k * k; i++)
        root[i] = (float)gram[i];
    cblas_strsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit,
                (int)n, (int)k, 1, root, (int)k, a, (int)k);
    *done = true;
out:
    mem_give(gram);
    mem_give(root);
    return ok;
}

/*
 * The rows of a[n][k] are the columns of LAPACK's k x n matrix a' = L * Q; the
 * rows of Q are the base wanted, and Q stands in place as a[n][k] again.
 */
static bool by_householder(float *a, uint32_t n, uint32_t k, struct err *err)
{
    int rows = (int)k, columns = (int)n, info = 0;
    int work_count = rows * WORK_PER_ROW;
    float *tau = NULL, *work = NULL;
    bool ok = false;

    if (!mem_take(k, sizeof *tau, &tau, err) ||
        !mem_take((size_t)work_count, sizeof *work, &work, err))
        goto out;
    sgelqf_(&rows, &columns, a, &rows, tau, work, &work_count, &info);
    if (!info)
        sorglq_(&rows, &columns, &rows, a, &rows, tau, work, &work_count,
                &info);
    if (info) {
        err_set(err, ERR_INVALID, "linear: orthonormal base: %d", info);
        goto out;
    }
    ok = true;
out:
    mem_give(tau);
    mem_give(work);
    return ok;
}

bool linear_orthonormal(float *a, uint32_t n, uint32_t k, struct err *err)
{
    bool done;

    if (!k || k > n)
        return err_set(err, ERR_INVALID, "linear: a base of %u in %u", k, n);
    one_thread();
    return by_cholesky(a, n, k, &done, err) &&
           (done || by_householder(a, n, k, err));
}

static void swap_rows(double *a, double *b, uint32_t k)
{
    for (uint32_t i = 0; i < k; i++) {
        double one = a[i];
        a[i] = b[i];
        b[i] = one;
    }
}

static void fix_sign(double *a, uint32_t k)
{
    uint32_t most = 0;

    for (uint32_t i = 1; i < k; i++)
        if (fabs(a[i]) > fabs(a[most]))
            most = i;
    if (!k || a[most] > 0)
        return;
    for (uint32_t i = 0; i < k; i++)
        a[i] = -a[i];
}

bool linear_eigen(double *a, double *values, uint32_t k, struct err *err)
{
    int n = (int)k, info = 0;
    int work_count = 1 + DSYEVD_WORK_ROW * n + DSYEVD_WORK * n * n;
    int int_count = DSYEVD_INTS + DSYEVD_INTS_ROW * n;
    double *work = NULL;
    int *ints = NULL;
    bool ok = false;

    if (!mem_take((size_t)work_count, sizeof *work, &work, err) ||
        !mem_take((size_t)int_count, sizeof *ints, &ints, err))
        goto out;
    one_thread();
    dsyevd_("V", "U", &n, a, &n, values, work, &work_count, ints, &int_count,
            &info);
    if (info) {
        err_set(err, ERR_INVALID, "linear: eigenvalues: %d", info);
        goto out;
    }
    /* LAPACK's columns are our rows; it has the smallest first. */
    for (uint32_t i = 0; i < k / 2; i++) {
        swap_rows(values + i, values + k - 1 - i, 1);
        swap_rows(a + (size_t)i * k, a + (size_t)(k - 1 - i) * k, k);
    }
    for (uint32_t i = 0; i < k; i++)
        fix_sign(a + (size_t)i * k, k);
    ok = true;
out:
    mem_give(work);
    mem_give(ints);
    return ok;
}

/* Copies the triangle that LAPACK wrote to the other one, block by block. */
static void mirror(float *a, uint32_t n)
{
    for (size_t bi = 0; bi < n; bi += TURN_BLOCK)
        for (size_t bj = 0; bj <= bi; bj += TURN_BLOCK)
            for (size_t i = bi; i < n && i < bi + TURN_BLOCK; i++)
                for (size_t j = bj; j < i && j < bj + TURN_BLOCK; j++)
                    a[j * n + i] = a[i * n + j];
}

bool linear_invert(float *a, uint32_t n, struct err *err)
{
    int order = (int)n, info = 0;

    one_thread();
    if (n)
        spotrf_("U", &order, a, &order, &info);
    if (n && !info)
        spotri_("U", &order, a, &order, &info);
    if (info)
        return err_set(err, ERR_INVALID, "linear: not positive definite: %d",
                       info);
    mirror(a, n);
    return true;
}
