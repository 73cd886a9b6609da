#include "reco/post_bits.h"

#include <string.h>

#include "base/mem.h"
#include "reco/reader_index.h"
#include "reco/sort_keys.h"

enum {
    WORD_BITS = 64,
    WORDS = POST_BITS / WORD_BITS,
    HALF_BITS = 32,
    LINE_BYTES = 64,
    /* Sums of 9 bits of 128 similarities fit 16 bits; three parts hold 2^24. */
    CHUNK = 128,
    PART_BITS = 9,
    PARTS = 3,
};

static bool order_posts(struct post_bits *b, struct err *err)
{
    uint32_t count = b->model->post_count;
    uint64_t *keys;

    if (!mem_take(count, 2 * sizeof *keys, &keys, err))
        return false;
    for (uint32_t p = 0; p < count; p++)
        keys[p] = (uint64_t)~model_post_row(b->model, p).count << HALF_BITS | p;
    sort_keys(keys, keys + count, count);
    for (uint32_t slot = 0; slot < count; slot++) {
        b->posts[slot] = (uint32_t)keys[slot];
        b->slots[b->posts[slot]] = slot;
    }
    mem_give(keys);
    return true;
}

/* Whether the pair is a bit; *slot is where. */
static bool is_bit(const struct post_bits *b, uint32_t pair, uint32_t *slot)
{
    const uint8_t *weight_of = b->model->weight_of;

    *slot = b->slots[pair_ordinal(pair)];
    return *slot < POST_BITS &&
           weight_of[pair_mask(pair)] == weight_of[MASK_VIEW];
}

static void count_rest(struct post_bits *b)
{
    uint32_t slot;

    for (uint32_t u = 0; u < b->model->user_count; u++) {
        struct row row = model_user_row(b->model, u);
        b->rows[u + 1] = b->rows[u];
        for (uint32_t i = 0; i < row.count; i++)
            b->rows[u + 1] += !is_bit(b, row.pairs[i], &slot);
    }
}

static void fill(struct post_bits *b)
{
    uint32_t *rest = b->rest, slot;
    uint64_t *bits = b->bits;

    for (uint32_t u = 0; u < b->model->user_count; u++, bits += WORDS) {
        struct row row = model_user_row(b->model, u);
        for (uint32_t i = 0; i < row.count; i++) {
            if (is_bit(b, row.pairs[i], &slot)) {
                uint32_t bit = index_bit_of(slot);
                bits[bit / WORD_BITS] |= UINT64_C(1) << bit % WORD_BITS;
            } else {
                *rest++ = pair_of(slot, pair_mask(row.pairs[i]));
            }
        }
    }
}

bool post_bits_make(struct post_bits *b, const struct model *model,
                    struct err *err)
{
    size_t users = model->user_count;

    *b = (struct post_bits){.model = model};
    if (!mem_take(model->post_count, sizeof *b->slots, &b->slots, err) ||
        !mem_take(model->post_count, sizeof *b->posts, &b->posts, err) ||
        !mem_take(users + 1, sizeof *b->rows, &b->rows, err) ||
        !order_posts(b, err))
        goto out;
    count_rest(b);
    if (mem_take_wide(b->rows[users], sizeof *b->rest, &b->rest, err) &&
        mem_take_wide(users, WORDS * sizeof *b->bits, &b->bits, err)) {
        fill(b);
        return true;
    }
out:
    post_bits_release(b);
    return false;
}

bool post_bits_init(struct post_bits *b, const struct model *model,
                    struct err *err)
{
    *b = (struct post_bits){.model = model};
    return model->meta->pair_count <
               (uint64_t)model->user_count * POST_BITS_MEAN ||
           post_bits_make(b, model, err);
}

void post_bits_release(struct post_bits *b)
{
    mem_give(b->slots);
    mem_give(b->posts);
    mem_give(b->bits);
    mem_give(b->rows);
    mem_give(b->rest);
    *b = (struct post_bits){0};
}

static void fetch(const void *from, size_t bytes)
{
    const unsigned char *at = from;

    for (size_t i = 0; i < bytes; i += LINE_BYTES)
        __builtin_prefetch(at + i);
}

/* cells[p] = sums of bits 9 p .. 9 p + 8 of the similarities. */
static void count_bits(const struct post_bits *b, const struct kernel *kernel,
                       const struct neighbour *neighbours, uint32_t count,
                       uint16_t cells[PARTS][POST_BITS])
{
    const uint64_t *rows[PART_BITS * CHUNK];

    for (unsigned part = 0; part < PARTS; part++) {
        struct kernel_group groups[PART_BITS];
        uint32_t some = 0, group_count = 0;
        for (unsigned bit = 0; bit < PART_BITS; bit++) {
            uint32_t first = some;
            for (uint32_t n = 0; n < count; n++) {
                rows[some] = b->bits + (size_t)neighbours[n].user * WORDS;
                some +=
                    neighbours[n].similarity >> (part * PART_BITS + bit) & 1;
            }
            groups[group_count] =
                (struct kernel_group){1u << bit, some - first, rows + first};
            group_count += some > first;
        }
        if (group_count)
            kernel->add_tile(groups, group_count, 0, 0, cells[part]);
    }
}

static void add_bits(const struct post_bits *b, const struct kernel *kernel,
                     const struct neighbour *neighbours, uint32_t count,
                     uint64_t *restrict sums)
{
    _Alignas(LINE_BYTES) uint16_t cells[PARTS][POST_BITS];
    uint32_t weight = b->model->weight_of[MASK_VIEW];
    uint32_t posts = b->model->post_count;

    kernel->clear(cells, sizeof cells);
    count_bits(b, kernel, neighbours, count, cells);
    for (uint32_t s = 0; s < POST_BITS && s < posts; s++) {
        uint32_t low = cells[0][s] + ((uint32_t)cells[1][s] << PART_BITS);
        uint64_t high = (uint64_t)cells[2][s] << 2 * PART_BITS;
        sums[s] += weight * (high + low);
    }
}

static void add_rest(const struct post_bits *b, const struct neighbour *n,
                     uint64_t *restrict sums)
{
    uint64_t product[MASK_COUNT];

    for (unsigned m = 0; m < MASK_COUNT; m++)
        product[m] = (uint64_t)n->similarity * b->model->weight_of[m];
    for (uint32_t i = b->rows[n->user]; i < b->rows[n->user + 1]; i++)
        sums[pair_ordinal(b->rest[i])] += product[pair_mask(b->rest[i])];
}

void post_bits_add(const struct post_bits *b, const struct kernel *kernel,
                   const struct neighbour *neighbours, uint32_t count,
                   uint64_t *sums)
{
    /* Rows of strangers are in no cache. */
    for (uint32_t n = 0; n < count; n++) {
        const uint32_t *rows = &b->rows[neighbours[n].user];
        fetch(b->rest + rows[0], (rows[1] - rows[0]) * sizeof *b->rest);
    }
    for (uint32_t n = 0; n < count; n++) {
        fetch(b->bits + (size_t)neighbours[n].user * WORDS, POST_BITS / 8);
        add_rest(b, &neighbours[n], sums);
    }
    for (uint32_t n = 0; n < count; n += CHUNK)
        add_bits(b, kernel, neighbours + n,
                 count - n < CHUNK ? count - n : CHUNK, sums);
}
