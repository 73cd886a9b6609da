/*
 * sparse.h -- a matrix of floats of which most are zero, by rows.
 *
 * Shapes     row r holds cells [starts[r], starts[r + 1]), columns ascending.
 * Ownership  the heap; made by the functions below, given back by
 *            sparse_release.
 * Same       sums run in the order of rows and columns.
 * Limits     fewer than 2^32 cells.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/algorithm.h"

struct sparse {
    uint32_t row_count, column_count;
    uint32_t *starts;  /* [row_count + 1] */
    uint32_t *columns; /* [starts[row_count]] */
    float *values;     /* beside columns */
};

/* Room for `cells`, all zero. */
MUST_USE bool sparse_take(struct sparse *s, uint32_t rows, uint32_t columns,
                          uint32_t cells, struct err *err);
/* Accepts a zeroed matrix. */
void sparse_release(struct sparse *s);
size_t sparse_bytes(const struct sparse *s);

/*
 * Users x posts:
 *
 *     value(u, i) = w(u, i) * d_u^-user_power * d_i^-post_power
 *
 * with w the weight of the pair, 1 for the lightest mask, or 1 for all when
 * `binary`; d_u and d_i the sums of w of a user and of a post.
 */
MUST_USE bool sparse_of_input(const struct fit_input *in, bool binary,
                              double user_power, double post_power,
                              struct sparse *out, struct err *err);
/* d_i^power of the above, *out of post_count items; 1 for a post without a
 * pair. */
MUST_USE bool sparse_post_powers(const struct fit_input *in, bool binary,
                                 double power, float **out, struct err *err);
/* What the masks weigh there: table[MASK_COUNT]. */
void sparse_weights(const struct fit_input *in, bool binary, float *table);

MUST_USE bool sparse_turn(const struct sparse *s, struct sparse *out,
                          struct err *err);

/* out[row_count][k] = s * b[column_count][k]. O(cells * k). */
void sparse_multiply(float *out, const struct sparse *s, const float *b,
                     uint32_t k);

/* out[b->column_count] = row `row` of a, times b. */
void sparse_multiply_row(float *out, const struct sparse *a, uint32_t row,
                         const struct sparse *b);
