/*
 * kernel_count.h -- what count_tile() of kernel.h is made of, for the vectors
 * of kernel_lines.h.
 *
 * Use    beside kernel_lines.h, after KERNEL_HITS(cells, least): bit l set when
 *        cell l of a vector is at least `least`.
 * Count  the rows of a line go through carry-save adders, 16 at a time, into
 *        eight planes that stay in registers; three rounds of swaps turn these
 *        into bytes, two users to a cell.
 */
#pragma once

/* So that planes stay in registers. */
#define COUNT_UNROLL _Pragma("GCC unroll 16")

#include "reco/kernel_lines.h"

enum {
    COUNT_PLANES = 8,
    BYTE_BITS = 8,
    LINE_BLOCKS = LINE_USERS / KERNEL_USERS,
};

#ifndef KERNEL_HITS
#define KERNEL_HITS(cells, least) at_least(cells, least)
LINES_INLINE uint32_t at_least(kernel_cells_v cells, uint16_t least)
{
    uint32_t hits = 0;

    for (unsigned i = 0; i < LANES; i++)
        hits |= (uint32_t)(cells[i] >= least) << i;
    return hits;
}
#endif

LINES_INLINE kernel_bits_v line_of(const uint64_t *const *rows, size_t word)
{
    return *(const kernel_loose_bits *)(const void *)(*rows + word);
}

LINES_INLINE kernel_bits_v count_two(kernel_bits_v *low,
                                     const uint64_t *const *rows, size_t word)
{
    return add_two(low, line_of(rows, word), line_of(rows + 1, word));
}

LINES_INLINE kernel_bits_v count_four(kernel_bits_v p[COUNT_PLANES],
                                      const uint64_t *const *rows, size_t word)
{
    kernel_bits_v a = count_two(p, rows, word);

    return add_two(p + 1, a, count_two(p, rows + 2, word));
}

LINES_INLINE kernel_bits_v count_eight(kernel_bits_v p[COUNT_PLANES],
                                       const uint64_t *const *rows, size_t word)
{
    enum { HALF = 4 };
    kernel_bits_v a = count_four(p, rows, word);

    return add_two(p + 2, a, count_four(p, rows + HALF, word));
}

/* p[c] bit i: bit c of how many rows have bit i. */
LINES_INLINE void count_rows(kernel_bits_v p[COUNT_PLANES],
                             const uint64_t *const *rows, uint32_t count,
                             size_t word)
{
    enum { HALF = 8, EIGHTS = 3, HIGH = 4 };

    COUNT_UNROLL
    for (int c = 0; c < COUNT_PLANES; c++)
        p[c] = (kernel_bits_v){0};
    for (uint32_t i = 0; i < count; i += KERNEL_ROWS) {
        kernel_bits_v a = count_eight(p, rows + i, word);
        kernel_bits_v b = count_eight(p, rows + i + HALF, word);
        kernel_bits_v carry = add_two(p + EIGHTS, a, b);
        COUNT_UNROLL
        for (int c = HIGH; c < COUNT_PLANES; c++)
            carry = add_one(p + c, carry);
    }
}

/* p[c] bit k of each byte <-> p[k] bit c. */
#define TURN_BYTES(bit, mask)                                                  \
    COUNT_UNROLL                                                               \
    for (int i = 0; i < COUNT_PLANES; i++)                                     \
        if (!(i & (bit))) {                                                    \
            kernel_cells_v swap =                                              \
                ((v[i] >> (bit)) ^ v[i | (bit)]) & (uint16_t)(mask);           \
            v[i | (bit)] ^= swap;                                              \
            v[i] ^= swap << (bit);                                             \
        }

LINES_INLINE void turn_bytes(kernel_cells_v v[COUNT_PLANES]){
    TURN_BYTES(4, 0x0f0f) TURN_BYTES(2, 0x3333) TURN_BYTES(1, 0x5555)}

/* Adds the counts of block k to its cells. */
LINES_INLINE uint32_t
    judge(kernel_cells_v count, uint16_t least, uint16_t *cells)
{
    kernel_loose_cells *at = (void *)cells;

    count += *at;
    *at = count;
    return KERNEL_HITS(count, least);
}

LINES_INLINE void tile_count(const struct kernel_rows *rows,
                             const uint16_t *least, uint16_t *cells,
                             uint32_t *hits)
{
    const uint16_t low = (1 << BYTE_BITS) - 1;

    for (size_t v = 0; v < VECTORS; v++) {
        size_t line = v / PARTS, lane = v % PARTS * LANES;
        uint16_t *to = cells + line * LINE_USERS + lane;
        uint16_t need = least[line];
        uint32_t *hit = hits + line * LINE_BLOCKS;
        kernel_bits_v p[COUNT_PLANES];
        kernel_cells_v turned[COUNT_PLANES];

        count_rows(p, rows->at, rows->count, v * WORDS);
        COUNT_UNROLL
        for (int c = 0; c < COUNT_PLANES; c++)
            turned[c] = (kernel_cells_v)p[c];
        turn_bytes(turned);
        COUNT_UNROLL
        for (int k = 0; k < LINE_BLOCKS; k++) {
            kernel_cells_v two = turned[k % BYTE_BITS];
            kernel_cells_v count = k < BYTE_BITS ? two & low : two >> BYTE_BITS;
            uint32_t some = judge(count * (uint16_t)rows->product, need,
                                  to + k * KERNEL_USERS);
            hit[k] = (lane ? hit[k] : 0) | some << lane;
        }
    }
}
