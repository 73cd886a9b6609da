#ifdef __x86_64__
#include <immintrin.h>

#define KERNEL_BYTES 64
#define KERNEL_TARGET                                                          \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,popcnt")))
/* Truth tables of a three-input gate. */
#define GATE_ODD 0x96
#define GATE_MOST 0xe8
#define KERNEL_GATE(a, b, c, gate)                                             \
    ((kernel_bits_v)_mm512_ternarylogic_epi64((__m512i)(a), (__m512i)(b),      \
                                              (__m512i)(c), (gate)))
#define KERNEL_ODD(a, b, c) KERNEL_GATE(a, b, c, GATE_ODD)
#define KERNEL_MOST(a, b, c) KERNEL_GATE(a, b, c, GATE_MOST)

#include "reco/kernel_count.h"

KERNEL_TARGET void kernel_add_tile_avx512(const struct kernel_group *groups,
                                          uint32_t count, uint32_t tile,
                                          uint32_t ahead, uint16_t *dots)
{
    tile_add(groups, count, tile, ahead, dots);
}

KERNEL_TARGET void kernel_count_line_avx512(const struct kernel_line *line,
                                            kernel_plane planes[KERNEL_PLANES])
{
    line_count(line, planes);
}

KERNEL_TARGET void
kernel_turn_line_avx512(const kernel_plane planes[KERNEL_PLANES],
                        uint16_t *dots)
{
    line_turn(planes, dots);
}

KERNEL_TARGET uint32_t kernel_reach_line_avx512(const kernel_plane *planes,
                                                uint32_t bits, uint32_t least,
                                                kernel_plane hits)
{
    return line_reach(planes, bits, least, hits);
}
#else
typedef int kernel_lines_avx512_is_for_x86;
#endif
