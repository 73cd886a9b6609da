#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "reco/model_parts.h"

/* How many items a section must have. */
enum shape_count { ONE, USERS, USER_ENDS, PAIRS, POSTS, POST_ENDS, SLOTS, ANY };

/* clang-format off */
static const struct shape {
    uint32_t item_bytes;
    enum shape_count count;
} shapes[MODEL_REQUIRED_END] = {
    [MODEL_META]           = {sizeof(struct model_meta), ONE},
    [MODEL_USER_IDS]       = {UUID_BYTES, USERS},
    [MODEL_USER_ROWS]      = {sizeof(uint32_t), USER_ENDS},
    [MODEL_USER_POSTS]     = {sizeof(uint32_t), PAIRS},
    [MODEL_USER_NORMS]     = {sizeof(uint32_t), USERS},
    [MODEL_USER_SCALES]    = {sizeof(float), USERS},
    [MODEL_POST_IDS]       = {UUID_BYTES, POSTS},
    [MODEL_POST_SLOTS]     = {sizeof(uint32_t), SLOTS},
    [MODEL_POST_ROWS]      = {sizeof(uint32_t), POST_ENDS},
    [MODEL_POST_USERS]     = {sizeof(uint32_t), PAIRS},
    [MODEL_POST_AUTHORS]   = {UUID_BYTES, POSTS},
    [MODEL_POST_FLAGS]     = {sizeof(uint8_t), POSTS},
    [MODEL_POST_PUBLISHED] = {sizeof(int64_t), POSTS},
    [MODEL_POST_TEXT]      = {1, ANY},
    [MODEL_POST_TEXT_ROWS] = {sizeof(uint64_t), POST_ENDS},
    [MODEL_POST_TITLES]    = {sizeof(struct model_title), POSTS},
};
/* clang-format on */

static bool all_zero(const void *at, size_t bytes)
{
    const unsigned char *p = at;

    for (size_t i = 0; i < bytes; i++)
        if (p[i])
            return false;
    return true;
}

static uint64_t section_checksum(const unsigned char *at, size_t bytes)
{
    struct hash_stream h;

    hash_begin(&h);
    for (size_t done = 0; done < bytes; done += MODEL_BLOCK_BYTES) {
        size_t left = bytes - done;
        hash_add(&h, at + done,
                 left < MODEL_BLOCK_BYTES ? left : MODEL_BLOCK_BYTES);
    }
    return hash_end(&h);
}

static bool check_head(const unsigned char *bytes, size_t size, struct err *err)
{
    const struct model_head *head = (const void *)bytes;
    struct model_head blank;
    size_t table_bytes;
    struct hash_stream h;

    if ((uintptr_t)bytes % sizeof(uint64_t))
        return err_set(err, ERR_CORRUPT, "model: bytes not aligned");
    if (size < sizeof *head)
        return err_set(err, ERR_CORRUPT, "model: %zu bytes, no head", size);
    if (memcmp(head->magic, MODEL_MAGIC, MODEL_MAGIC_BYTES))
        return err_set(err, ERR_CORRUPT, "model: not a model file");
    if (head->version != MODEL_VERSION)
        return err_set(err, ERR_CORRUPT, "model: version %" PRIu32 ", not %d",
                       head->version, MODEL_VERSION);
    if (head->file_bytes != size)
        return err_set(err, ERR_CORRUPT, "model: %zu of %" PRIu64 " bytes",
                       size, head->file_bytes);
    table_bytes = head->section_count * sizeof(struct model_section);
    if (head->section_count > MODEL_SECTIONS_MOST ||
        !model_inside(sizeof *head, table_bytes, size))
        return err_set(err, ERR_CORRUPT, "model: %" PRIu32 " sections",
                       head->section_count);
    blank = *head;
    blank.checksum = 0;
    hash_begin(&h);
    hash_add(&h, &blank, sizeof blank);
    hash_add(&h, head + 1, table_bytes);
    if (hash_end(&h) != head->checksum ||
        !all_zero(head->zero, sizeof blank.zero))
        return err_set(err, ERR_CORRUPT, "model: head damaged");
    return true;
}

static bool check_section(const unsigned char *bytes, size_t size,
                          const struct model_section *s, uint64_t *seen,
                          struct err *err)
{
    if (s->flags & ~(uint32_t)MODEL_OPTIONAL)
        return err_set(err, ERR_CORRUPT, "model: section %" PRIu32 " flags",
                       s->id);
    if (!model_inside(s->offset, s->bytes, size))
        return err_set(err, ERR_CORRUPT, "model: section %" PRIu32 " range",
                       s->id);
    if (section_checksum(bytes + s->offset, s->bytes) != s->checksum)
        return err_set(err, ERR_CORRUPT, "model: section %" PRIu32 " damaged",
                       s->id);
    if (s->id < MODEL_META || s->id >= MODEL_SECTIONS_END)
        return s->flags & MODEL_OPTIONAL ||
               err_set(err, ERR_CORRUPT, "model: section %" PRIu32 " unknown",
                       s->id);
    if (*seen >> s->id & 1)
        return err_set(err, ERR_CORRUPT, "model: section %" PRIu32 " twice",
                       s->id);
    *seen |= (uint64_t)1 << s->id;
    return true;
}

/* Sections stand in the order of the table, nothing but zeros between. */
static bool check_table(const unsigned char *bytes, size_t size,
                        struct err *err)
{
    const struct model_head *head = (const void *)bytes;
    const struct model_section *table = (const void *)(head + 1);
    size_t end = sizeof *head + head->section_count * sizeof *table;
    uint64_t seen = 0;

    for (uint32_t i = 0; i <= head->section_count; i++) {
        size_t next = i < head->section_count ? table[i].offset : size;
        if (next != model_align(end) || next > size ||
            !all_zero(bytes + end, next - end))
            return err_set(err, ERR_CORRUPT, "model: gap at %zu", end);
        if (i == head->section_count)
            break;
        if (!check_section(bytes, size, &table[i], &seen, err))
            return false;
        end = table[i].offset + table[i].bytes;
    }
    for (uint32_t id = MODEL_META; id < MODEL_REQUIRED_END; id++)
        if (!(seen >> id & 1))
            return err_set(err, ERR_CORRUPT,
                           "model: section %" PRIu32 " absent", id);
    return true;
}

static uint64_t shape_items(enum shape_count count, const struct model_meta *m)
{
    switch (count) {
    case ONE:
        return 1;
    case USERS:
        return m->user_count;
    case USER_ENDS:
        return (uint64_t)m->user_count + 1;
    case PAIRS:
        return m->pair_count;
    case POSTS:
        return m->post_count;
    case POST_ENDS:
        return (uint64_t)m->post_count + 1;
    case SLOTS:
        return model_slot_count(m->post_count);
    case ANY:
        break;
    }
    return 0;
}

/* META's size first: the others are measured against what it says. */
static bool check_sizes(const unsigned char *bytes, struct err *err)
{
    const struct model_head *head = (const void *)bytes;
    const struct model_section *table = (const void *)(head + 1);
    const struct model_meta *meta = NULL;

    for (uint32_t i = 0; i < head->section_count; i++)
        if (table[i].id == MODEL_META && table[i].bytes == sizeof *meta)
            meta = (const void *)(bytes + table[i].offset);
    if (!meta || meta->user_count > PAIR_ORDINALS ||
        meta->post_count > PAIR_ORDINALS)
        return err_set(err, ERR_CORRUPT, "model: meta");
    for (uint32_t i = 0; i < head->section_count; i++) {
        const struct shape *shape;
        if (table[i].id >= MODEL_REQUIRED_END)
            continue;
        shape = &shapes[table[i].id];
        if (shape->count != ANY &&
            table[i].bytes !=
                shape->item_bytes * shape_items(shape->count, meta))
            return err_set(err, ERR_CORRUPT, "model: section %" PRIu32 " size",
                           table[i].id);
    }
    return true;
}

/* A word of printable ASCII, zeros behind it. */
static bool check_name(const char *text, size_t bytes)
{
    size_t used = strnlen(text, bytes);

    if (!used || used == bytes || !all_zero(text + used, bytes - used))
        return false;
    for (size_t i = 0; i < used; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return true;
}

static bool check_meta(const struct model_meta *m, struct err *err)
{
    enum { WEIGHT_MOST = 15 };

    if (m->weight_view > WEIGHT_MOST || m->weight_click > WEIGHT_MOST ||
        m->weight_like > WEIGHT_MOST || m->weight_share > WEIGHT_MOST ||
        m->weight_max > 1 || !all_zero(m->zero, sizeof m->zero))
        return err_set(err, ERR_CORRUPT, "model: weights");
    if (m->neighbours < 1 || m->neighbours > NEIGHBOURS_MOST)
        return err_set(err, ERR_CORRUPT, "model: %" PRIu32 " neighbours",
                       m->neighbours);
    if (!check_name(m->algorithm, sizeof m->algorithm) ||
        strcmp(m->algorithm, MODEL_ALGORITHM))
        return err_set(err, ERR_CORRUPT, "model: other algorithm");
    if (!check_name(m->version, sizeof m->version))
        return err_set(err, ERR_CORRUPT, "model: version text");
    return true;
}

static bool check_ids(const struct uuid *ids, uint32_t count, struct err *err)
{
    for (uint32_t i = 1; i < count; i++)
        if (uuid_compare(&ids[i - 1], &ids[i]) >= 0)
            return err_set(err, ERR_CORRUPT, "model: id %" PRIu32 " order", i);
    return true;
}

struct side {
    const uint32_t *rows, *pairs;
    uint32_t count, others;
    bool of_users;
};

/*
 * One row: ordinals strictly ascending and in range, weights over 0. Returns
 * false, or adds up the squares and the mixed pairs.
 */
static bool check_row(const struct model *m, const struct side *side,
                      uint32_t self, uint64_t *norm, uint64_t *sum)
{
    uint64_t next = 0; /* least ordinal allowed */

    for (uint32_t i = side->rows[self]; i < side->rows[self + 1]; i++) {
        uint32_t other = pair_ordinal(side->pairs[i]);
        uint8_t mask = pair_mask(side->pairs[i]);
        uint32_t weight = m->weight_of[mask];
        if (other < next || other >= side->others || !weight)
            return false;
        next = (uint64_t)other + 1;
        *norm += weight * weight;
        *sum += model_mix(side->of_users ? self : other,
                          pair_of(side->of_users ? other : self, mask));
    }
    return true;
}

static bool check_norm(const struct model *m, uint32_t user, uint64_t norm)
{
    float scale;

    if (m->user_norms[user] != norm)
        return false;
    scale = model_scale((uint32_t)norm);
    return !memcmp(&scale, &m->user_scales[user], sizeof scale);
}

static bool check_side(const struct model *m, const struct side *side,
                       uint64_t *sum, struct err *err)
{
    uint64_t largest = 0;

    if (side->rows[0] || side->rows[side->count] != m->meta->pair_count)
        return err_set(err, ERR_CORRUPT, "model: rows do not cover the pairs");
    for (uint32_t i = 0; i < side->count; i++)
        if (side->rows[i] > side->rows[i + 1])
            return err_set(err, ERR_CORRUPT,
                           "model: row %" PRIu32 " ends early", i);
    for (uint32_t i = 0; i < side->count; i++) {
        uint64_t norm = 0;
        if (!check_row(m, side, i, &norm, sum) ||
            (side->of_users && !check_norm(m, i, norm)))
            return err_set(err, ERR_CORRUPT, "model: %s row %" PRIu32,
                           side->of_users ? "user" : "post", i);
        largest = norm > largest ? norm : largest;
    }
    if (side->of_users && largest != m->meta->largest_norm)
        return err_set(err, ERR_CORRUPT, "model: largest norm");
    return true;
}

static bool check_matrix(const struct model *m, struct err *err)
{
    uint64_t users_sum = 0, posts_sum = 0;
    struct side users = {m->user_rows, m->user_posts, m->user_count,
                         m->post_count, true};
    struct side posts = {m->post_rows, m->post_users, m->post_count,
                         m->user_count, false};

    if (!check_side(m, &users, &users_sum, err) ||
        !check_side(m, &posts, &posts_sum, err))
        return false;
    if (users_sum != posts_sum)
        return err_set(err, ERR_CORRUPT, "model: the two directions differ");
    return true;
}

/* Every id is found, and no slot is left over. */
static bool check_slots(const struct model *m, struct err *err)
{
    uint32_t used = 0, found;

    for (uint64_t i = 0; i <= m->post_slot_mask; i++) {
        used += m->post_slots[i] != 0;
        if (m->post_slots[i] > m->post_count)
            return err_set(err, ERR_CORRUPT, "model: slot %" PRIu64, i);
    }
    /* Twice as many slots as posts: some are free, so every search ends. */
    if (used != m->post_count || used > m->post_slot_mask)
        return err_set(err, ERR_CORRUPT, "model: %" PRIu32 " slots used", used);
    for (uint32_t p = 0; p < m->post_count; p++)
        if (!model_find_post(m, m->post_ids[p], &found) || found != p)
            return err_set(err, ERR_CORRUPT, "model: post %" PRIu32 " slot", p);
    return true;
}

static bool check_posts(const struct model *m, uint64_t text_bytes,
                        struct err *err)
{
    const uint64_t *rows = m->post_text_rows;

    if (rows[0] || rows[m->post_count] != text_bytes)
        return err_set(err, ERR_CORRUPT, "model: texts");
    for (uint32_t p = 0; p < m->post_count; p++) {
        const struct model_title *title = &m->post_titles[p];
        if (rows[p] > rows[p + 1] || rows[p + 1] > text_bytes ||
            !model_inside(title->offset, title->bytes, rows[p + 1] - rows[p]))
            return err_set(err, ERR_CORRUPT, "model: text of post %" PRIu32, p);
        if (m->post_flags[p] & ~MODEL_VISIBLE)
            return err_set(err, ERR_CORRUPT, "model: flags of post %" PRIu32,
                           p);
    }
    return true;
}

static uint64_t text_bytes_of(const unsigned char *bytes)
{
    const struct model_head *head = (const void *)bytes;
    const struct model_section *table = (const void *)(head + 1);
    uint32_t i = 0;

    while (table[i].id != MODEL_POST_TEXT)
        i++;
    return table[i].bytes;
}

bool model_check(const void *bytes, size_t size, struct err *err)
{
    struct model m;

    if (!check_head(bytes, size, err) || !check_table(bytes, size, err) ||
        !check_sizes(bytes, err))
        return false;
    model_attach(&m, bytes, size);
    return check_meta(m.meta, err) &&
           check_ids(m.user_ids, m.user_count, err) &&
           check_ids(m.post_ids, m.post_count, err) && check_matrix(&m, err) &&
           check_slots(&m, err) && check_posts(&m, text_bytes_of(bytes), err) &&
           model_check_parts(&m, err);
}
