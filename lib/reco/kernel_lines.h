/*
 * kernel_lines.h -- what add_tile() of kernel.h is made of, for vectors of
 * KERNEL_BYTES bytes.
 *
 * Use     kernel_lines_avx2.c and _avx512.c define KERNEL_BYTES, KERNEL_TARGET
 *         and, where one instruction does it, KERNEL_ODD and KERNEL_MOST (sum
 *         and carry of three bits) before they include this; without, it is
 *         plain C for 16 bytes. Everybody else uses kernel.h.
 * Count   the rows of a group go through carry-save adders, 16 at a time, into
 *         bit planes of weight 1, 2, 4, ... (Harley and Seal).
 * Add     a plane of weight 2^p of a group with product c is an item of column
 *         p + s for each bit s of c; a column of three items is reduced to one
 *         and a carry. What is left is two numbers: one ripple adds them.
 * Turn    16 planes of 16-bit lanes are transposed as 16 x 16 bits, which
 *         gives counts in the order of their places (reader_index.h).
 */
#pragma once

#include <stddef.h>

#include "reco/kernel.h"

#ifndef KERNEL_BYTES
#define KERNEL_BYTES 16
#define KERNEL_TARGET
#endif
#ifndef KERNEL_ODD
#define KERNEL_ODD(a, b, c) ((a) ^ (b) ^ (c))
#define KERNEL_MOST(a, b, c) (((a) & (b)) | (((a) ^ (b)) & (c)))
#endif

#define LINES_INLINE KERNEL_TARGET static inline __attribute__((always_inline))

/* Bits are read as words and written as counts: may_alias, any alignment. */
typedef uint64_t kernel_bits_v __attribute__((vector_size(KERNEL_BYTES)));
typedef uint16_t kernel_cells_v __attribute__((vector_size(KERNEL_BYTES)));
typedef uint64_t kernel_loose_bits
    __attribute__((vector_size(KERNEL_BYTES), aligned(8), may_alias));
typedef uint16_t kernel_loose_cells
    __attribute__((vector_size(KERNEL_BYTES), aligned(2), may_alias));

enum {
    LINE_USERS = 512,
    LINE_BYTES = LINE_USERS / 8,
    LINE_LANES = LINE_BYTES / 2, /* of 16 bits */
    TILE_LINES = KERNEL_TILE / LINE_USERS,
    TILE_WORDS = KERNEL_TILE / 64,
    PARTS = LINE_BYTES / KERNEL_BYTES,
    LANES = LINE_LANES / PARTS,
    WORDS = KERNEL_BYTES / 8,
    VECTORS = TILE_LINES * PARTS,
    COLUMNS = 16,
    COLUMN_ITEMS = 2,
    STEP_ROWS = 16,  /* of the adder tree */
    HIGH_PLANES = 16 /* 2^16 steps of 16 rows: more than any profile has */
};

/* What is added up in one column per bit. */
struct columns {
    kernel_bits_v items[COLUMNS][COLUMN_ITEMS];
    uint8_t counts[COLUMNS];
};

/* Counts of one group: planes 1, 2, 4, 8, then 16 and up. */
struct planes {
    kernel_bits_v ones, twos, fours, eights, high[HIGH_PLANES];
    uint32_t high_count;
};

/* One vector of each row of a group. */
struct rows_at {
    const uint64_t *const *rows;
    size_t word, ahead; /* ahead: words */
};

LINES_INLINE kernel_bits_v row_of(const struct rows_at *at, uint32_t i)
{
    const uint64_t *from = at->rows[i] + at->word;

    __builtin_prefetch(from + at->ahead);
    return *(const kernel_loose_bits *)(const void *)from;
}

/* *low gets a and b added; returns the carry. */
LINES_INLINE kernel_bits_v add_two(kernel_bits_v *low, kernel_bits_v a,
                                   kernel_bits_v b)
{
    kernel_bits_v old = *low;

    *low = KERNEL_ODD(old, a, b);
    return KERNEL_MOST(old, a, b);
}

LINES_INLINE kernel_bits_v add_one(kernel_bits_v *low, kernel_bits_v a)
{
    kernel_bits_v carry = *low & a;

    *low ^= a;
    return carry;
}

LINES_INLINE kernel_bits_v two_rows(struct planes *p, const struct rows_at *at,
                                    uint32_t i)
{
    return add_two(&p->ones, row_of(at, i), row_of(at, i + 1));
}

LINES_INLINE kernel_bits_v four_rows(struct planes *p, const struct rows_at *at,
                                     uint32_t i)
{
    kernel_bits_v a = two_rows(p, at, i), b = two_rows(p, at, i + 2);

    return add_two(&p->twos, a, b);
}

LINES_INLINE kernel_bits_v eight_rows(struct planes *p,
                                      const struct rows_at *at, uint32_t i)
{
    enum { HALF = 4 };
    kernel_bits_v a = four_rows(p, at, i), b = four_rows(p, at, i + HALF);

    return add_two(&p->fours, a, b);
}

/* One more plane each time the number of steps doubles. */
LINES_INLINE void add_high(struct planes *p, kernel_bits_v carry, uint32_t step)
{
    for (uint32_t h = 0; h < p->high_count; h++)
        carry = add_one(&p->high[h], carry);
    if (!(step & (step - 1)) && p->high_count < HIGH_PLANES)
        p->high[p->high_count++] = carry;
}

/* Fewer than 16 rows. At most one of the steps carries a sixteen per user. */
LINES_INLINE kernel_bits_v few_rows(struct planes *p, const struct rows_at *at,
                                    uint32_t i, uint32_t rest)
{
    enum { EIGHT = 8, FOUR = 4 };
    kernel_bits_v sixteens = {0}, two, four;

    if (rest & EIGHT) {
        sixteens = add_one(&p->eights, eight_rows(p, at, i));
        i += EIGHT;
    }
    if (rest & FOUR) {
        four = add_one(&p->fours, four_rows(p, at, i));
        sixteens |= add_one(&p->eights, four);
        i += FOUR;
    }
    if (rest & 2) {
        two = add_one(&p->twos, two_rows(p, at, i));
        four = add_one(&p->fours, two);
        sixteens |= add_one(&p->eights, four);
        i += 2;
    }
    if (rest & 1) {
        two = add_one(&p->twos, add_one(&p->ones, row_of(at, i)));
        four = add_one(&p->fours, two);
        sixteens |= add_one(&p->eights, four);
    }
    return sixteens;
}

LINES_INLINE void step_rows(struct planes *p, const struct rows_at *at,
                            uint32_t i)
{
    enum { HALF = 8 };
    kernel_bits_v a = eight_rows(p, at, i), b = eight_rows(p, at, i + HALF);

    add_high(p, add_two(&p->eights, a, b), i / STEP_ROWS + 1);
}

LINES_INLINE void put_item(struct columns *c, uint32_t column,
                           kernel_bits_v item)
{
    while (column < COLUMNS) {
        kernel_bits_v *items = c->items[column];
        if (c->counts[column] < COLUMN_ITEMS) {
            items[c->counts[column]++] = item;
            return;
        }
        kernel_bits_v carry = KERNEL_MOST(items[0], items[1], item);
        items[0] = KERNEL_ODD(items[0], items[1], item);
        c->counts[column++] = 1;
        item = carry;
    }
}

LINES_INLINE void put_plane(struct columns *c, uint32_t weight_bit,
                            uint32_t product, kernel_bits_v plane)
{
    for (uint32_t rest = product; rest; rest &= rest - 1)
        put_item(c, weight_bit + (uint32_t)__builtin_ctz(rest), plane);
}

/* Each vector of a tile goes through a step before the next step begins, so
 * that a visit to a row reads a few hundred bytes in order. */
LINES_INLINE void count_group(struct planes p[VECTORS],
                              const struct kernel_group *g, size_t word,
                              size_t ahead)
{
    uint32_t i = 0;

    for (int v = 0; v < VECTORS; v++) {
        p[v].ones = p[v].twos = p[v].fours = p[v].eights = (kernel_bits_v){0};
        p[v].high_count = 0;
    }
    for (; i + STEP_ROWS <= g->count; i += STEP_ROWS)
        for (size_t v = 0; v < VECTORS; v++)
            step_rows(&p[v],
                      &(struct rows_at){g->rows, word + v * WORDS, ahead}, i);
    if (i == g->count)
        return;
    for (size_t v = 0; v < VECTORS; v++) {
        struct rows_at at = {g->rows, word + v * WORDS, ahead};
        kernel_bits_v carry = few_rows(&p[v], &at, i, g->count - i);
        if (i)
            add_high(&p[v], carry, i / STEP_ROWS + 1);
    }
}

LINES_INLINE void put_group(struct columns *c, const struct planes *p,
                            const struct kernel_group *g)
{
    enum { TWOS = 1, FOURS = 2, EIGHTS = 3, HIGH = 4 };

    put_plane(c, 0, g->product, p->ones);
    if (g->count >> TWOS)
        put_plane(c, TWOS, g->product, p->twos);
    if (g->count >> FOURS)
        put_plane(c, FOURS, g->product, p->fours);
    if (g->count >> EIGHTS)
        put_plane(c, EIGHTS, g->product, p->eights);
    for (uint32_t h = 0; h < p->high_count; h++)
        put_plane(c, HIGH + h, g->product, p->high[h]);
}

LINES_INLINE void add_up(const struct columns *c, kernel_cells_v out[COLUMNS])
{
    kernel_bits_v carry = {0};

    for (int i = 0; i < COLUMNS; i++) {
        const kernel_bits_v *items = c->items[i];
        kernel_bits_v sum = carry;
        if (c->counts[i] == 2)
            carry = add_two(&sum, items[0], items[1]);
        else if (c->counts[i] == 1)
            carry = add_one(&sum, items[0]);
        else
            carry = (kernel_bits_v){0};
        out[i] = (kernel_cells_v)sum;
    }
}

#define TURN(bit, mask)                                                        \
    for (int i = 0; i < COLUMNS; i++)                                          \
        if (!(i & (bit))) {                                                    \
            kernel_cells_v swap =                                              \
                ((v[i] >> (bit)) ^ v[i | (bit)]) & (uint16_t)(mask);           \
            v[i | (bit)] ^= swap;                                              \
            v[i] ^= swap << (bit);                                             \
        }

/* v[c] bit k of each lane <-> v[k] bit c. */
LINES_INLINE void turn(kernel_cells_v v[COLUMNS]){
    TURN(8, 0x00ff) TURN(4, 0x0f0f) TURN(2, 0x3333) TURN(1, 0x5555)}

LINES_INLINE void tile_add(const struct kernel_group *groups, uint32_t count,
                           uint32_t tile, uint32_t ahead, uint16_t *dots)
{
    struct columns c[VECTORS];
    struct planes p[VECTORS];
    kernel_cells_v turned[COLUMNS];

    for (int v = 0; v < VECTORS; v++)
        __builtin_memset(c[v].counts, 0, sizeof c[v].counts);
    for (uint32_t g = 0; g < count; g++) {
        count_group(p, &groups[g], (size_t)tile * TILE_WORDS,
                    (size_t)ahead * TILE_WORDS);
        for (int v = 0; v < VECTORS; v++)
            put_group(&c[v], &p[v], &groups[g]);
    }
    for (uint32_t v = 0; v < VECTORS; v++) {
        uint16_t *to = dots + v / PARTS * LINE_USERS + v % PARTS * LANES;
        add_up(&c[v], turned);
        turn(turned);
        for (int k = 0; k < COLUMNS; k++, to += LINE_LANES)
            *(kernel_loose_cells *)(void *)to += turned[k];
    }
}
