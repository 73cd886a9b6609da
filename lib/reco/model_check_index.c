#include <inttypes.h>
#include <string.h>

#include "reco/model_parts.h"
#include "reco/reader_index.h"

enum { ID_BITS = 16, SEGMENT_HEAD = 2, WORD_BITS = 64 };

/* Readers of one post, added up over its rows. */
struct seen {
    const struct model *model;
    uint32_t post;
    uint64_t readers, sum;
};

static bool bad(struct err *err, const char *what, uint32_t at)
{
    return err_set(err, ERR_CORRUPT, "model: index, %s %" PRIu32, what, at);
}

/*
 * Weights times mixed pairs: the sum of all is that of POST_USERS exactly when
 * (but for 1 in 2^64) every reader of every post has his whole weight.
 */
static void see(struct seen *s, uint32_t place, uint32_t weight)
{
    s->readers++;
    s->sum += weight * model_mix(s->post, s->model->index_users[place]);
}

static bool check_sizes(const struct model *m, struct err *err)
{
    const struct model_index *x = m->index;
    const uint64_t u32 = sizeof(uint32_t), word = sizeof(uint64_t);
    uint64_t bytes[MODEL_INDEX_SECTIONS];
    size_t found;

    model_section_at(m->bytes, MODEL_INDEX_META, &found);
    if (found != sizeof *x)
        return bad(err, "section", MODEL_INDEX_META);
    bytes[0] = sizeof *x;
    bytes[MODEL_INDEX_USERS - MODEL_INDEX_META] = m->user_count * u32;
    bytes[MODEL_INDEX_SCALES - MODEL_INDEX_META] = m->user_count * u32;
    bytes[MODEL_INDEX_POSTS - MODEL_INDEX_META] =
        ((uint64_t)m->post_count + 1) * u32;
    bytes[MODEL_INDEX_ROWS - MODEL_INDEX_META] =
        x->row_count * sizeof *m->index_rows;
    bytes[MODEL_INDEX_BITS - MODEL_INDEX_META] =
        (uint64_t)x->tile_count * INDEX_TILE_WORDS * word;
    bytes[MODEL_INDEX_LISTS - MODEL_INDEX_META] = x->word_count * u32;
    for (uint32_t i = 0; i < MODEL_INDEX_SECTIONS; i++) {
        model_section_at(m->bytes, MODEL_INDEX_META + i, &found);
        if (found != bytes[i])
            return bad(err, "section", MODEL_INDEX_META + i);
    }
    return true;
}

/* Norms descend, then ordinals ascend: every user once. */
static bool check_users(const struct model *m, struct err *err)
{
    for (uint32_t i = 0; i < m->user_count; i++) {
        uint32_t user = m->index_users[i], last;
        if (user >= m->user_count)
            return bad(err, "place", i);
        last = i ? m->index_users[i - 1] : user;
        if (i && (m->user_norms[last] < m->user_norms[user] ||
                  (m->user_norms[last] == m->user_norms[user] && last >= user)))
            return bad(err, "place", i);
        if (memcmp(&m->index_scales[i], &m->user_scales[user], sizeof(float)))
            return bad(err, "scale", i);
    }
    return true;
}

static bool check_bits(const struct model *m, const struct model_index_row *row,
                       struct seen *seen)
{
    const uint64_t *bits = m->index_bits + (size_t)row->tile * INDEX_TILE_WORDS;
    uint32_t weight = index_row_weight(row);
    size_t words = (size_t)index_row_tiles(row) * INDEX_TILE_WORDS;

    for (size_t w = 0; w < words; w++)
        for (uint64_t rest = bits[w]; rest; rest &= rest - 1) {
            uint32_t bit = (uint32_t)(w % INDEX_TILE_WORDS) * WORD_BITS +
                           (uint32_t)__builtin_ctzll(rest);
            uint32_t place = (uint32_t)(w / INDEX_TILE_WORDS) * INDEX_TILE +
                             index_place_of(bit);
            if (place >= m->user_count)
                return false;
            see(seen, place, weight);
        }
    return true;
}

/* Segments ascend, so do the places in each; none lies in a tile of bits. */
static bool check_list(const struct model *m, const struct model_index_row *row,
                       struct seen *seen)
{
    const uint16_t *at = (const void *)(m->index_lists + row->list);
    uint64_t next = (uint64_t)index_row_tiles(row) * INDEX_TILE;
    uint32_t left = row->list_items, least = 0; /* of the next block */

    if (left % 2 && at[left])
        return false;
    while (left) {
        uint32_t high, size;
        if (left <= SEGMENT_HEAD)
            return false;
        high = (uint32_t)at[0] << ID_BITS;
        size = at[1] + 1u;
        if (size > left - SEGMENT_HEAD || at[0] < least)
            return false;
        least = at[0] + 1u;
        at += SEGMENT_HEAD;
        for (uint32_t i = 0; i < size; i++) {
            uint32_t place = high | at[i];
            if (place < next || place >= m->user_count)
                return false;
            next = (uint64_t)place + 1;
            see(seen, place, index_row_weight(row));
        }
        at += size;
        left -= SEGMENT_HEAD + size;
    }
    return true;
}

static bool check_pairs(const struct model *m,
                        const struct model_index_row *row, struct seen *seen)
{
    const uint32_t *pairs = m->index_lists + row->list;
    uint64_t next = 0;

    for (uint32_t i = 0; i < row->list_items; i++) {
        uint32_t place = pair_ordinal(pairs[i]);
        uint32_t weight = m->weight_of[pair_mask(pairs[i])];
        if (place < next || place >= m->user_count || !weight)
            return false;
        next = (uint64_t)place + 1;
        see(seen, place, weight);
    }
    return true;
}

/* Where the next row's parts begin. */
struct ends {
    uint64_t tile, word;
};

static bool check_row(const struct model *m, const struct model_index_row *row,
                      struct ends *ends, struct seen *seen)
{
    uint32_t tiles = index_row_tiles(row), weight = index_row_weight(row);

    if (row->tile != ends->tile || row->list != ends->word ||
        tiles > index_tiles(m->user_count) || weight > m->weight_most ||
        (!weight && tiles))
        return false;
    ends->tile += tiles;
    ends->word += index_row_words(row);
    if (ends->tile > m->index->tile_count || ends->word > m->index->word_count)
        return false;
    return weight ? check_bits(m, row, seen) && check_list(m, row, seen)
                  : check_pairs(m, row, seen);
}

/* A row of pairs stands alone, others by weight. */
static bool check_post(const struct model *m, struct ends *ends,
                       struct seen *seen)
{
    uint32_t from = m->index_posts[seen->post];
    uint32_t end = m->index_posts[seen->post + 1], least = 0;
    uint64_t most = m->index->readers_most;
    uint64_t readers = model_post_row(m, seen->post).count;

    for (uint32_t r = from; r < end; r++) {
        const struct model_index_row *row = &m->index_rows[r];
        uint32_t weight = index_row_weight(row);
        if (weight < least || (!weight && end - from > 1) ||
            !check_row(m, row, ends, seen))
            return false;
        least = weight + 1;
    }
    return seen->readers == (most && most < readers ? most : readers);
}

static uint64_t sum_of_row(const struct model *m, uint32_t post)
{
    struct row row = model_post_row(m, post);
    uint64_t sum = 0;

    for (uint32_t i = 0; i < row.count; i++)
        sum += m->weight_of[pair_mask(row.pairs[i])] *
               model_mix(post, pair_ordinal(row.pairs[i]));
    return sum;
}

static bool check_posts(const struct model *m, struct err *err)
{
    struct ends ends = {0};
    const uint32_t *posts = m->index_posts;

    if (posts[0] || posts[m->post_count] != m->index->row_count)
        return bad(err, "rows", m->index->row_count);
    for (uint32_t p = 0; p < m->post_count; p++) {
        struct seen seen = {.model = m, .post = p};
        if (posts[p] > posts[p + 1] || posts[p + 1] > m->index->row_count ||
            !check_post(m, &ends, &seen))
            return bad(err, "post", p);
        if (!m->index->readers_most && seen.sum != sum_of_row(m, p))
            return bad(err, "readers of post", p);
    }
    return (ends.tile == m->index->tile_count &&
            ends.word == m->index->word_count) ||
           bad(err, "end of rows", m->post_count);
}

bool model_check_index(const struct model *m, struct err *err)
{
    return check_sizes(m, err) && check_users(m, err) && check_posts(m, err);
}
