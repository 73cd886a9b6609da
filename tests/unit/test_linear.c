#include "reco/linear.h"

#include <math.h>

#include "support/algorithm_fixture.h"

static struct err err;

#define ck_near(got, wanted)                                                   \
    ck_assert_double_eq_tol((double)(got), (double)(wanted), 1e-6)

START_TEST(products_are_rows_times_columns)
{
    const float a[] = {1, 2, 3, 4, 5, 6}, b[] = {1, 0, 0, 1, 2, 2};
    const float turned[] = {1, 0, 2, 0, 1, 2};
    float out[4];

    linear_multiply(out, a, b, 2, 2, 3);
    ck_near(out[0], 7);
    ck_near(out[1], 8);
    ck_near(out[2], 16);
    ck_near(out[3], 17);
    linear_multiply_turned(out, a, turned, 2, 2, 3);
    ck_near(out[1], 8);
    ck_near(out[2], 16);
}
END_TEST

START_TEST(a_gram_matrix_has_the_products_of_columns)
{
    const float a[] = {1, 2, 3, 4, 5, 6}; /* 3 x 2 */
    double out[4];

    ck_assert(linear_gram(out, a, 3, 2, &err));
    ck_near(out[0], 35);
    ck_near(out[1], 44);
    ck_near(out[2], 44);
    ck_near(out[3], 56);
}
END_TEST

START_TEST(an_orthonormal_base_is_one_even_when_columns_repeat)
{
    float a[] = {1, 1, 2, 2, 2, 2}; /* twice (1, 2, 2) */
    double out[4];

    ck_assert(linear_orthonormal(a, 3, 2, &err));
    ck_near(fabsf(a[0]), 1.0 / 3);
    ck_near(fabsf(a[2]), 2.0 / 3);
    ck_assert(linear_gram(out, a, 3, 2, &err));
    ck_near(out[0], 1);
    ck_near(out[1], 0);
    ck_near(out[3], 1);
}
END_TEST

START_TEST(columns_apart_become_an_orthonormal_base_of_their_space)
{
    /* (3, 4) stays as (.6, .8); (1, 0) without its part of that. */
    float a[] = {3, 1, 4, 0};

    ck_assert(linear_orthonormal(a, 2, 2, &err));
    ck_near(a[0], 0.6);
    ck_near(a[2], 0.8);
    ck_near(a[1], 0.8);
    ck_near(a[3], -0.6);
}
END_TEST

START_TEST(more_columns_than_rows_have_no_base)
{
    float a[] = {1, 2};

    ck_assert(!linear_orthonormal(a, 1, 2, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(eigenvalues_come_largest_first_with_their_vectors)
{
    /* 2 0 / 0 5: values 5 and 2, vectors (0, 1) and (1, 0). */
    double a[] = {2, 0, 0, 5}, values[2];

    ck_assert(linear_eigen(a, values, 2, &err));
    ck_near(values[0], 5);
    ck_near(values[1], 2);
    ck_near(a[0], 0);
    ck_near(a[1], 1);
    ck_near(a[2], 1);
    ck_near(a[3], 0);
}
END_TEST

START_TEST(the_sign_of_an_eigenvector_is_turned_as_a_whole)
{
    /* 2 1 / 1 1, and 3 apart: (-1, 1.618, 0) / 1.902 belongs to .382. */
    double a[] = {2, 1, 0, 1, 1, 0, 0, 0, 3}, values[3];

    ck_assert(linear_eigen(a, values, 3, &err));
    ck_near(values[2], 0.381966);
    ck_near(a[6], -0.525731);
    ck_near(a[7], 0.850651);
    ck_near(values[1], 2.618034);
    ck_near(a[3], 0.850651);
    ck_near(a[4], 0.525731);
}
END_TEST

START_TEST(an_inverse_is_whole)
{
    /* The determinant of 4 2 / 2 3 is 8. */
    float a[] = {4, 2, 2, 3};

    ck_assert(linear_invert(a, 2, &err));
    ck_near(a[0], 0.375);
    ck_near(a[1], -0.25);
    ck_near(a[2], -0.25);
    ck_near(a[3], 0.5);
}
END_TEST

START_TEST(what_is_not_positive_definite_has_no_inverse)
{
    float a[] = {1, 2, 2, 1};

    ck_assert(!linear_invert(a, 2, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        products_are_rows_times_columns,
        a_gram_matrix_has_the_products_of_columns,
        an_orthonormal_base_is_one_even_when_columns_repeat,
        columns_apart_become_an_orthonormal_base_of_their_space,
        more_columns_than_rows_have_no_base,
        eigenvalues_come_largest_first_with_their_vectors,
        the_sign_of_an_eigenvector_is_turned_as_a_whole,
        an_inverse_is_whole,
        what_is_not_positive_definite_has_no_inverse,
    };

    return run_tests("linear", tests, sizeof tests / sizeof *tests);
}
