#include "reco/nearest.h"

#include "reco/heap.h"

bool nearest_is_barred(const struct nearest *n, uint32_t user)
{
    const uint32_t *at = n->erased;
    uint32_t count = n->erased_count;

    while (count) {
        uint32_t half = count / 2;
        if (at[half] == user)
            return true;
        if (at[half] < user) {
            at += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return user == n->self;
}

static void keep(struct nearest *n, struct nearest_found f)
{
    uint32_t user = n->model->index_users[f.place];
    struct neighbour one = {user, f.dot, n->model->user_norms[user], 0};

    if (heap_wants(n->out, n->count, n->k, &one, neighbour_worse))
        heap_keep(n->out, &n->count, n->k, &one, sizeof one, neighbour_worse);
}

static void keep_found(struct nearest *n)
{
    for (uint32_t i = 0; i < n->found_count; i++)
        keep(n, n->found[i]);
    n->found_count = 0;
}

/* All equal: nothing drops, and the exact order has to decide. */
void nearest_thin_out(struct nearest *n)
{
    uint32_t keys[NEAREST_ROOM], floor, left = 0;

    for (uint32_t i = 0; i < n->found_count; i++)
        keys[i] = nearest_key(n->model, n->found[i]);
    floor = neighbour_floor(keys, n->found_count, n->k);
    n->floor = floor > n->floor ? floor : n->floor;
    for (uint32_t i = 0; i < n->found_count; i++) {
        n->found[left] = n->found[i];
        left += keys[i] >= n->floor;
    }
    n->found_count = left;
    if (left > NEAREST_ROOM / 2)
        keep_found(n);
}

void nearest_end(struct nearest *n)
{
    nearest_thin_out(n);
    keep_found(n);
}
