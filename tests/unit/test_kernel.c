#include <check.h>
#include <string.h>

#include "base/rng.h"
#include "reco/heap.h"
#include "reco/kernel.h"
#include <stdlib.h>

START_TEST(the_floor_leaves_at_least_k_peaks_standing)
{
    enum { N = 500, SPREAD = 40 };
    struct rng rng = rng_of((uint64_t)_i);
    uint32_t peaks[N], k = 1 + rng_below(&rng, N), above = 0, some = 0, floor;

    for (uint32_t i = 0; i < N; i++) {
        peaks[i] = kernel_bits((float)rng_below(&rng, SPREAD));
        some += peaks[i] > 0;
    }
    floor = kernel_floor(peaks, N, k);
    for (uint32_t i = 0; i < N; i++)
        above += peaks[i] >= floor;
    ck_assert_uint_ge(above, some < k ? some : k);
    ck_assert_uint_ge(floor, 1);
}
END_TEST

START_TEST(the_floor_lies_just_below_the_kth_peak)
{
    /* 100 peaks 1.0, 2.0 ... 100.0: the tenth largest is 91 */
    uint32_t peaks[100], floor;

    for (uint32_t i = 0; i < 100; i++)
        peaks[i] = kernel_bits((float)(i + 1));
    floor = kernel_floor(peaks, 100, 10);
    ck_assert_uint_le(floor, kernel_bits(91.0f));
    ck_assert_uint_gt(floor, kernel_bits(91.0f * 127 / 128 * 127 / 128));
}
END_TEST

START_TEST(the_floor_of_too_few_peaks_is_one)
{
    uint32_t peaks[] = {0, kernel_bits(1), 0, kernel_bits(2)};

    ck_assert_uint_eq(kernel_floor(peaks, 4, 3), 1);
    ck_assert_uint_eq(kernel_floor(peaks, 0, 1), 1);
}
END_TEST

/* Scales as users by norm have them: ascending, the last ones of none. */
START_TEST(no_kernel_passes_over_a_cell_that_reaches_the_floor)
{
    enum {
        BLOCKS = 3 * KERNEL_GROUP,
        CELLS = BLOCKS * KERNEL_USERS,
        NOBODY = 300, /* more than a group */
        MOST = 300
    };
    struct rng rng = rng_of((uint64_t)_i);
    uint16_t dots[CELLS];
    float scales[CELLS], step = (float)rng_unit(&rng);
    uint32_t first[BLOCKS] = {0}, groups, floor;

    for (uint32_t i = 0; i < CELLS; i++) {
        dots[i] = (uint16_t)rng_below(&rng, MOST);
        scales[i] = i < CELLS - NOBODY ? 0.01f + step * (float)i / CELLS : 0.0f;
    }
    floor = kernel_bits((float)rng_below(&rng, MOST) * scales[CELLS / 2]);
    floor = floor ? floor : 1;
    for (unsigned k = 0; kernel_at(k); k++) {
        uint32_t hits[BLOCKS] = {0};
        groups = kernel_at(k)->reach(dots, scales, BLOCKS, floor, hits);
        for (uint32_t b = 0; b < BLOCKS; b++)
            ck_assert(!hits[b] || groups >> b / KERNEL_GROUP & 1);
        for (uint32_t i = 0; i < CELLS; i++)
            if (kernel_bits((float)dots[i] * scales[i]) >= floor)
                ck_assert(hits[i / KERNEL_USERS] >> i % KERNEL_USERS & 1);
        if (!k)
            memcpy(first, hits, sizeof hits);
        ck_assert_mem_eq(first, hits, sizeof hits);
    }
}
END_TEST

/* Scale 1/2 and floor 100: 210 passes and 100 does not, in every lane. */
START_TEST(a_group_is_judged_by_what_its_shortest_user_needs)
{
    enum { FEW = 100, ENOUGH = 210, CELLS = KERNEL_GROUP * KERNEL_USERS };
    uint16_t dots[CELLS];
    float scales[CELLS];
    uint32_t hits[KERNEL_GROUP];

    for (uint32_t i = 0; i < CELLS; i++) {
        dots[i] = i % 3 ? FEW : ENOUGH;
        scales[i] = 0.5f;
    }
    for (unsigned k = 0; kernel_at(k); k++) {
        ck_assert_uint_eq(kernel_at(k)->reach(dots, scales, KERNEL_GROUP,
                                              kernel_bits(100.0f), hits),
                          1);
        ck_assert_uint_eq(hits[0], 0x49249249);
        ck_assert_uint_eq(hits[KERNEL_GROUP - 1], 0x92492492);
        ck_assert_uint_eq(kernel_at(k)->reach(dots, scales, KERNEL_GROUP,
                                              kernel_bits(40000.0f), hits),
                          0);
    }
}
END_TEST

START_TEST(all_kernels_say_the_same)
{
    enum { BLOCKS = 5, CELLS = BLOCKS * KERNEL_USERS, ODDS = 3 };
    struct rng rng = rng_of((uint64_t)_i);
    const struct kernel *slow = kernel_at(0), *fast;
    uint16_t dots16[CELLS];
    uint32_t dots32[CELLS], want[BLOCKS], have[BLOCKS];
    uint64_t sums[BLOCKS * KERNEL_POSTS];
    float scales[CELLS];

    for (uint32_t i = 0; i < CELLS; i++) {
        dots16[i] = rng_below(&rng, ODDS) ? 0 : (uint16_t)rng_next(&rng);
        dots32[i] = rng_below(&rng, ODDS) ? 0 : (uint32_t)rng_next(&rng);
        scales[i] = (float)rng_unit(&rng);
    }
    for (uint32_t i = 0; i < BLOCKS * KERNEL_POSTS; i++)
        sums[i] = rng_next(&rng) >> 24;
    for (unsigned n = 1; (fast = kernel_at(n)); n++) {
        for (int w = 0; w < KERNEL_WIDTHS; w++) {
            const void *dots = w == KERNEL_16 ? (void *)dots16 : (void *)dots32;
            slow->dots[w].peaks(dots, scales, BLOCKS, want);
            fast->dots[w].peaks(dots, scales, BLOCKS, have);
            ck_assert_mem_eq(have, want, sizeof want);
            ck_assert_uint_eq(fast->dots[w].hits(dots, scales, want[0]),
                              slow->dots[w].hits(dots, scales, want[0]));
            ck_assert_uint_ne(fast->dots[w].hits(dots, scales, want[0]), 0);
        }
        slow->sum_peaks(sums, BLOCKS, want);
        fast->sum_peaks(sums, BLOCKS, have);
        ck_assert_mem_eq(have, want, sizeof want);
    }
}
END_TEST

START_TEST(clearing_stops_where_it_is_told)
{
    enum { LINE = 64, LINES = 5 };
    _Alignas(LINE) unsigned char cells[LINES * LINE];

    for (unsigned k = 0; kernel_at(k); k++) {
        memset(cells, 1, sizeof cells);
        kernel_at(k)->clear(cells + LINE, (LINES - 2) * LINE);
        for (int i = 0; i < LINES * LINE; i++)
            ck_assert_uint_eq(cells[i], i < LINE || i >= (LINES - 1) * LINE);
    }
}
END_TEST

static bool smaller(const void *a, const void *b)
{
    return *(const uint32_t *)a < *(const uint32_t *)b;
}

static int descending(const void *a, const void *b)
{
    return smaller(a, b) - smaller(b, a);
}

START_TEST(the_heap_keeps_the_best_of_a_stream)
{
    enum { N = 200, ROOM_MOST = 40 };
    struct rng rng = rng_of((uint64_t)_i);
    uint32_t all[N], kept[ROOM_MOST], count = 0;
    uint32_t room = rng_below(&rng, ROOM_MOST + 1);

    for (uint32_t i = 0; i < N; i++) {
        all[i] = rng_below(&rng, N / 2);
        if (heap_wants(kept, count, room, &all[i], smaller))
            heap_keep(kept, &count, room, &all[i], sizeof *all, smaller);
    }
    heap_sort(kept, count, sizeof *kept, smaller);
    qsort(all, N, sizeof *all, descending);
    ck_assert_uint_eq(count, room);
    ck_assert_mem_eq(kept, all, count * sizeof *all);
}
END_TEST

int main(void)
{
    enum { SEEDS = 100 };
    Suite *suite = suite_create("kernel");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tc, the_floor_leaves_at_least_k_peaks_standing, 0,
                        SEEDS);
    tcase_add_test(tc, the_floor_lies_just_below_the_kth_peak);
    tcase_add_test(tc, the_floor_of_too_few_peaks_is_one);
    tcase_add_loop_test(tc, no_kernel_passes_over_a_cell_that_reaches_the_floor,
                        0, SEEDS);
    tcase_add_test(tc, a_group_is_judged_by_what_its_shortest_user_needs);
    tcase_add_test(tc, clearing_stops_where_it_is_told);
    tcase_add_loop_test(tc, all_kernels_say_the_same, 0, SEEDS);
    tcase_add_loop_test(tc, the_heap_keeps_the_best_of_a_stream, 0, SEEDS);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
