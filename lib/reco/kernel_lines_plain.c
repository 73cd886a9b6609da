#include "reco/kernel_lines.h"

void kernel_add_tile_plain(const struct kernel_group *groups, uint32_t count,
                           uint32_t tile, uint32_t ahead, uint16_t *dots)
{
    tile_add(groups, count, tile, ahead, dots);
}
