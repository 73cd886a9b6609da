#include "reco/kernel_count.h"

void kernel_add_tile_plain(const struct kernel_group *groups, uint32_t count,
                           uint32_t tile, uint32_t ahead, uint16_t *dots)
{
    tile_add(groups, count, tile, ahead, dots);
}

void kernel_count_tile_plain(const struct kernel_rows *rows,
                             const uint16_t *least, uint16_t *cells,
                             uint32_t *hits)
{
    tile_count(rows, least, cells, hits);
}
