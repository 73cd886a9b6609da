#include "reco/nearest.h"

#include "reco/heap.h"
#include "reco/kernel.h"

static bool is_erased(const struct nearest *n, uint32_t user)
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
    return false;
}

/* Nobody's neighbour, because he asks or has been erased. */
static bool is_barred(const struct nearest *n, uint32_t place)
{
    uint32_t user = n->model->index_users[place];

    return user == n->self || is_erased(n, user);
}

/* Keys of who has been found since; who lies below the floor drops out. */
static void judge(struct nearest *n)
{
    uint32_t left = n->judged;

    for (uint32_t i = n->judged; i < n->found; i++) {
        uint32_t place = n->places[i], dot = n->dots[i];
        uint32_t key = kernel_bits((float)dot * n->model->index_scales[place]);
        n->places[left] = place;
        n->dots[left] = dot;
        n->keys[left] = key;
        left += key >= n->floor && !is_barred(n, place);
    }
    n->found = n->judged = left;
}

static void keep(struct nearest *n, uint32_t place, uint32_t dot)
{
    uint32_t user = n->model->index_users[place];
    struct neighbour one = {user, dot, n->model->user_norms[user], 0};

    if (heap_wants(n->out, n->count, n->k, &one, neighbour_worse))
        heap_keep(n->out, &n->count, n->k, &one, sizeof one, neighbour_worse);
}

static void keep_found(struct nearest *n)
{
    const struct model *m = n->model;

    for (uint32_t i = 0; i < n->found; i++)
        __builtin_prefetch(&m->user_norms[m->index_users[n->places[i]]]);
    for (uint32_t i = 0; i < n->found; i++)
        keep(n, n->places[i], n->dots[i]);
    n->found = n->judged = 0;
}

/* All equal: nothing drops, and the exact order has to decide. */
void nearest_thin_out(struct nearest *n)
{
    uint32_t floor, left = 0;

    judge(n);
    floor = neighbour_floor(n->keys, n->found, n->k);
    n->floor = floor > n->floor ? floor : n->floor;
    for (uint32_t i = 0; i < n->found; i++) {
        n->keys[left] = n->keys[i];
        n->places[left] = n->places[i];
        n->dots[left] = n->dots[i];
        left += n->keys[i] >= n->floor;
    }
    n->found = n->judged = left;
    if (left > n->room / 2)
        keep_found(n);
}

void nearest_end(struct nearest *n)
{
    nearest_thin_out(n);
    keep_found(n);
}
