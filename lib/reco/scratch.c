#include "reco/scratch.h"

#include "base/mem.h"

enum { LINE_BYTES = 64 }; /* cache line, 512-bit vector */

/* A piece of the block, whole lines long; `bytes` counts what is given. */
static size_t piece(size_t *bytes, size_t count, size_t item_bytes)
{
    size_t at = *bytes;

    *bytes += (count * item_bytes + LINE_BYTES - 1) & ~(size_t)(LINE_BYTES - 1);
    return at;
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
    size_t marks = piece(&bytes, posts, sizeof *s->marks);
    unsigned char *at;

    *s = (struct reco_scratch){0};
    if (!mem_take(bytes + LINE_BYTES, 1, &s->block, err))
        return false;
    at = (unsigned char *)s->block +
         (-(uintptr_t)s->block & (uintptr_t)(LINE_BYTES - 1));
    s->kernel = kernel_best();
    s->user_blocks = (uint32_t)(users / KERNEL_USERS);
    s->post_blocks = (uint32_t)(posts / KERNEL_POSTS);
    s->dots = at + dots;
    s->sums = (void *)(at + sums);
    s->peaks = (void *)(at + peaks);
    s->found = (struct found){.ordinals = (void *)(at + ordinals),
                              .values = (void *)(at + values),
                              .keys = (void *)(at + keys)};
    s->marks = (void *)(at + marks);
    return true;
}

void reco_scratch_release(struct reco_scratch *s)
{
    mem_give(s->block);
    mem_give(s->parts);
    *s = (struct reco_scratch){0};
}
