#include <inttypes.h>
#include <math.h>

#include "base/utf8.h"
#include "reco/content.h"
#include "reco/model_parts.h"
#include "reco/similar.h"

static bool bad(struct err *err, const char *what, uint32_t at)
{
    return err_set(err, ERR_CORRUPT, "model: %s %" PRIu32, what, at);
}

/* True with *found: all sections [from, end); false in *found: none. */
static bool check_group(const struct model *m, uint32_t from, uint32_t end,
                        bool *found, struct err *err)
{
    uint32_t count = 0;
    size_t bytes;

    for (uint32_t id = from; id < end; id++)
        count += model_section_at(m->bytes, id, &bytes) != NULL;
    *found = count != 0;
    return !count || count == end - from ||
           bad(err, "part of a group, section", from);
}

static bool has_size(const struct model *m, uint32_t id, uint64_t bytes)
{
    size_t found;

    model_section_at(m->bytes, id, &found);
    return found == bytes;
}

/* rows[0] is 0, rows[count] is `end`, none ends before it begins. */
static bool check_rows(const uint32_t *rows, uint32_t count, uint32_t end)
{
    if (rows[0] || rows[count] != end)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (rows[i] > rows[i + 1])
            return false;
    return true;
}

/* ---- contents ---- */

static bool check_content_sizes(const struct model *m, struct err *err)
{
    const struct model_content *c = m->content;
    uint64_t terms = 0, pairs = 0;
    const uint64_t u16 = sizeof(uint16_t), u32 = sizeof(uint32_t);

    if (!has_size(m, MODEL_CONTENT_META, sizeof *c))
        return bad(err, "contents", 0);
    terms = c->term_count;
    pairs = c->pair_count;
    if (terms > PAIR_ORDINALS || !isfinite(c->average) || c->average < 0)
        return bad(err, "contents of terms", c->term_count);
    return (has_size(m, MODEL_TERM_KEYS, terms * sizeof(uint64_t)) &&
            has_size(m, MODEL_TERM_KINDS, terms) &&
            has_size(m, MODEL_TERM_TEXT_ENDS, terms * u32) &&
            has_size(m, MODEL_TERM_ROWS, (terms + 1) * u32) &&
            has_size(m, MODEL_TERM_POSTS, pairs * u32) &&
            has_size(m, MODEL_TERM_WEIGHTS, pairs * u16) &&
            has_size(m, MODEL_TEXT_ROWS, ((uint64_t)m->post_count + 1) * u32) &&
            has_size(m, MODEL_TEXT_TERMS, pairs * u32) &&
            has_size(m, MODEL_TEXT_WEIGHTS, pairs * u16)) ||
           bad(err, "contents, size of pairs", c->pair_count);
}

static bool check_terms(const struct model *m, struct err *err)
{
    uint32_t terms = m->content->term_count, from = 0;
    size_t text_bytes;

    model_section_at(m->bytes, MODEL_TERM_TEXT, &text_bytes);
    for (uint32_t t = 0; t < terms; t++) {
        uint32_t end = m->term_text_ends[t];
        if (m->term_kinds[t] >= TERM_KINDS || end < from || end > text_bytes ||
            (t && m->term_keys[t - 1] >= m->term_keys[t]) ||
            !utf8_printable(
                (struct span){(const char *)m->term_text + from, end - from}))
            return bad(err, "term", t);
        from = end;
    }
    return from == text_bytes || bad(err, "text of terms", terms);
}

struct cells {
    const uint32_t *rows, *cells;
    const uint16_t *weights;
    uint32_t count, others;
    bool of_terms;
};

static bool check_cells(const struct cells *c, uint32_t pairs, uint64_t *sum,
                        struct err *err)
{
    if (!check_rows(c->rows, c->count, pairs))
        return bad(err, "contents, rows of", c->count);
    for (uint32_t row = 0; row < c->count; row++)
        for (uint32_t i = c->rows[row]; i < c->rows[row + 1]; i++) {
            uint32_t cell = c->cells[i], weight = c->weights[i];
            if (cell >= c->others || !weight || weight > CONTENT_ONE ||
                (i > c->rows[row] && c->cells[i - 1] >= cell))
                return bad(err, "contents, row", row);
            /* + 1: the mix of nothing but zeros is zero. */
            *sum += model_mix((c->of_terms ? row : cell) + 1,
                              c->of_terms ? cell : row) *
                    (weight * (uint64_t)2 + 1);
        }
    return true;
}

static bool check_content(const struct model *m, struct err *err)
{
    const struct model_content *c = m->content;
    uint64_t terms_sum = 0, posts_sum = 0;
    struct cells terms, posts;

    if (!check_content_sizes(m, err) || !check_terms(m, err))
        return false;
    terms = (struct cells){m->term_rows,  m->term_posts, m->term_weights,
                           c->term_count, m->post_count, true};
    posts = (struct cells){m->text_rows,  m->text_terms, m->text_weights,
                           m->post_count, c->term_count, false};
    return check_cells(&terms, c->pair_count, &terms_sum, err) &&
           check_cells(&posts, c->pair_count, &posts_sum, err) &&
           (terms_sum == posts_sum ||
            bad(err, "contents, the two directions differ", 0));
}

/* ---- items ---- */

static bool check_items(const struct model *m, struct err *err)
{
    size_t bytes;
    uint32_t pairs;

    model_section_at(m->bytes, MODEL_ITEM_POSTS, &bytes);
    pairs = (uint32_t)(bytes / sizeof pairs);
    if (bytes != (uint64_t)pairs * sizeof pairs ||
        !has_size(m, MODEL_ITEM_SIMS, bytes) ||
        !has_size(m, MODEL_ITEM_ROWS,
                  ((uint64_t)m->post_count + 1) * sizeof pairs) ||
        !check_rows(m->item_rows, m->post_count, pairs))
        return bad(err, "items, rows of", pairs);
    for (uint32_t post = 0; post < m->post_count; post++)
        for (uint32_t i = m->item_rows[post]; i < m->item_rows[post + 1]; i++)
            if (m->item_posts[i] >= m->post_count || m->item_posts[i] == post ||
                !m->item_sims[i] || m->item_sims[i] > 1u << SIMILAR_BITS ||
                (i > m->item_rows[post] &&
                 m->item_posts[i - 1] >= m->item_posts[i]))
                return bad(err, "items, row", post);
    return true;
}

/* ---- trend ---- */

/* Strictly descending by (heat, smaller ordinal): no post comes twice. */
static bool check_trend(const struct model *m, struct err *err)
{
    size_t bytes;
    uint32_t hot = 0;

    model_section_at(m->bytes, MODEL_TREND_POSTS, &bytes);
    if (bytes != (uint64_t)m->trend_count * sizeof hot ||
        m->trend_count > m->post_count ||
        !has_size(m, MODEL_TREND_HEATS,
                  m->post_count * (uint64_t)sizeof(float)))
        return bad(err, "trend of posts", m->trend_count);
    for (uint32_t post = 0; post < m->post_count; post++) {
        float heat = m->trend_heats[post];
        if (isnan(heat) || heat == INFINITY)
            return bad(err, "heat of post", post);
        hot += isfinite(heat) ? 1 : 0;
    }
    if (hot != m->trend_count)
        return bad(err, "trend, posts with heat", hot);
    for (uint32_t i = 0; i < hot; i++) {
        uint32_t post = m->trend_posts[i], last;
        if (post >= m->post_count || !isfinite(m->trend_heats[post]))
            return bad(err, "trend, place", i);
        if (!i)
            continue;
        last = m->trend_posts[i - 1];
        if (m->trend_heats[last] < m->trend_heats[post] ||
            (m->trend_heats[last] == m->trend_heats[post] && last >= post))
            return bad(err, "trend, order at", i);
    }
    return true;
}

bool model_check_parts(const struct model *m, struct err *err)
{
    bool content, items, trend, index;

    return check_group(m, MODEL_CONTENT_META, MODEL_CONTENT_END, &content,
                       err) &&
           check_group(m, MODEL_ITEM_ROWS, MODEL_ITEM_END, &items, err) &&
           check_group(m, MODEL_TREND_POSTS, MODEL_TREND_END, &trend, err) &&
           check_group(m, MODEL_INDEX_META, MODEL_INDEX_END, &index, err) &&
           (!content || check_content(m, err)) &&
           (!items || check_items(m, err)) && (!trend || check_trend(m, err)) &&
           (!index || model_check_index(m, err));
}
