/*
 * kernel.h -- the loops over whole arrays, once for each kind of processor.
 *
 * Peaks     a block of cells is first reduced to its largest cell as a float,
 *           written as the bits of that float (which order like it). The k-th
 *           largest peak is a floor under the k-th largest cell, since k
 *           blocks have at least k cells: all but about k cells are then
 *           passed over by whole blocks.
 * Same      a kernel decides how fast, never what: each multiplies and
 *           converts the same IEEE floats.
 * Cost      16 to 32 cells a step.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    KERNEL_USERS = 32,  /* cells of a block of dots */
    KERNEL_GROUP = 8,   /* blocks that reach() judges by one threshold */
    KERNEL_POSTS = 16,  /* cells of a block of sums: two cache lines */
    KERNEL_TILE = 4096, /* users whose bits lie together, see reader_index.h */
    KERNEL_LINE = 512,  /* users of a tile that count_tile judges together */
    KERNEL_LINES = KERNEL_TILE / KERNEL_LINE,
    KERNEL_ROWS = 16, /* of a step of count_tile */
};

/* Dots are 16 bits wide when all of a request fit, else 32. */
enum kernel_width { KERNEL_16, KERNEL_32, KERNEL_WIDTHS };

/* Rows of bits whose users all get the same. */
struct kernel_group {
    uint32_t product;            /* 1..65535, what each bit adds */
    uint32_t count;              /* of rows, 1 or more */
    const uint64_t *const *rows; /* [count] first word of the first tile */
};

/* Rows of one tile whose users all get the same, for count_tile(). */
struct kernel_rows {
    uint32_t product;          /* 1..65535 */
    uint32_t count;            /* multiple of KERNEL_ROWS, < 256 */
    const uint64_t *const *at; /* [count] */
};

struct kernel {
    const char *name;
    /*
     * dots[i] += sum over all groups of product * bits of user i, over one
     * tile of users. No sum passes 65,535. Bits are counted by carry-save
     * adders (Harley, Seal), products added as bit planes, and 16 planes
     * transposed into counts at the end. The tile `ahead` tiles further on is
     * fetched from memory meanwhile.
     */
    void (*add_tile)(const struct kernel_group *groups, uint32_t count,
                     uint32_t tile, uint32_t ahead, uint16_t *dots);
    /*
     * The same for one group whose rows lie in a near cache, over one tile:
     * cells[i] += product * bits of user i; then hits[b] bit i: cell i of block
     * b is at least what least[] says of its line. No sum passes 65,535.
     */
    void (*count_tile)(const struct kernel_rows *rows, const uint16_t *least,
                       uint16_t *cells, uint32_t *hits);
    /*
     * hits[b] bit i: cell i of block b may reach floor >= 1 when multiplied
     * with its scale; all that do are among them. Bit g of what is returned:
     * group g has hits; those of other groups are not written. Scales other
     * than 0 ascend, and zeros stand behind them. blocks: a multiple of
     * KERNEL_GROUP, at most 32 groups.
     */
    uint32_t (*reach)(const uint16_t *dots, const float *scales,
                      uint32_t blocks, uint32_t floor, uint32_t *hits);
    struct {
        /* peaks[b] = most of dots[i] * scales[i] in block b */
        void (*peaks)(const void *dots, const float *scales, uint32_t blocks,
                      uint32_t *peaks);
        /* Bit i: that product of cell i of one block reaches floor >= 1. */
        uint32_t (*hits)(const void *dots, const float *scales, uint32_t floor);
    } dots[KERNEL_WIDTHS];
    /*
     * Zero again; whole cache lines, aligned. memset() is microcode for pieces
     * of this size, which takes several times as long on cells in a cache.
     */
    void (*clear)(void *cells, size_t bytes);
    /* peaks[b] = most of sums[i] in block b */
    void (*sum_peaks)(const uint64_t *sums, uint32_t blocks, uint32_t *peaks);
};

/* The three add_tile()s; those for x86-64 exist only there. */
void kernel_add_tile_plain(const struct kernel_group *groups, uint32_t count,
                           uint32_t tile, uint32_t ahead, uint16_t *dots);
void kernel_add_tile_avx2(const struct kernel_group *groups, uint32_t count,
                          uint32_t tile, uint32_t ahead, uint16_t *dots);
void kernel_add_tile_avx512(const struct kernel_group *groups, uint32_t count,
                            uint32_t tile, uint32_t ahead, uint16_t *dots);

/* The three count_tile()s. */
void kernel_count_tile_plain(const struct kernel_rows *rows,
                             const uint16_t *least, uint16_t *cells,
                             uint32_t *hits);
void kernel_count_tile_avx2(const struct kernel_rows *rows,
                            const uint16_t *least, uint16_t *cells,
                            uint32_t *hits);
void kernel_count_tile_avx512(const struct kernel_rows *rows,
                              const uint16_t *least, uint16_t *cells,
                              uint32_t *hits);

/* Kernel i that this processor can run, slowest first; NULL past the last. */
const struct kernel *kernel_at(unsigned i);
/* The fastest one. */
const struct kernel *kernel_best(void);

/* The bits of a float >= 0. */
static inline uint32_t kernel_bits(float value)
{
    union {
        float f;
        uint32_t u;
    } both = {.f = value};

    return both.u;
}

/*
 * A floor such that at least k of the peaks are >= it, at most 1/128 below
 * the k-th largest; 1 when fewer than k are over 0 (or when the k-th is less
 * than 1/256 of the largest). k >= 1.
 */
uint32_t kernel_floor(const uint32_t *peaks, uint32_t count, uint32_t k);
