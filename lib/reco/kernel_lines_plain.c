#include "reco/kernel_count.h"

void kernel_add_tile_plain(const struct kernel_group *groups, uint32_t count,
                           uint32_t tile, uint32_t ahead, uint16_t *dots)
{
    tile_add(groups, count, tile, ahead, dots);
}

void kernel_count_line_plain(const struct kernel_line *line,
                             kernel_plane planes[KERNEL_PLANES])
{
    line_count(line, planes);
}

void kernel_turn_line_plain(const kernel_plane planes[KERNEL_PLANES],
                            uint16_t *dots)
{
    line_turn(planes, dots);
}

uint32_t kernel_reach_line_plain(const kernel_plane *planes, uint32_t bits,
                                 uint32_t least, kernel_plane hits)
{
    return line_reach(planes, bits, least, hits);
}
