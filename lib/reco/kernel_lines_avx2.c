#ifdef __x86_64__
/* 32 bytes, not 64 in halves: those spill and take twice the time. */
#define KERNEL_BYTES 32
#define KERNEL_TARGET __attribute__((target("avx2")))

#include "reco/kernel_lines.h"

KERNEL_TARGET void kernel_add_tile_avx2(const struct kernel_group *groups,
                                        uint32_t count, uint32_t tile,
                                        uint32_t ahead, uint16_t *dots)
{
    tile_add(groups, count, tile, ahead, dots);
}
#else
typedef int kernel_lines_avx2_is_for_x86;
#endif
