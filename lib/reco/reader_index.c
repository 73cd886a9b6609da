#include "reco/reader_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "reco/sort_keys.h"

enum {
    WEIGHTS = 64, /* more than the largest weight */
    ID_BITS = 16,
    SEGMENT_HEAD = 2, /* units before the places of a segment */
    /*
     * A row of its own pays from about this many readers for each weight and
     * block of users on: a segment costs as much as a dozen pairs with masks.
     */
    SPLIT_READERS = 24,
    /* Bits may take this much of a model, see tile_costs. */
    INDEX_PAIR_BYTES = 2,
};

/*
 * What a tile costs in entries of a list: a tile is 512 bytes from a cache that
 * all cores share, an entry one addition in a nearer one. Larger figures for
 * matrices without crowds, so that bits stay below INDEX_PAIR_BYTES a pair.
 */
static const uint32_t tile_costs[] = {64, 96, 128, 192, 256};
enum { TILE_COSTS = sizeof tile_costs / sizeof *tile_costs };

struct build {
    const struct matrix *matrix;
    const uint8_t *weight_of;
    struct index_plan plan;
    struct reader_index *x;
    uint32_t *pairs;  /* (place, mask) by post, rows as in matrix->post_rows */
    int64_t *at_ms;   /* beside pairs, or NULL */
    uint32_t *counts; /* [posts] pairs that are left */
    uint32_t *places; /* [users] of one post and weight */
    uint32_t tile_cost, blocks;
};

static bool order_users(struct reader_index *x, const uint32_t *norms,
                        struct err *err)
{
    enum { WORD_BITS = 32 };
    uint64_t *keys;

    if (!mem_take(x->user_count, 2 * sizeof *keys, &keys, err))
        return false;
    for (uint32_t u = 0; u < x->user_count; u++)
        keys[u] = (uint64_t)~norms[u] << WORD_BITS | u;
    sort_keys(keys, keys + x->user_count, x->user_count);
    for (uint32_t i = 0; i < x->user_count; i++)
        x->users[i] = (uint32_t)keys[i];
    mem_give(keys);
    return true;
}

/* Users in the order of their places fill every post's row ascending. */
static bool turn(struct build *b, struct err *err)
{
    const struct matrix *m = b->matrix;
    bool dated = b->plan.readers_most && b->plan.pair_at_ms;

    if (!mem_take(m->pair_count, sizeof *b->pairs, &b->pairs, err) ||
        !mem_take(m->post_count, sizeof *b->counts, &b->counts, err) ||
        (dated && !mem_take(m->pair_count, sizeof *b->at_ms, &b->at_ms, err)))
        return false;
    for (uint32_t place = 0; place < m->user_count; place++) {
        uint32_t user = b->x->users[place];
        for (uint32_t i = m->user_rows[user]; i < m->user_rows[user + 1]; i++) {
            uint32_t post = pair_ordinal(m->user_posts[i]);
            uint32_t to = m->post_rows[post] + b->counts[post]++;
            b->pairs[to] = pair_of(place, pair_mask(m->user_posts[i]));
            if (dated)
                b->at_ms[to] = b->plan.pair_at_ms[i];
        }
    }
    return true;
}

/* ---- only the newest readers ---- */

struct dated {
    int64_t at_ms;
    uint32_t user, index;
};

static int newest_first(const void *left, const void *right)
{
    const struct dated *a = left, *b = right;

    if (a->at_ms != b->at_ms)
        return a->at_ms > b->at_ms ? -1 : 1;
    return (a->user > b->user) - (a->user < b->user);
}

static int by_index(const void *left, const void *right)
{
    const struct dated *a = left, *b = right;

    return (a->index > b->index) - (a->index < b->index);
}

static void cut_post(struct build *b, uint32_t post, struct dated *all)
{
    uint32_t first = b->matrix->post_rows[post], most = b->plan.readers_most;
    uint32_t *pairs = b->pairs + first;

    for (uint32_t i = 0; i < b->counts[post]; i++)
        all[i] = (struct dated){b->at_ms ? b->at_ms[first + i] : 0,
                                b->x->users[pair_ordinal(pairs[i])], i};
    qsort(all, b->counts[post], sizeof *all, newest_first);
    qsort(all, most, sizeof *all, by_index);
    for (uint32_t i = 0; i < most; i++)
        pairs[i] = pairs[all[i].index];
    b->counts[post] = most;
}

static bool cut(struct build *b, struct err *err)
{
    struct dated *all;

    if (!b->plan.readers_most)
        return true;
    if (!mem_take(b->matrix->user_count, sizeof *all, &all, err))
        return false;
    for (uint32_t post = 0; post < b->matrix->post_count; post++)
        if (b->counts[post] > b->plan.readers_most)
            cut_post(b, post, all);
    mem_give(all);
    return true;
}

/* ---- rows ---- */

/* How many pairs of the post have each weight; returns how many weights. */
static uint32_t count_weights(const struct build *b, uint32_t post,
                              uint32_t of[WEIGHTS])
{
    const uint32_t *pairs = b->pairs + b->matrix->post_rows[post];
    uint32_t kinds = 0;

    memset(of, 0, WEIGHTS * sizeof *of);
    for (uint32_t i = 0; i < b->counts[post]; i++)
        kinds += !of[b->weight_of[pair_mask(pairs[i])]]++;
    return kinds;
}

static bool is_split(const struct build *b, uint32_t post, uint32_t kinds)
{
    uint32_t count = b->counts[post];

    if (b->plan.split_least)
        return count >= b->plan.split_least;
    return count >= (uint64_t)SPLIT_READERS * kinds * b->blocks;
}

static uint32_t take_places(struct build *b, uint32_t post, unsigned weight)
{
    const uint32_t *pairs = b->pairs + b->matrix->post_rows[post];
    uint32_t count = 0;

    for (uint32_t i = 0; i < b->counts[post]; i++)
        if (b->weight_of[pair_mask(pairs[i])] == weight)
            b->places[count++] = pair_ordinal(pairs[i]);
    return count;
}

/* The cheapest reach of tiles; *rest: how many places lie past it. */
static uint32_t choose_tiles(const uint32_t *places, uint32_t count,
                             uint32_t tile_cost, uint32_t *rest)
{
    uint64_t least = count;
    uint32_t tiles = 0;

    *rest = count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t end = places[i] / INDEX_TILE + 1;
        uint64_t cost = (uint64_t)end * tile_cost + (count - 1 - i);
        if (cost < least) {
            least = cost;
            tiles = end;
            *rest = count - 1 - i;
        }
    }
    return tiles;
}

static bool add_bits(struct build *b, struct model_index_row *row,
                     uint32_t tiles, uint32_t count, struct err *err)
{
    struct reader_index *x = b->x;
    size_t from = (size_t)x->meta.tile_count * INDEX_TILE_WORDS;
    size_t words = (size_t)tiles * INDEX_TILE_WORDS;
    enum { WORD_BITS = 64 };

    if (!tiles)
        return true;
    if (__builtin_add_overflow(x->meta.tile_count, tiles, &x->meta.tile_count))
        return err_set(err, ERR_LIMIT, "index: 2^32 tiles or more");
    if (!mem_grow(&x->bits, &x->bits_cap, from + words, sizeof *x->bits, err))
        return false;
    memset(x->bits + from, 0, words * sizeof *x->bits);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = b->places[i], bit = index_bit_of(place);
        size_t tile = (size_t)(place / INDEX_TILE) * INDEX_TILE_WORDS;
        x->bits[from + tile + bit / WORD_BITS] |= UINT64_C(1)
                                                  << bit % WORD_BITS;
    }
    row->shape |= tiles << INDEX_SHAPE_BITS;
    return true;
}

/* Room for the list of a row whose list_items are set; *out is its start. */
static bool grow_lists(struct build *b, const struct model_index_row *row,
                       uint32_t **out, struct err *err)
{
    struct reader_index *x = b->x;
    uint64_t end = x->meta.word_count + index_row_words(row);

    if (end > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "index: 2^32 words or more");
    if (!mem_grow(&x->lists, &x->lists_cap, end, sizeof *x->lists, err))
        return false;
    *out = x->lists ? x->lists + x->meta.word_count : NULL; /* empty: none */
    if (end > x->meta.word_count)
        x->lists[end - 1] = 0; /* the half that an odd count leaves */
    x->meta.word_count = (uint32_t)end;
    return true;
}

static uint32_t count_segments(const uint32_t *places, uint32_t count)
{
    uint32_t segments = 0;

    for (uint32_t i = 0; i < count; i++)
        segments += !i || places[i] >> ID_BITS != places[i - 1] >> ID_BITS;
    return segments;
}

static bool add_list(struct build *b, struct model_index_row *row,
                     const uint32_t *places, uint32_t count, struct err *err)
{
    uint32_t *words = NULL;
    uint16_t *unit, *head = NULL;

    row->list_items = count + SEGMENT_HEAD * count_segments(places, count);
    if (!grow_lists(b, row, &words, err))
        return false;
    unit = (void *)words;
    for (uint32_t i = 0; i < count; i++) {
        if (!i || places[i] >> ID_BITS != places[i - 1] >> ID_BITS) {
            head = unit;
            unit += SEGMENT_HEAD;
            head[0] = (uint16_t)(places[i] >> ID_BITS);
            head[1] = UINT16_MAX;
        }
        head[1]++; /* from -1: readers - 1 */
        *unit++ = (uint16_t)places[i];
    }
    return true;
}

static bool add_row(struct build *b, struct model_index_row **out,
                    struct err *err)
{
    struct reader_index *x = b->x;

    if (!mem_grow(&x->rows, &x->rows_cap, x->meta.row_count + (size_t)1,
                  sizeof *x->rows, err))
        return false;
    *out = &x->rows[x->meta.row_count++];
    **out = (struct model_index_row){.tile = x->meta.tile_count,
                                     .list = x->meta.word_count};
    return true;
}

static bool add_weight(struct build *b, uint32_t post, unsigned weight,
                       struct err *err)
{
    uint32_t count = take_places(b, post, weight), rest;
    uint32_t tiles = choose_tiles(b->places, count, b->tile_cost, &rest);
    struct model_index_row *row;

    if (!add_row(b, &row, err))
        return false;
    row->shape = weight;
    return add_bits(b, row, tiles, count - rest, err) &&
           add_list(b, row, b->places + count - rest, rest, err);
}

static bool add_short(struct build *b, uint32_t post, struct err *err)
{
    struct model_index_row *row;
    uint32_t *words;

    if (!add_row(b, &row, err))
        return false;
    row->list_items = b->counts[post];
    if (!grow_lists(b, row, &words, err))
        return false;
    memcpy(words, b->pairs + b->matrix->post_rows[post],
           row->list_items * sizeof *words);
    return true;
}

static bool add_post(struct build *b, uint32_t post, struct err *err)
{
    uint32_t of[WEIGHTS];
    uint32_t kinds = count_weights(b, post, of);

    if (!kinds)
        return true;
    if (!is_split(b, post, kinds))
        return add_short(b, post, err);
    for (unsigned weight = 1; weight < WEIGHTS; weight++)
        if (of[weight] && !add_weight(b, post, weight, err))
            return false;
    return true;
}

/* Lines that rows would have at this cost. */
static uint64_t count_tiles(struct build *b, uint32_t tile_cost)
{
    uint32_t of[WEIGHTS], rest;
    uint64_t tiles = 0;

    for (uint32_t post = 0; post < b->matrix->post_count; post++) {
        uint32_t kinds = count_weights(b, post, of);
        if (!is_split(b, post, kinds))
            continue;
        for (unsigned weight = 1; weight < WEIGHTS; weight++)
            if (of[weight] > tile_cost)
                tiles += choose_tiles(b->places, take_places(b, post, weight),
                                      tile_cost, &rest);
    }
    return tiles;
}

static void choose_cost(struct build *b)
{
    enum { LINE_BYTES = 64 };
    uint64_t most =
        (uint64_t)b->matrix->pair_count * INDEX_PAIR_BYTES / LINE_BYTES;

    b->tile_cost = b->plan.tile_cost;
    for (int i = 0; !b->plan.tile_cost && i < TILE_COSTS; i++) {
        b->tile_cost = tile_costs[i];
        if (count_tiles(b, b->tile_cost) <= most)
            break;
    }
}

static bool add_posts(struct build *b, struct err *err)
{
    struct reader_index *x = b->x;

    for (uint32_t post = 0; post < x->post_count; post++) {
        if (!add_post(b, post, err))
            return false;
        x->posts[post + 1] = x->meta.row_count;
    }
    return true;
}

bool reader_index_pays(const struct matrix *matrix,
                       const struct index_plan *plan)
{
    uint64_t users = matrix->user_count, met = 0; /* by all users together */

    if (plan->readers_most || plan->tile_cost || plan->split_least)
        return true;
    for (uint32_t post = 0; post < matrix->post_count; post++) {
        uint64_t readers = matrix_post_row(matrix, post).count;
        met += readers * readers;
    }
    return met > users * users / INDEX_THIN;
}

bool reader_index_build(const struct matrix *matrix, const uint8_t *weight_of,
                        const uint32_t *norms, const struct index_plan *plan,
                        struct reader_index *out, struct err *err)
{
    struct build b = {.matrix = matrix,
                      .weight_of = weight_of,
                      .plan = *plan,
                      .x = out,
                      .blocks =
                          (matrix->user_count + INDEX_BLOCK - 1) / INDEX_BLOCK};
    bool ok = false;

    *out = (struct reader_index){.user_count = matrix->user_count,
                                 .post_count = matrix->post_count,
                                 .meta.readers_most = plan->readers_most};
    if (!mem_take(out->user_count, sizeof *out->users, &out->users, err) ||
        !mem_take((size_t)out->post_count + 1, sizeof *out->posts, &out->posts,
                  err) ||
        !mem_take(out->user_count, sizeof *b.places, &b.places, err) ||
        !order_users(out, norms, err) || !turn(&b, err) || !cut(&b, err))
        goto out;
    choose_cost(&b);
    ok = add_posts(&b, err);
out:
    mem_give(b.pairs);
    mem_give(b.at_ms);
    mem_give(b.counts);
    mem_give(b.places);
    if (!ok)
        reader_index_release(out);
    return ok;
}

void reader_index_release(struct reader_index *x)
{
    mem_give(x->users);
    mem_give(x->posts);
    mem_give(x->rows);
    mem_give(x->bits);
    mem_give(x->lists);
    *x = (struct reader_index){0};
}
