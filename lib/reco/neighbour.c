#include "reco/neighbour.h"

#include <math.h>

#include "reco/heap.h"
#include "reco/kernel.h"

enum {
    /*
     * Keys are rounded three times (dot, scale, product), 2^-24 each; the
     * floor is lowered by 16 units of the last place, at least 2^-20, so that
     * no user who might belong to the K is passed over.
     */
    KEY_SLACK = 16,
};

uint32_t neighbour_floor(const uint32_t *keys, uint32_t count, uint32_t k)
{
    uint32_t floor = kernel_floor(keys, count, k);

    return floor > KEY_SLACK ? floor - KEY_SLACK : 1;
}

uint32_t similarity_of(uint32_t dot, uint32_t norm_u, uint32_t norm_v)
{
    double length = sqrt((double)((uint64_t)norm_u * norm_v));

    if (dot >= length)
        return 1 << SIMILARITY_BITS;
    return (uint32_t)((double)dot * (1 << SIMILARITY_BITS) / length);
}

void neighbour_end(struct neighbour *heap, uint32_t count, uint32_t norm)
{
    heap_sort(heap, count, sizeof *heap, neighbour_worse);
    for (uint32_t n = 0; n < count; n++)
        heap[n].similarity = similarity_of(heap[n].dot, norm, heap[n].norm);
}
