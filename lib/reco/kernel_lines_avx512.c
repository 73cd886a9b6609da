#ifdef __x86_64__
#include <immintrin.h>

#define KERNEL_BYTES 64
#define KERNEL_TARGET                                                          \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
/* Truth tables of a three-input gate. */
#define GATE_ODD 0x96
#define GATE_MOST 0xe8
#define KERNEL_GATE(a, b, c, gate)                                             \
    ((kernel_bits_v)_mm512_ternarylogic_epi64((__m512i)(a), (__m512i)(b),      \
                                              (__m512i)(c), (gate)))
#define KERNEL_ODD(a, b, c) KERNEL_GATE(a, b, c, GATE_ODD)
#define KERNEL_MOST(a, b, c) KERNEL_GATE(a, b, c, GATE_MOST)

#define KERNEL_HITS(cells, least)                                              \
    _mm512_cmpge_epu16_mask((__m512i)(cells), _mm512_set1_epi16((short)(least)))

#include "reco/kernel_count.h"

KERNEL_TARGET void kernel_add_tile_avx512(const struct kernel_group *groups,
                                          uint32_t count, uint32_t tile,
                                          uint32_t ahead, uint16_t *dots)
{
    tile_add(groups, count, tile, ahead, dots);
}

KERNEL_TARGET void kernel_count_tile_avx512(const struct kernel_rows *rows,
                                            const uint16_t *least,
                                            uint16_t *cells, uint32_t *hits)
{
    tile_count(rows, least, cells, hits);
}
#else
typedef int kernel_lines_avx512_is_for_x86;
#endif
