#include "reco/item_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/vector.h"
#include "reco/heap.h"

/* ---- pruning ---- */

static bool is_worse(const void *a, const void *b)
{
    const struct item_cell *x = a, *y = b;

    if (x->weight != y->weight)
        return x->weight < y->weight;
    return x->post > y->post;
}

bool item_pruning_init(struct item_pruning *p, enum item_side side,
                       uint32_t post_count, uint32_t keep, struct err *err)
{
    if (keep > post_count)
        keep = post_count;
    *p = (struct item_pruning){
        .side = side, .post_count = post_count, .keep = keep};
    if ((uint64_t)post_count * keep > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "item model: %u x %u weights",
                       post_count, keep);
    if (mem_take(post_count, sizeof *p->counts, &p->counts, err) &&
        mem_take(post_count, sizeof *p->floors, &p->floors, err) &&
        mem_take((size_t)post_count * keep, sizeof *p->cells, &p->cells, err))
        return true;
    item_pruning_release(p);
    return false;
}

void item_pruning_release(struct item_pruning *p)
{
    mem_give(p->counts);
    mem_give(p->floors);
    mem_give(p->cells);
    *p = (struct item_pruning){0};
}

static void offer(struct item_pruning *p, uint32_t to, struct item_cell cell)
{
    struct item_cell *cells = p->cells + (size_t)to * p->keep;

    heap_keep(cells, &p->counts[to], p->keep, &cell, sizeof cell, is_worse);
    if (p->counts[to] == p->keep)
        p->floors[to] = cells[0].weight;
}

/* Offers come by ascending post: an equal weight stands behind. */
void item_pruning_offer(struct item_pruning *p, const float *weights)
{
    uint32_t row = p->next++;

    if (!p->keep)
        return;
    for (uint32_t i = 0; i < p->post_count; i++) {
        uint32_t to = p->side == BY_HISTORY ? row : i;
        uint32_t other = p->side == BY_HISTORY ? i : row;
        if (weights[i] > p->floors[to] && i != row)
            offer(p, to, (struct item_cell){weights[i], other});
    }
}

/* Ascending posts on both sides here too: a post gets what those before it
 * offer, then, by its own row, those behind it. */
void item_pruning_offer_half(struct item_pruning *p, const float *weights)
{
    uint32_t row = p->next++;

    if (!p->keep)
        return;
    for (uint32_t i = row + 1; i < p->post_count; i++) {
        float weight = weights[i - row - 1];
        if (weight > p->floors[i])
            offer(p, i, (struct item_cell){weight, row});
        if (weight > p->floors[row])
            offer(p, row, (struct item_cell){weight, i});
    }
}

/* ---- the model ---- */

static int post_order(const void *a, const void *b)
{
    const struct item_cell *x = a, *y = b;

    return (x->post > y->post) - (x->post < y->post);
}

/* The heaps as rows of a matrix, posts ascending. */
static void fill(struct item_pruning *p, struct sparse *s)
{
    uint32_t at = 0;

    for (uint32_t r = 0; r < p->post_count; r++) {
        struct item_cell *cells = p->cells + (size_t)r * p->keep;
        qsort(cells, p->counts[r], sizeof *cells, post_order);
        s->starts[r] = at;
        for (uint32_t i = 0; i < p->counts[r]; i++, at++) {
            s->columns[at] = cells[i].post;
            s->values[at] = cells[i].weight;
        }
    }
    s->starts[p->post_count] = at;
}

static void scale(struct sparse *s, const float *before, const float *after)
{
    for (uint32_t r = 0; r < s->row_count; r++)
        for (uint32_t i = s->starts[r]; i < s->starts[r + 1]; i++)
            s->values[i] *=
                (before ? before[r] : 1) * (after ? after[s->columns[i]] : 1);
}

bool item_model_make(struct item_pruning *p, const struct fit_input *in,
                     bool binary, const float *before, const float *after,
                     void **state, struct err *err)
{
    struct sparse kept = {0};
    struct item_model *model = NULL;
    uint32_t cells = 0;
    bool ok = false;

    for (uint32_t i = 0; i < p->post_count; i++)
        cells += p->counts[i];
    if (!mem_take(1, sizeof *model, &model, err) ||
        !sparse_take(&kept, p->post_count, p->post_count, cells, err))
        goto out;
    sparse_weights(in, binary, model->weight_of);
    fill(p, &kept);
    if (p->side == BY_HISTORY) {
        model->weights = kept;
        kept = (struct sparse){0};
    } else if (!sparse_turn(&kept, &model->weights, err)) {
        goto out;
    }
    scale(&model->weights, before, after);
    *state = model;
    ok = true;
out:
    if (!ok)
        mem_give(model);
    sparse_release(&kept);
    item_pruning_release(p);
    return ok;
}

void item_model_release(void *state)
{
    struct item_model *model = state;

    if (!model)
        return;
    sparse_release(&model->weights);
    mem_give(model);
}

size_t item_model_bytes(const void *state)
{
    const struct item_model *model = state;

    return sizeof *model + sparse_bytes(&model->weights);
}

/* ---- serving ---- */

/* No memory is needed but the scores. */
bool item_model_room_open(const void *state, void **room, struct err *err)
{
    (void)state;
    (void)err;
    *room = NULL;
    return true;
}

void item_model_room_close(void *room)
{
    (void)room;
}

void item_model_add(const struct item_model *model, const struct query *q,
                    float *sums)
{
    const struct sparse *s = &model->weights;

    for (uint32_t p = 0; p < q->count; p++) {
        uint32_t row = q->posts[p].post;
        float by = model->weight_of[q->posts[p].mask & MASK_STORED];
        for (uint32_t i = s->starts[row]; i < s->starts[row + 1]; i++)
            sums[s->columns[i]] += by * s->values[i];
    }
}

VECTOR static void drop_zeros(float *scores, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        scores[i] = scores[i] > 0 ? scores[i] : NO_SCORE;
}

void item_model_score(const void *state, void *room, const struct query *q,
                      float *scores)
{
    const struct item_model *model = state;
    uint32_t posts = model->weights.row_count;

    (void)room;
    memset(scores, 0, posts * sizeof *scores);
    item_model_add(model, q, scores);
    drop_zeros(scores, posts);
}
