#ifdef __x86_64__
#include <immintrin.h>
#include <stdint.h>

/* 32 bytes, not 64 in halves: those spill and take twice the time. */
#define KERNEL_BYTES 32
#define KERNEL_TARGET __attribute__((target("avx2,popcnt")))
#include "reco/kernel_count.h"

KERNEL_TARGET void kernel_add_tile_avx2(const struct kernel_group *groups,
                                        uint32_t count, uint32_t tile,
                                        uint32_t ahead, uint16_t *dots)
{
    tile_add(groups, count, tile, ahead, dots);
}

KERNEL_TARGET void kernel_count_line_avx2(const struct kernel_line *line,
                                          kernel_plane planes[KERNEL_PLANES])
{
    line_count(line, planes);
}

KERNEL_TARGET void
kernel_turn_line_avx2(const kernel_plane planes[KERNEL_PLANES], uint16_t *dots)
{
    line_turn(planes, dots);
}

KERNEL_TARGET uint32_t kernel_reach_line_avx2(const kernel_plane *planes,
                                              uint32_t bits, uint32_t least,
                                              kernel_plane hits)
{
    return line_reach(planes, bits, least, hits);
}
#else
typedef int kernel_lines_avx2_is_for_x86;
#endif
