#include "reco/model_write.h"

#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "reco/model_parts.h"

/* The file as it grows: one open section, its bytes gathered into blocks. */
struct writer {
    struct file_writer file;
    const struct model_source *source;
    struct model_section table[MODEL_SECTIONS_MOST];
    uint32_t section_count;
    struct hash_stream hash;
    unsigned char *block;
    size_t block_bytes;
    uint32_t *norms; /* [users] */
    uint32_t largest_norm;
    uint64_t *text_rows; /* [posts + 1] */
    struct model_title *titles;
    bool indexed;
    struct reader_index index;
};

static bool flush_block(struct writer *w, struct err *err)
{
    if (!w->block_bytes)
        return true;
    hash_add(&w->hash, w->block, w->block_bytes);
    if (!file_add(&w->file, w->block, w->block_bytes, err))
        return false;
    w->block_bytes = 0;
    return true;
}

static bool put(struct writer *w, const void *at, size_t bytes, struct err *err)
{
    const unsigned char *p = at;

    while (bytes) {
        size_t piece = MODEL_BLOCK_BYTES - w->block_bytes;
        piece = piece < bytes ? piece : bytes;
        memcpy(w->block + w->block_bytes, p, piece);
        w->block_bytes += piece;
        p += piece;
        bytes -= piece;
        if (w->block_bytes == MODEL_BLOCK_BYTES && !flush_block(w, err))
            return false;
    }
    return true;
}

static bool pad(struct writer *w, struct err *err)
{
    static const unsigned char zeros[MODEL_ALIGN];

    return file_add(&w->file, zeros, model_align(w->file.bytes) - w->file.bytes,
                    err);
}

static void begin(struct writer *w, enum model_section_id id)
{
    w->table[w->section_count] = (struct model_section){
        .id = id,
        .flags = id < MODEL_REQUIRED_END ? 0 : MODEL_OPTIONAL,
        .offset = w->file.bytes};
    hash_begin(&w->hash);
}

static bool end(struct writer *w, struct err *err)
{
    struct model_section *s = &w->table[w->section_count++];

    if (!flush_block(w, err))
        return false;
    s->bytes = w->file.bytes - s->offset;
    s->checksum = hash_end(&w->hash);
    return pad(w, err);
}

static bool section(struct writer *w, enum model_section_id id, const void *at,
                    size_t count, size_t item_bytes, struct err *err)
{
    begin(w, id);
    return put(w, at, count * item_bytes, err) && end(w, err);
}

static bool ascending(const struct uuid *ids, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (uuid_compare(&ids[i - 1], &ids[i]) >= 0)
            return false;
    return true;
}

static bool version_fits(const char *version)
{
    size_t bytes = version ? strlen(version) : 0;

    for (size_t i = 0; i < bytes; i++)
        if (version[i] <= ' ' || version[i] > '~')
            return false;
    return bytes > 0 && bytes < MODEL_VERSION_BYTES;
}

static bool judge_source(const struct model_source *s, struct err *err)
{
    enum { WEIGHT_MOST = 15 };
    const struct weights *w = &s->weights;

    if (!ascending(s->user_ids, s->matrix->user_count) ||
        !ascending(s->post_ids, s->matrix->post_count))
        return err_set(err, ERR_INVALID, "model: ids are not ascending");
    if (!version_fits(s->version))
        return err_set(err, ERR_INVALID, "model: version text");
    if (w->view > WEIGHT_MOST || w->click > WEIGHT_MOST ||
        w->like > WEIGHT_MOST || w->share > WEIGHT_MOST)
        return err_set(err, ERR_INVALID, "model: weight over %d", WEIGHT_MOST);
    if (s->extra_count >
        MODEL_SECTIONS_MOST - (MODEL_REQUIRED_END - 1) - MODEL_INDEX_SECTIONS)
        return err_set(err, ERR_INVALID, "model: %u more sections",
                       s->extra_count);
    if (s->neighbours < 1 || s->neighbours > NEIGHBOURS_MOST)
        return err_set(err, ERR_INVALID, "model: %u neighbours", s->neighbours);
    return true;
}

static bool make_norms(struct writer *w, struct err *err)
{
    const struct matrix *m = w->source->matrix;
    uint8_t weight_of[2 * MASK_COUNT];

    weights_table(&w->source->weights, weight_of);
    if (!mem_take(m->user_count, sizeof *w->norms, &w->norms, err))
        return false;
    for (uint32_t u = 0; u < m->user_count; u++) {
        struct row row = matrix_user_row(m, u);
        uint64_t norm = 0;
        for (uint32_t i = 0; i < row.count; i++) {
            uint32_t weight = weight_of[pair_mask(row.pairs[i])];
            if (!weight)
                return err_set(err, ERR_INVALID,
                               "model: matrix of other weights");
            norm += weight * weight;
        }
        if (norm > UINT32_MAX)
            return err_set(err, ERR_LIMIT, "model: norm of user %u", u);
        w->norms[u] = (uint32_t)norm;
        if (norm > w->largest_norm)
            w->largest_norm = (uint32_t)norm;
    }
    return true;
}

static bool put_meta(struct writer *w, struct err *err)
{
    const struct model_source *s = w->source;
    struct model_meta meta = {
        .user_count = s->matrix->user_count,
        .post_count = s->matrix->post_count,
        .pair_count = s->matrix->pair_count,
        .largest_norm = w->largest_norm,
        .built_at_ms = s->built_at_ms,
        .trained_until_ms = s->trained_until_ms,
        .data_hash = model_data_hash(s),
        .neighbours = s->neighbours,
        .weight_view = s->weights.view,
        .weight_click = s->weights.click,
        .weight_like = s->weights.like,
        .weight_share = s->weights.share,
        .weight_max = s->weights.use_max,
        .algorithm = MODEL_ALGORITHM,
    };

    memcpy(meta.version, s->version, strlen(s->version));
    return section(w, MODEL_META, &meta, 1, sizeof meta, err);
}

static bool put_users(struct writer *w, struct err *err)
{
    const struct model_source *s = w->source;
    const struct matrix *m = s->matrix;
    size_t users = m->user_count, u32 = sizeof(uint32_t);

    if (!section(w, MODEL_USER_IDS, s->user_ids, users, UUID_BYTES, err) ||
        !section(w, MODEL_USER_ROWS, m->user_rows, users + 1, u32, err) ||
        !section(w, MODEL_USER_POSTS, m->user_posts, m->pair_count, u32, err) ||
        !section(w, MODEL_USER_NORMS, w->norms, users, u32, err))
        return false;
    begin(w, MODEL_USER_SCALES);
    for (size_t u = 0; u < users; u++) {
        float scale = model_scale(w->norms[u]);
        if (!put(w, &scale, sizeof scale, err))
            return false;
    }
    return end(w, err);
}

static bool put_slots(struct writer *w, struct err *err)
{
    const struct model_source *s = w->source;
    uint32_t count = model_slot_count(s->matrix->post_count);
    uint32_t *slots;
    bool ok;

    if (!mem_take(count, sizeof *slots, &slots, err))
        return false;
    for (uint32_t p = 0; p < s->matrix->post_count; p++) {
        uint32_t i = model_first_slot(s->post_ids[p], count - 1);
        while (slots[i])
            i = (i + 1) & (count - 1);
        slots[i] = p + 1;
    }
    ok = section(w, MODEL_POST_SLOTS, slots, count, sizeof *slots, err);
    mem_give(slots);
    return ok;
}

/* A section of equal items where the source gives no array. */
static bool section_of(struct writer *w, enum model_section_id id,
                       const void *at, const void *item, size_t item_bytes,
                       struct err *err)
{
    if (at)
        return section(w, id, at, w->source->matrix->post_count, item_bytes,
                       err);
    begin(w, id);
    for (uint32_t p = 0; p < w->source->matrix->post_count; p++)
        if (!put(w, item, item_bytes, err))
            return false;
    return end(w, err);
}

static bool put_posts(struct writer *w, struct err *err)
{
    static const struct uuid no_author;
    static const uint8_t visible = MODEL_VISIBLE;
    static const int64_t never;
    const struct model_source *s = w->source;
    const struct matrix *m = s->matrix;
    size_t posts = m->post_count, u32 = sizeof(uint32_t);

    return section(w, MODEL_POST_IDS, s->post_ids, posts, UUID_BYTES, err) &&
           put_slots(w, err) &&
           section(w, MODEL_POST_ROWS, m->post_rows, posts + 1, u32, err) &&
           section(w, MODEL_POST_USERS, m->post_users, m->pair_count, u32,
                   err) &&
           section_of(w, MODEL_POST_AUTHORS, s->post_authors, &no_author,
                      sizeof no_author, err) &&
           section_of(w, MODEL_POST_FLAGS, s->post_flags, &visible,
                      sizeof visible, err) &&
           section_of(w, MODEL_POST_PUBLISHED, s->post_published_ms, &never,
                      sizeof never, err);
}

static bool put_text(struct writer *w, uint32_t post, struct err *err)
{
    const struct model_source *s = w->source;
    struct span text = {0};
    struct model_title title = {0};

    if (s->text && !s->text(s->text_arg, post, &text, &title, err))
        return false;
    if (title.offset > text.bytes || title.bytes > text.bytes - title.offset)
        return err_set(err, ERR_INVALID, "model: title of post %u", post);
    w->titles[post] = title;
    w->text_rows[post + 1] = w->text_rows[post] + text.bytes;
    return put(w, text.at, text.bytes, err);
}

static bool put_texts(struct writer *w, struct err *err)
{
    size_t posts = w->source->matrix->post_count;

    if (!mem_take(posts + 1, sizeof *w->text_rows, &w->text_rows, err) ||
        !mem_take(posts, sizeof *w->titles, &w->titles, err))
        return false;
    begin(w, MODEL_POST_TEXT);
    for (uint32_t p = 0; p < posts; p++)
        if (!put_text(w, p, err))
            return false;
    return end(w, err) &&
           section(w, MODEL_POST_TEXT_ROWS, w->text_rows, posts + 1,
                   sizeof *w->text_rows, err) &&
           section(w, MODEL_POST_TITLES, w->titles, posts, sizeof *w->titles,
                   err);
}

static bool put_head(struct writer *w, struct err *err)
{
    struct model_head head = {.magic = MODEL_MAGIC,
                              .version = MODEL_VERSION,
                              .section_count = w->section_count,
                              .file_bytes = w->file.bytes};
    struct hash_stream h;

    hash_begin(&h);
    hash_add(&h, &head, sizeof head);
    hash_add(&h, w->table, w->section_count * sizeof *w->table);
    head.checksum = hash_end(&h);
    return file_patch(&w->file, 0, &head, sizeof head, err) &&
           file_patch(&w->file, sizeof head, w->table,
                      w->section_count * sizeof *w->table, err);
}

static bool put_extras(struct writer *w, struct err *err)
{
    const struct model_source *s = w->source;
    struct model_extra extras[MODEL_SECTIONS_MOST];

    if (!s->extra_count)
        return true;
    if (!s->extras(s->extras_arg, extras, err))
        return false;
    for (uint32_t i = 0; i < s->extra_count; i++) {
        begin(w, extras[i].id);
        if (!put(w, extras[i].at, extras[i].bytes, err) || !end(w, err))
            return false;
    }
    return true;
}

static bool put_scales(struct writer *w, struct err *err)
{
    const struct reader_index *x = &w->index;

    begin(w, MODEL_INDEX_SCALES);
    for (uint32_t i = 0; i < x->user_count; i++) {
        float scale = model_scale(w->norms[x->users[i]]);
        if (!put(w, &scale, sizeof scale, err))
            return false;
    }
    return end(w, err);
}

static bool put_index(struct writer *w, struct err *err)
{
    const struct model_source *s = w->source;
    struct reader_index *x = &w->index;
    size_t u32 = sizeof(uint32_t), posts = s->matrix->post_count;
    uint8_t weight_of[2 * MASK_COUNT];

    if (!w->indexed)
        return true;
    weights_table(&s->weights, weight_of);
    return reader_index_build(s->matrix, weight_of, w->norms, &s->index, x,
                              err) &&
           section(w, MODEL_INDEX_META, &x->meta, 1, sizeof x->meta, err) &&
           section(w, MODEL_INDEX_USERS, x->users, x->user_count, u32, err) &&
           put_scales(w, err) &&
           section(w, MODEL_INDEX_POSTS, x->posts, posts + 1, u32, err) &&
           section(w, MODEL_INDEX_ROWS, x->rows, x->meta.row_count,
                   sizeof *x->rows, err) &&
           section(w, MODEL_INDEX_BITS, x->bits,
                   (size_t)x->meta.tile_count * INDEX_TILE_WORDS,
                   sizeof *x->bits, err) &&
           section(w, MODEL_INDEX_LISTS, x->lists, x->meta.word_count, u32,
                   err);
}

static bool put_all(struct writer *w, struct err *err)
{
    /* The head is known last; its room is kept by zeros. */
    static const unsigned char
        room[sizeof(struct model_head) + sizeof((struct writer *)0)->table];
    const struct model_source *source = w->source;
    size_t sections = MODEL_REQUIRED_END - 1 + (size_t)source->extra_count +
                      (w->indexed ? MODEL_INDEX_SECTIONS : 0);
    size_t room_bytes =
        sizeof(struct model_head) + sections * sizeof(struct model_section);

    return file_add(&w->file, room, room_bytes, err) && pad(w, err) &&
           put_meta(w, err) && put_users(w, err) && put_posts(w, err) &&
           put_texts(w, err) && put_extras(w, err) && put_index(w, err) &&
           put_head(w, err);
}

static bool prepare(struct writer *w, struct err *err)
{
    const struct model_source *s = w->source;

    if (!judge_source(s, err))
        return false;
    w->indexed = !s->without_index && reader_index_pays(s->matrix, &s->index);
    return mem_take(MODEL_BLOCK_BYTES, 1, &w->block, err) && make_norms(w, err);
}

static void writer_release(struct writer *w)
{
    file_drop(&w->file);
    mem_give(w->block);
    mem_give(w->norms);
    mem_give(w->text_rows);
    mem_give(w->titles);
    reader_index_release(&w->index);
}

bool model_write(const char *path, const struct model_source *source,
                 struct err *err)
{
    struct writer w = {.source = source, .file = {.fd = -1}};
    bool ok = prepare(&w, err) && file_begin(&w.file, path, err) &&
              put_all(&w, err) && file_publish(&w.file, err);

    writer_release(&w);
    return ok;
}

bool model_make(const struct model_source *source, struct model *out,
                struct err *err)
{
    struct writer w = {.source = source, .file = {.fd = -1}};
    struct span bytes;
    bool ok = prepare(&w, err) && file_begin_memory(&w.file, err) &&
              put_all(&w, err) && file_map(&w.file, &bytes, err);

    writer_release(&w);
    if (!ok)
        return false;
    ok = model_of_bytes(bytes.at, bytes.bytes, out, err);
    if (ok)
        out->mapped = true;
    else
        munmap((void *)(uintptr_t)bytes.at, bytes.bytes);
    return ok;
}

uint64_t model_data_hash(const struct model_source *s)
{
    const struct matrix *m = s->matrix;
    struct hash_stream h;

    hash_begin(&h);
    hash_add(&h, s->user_ids, m->user_count * sizeof *s->user_ids);
    hash_add(&h, s->post_ids, m->post_count * sizeof *s->post_ids);
    hash_add(&h, m->user_rows, (m->user_count + (size_t)1) * sizeof(uint32_t));
    hash_add(&h, m->user_posts, m->pair_count * sizeof(uint32_t));
    return hash_end(&h);
}
