#include "reco/eigen.h"

#include <math.h>
#include <string.h>

#include "support/algorithm_fixture.h"

/* 4 x 3 with 3, 2 and 1 on the diagonal: its own singular vectors. */
static uint32_t starts[] = {0, 1, 2, 3, 3}, columns[] = {0, 1, 2};
static uint32_t turned_starts[] = {0, 1, 2, 3};
static float values[] = {3, 2, 1};
static const struct sparse s = {4, 3, starts, columns, values};
static const struct sparse turned = {3, 4, turned_starts, columns, values};
static struct err err;

START_TEST(the_strongest_directions_come_first)
{
    float vectors[6], strengths[2];

    ck_assert(eigen_right(&s, &turned, 2, 8, 1, vectors, strengths, &err));
    ck_assert_float_eq_tol(strengths[0], 3, 1e-5F);
    ck_assert_float_eq_tol(strengths[1], 2, 1e-5F);
    ck_assert_float_eq_tol(fabsf(vectors[0]), 1, 1e-3F);
    ck_assert_float_eq_tol(fabsf(vectors[3]), 1, 1e-3F);
    ck_assert_float_eq_tol(vectors[4], 0, 1e-3F);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_bytes)
{
    float one[6], two[6], strengths[2];

    ck_assert(eigen_right(&s, &turned, 2, 2, 7, one, strengths, &err));
    ck_assert(eigen_right(&s, &turned, 2, 2, 7, two, strengths, &err));
    ck_assert_mem_eq(one, two, sizeof one);
}
END_TEST

START_TEST(no_more_directions_than_the_smaller_side_has)
{
    float vectors[12], strengths[4];

    ck_assert(!eigen_right(&s, &turned, 4, 2, 1, vectors, strengths, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_strongest_directions_come_first,
        the_same_seed_gives_the_same_bytes,
        no_more_directions_than_the_smaller_side_has,
    };

    return run_tests("eigen", tests, sizeof tests / sizeof *tests);
}
