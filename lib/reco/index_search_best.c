#include "reco/index_search.h"

#include "reco/heap.h"

static void keep(struct index_search *f, uint32_t place, uint32_t dot)
{
    uint32_t user = f->model->index_users[place];
    struct neighbour n = {user, dot, f->model->user_norms[user], 0};

    if (heap_wants(f->out, f->count, f->k, &n, neighbour_worse))
        heap_keep(f->out, &f->count, f->k, &n, sizeof n, neighbour_worse);
}

void index_search_keep_found(struct index_search *f)
{
    struct index_scratch *x = f->x;

    for (uint32_t i = 0; i < f->found; i++)
        if (x->found_keys[i] >= f->floor)
            keep(f, x->found_places[i], x->found_dots[i]);
    f->found = 0;
}

/* Raises the floor and drops what lies below it. All equal: nothing drops,
 * and the exact order has to decide. */
void index_search_thin_out(struct index_search *f)
{
    struct index_scratch *x = f->x;
    uint32_t floor = neighbour_floor(x->found_keys, f->found, f->k), left = 0;

    f->floor = floor > f->floor ? floor : f->floor;
    for (uint32_t i = 0; i < f->found; i++) {
        x->found_keys[left] = x->found_keys[i];
        x->found_places[left] = x->found_places[i];
        x->found_dots[left] = x->found_dots[i];
        left += x->found_keys[i] >= f->floor;
    }
    f->found = left;
    if (left > INDEX_FOUND / 2)
        index_search_keep_found(f);
}

bool index_search_is_erased(const struct index_search *f, uint32_t user)
{
    const uint32_t *at = f->erased;
    uint32_t count = f->erased_count;

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
