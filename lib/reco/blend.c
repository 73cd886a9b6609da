#include "reco/blend.h"

#include <string.h>

#include "base/span.h"

enum { WEIGHT_MOST = 1000, SLOTS = sizeof((struct blend *)0)->slots / 4 };

/* ---- the table ---- */

static bool refuse(struct err *err, const char *text)
{
    return err_set(err, ERR_INVALID,
                   "blend %s: bands like "
                   "0:neighbours/items/content/trending 5:100/30/20/20, "
                   "ascending from 0, weights of 0 to %d, at most %d bands",
                   text, WEIGHT_MOST, BLEND_BANDS_MOST);
}

static bool read_number(struct span text, uint32_t most, uint32_t *out)
{
    uint64_t value;

    if (!span_u64(text, &value) || value > most)
        return false;
    *out = (uint32_t)value;
    return true;
}

static bool read_band(struct span text, struct blend_band *out)
{
    struct span part;

    if (!span_cut(&text, ':', &part) ||
        !read_number(part, UINT32_MAX, &out->from))
        return false;
    for (int p = 0; p < BLEND_PARTS; p++)
        if (!span_cut(&text, '/', &part) ||
            !read_number(part, WEIGHT_MOST, &out->weights[p]))
            return false;
    return !text.bytes;
}

bool blend_table_read(const char *text, struct blend_table *out,
                      struct err *err)
{
    struct span rest = span_of(text), band;

    *out = (struct blend_table){0};
    while (span_cut(&rest, ' ', &band)) {
        struct blend_band *b = &out->bands[out->band_count];
        if (!band.bytes)
            continue;
        if (out->band_count == BLEND_BANDS_MOST || !read_band(band, b) ||
            (out->band_count ? b->from <= b[-1].from : b->from != 0))
            return refuse(err, text);
        out->band_count++;
    }
    return out->band_count || refuse(err, text);
}

const struct blend_band *blend_band_of(const struct blend_table *t,
                                       uint32_t history)
{
    uint32_t i = t->band_count - 1;

    while (i && t->bands[i].from > history)
        i--;
    return &t->bands[i];
}

/* ---- the blend ---- */

static struct blended *find(struct blend *b, uint32_t post)
{
    const uint32_t golden = 0x9e3779b9; /* 2^32 / golden ratio */
    const unsigned high = 20;           /* leaves the upper 12 bits */
    uint32_t i = (post * golden) >> high;

    while (b->slots[i] && b->posts[b->slots[i] - 1].post != post)
        i = (i + 1) & (SLOTS - 1);
    if (!b->slots[i]) {
        b->posts[b->count] = (struct blended){.post = post};
        b->slots[i] = ++b->count;
    }
    return &b->posts[b->slots[i] - 1];
}

static bool worse(const void *left, const void *right)
{
    const struct blended *a = left, *b = right;

    return a->score != b->score ? a->score < b->score : a->post > b->post;
}

static void sort(struct blend *b)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < b->count; i++) {
        struct blended one = b->posts[i];
        heap_keep(b->posts, &kept, BLEND_MOST, &one, sizeof one, worse);
    }
    heap_sort(b->posts, b->count, sizeof *b->posts, worse);
}

void blend_make(struct blend *b, const struct part *const parts[BLEND_PARTS],
                const uint32_t weights[BLEND_PARTS])
{
    uint32_t total = 0;

    b->count = 0;
    memset(b->slots, 0, sizeof b->slots);
    for (int p = 0; p < BLEND_PARTS; p++)
        if (parts[p] && parts[p]->count)
            total += weights[p];
    for (int p = 0; p < BLEND_PARTS; p++) {
        double most;
        if (!weights[p] || !parts[p] || !parts[p]->count)
            continue;
        most = (double)parts[p]->posts[0].sum;
        for (uint32_t i = 0; i < parts[p]->count; i++) {
            struct blended *post = find(b, parts[p]->posts[i].post);
            double give =
                weights[p] * ((double)parts[p]->posts[i].sum / most) / total;
            post->gives[p] = (float)give;
            post->score += (float)give;
        }
    }
    sort(b);
}

enum blend_part blend_leader(const struct blended *post)
{
    enum blend_part best = 0;

    for (enum blend_part p = 1; p < BLEND_PARTS; p++)
        if (post->gives[p] > post->gives[best])
            best = p;
    return best;
}
