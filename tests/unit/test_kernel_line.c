/* The lines of a batch (kernel.h) against sums made one user at a time. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "reco/kernel.h"
#include "reco/reader_index.h"

enum { SLOTS = 40, SEEDS = 20, GROUPS_MOST = 3, WORD_BITS = 64 };

static _Alignas(64) kernel_plane near[SLOTS];
static _Alignas(64) kernel_plane planes[KERNEL_PLANES];
static uint32_t slots[GROUPS_MOST * KERNEL_ROWS_MOST];
static uint16_t sums[KERNEL_LINE]; /* by place */

static bool has_bit(const kernel_plane plane, uint32_t place)
{
    uint32_t bit = index_bit_of(place);

    return plane[bit / WORD_BITS] >> bit % WORD_BITS & 1;
}

/* What few rows have added before: 0 to 15. */
static void start_sums(struct rng *rng)
{
    enum { BITS = 4 };

    memset(planes, 0, sizeof planes);
    for (uint32_t c = 0; c < BITS; c++)
        for (uint32_t w = 0; w < KERNEL_LINE_WORDS; w++)
            planes[c][w] = rng_next(rng);
    for (uint32_t place = 0; place < KERNEL_LINE; place++) {
        sums[place] = 0;
        for (uint32_t c = 0; c < BITS; c++)
            sums[place] |= (uint16_t)(has_bit(planes[c], place) << c);
    }
}

static void make_rows(struct rng *rng)
{
    for (uint32_t s = 1; s < SLOTS; s++)
        for (uint32_t w = 0; w < KERNEL_LINE_WORDS; w++)
            near[s][w] = rng_next(rng) & rng_next(rng);
}

static void add_sums(const struct kernel_line *line)
{
    const uint32_t *slot = line->slots;

    for (uint32_t g = 0; g < line->group_count; g++)
        for (uint32_t i = 0; i < line->groups[g].count; i++, slot++)
            for (uint32_t place = 0; place < KERNEL_LINE; place++)
                if (has_bit(near[*slot / KERNEL_LINE_WORDS], place))
                    sums[place] =
                        (uint16_t)(sums[place] + line->groups[g].product);
}

static void check_reach(const struct kernel *kernel, uint32_t bits,
                        uint32_t least)
{
    kernel_plane hits;
    uint32_t count = 0;
    uint32_t have = kernel->reach_line(planes, bits, least, hits);

    for (uint32_t place = 0; place < KERNEL_LINE; place++) {
        ck_assert_int_eq(has_bit(hits, place), sums[place] >= least);
        count += sums[place] >= least;
    }
    ck_assert_uint_eq(have, count);
}

static void check(const struct kernel *kernel, const struct kernel_line *line,
                  struct rng *rng)
{
    uint16_t dots[KERNEL_LINE];

    make_rows(rng);
    start_sums(rng);
    add_sums(line);
    kernel->count_line(line, planes);
    kernel->turn_line(planes, dots);
    ck_assert_mem_eq(dots, sums, sizeof sums);
    check_reach(kernel, line->bits, 1);
    check_reach(kernel, line->bits, sums[rng_below(rng, KERNEL_LINE)]);
    check_reach(kernel, line->bits, UINT16_MAX);
}

static uint32_t rows_below(struct rng *rng, uint32_t steps)
{
    return (1 + rng_below(rng, steps)) * KERNEL_ROWS;
}

static void draw_slots(struct rng *rng)
{
    for (uint32_t i = 0; i < sizeof slots / sizeof *slots; i++)
        slots[i] = rng_below(rng, SLOTS) * KERNEL_LINE_WORDS;
}

START_TEST(a_line_of_equal_rows_is_counted)
{
    enum { BITS = 10, STEPS = KERNEL_ROWS_MOST / KERNEL_ROWS };
    struct rng rng = rng_of((uint64_t)_i);

    for (unsigned k = 0; kernel_at(k); k++) {
        struct kernel_slots all = {1, rows_below(&rng, STEPS)};
        draw_slots(&rng);
        check(kernel_at(k),
              &(struct kernel_line){near[0], slots, &all, 1, BITS}, &rng);
    }
}
END_TEST

START_TEST(rows_of_several_products_are_added_up)
{
    enum { STEPS = 6 };
    struct rng rng = rng_of((uint64_t)_i);

    for (unsigned k = 0; kernel_at(k); k++) {
        struct kernel_slots groups[GROUPS_MOST] = {
            {100, rows_below(&rng, STEPS)},
            {7, rows_below(&rng, KERNEL_ROWS_MOST / KERNEL_ROWS)},
            {3, rows_below(&rng, STEPS)}};
        draw_slots(&rng);
        check(kernel_at(k),
              &(struct kernel_line){near[0], slots, groups, GROUPS_MOST,
                                    KERNEL_PLANES},
              &rng);
    }
}
END_TEST

START_TEST(a_line_without_rows_keeps_its_sums)
{
    struct rng rng = rng_of(1);

    for (unsigned k = 0; kernel_at(k); k++)
        check(kernel_at(k),
              &(struct kernel_line){near[0], slots, NULL, 0, KERNEL_PLANES},
              &rng);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernel_line");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tc, a_line_of_equal_rows_is_counted, 0, SEEDS);
    tcase_add_loop_test(tc, rows_of_several_products_are_added_up, 0, SEEDS);
    tcase_add_test(tc, a_line_without_rows_keeps_its_sums);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
