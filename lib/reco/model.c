#include "reco/model.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "reco/model_parts.h"

float model_scale(uint32_t norm)
{
    return norm ? (float)(1 / sqrt((double)norm)) : 0;
}

uint32_t model_first_slot(struct uuid id, uint32_t slot_mask)
{
    return (uint32_t)hash64(id.b, UUID_BYTES) & slot_mask;
}

uint32_t model_slot_count(uint32_t post_count)
{
    uint32_t slots = 1;

    while (slots < 2 * post_count)
        slots *= 2;
    return slots;
}

const void *model_section_at(const void *bytes, uint32_t id, size_t *size)
{
    const struct model_head *head = bytes;
    const struct model_section *table = (const void *)(head + 1);

    for (uint32_t i = 0; i < head->section_count; i++)
        if (table[i].id == id) {
            *size = table[i].bytes;
            return (const unsigned char *)bytes + table[i].offset;
        }
    *size = 0;
    return NULL;
}

static void attach_meta(struct model *m)
{
    const struct model_meta *meta = m->meta;

    m->user_count = meta->user_count;
    m->post_count = meta->post_count;
    m->weights = (struct weights){meta->weight_view, meta->weight_click,
                                  meta->weight_like, meta->weight_share,
                                  meta->weight_max};
    weights_table(&m->weights, m->weight_of);
    for (unsigned mask = 0; mask < MASK_COUNT; mask++)
        if (m->weight_of[mask] > m->weight_most)
            m->weight_most = m->weight_of[mask];
}

static void attach_parts(struct model *m, const void *bytes)
{
    size_t n;

    m->content = model_section_at(bytes, MODEL_CONTENT_META, &n);
    m->term_keys = model_section_at(bytes, MODEL_TERM_KEYS, &n);
    m->term_kinds = model_section_at(bytes, MODEL_TERM_KINDS, &n);
    m->term_text = model_section_at(bytes, MODEL_TERM_TEXT, &n);
    m->term_text_ends = model_section_at(bytes, MODEL_TERM_TEXT_ENDS, &n);
    m->term_rows = model_section_at(bytes, MODEL_TERM_ROWS, &n);
    m->term_posts = model_section_at(bytes, MODEL_TERM_POSTS, &n);
    m->term_weights = model_section_at(bytes, MODEL_TERM_WEIGHTS, &n);
    m->text_rows = model_section_at(bytes, MODEL_TEXT_ROWS, &n);
    m->text_terms = model_section_at(bytes, MODEL_TEXT_TERMS, &n);
    m->text_weights = model_section_at(bytes, MODEL_TEXT_WEIGHTS, &n);
    m->item_rows = model_section_at(bytes, MODEL_ITEM_ROWS, &n);
    m->item_posts = model_section_at(bytes, MODEL_ITEM_POSTS, &n);
    m->item_sims = model_section_at(bytes, MODEL_ITEM_SIMS, &n);
    m->trend_heats = model_section_at(bytes, MODEL_TREND_HEATS, &n);
    m->trend_posts = model_section_at(bytes, MODEL_TREND_POSTS, &n);
    m->trend_count = (uint32_t)(n / sizeof *m->trend_posts);
    m->index = model_section_at(bytes, MODEL_INDEX_META, &n);
    m->index_users = model_section_at(bytes, MODEL_INDEX_USERS, &n);
    m->index_scales = model_section_at(bytes, MODEL_INDEX_SCALES, &n);
    m->index_posts = model_section_at(bytes, MODEL_INDEX_POSTS, &n);
    m->index_rows = model_section_at(bytes, MODEL_INDEX_ROWS, &n);
    m->index_bits = model_section_at(bytes, MODEL_INDEX_BITS, &n);
    m->index_lists = model_section_at(bytes, MODEL_INDEX_LISTS, &n);
}

void model_attach(struct model *m, const void *bytes, size_t size)
{
    size_t n, slot_bytes;

    *m = (struct model){.bytes = bytes, .size = size};
    m->meta = model_section_at(bytes, MODEL_META, &n);
    attach_meta(m);
    m->user_ids = model_section_at(bytes, MODEL_USER_IDS, &n);
    m->user_rows = model_section_at(bytes, MODEL_USER_ROWS, &n);
    m->user_posts = model_section_at(bytes, MODEL_USER_POSTS, &n);
    m->user_norms = model_section_at(bytes, MODEL_USER_NORMS, &n);
    m->user_scales = model_section_at(bytes, MODEL_USER_SCALES, &n);
    m->post_ids = model_section_at(bytes, MODEL_POST_IDS, &n);
    m->post_slots = model_section_at(bytes, MODEL_POST_SLOTS, &slot_bytes);
    m->post_slot_mask = (uint32_t)(slot_bytes / sizeof *m->post_slots) - 1;
    m->post_rows = model_section_at(bytes, MODEL_POST_ROWS, &n);
    m->post_users = model_section_at(bytes, MODEL_POST_USERS, &n);
    m->post_authors = model_section_at(bytes, MODEL_POST_AUTHORS, &n);
    m->post_flags = model_section_at(bytes, MODEL_POST_FLAGS, &n);
    m->post_published_ms = model_section_at(bytes, MODEL_POST_PUBLISHED, &n);
    m->post_text = model_section_at(bytes, MODEL_POST_TEXT, &n);
    m->post_text_rows = model_section_at(bytes, MODEL_POST_TEXT_ROWS, &n);
    m->post_titles = model_section_at(bytes, MODEL_POST_TITLES, &n);
    attach_parts(m, bytes);
}

bool model_of_bytes(const void *bytes, size_t size, struct model *model,
                    struct err *err)
{
    *model = (struct model){0};
    if (!model_check(bytes, size, err))
        return false;
    model_attach(model, bytes, size);
    return true;
}

static struct model_file file_of(const struct stat *st)
{
    enum { NS_PER_S = 1000000000 };

    return (struct model_file){st->st_dev, st->st_ino, (uint64_t)st->st_size,
                               st->st_mtim.tv_sec * (int64_t)NS_PER_S +
                                   st->st_mtim.tv_nsec};
}

static enum err_code open_failure(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return ERR_ABSENT;
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    default:
        return ERR_DOWN;
    }
}

bool model_open(const char *path, struct model *model, struct err *err)
{
    bool ok = false;
    void *map = MAP_FAILED;
    struct stat st = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    *model = (struct model){0};
    if (fd < 0 || fstat(fd, &st) < 0) {
        err_set(err, open_failure(), "model %s: %m", path);
        goto out;
    }
    if (!S_ISREG(st.st_mode) || !st.st_size) {
        err_set(err, ERR_CORRUPT, "model %s: not a file, or empty", path);
        goto out;
    }
    map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        err_set(err, ERR_DOWN, "model %s: %m", path);
        goto out;
    }
    if (!model_of_bytes(map, (size_t)st.st_size, model, err))
        goto out;
    model->mapped = true;
    model->file = file_of(&st);
    ok = true;
out:
    if (!ok && map != MAP_FAILED)
        munmap(map, (size_t)st.st_size);
    if (fd >= 0)
        close(fd);
    return ok;
}

void model_close(struct model *model)
{
    if (model->mapped)
        munmap((void *)(uintptr_t)model->bytes, model->size);
    *model = (struct model){0};
}

enum model_file_state model_look(const struct model *model, const char *path)
{
    struct stat st;
    struct model_file now;

    if (stat(path, &st) < 0)
        return MODEL_GONE;
    now = file_of(&st);
    if (!model->mapped || now.device != model->file.device ||
        now.inode != model->file.inode || now.bytes != model->file.bytes ||
        now.changed_ns != model->file.changed_ns)
        return MODEL_REPLACED;
    return MODEL_SAME;
}

bool model_find_user(const struct model *model, struct uuid id, uint32_t *user)
{
    uint32_t from = 0, count = model->user_count;

    while (count > 0) {
        uint32_t half = count / 2;
        int order = uuid_compare(&model->user_ids[from + half], &id);
        if (!order) {
            *user = from + half;
            return true;
        }
        if (order < 0) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return false;
}

bool model_find_post(const struct model *model, struct uuid id, uint32_t *post)
{
    uint32_t i = model_first_slot(id, model->post_slot_mask);

    for (; model->post_slots[i]; i = (i + 1) & model->post_slot_mask) {
        uint32_t found = model->post_slots[i] - 1;
        if (uuid_equal(model->post_ids[found], id)) {
            *post = found;
            return true;
        }
    }
    return false;
}

void model_fetch_slot(const struct model *model, struct uuid id)
{
    __builtin_prefetch(
        &model->post_slots[model_first_slot(id, model->post_slot_mask)]);
}

void model_fetch_post(const struct model *model, struct uuid id)
{
    uint32_t slot =
        model->post_slots[model_first_slot(id, model->post_slot_mask)];

    if (slot)
        __builtin_prefetch(&model->post_ids[slot - 1]);
}
