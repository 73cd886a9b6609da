#ifdef __x86_64__
#include <immintrin.h>
#include <stdint.h>

/* 32 bytes, not 64 in halves: those spill and take twice the time. */
#define KERNEL_BYTES 32
#define KERNEL_TARGET __attribute__((target("avx2")))
#define KERNEL_HITS(cells, least) at_least((__m256i)(cells), least)

KERNEL_TARGET static inline uint32_t at_least(__m256i cells, uint16_t least)
{
    enum { HALVES_IN_ORDER = 0xd8 };
    __m256i t = _mm256_set1_epi16((short)least);
    __m256i hit = _mm256_cmpeq_epi16(_mm256_max_epu16(cells, t), cells);
    __m256i bytes = _mm256_permute4x64_epi64(
        _mm256_packs_epi16(hit, _mm256_setzero_si256()), HALVES_IN_ORDER);

    return (uint32_t)_mm256_movemask_epi8(bytes);
}

#include "reco/kernel_count.h"

KERNEL_TARGET void kernel_add_tile_avx2(const struct kernel_group *groups,
                                        uint32_t count, uint32_t tile,
                                        uint32_t ahead, uint16_t *dots)
{
    tile_add(groups, count, tile, ahead, dots);
}

KERNEL_TARGET void kernel_count_tile_avx2(const struct kernel_rows *rows,
                                          const uint16_t *least,
                                          uint16_t *cells, uint32_t *hits)
{
    tile_count(rows, least, cells, hits);
}
#else
typedef int kernel_lines_avx2_is_for_x86;
#endif
