/*
 * kernel_count.h -- what count_line() of kernel.h is made of, for the vectors
 * of kernel_lines.h.
 *
 * Use    beside kernel_lines.h.
 * Count  the rows of a line go through carry-save adders, 16 at a time, into
 *        planes that stay in registers.
 * Judge  planes are compared bit by bit: no sum becomes a number here.
 * Align  planes and rows start at multiples of KERNEL_BYTES.
 */
#pragma once

/* So that planes stay in registers. */
#define COUNT_UNROLL _Pragma("GCC unroll 16")

#include <stdbool.h>

#include "reco/kernel_lines.h"

enum {
    COUNT_PLANES = 10, /* KERNEL_ROWS_MOST < 2^10 */
};

/* An aligned vector of the planes. */
typedef uint64_t kernel_aligned_bits
    __attribute__((vector_size(KERNEL_BYTES), may_alias));

LINES_INLINE kernel_aligned_bits *vector_at(uint64_t *word)
{
    return (void *)word;
}

LINES_INLINE kernel_bits_v line_of(const uint64_t *near, uint32_t slot)
{
    return *(const kernel_aligned_bits *)(const void *)(near + slot);
}

LINES_INLINE kernel_bits_v count_two(kernel_bits_v *low, const uint64_t *near,
                                     const uint32_t *slots)
{
    return add_two(low, line_of(near, slots[0]), line_of(near, slots[1]));
}

LINES_INLINE kernel_bits_v count_four(kernel_bits_v p[COUNT_PLANES],
                                      const uint64_t *near,
                                      const uint32_t *slots)
{
    kernel_bits_v a = count_two(p, near, slots);

    return add_two(p + 1, a, count_two(p, near, slots + 2));
}

LINES_INLINE kernel_bits_v count_eight(kernel_bits_v p[COUNT_PLANES],
                                       const uint64_t *near,
                                       const uint32_t *slots)
{
    enum { HALF = 4 };
    kernel_bits_v a = count_four(p, near, slots);

    return add_two(p + 2, a, count_four(p, near, slots + HALF));
}

/* p += in how many rows each bit is set. */
LINES_INLINE void count_rows(kernel_bits_v p[COUNT_PLANES],
                             const uint64_t *near, const uint32_t *slots,
                             uint32_t count)
{
    enum { HALF = 8, EIGHTS = 3, HIGH = 4 };
    const uint32_t *end = slots + count;

    for (; slots < end; slots += KERNEL_ROWS) {
        kernel_bits_v a = count_eight(p, near, slots);
        kernel_bits_v b = count_eight(p, near, slots + HALF);
        kernel_bits_v carry = add_two(p + EIGHTS, a, b);
        COUNT_UNROLL
        for (int c = HIGH; c < COUNT_PLANES; c++)
            carry = add_one(p + c, carry);
    }
}

/* Sums are counts: their planes never leave the registers. */
LINES_INLINE void count_alike(const struct kernel_line *line, size_t word,
                              kernel_plane planes[KERNEL_PLANES])
{
    kernel_bits_v p[COUNT_PLANES];

    COUNT_UNROLL
    for (int c = 0; c < COUNT_PLANES; c++)
        p[c] = *vector_at(planes[c] + word);
    count_rows(p, line->near + word, line->slots, line->groups->count);
    COUNT_UNROLL
    for (int c = 0; c < COUNT_PLANES; c++)
        *vector_at(planes[c] + word) = p[c];
}

/* Planes of sums += p * 2^shift. */
LINES_INLINE void add_shifted(const struct kernel_line *line, size_t word,
                              uint32_t shift,
                              const kernel_bits_v p[KERNEL_PLANES],
                              kernel_plane planes[KERNEL_PLANES])
{
    kernel_bits_v carry = {0};

    for (uint32_t c = shift; c < line->bits; c++) {
        kernel_bits_v more = p[c - shift], sum = *vector_at(planes[c] + word);
        carry = add_two(&sum, more, carry);
        *vector_at(planes[c] + word) = sum;
    }
}

/* Whole numbers are added for each bit of a product: nothing to guess for the
 * processor, whose mistakes cost more than planes that are all zero. */
LINES_INLINE void count_mixed(const struct kernel_line *line, size_t word,
                              kernel_plane planes[KERNEL_PLANES])
{
    const uint32_t *slots = line->slots;

    for (uint32_t g = 0; g < line->group_count; g++) {
        const struct kernel_slots *group = &line->groups[g];
        kernel_bits_v p[KERNEL_PLANES], counts[COUNT_PLANES];

        COUNT_UNROLL
        for (int c = 0; c < COUNT_PLANES; c++)
            counts[c] = (kernel_bits_v){0};
        count_rows(counts, line->near + word, slots, group->count);
        COUNT_UNROLL
        for (int c = 0; c < KERNEL_PLANES; c++)
            p[c] = c < COUNT_PLANES ? counts[c] : (kernel_bits_v){0};
        for (uint32_t rest = group->product; rest; rest &= rest - 1)
            add_shifted(line, word, (uint32_t)__builtin_ctz(rest), p, planes);
        slots += group->count;
    }
}

LINES_INLINE void line_count(const struct kernel_line *line,
                             kernel_plane planes[KERNEL_PLANES])
{
    bool alike = line->group_count == 1 && line->groups->product == 1 &&
                 line->bits <= COUNT_PLANES;

    for (size_t word = 0; word < KERNEL_LINE_WORDS; word += WORDS)
        if (alike)
            count_alike(line, word, planes);
        else
            count_mixed(line, word, planes);
}

LINES_INLINE void line_turn(const kernel_plane planes[KERNEL_PLANES],
                            uint16_t *dots)
{
    for (size_t part = 0; part < PARTS; part++) {
        kernel_cells_v v[COLUMNS];

        for (int c = 0; c < COLUMNS; c++)
            v[c] = *(const kernel_loose_cells *)(const void *)(planes[c] +
                                                               part * WORDS);
        turn(v);
        for (int k = 0; k < COLUMNS; k++)
            *(kernel_loose_cells *)(void *)(dots + k * LINE_LANES +
                                            part * LANES) = v[k];
    }
}

/* From the lowest bit up: the highest that differs decides. */
LINES_INLINE uint32_t line_reach(const kernel_plane *planes, uint32_t bits,
                                 uint32_t least, kernel_plane hits)
{
    uint32_t count = 0;

    for (size_t word = 0; word < KERNEL_LINE_WORDS; word += WORDS) {
        kernel_bits_v below = {0};
        for (uint32_t c = 0; c < bits; c++) {
            kernel_bits_v want = below - below - (uint64_t)(least >> c & 1);
            kernel_bits_v have =
                *(const kernel_aligned_bits *)(const void *)(planes[c] + word);
            below = KERNEL_MOST(~have, want, below);
        }
        if (least >> bits)
            below |= ~below;
        *(kernel_loose_bits *)(void *)(hits + word) = ~below;
        for (size_t w = word; w < word + WORDS; w++)
            count += (uint32_t)__builtin_popcountll(hits[w]);
    }
    return count;
}
