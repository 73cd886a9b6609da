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
    KERNEL_LINE = 512,  /* users that count_line judges together */
    KERNEL_LINES = KERNEL_TILE / KERNEL_LINE,
    KERNEL_LINE_WORDS = KERNEL_LINE / 64,
    KERNEL_PLANES = 16,      /* of a line: dots have so many bits */
    KERNEL_ROWS = 16,        /* of a step of count_line */
    KERNEL_ROWS_MOST = 1008, /* of a group of count_line */
};

/* Dots are 16 bits wide when all of a request fit, else 32. */
enum kernel_width { KERNEL_16, KERNEL_32, KERNEL_WIDTHS };

/* Rows of bits whose users all get the same. */
struct kernel_group {
    uint32_t product;            /* 1..65535, what each bit adds */
    uint32_t count;              /* of rows, 1 or more */
    const uint64_t *const *rows; /* [count] first word of the first tile */
};

/* Rows of one line whose users all get the same, for count_line(). */
struct kernel_slots {
    uint32_t product; /* 1..65535 */
    uint32_t count;   /* multiple of KERNEL_ROWS, 1..KERNEL_ROWS_MOST */
};

/* The rows that a reader meets in a line. */
struct kernel_line {
    const uint64_t *near;              /* first word of slot 0 */
    const uint32_t *slots;             /* of all groups, words behind near */
    const struct kernel_slots *groups; /* [group_count] */
    uint32_t group_count;
    uint32_t bits; /* 1..KERNEL_PLANES: every sum is below 2^bits */
};

/* Bit i of plane c is bit c of the sum of the user at bit i. */
typedef uint64_t kernel_plane[KERNEL_LINE_WORDS];

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
    /* The same for one line whose rows lie in a near cache: planes, aligned,
     * get product * bits added. */
    void (*count_line)(const struct kernel_line *line,
                       kernel_plane planes[KERNEL_PLANES]);
    /* dots[i] = the sum of user i of the line. */
    void (*turn_line)(const kernel_plane planes[KERNEL_PLANES], uint16_t *dots);
    /* Bit i of hits: the sum at bit i is at least `least`. bits as in struct
     * kernel_line. Returns how many are. */
    uint32_t (*reach_line)(const kernel_plane *planes, uint32_t bits,
                           uint32_t least, kernel_plane hits);
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

/* The same of a line. */
void kernel_count_line_plain(const struct kernel_line *line,
                             kernel_plane planes[KERNEL_PLANES]);
void kernel_turn_line_plain(const kernel_plane planes[KERNEL_PLANES],
                            uint16_t *dots);
uint32_t kernel_reach_line_plain(const kernel_plane *planes, uint32_t bits,
                                 uint32_t least, kernel_plane hits);
void kernel_count_line_avx2(const struct kernel_line *line,
                            kernel_plane planes[KERNEL_PLANES]);
void kernel_turn_line_avx2(const kernel_plane planes[KERNEL_PLANES],
                           uint16_t *dots);
uint32_t kernel_reach_line_avx2(const kernel_plane *planes, uint32_t bits,
                                uint32_t least, kernel_plane hits);
void kernel_count_line_avx512(const struct kernel_line *line,
                              kernel_plane planes[KERNEL_PLANES]);
void kernel_turn_line_avx512(const kernel_plane planes[KERNEL_PLANES],
                             uint16_t *dots);
uint32_t kernel_reach_line_avx512(const kernel_plane *planes, uint32_t bits,
                                  uint32_t least, kernel_plane hits);

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
