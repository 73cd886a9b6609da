#include "reco/scratch.h"

#include <math.h>

#include "base/mem.h"
#include "reco/reader_index.h"

enum {
    LINE_BYTES = 64, /* cache line, 512-bit vector */
    WORD_BITS = 64,
};

_Static_assert((int)INDEX_THIN == (int)SCRATCH_THIN, "one rule for both");

static unsigned char *aligned(void *block)
{
    return (unsigned char *)block +
           (-(uintptr_t)block & (uintptr_t)(LINE_BYTES - 1));
}

/* A piece of the block, whole lines long; `bytes` counts what is given. */
static size_t piece(size_t *bytes, size_t count, size_t item_bytes)
{
    size_t at = *bytes;

    *bytes += (count * item_bytes + LINE_BYTES - 1) & ~(size_t)(LINE_BYTES - 1);
    return at;
}

static void describe_tiles(const struct model *m, struct index_tile *tiles)
{
    for (uint32_t place = 0; place < m->user_count; place++) {
        uint32_t user = m->index_users[place];
        float scale = m->user_scales[user];
        float sum = sqrtf((float)model_user_row(m, user).count);
        struct index_tile *t = &tiles[place / INDEX_TILE];

        t->most_sum = sum > t->most_sum ? sum : t->most_sum;
        t->most_scale = scale > t->most_scale ? scale : t->most_scale;
    }
}

static bool init_index(struct index_scratch *x, const struct model *m,
                       struct err *err)
{
    size_t tiles = index_tiles(m->user_count), rows = m->index->row_count;
    size_t bytes = 0;
    size_t dots = piece(&bytes, INDEX_STRIP, sizeof *x->dots);
    size_t places = piece(&bytes, m->user_count, sizeof *x->places);
    size_t scales = piece(&bytes, INDEX_TILE, sizeof *x->last_scales);
    size_t about = piece(&bytes, tiles, sizeof *x->tiles);
    size_t lists = piece(&bytes, rows, sizeof *x->lists);
    size_t pairs = piece(&bytes, rows, sizeof *x->pairs);
    size_t bits = piece(&bytes, rows, sizeof *x->bits);
    size_t more_bits = piece(&bytes, rows, sizeof *x->bits);
    size_t at_rows = piece(&bytes, rows, sizeof *x->rows);
    size_t groups = piece(&bytes, rows, sizeof *x->groups);
    unsigned char *at;

    if (!mem_take(bytes + LINE_BYTES, 1, &x->block, err))
        return false;
    at = aligned(x->block);
    x->dots = (void *)(at + dots);
    x->places = (void *)(at + places);
    x->last_scales = (void *)(at + scales);
    x->tiles = (void *)(at + about);
    x->lists = (void *)(at + lists);
    x->pairs = (void *)(at + pairs);
    x->bits = (void *)(at + bits);
    x->more_bits = (void *)(at + more_bits);
    x->rows = (void *)(at + at_rows);
    x->groups = (void *)(at + groups);
    describe_tiles(m, x->tiles);
    for (uint32_t place = m->user_count / INDEX_TILE * INDEX_TILE;
         place < m->user_count; place++)
        x->last_scales[place % INDEX_TILE] = m->index_scales[place];
    return true;
}

bool reco_scratch_init(struct reco_scratch *s, const struct model *model,
                       struct err *err)
{
    size_t users = ((size_t)model->user_count + KERNEL_USERS - 1) /
                   KERNEL_USERS * KERNEL_USERS;
    size_t posts = ((size_t)model->post_count + KERNEL_POSTS - 1) /
                   KERNEL_POSTS * KERNEL_POSTS;
    size_t most = users > posts ? users : posts;
    size_t bytes = 0;
    size_t dots = piece(&bytes, users, sizeof(uint32_t));
    size_t sums = piece(&bytes, posts, sizeof *s->sums);
    size_t peaks = piece(&bytes, most / KERNEL_POSTS, sizeof *s->peaks);
    size_t ordinals = piece(&bytes, most / SCRATCH_THIN, sizeof(uint32_t));
    size_t values = piece(&bytes, most / SCRATCH_THIN, sizeof(uint64_t));
    size_t keys = piece(&bytes, most / SCRATCH_THIN, sizeof(uint32_t));
    size_t seen = piece(&bytes, posts / WORD_BITS + 1, sizeof *s->seen);
    size_t marks = piece(&bytes, posts, sizeof *s->marks);
    unsigned char *at;

    *s = (struct reco_scratch){0};
    if (!mem_take(bytes + LINE_BYTES, 1, &s->block, err))
        return false;
    at = aligned(s->block);
    s->kernel = kernel_best();
    s->user_blocks = (uint32_t)(users / KERNEL_USERS);
    s->post_blocks = (uint32_t)(posts / KERNEL_POSTS);
    s->dots = at + dots;
    s->sums = (void *)(at + sums);
    s->peaks = (void *)(at + peaks);
    s->found = (struct found){.ordinals = (void *)(at + ordinals),
                              .values = (void *)(at + values),
                              .keys = (void *)(at + keys)};
    s->seen = (void *)(at + seen);
    s->marks = (void *)(at + marks);
    if (!model->index || init_index(&s->index, model, err))
        return true;
    reco_scratch_release(s);
    return false;
}

void reco_scratch_release(struct reco_scratch *s)
{
    mem_give(s->block);
    mem_give(s->parts);
    mem_give(s->index.block);
    *s = (struct reco_scratch){0};
}
