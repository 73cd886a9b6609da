#include "reco/index_search.h"

#include "reco/heap.h"

static bool is_erased(const struct index_search *f, uint32_t user)
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

/* Keys of what has been found since; what lies below the floor drops out. All
 * at once, so that their scales, in no near cache, are waited for together. */
static void judge(struct index_search *f)
{
    struct index_scratch *x = f->x;
    uint32_t left = f->judged;

    for (uint32_t i = f->judged; i < f->found; i++) {
        uint32_t place = x->found_places[i], dot = x->found_dots[i];
        uint32_t key = kernel_bits((float)dot * f->model->index_scales[place]);
        x->found_places[left] = place;
        x->found_dots[left] = dot;
        x->found_keys[left] = key;
        left +=
            key >= f->floor &&
            !(f->erased_count && is_erased(f, f->model->index_users[place]));
    }
    f->found = f->judged = left;
}

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
    const struct model *m = f->model;

    judge(f);
    for (uint32_t i = 0; i < f->found; i++)
        __builtin_prefetch(&m->index_users[x->found_places[i]]);
    for (uint32_t i = 0; i < f->found; i++)
        __builtin_prefetch(&m->user_norms[m->index_users[x->found_places[i]]]);
    for (uint32_t i = 0; i < f->found; i++)
        if (x->found_keys[i] >= f->floor)
            keep(f, x->found_places[i], x->found_dots[i]);
    f->found = f->judged = 0;
}

/* Raises the floor and drops what lies below it. All equal: nothing drops,
 * and the exact order has to decide. */
void index_search_thin_out(struct index_search *f)
{
    struct index_scratch *x = f->x;
    uint32_t floor, left = 0;

    judge(f);
    floor = neighbour_floor(x->found_keys, f->found, f->k);
    f->floor = floor > f->floor ? floor : f->floor;
    for (uint32_t i = 0; i < f->found; i++) {
        x->found_keys[left] = x->found_keys[i];
        x->found_places[left] = x->found_places[i];
        x->found_dots[left] = x->found_dots[i];
        left += x->found_keys[i] >= f->floor;
    }
    f->found = f->judged = left;
    if (left > INDEX_FOUND / 2)
        index_search_keep_found(f);
}
