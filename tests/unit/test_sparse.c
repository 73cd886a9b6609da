/* Users 01, 012, 12: sums of users 2, 3, 2, of posts 2, 3, 2. */
#include "reco/sparse.h"

#include <math.h>

#include "base/mem.h"
#include "support/algorithm_fixture.h"

extern const struct algorithm algorithm_popular;

static struct err err;
static struct sparse s, turned;

#define ck_near(got, wanted)                                                   \
    ck_assert_double_eq_tol((double)(got), (double)(wanted), 1e-6)

static void make(double user_power, double post_power)
{
    world("01 012 12", 3);
    fit(&algorithm_popular, "");
    ck_assert(
        sparse_of_input(&fit_input, true, user_power, post_power, &s, &err));
    ck_assert(sparse_turn(&s, &turned, &err));
}

static void give(void)
{
    sparse_release(&s);
    sparse_release(&turned);
    leave();
}

START_TEST(values_are_divided_by_powers_of_both_sums)
{
    make(1, 2);
    ck_assert_uint_eq(s.starts[1], 2);
    ck_near(s.values[0], 1.0 / 2 / 4); /* user 0, post 0 */
    ck_near(s.values[3], 1.0 / 3 / 9); /* user 1, post 1 */
    give();
}
END_TEST

START_TEST(turned_it_has_the_same_cells_by_column)
{
    static const uint32_t starts[] = {0, 2, 5, 7};
    static const uint32_t columns[] = {0, 1, 0, 1, 2, 1, 2};

    make(0, 0);
    ck_assert_mem_eq(turned.starts, starts, sizeof starts);
    ck_assert_mem_eq(turned.columns, columns, sizeof columns);
    give();
}
END_TEST

START_TEST(a_product_sums_the_rows_of_the_dense_side)
{
    static const float b[] = {1, 10, 2, 20, 3, 30}; /* posts x 2 */
    float out[6];

    make(0, 0);
    sparse_multiply(out, &s, b, 2);
    ck_near(out[0], 3);
    ck_near(out[1], 30);
    ck_near(out[2], 6);
    ck_near(out[5], 50);
    give();
}
END_TEST

START_TEST(a_row_times_a_matrix_counts_common_users)
{
    float out[3];

    make(0, 0);
    sparse_multiply_row(out, &turned, 0, &s);
    ck_near(out[0], 2);
    ck_near(out[1], 2);
    ck_near(out[2], 1);
    give();
}
END_TEST

START_TEST(powers_of_sums_leave_a_post_without_pairs_at_one)
{
    float *powers;

    world("01 1", 3);
    fit(&algorithm_popular, "");
    ck_assert(sparse_post_powers(&fit_input, true, -1, &powers, &err));
    ck_near(powers[0], 1);
    ck_near(powers[1], 0.5);
    ck_near(powers[2], 1);
    mem_give(powers);
    leave();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        values_are_divided_by_powers_of_both_sums,
        turned_it_has_the_same_cells_by_column,
        a_product_sums_the_rows_of_the_dense_side,
        a_row_times_a_matrix_counts_common_users,
        powers_of_sums_leave_a_post_without_pairs_at_one,
    };

    return run_tests("sparse", tests, sizeof tests / sizeof *tests);
}
