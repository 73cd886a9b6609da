#include "reco/reader.h"

/* Stored keys carry this bit, so that a free slot is 0 and key 0 is not. */
#define KEY_USED ((uint64_t)1 << 63)

/* The slot that holds the key, or the free one where it belongs. */
static uint32_t key_slot(const struct reader *r, uint64_t key)
{
    uint32_t i = (uint32_t)key & (READER_KEY_SLOTS - 1);

    while (r->keys[i] && r->keys[i] != (key | KEY_USED))
        i = (i + 1) & (READER_KEY_SLOTS - 1);
    return i;
}

static bool has_key(const struct reader *r, uint64_t key)
{
    return r->keys[key_slot(r, key)];
}

bool reader_make(struct reader *r, const struct model *model,
                 const struct profile *profile, struct uuid user,
                 const uint64_t *keys, uint32_t key_count, struct err *err)
{
    static const struct uuid zero;

    *r = (struct reader){.model = model,
                         .profile = profile,
                         .user = user,
                         .self = ORDINAL_NONE,
                         .nobody = uuid_equal(user, zero),
                         .key_count = key_count};
    if (key_count > READER_KEYS_MOST)
        return err_set(err, ERR_LIMIT, "%u posts to leave out, at most %d",
                       key_count, READER_KEYS_MOST);
    if (!model_find_user(model, user, &r->self))
        r->self = ORDINAL_NONE;
    r->row_again = profile->oldest_at_ms < profile->again_before_ms;
    for (uint32_t i = 0; i < key_count; i++) {
        uint64_t key = keys[i];
        r->keys[key_slot(r, key)] = key | KEY_USED;
    }
    return true;
}

static bool row_has(struct row row, uint32_t ordinal)
{
    uint32_t from = 0;

    while (row.count > 0) {
        uint32_t half = row.count / 2;
        if (pair_ordinal(row.pairs[from + half]) < ordinal) {
            from += half + 1;
            row.count -= half + 1;
        } else if (pair_ordinal(row.pairs[from + half]) > ordinal) {
            row.count = half;
        } else {
            return true;
        }
    }
    return false;
}

bool reader_may_get_unseen(const struct reader *r, uint32_t post)
{
    const struct model *m = r->model;

    if (post >= m->post_count)
        return r->newer[post - m->post_count] &&
               !has_key(r, r->newer_keys[post - m->post_count]);
    return model_post_visible(m, post) && !(r->gone && r->gone[post]) &&
           (r->nobody || !uuid_equal(m->post_authors[post], r->user)) &&
           (!r->key_count || !has_key(r, uuid_key(m->post_ids[post])));
}

bool reader_has_seen(const struct reader *r, uint32_t post)
{
    bool again;

    if (profile_find(r->profile, post, &again))
        return !again;
    return r->self != ORDINAL_NONE && !r->row_again &&
           row_has(model_user_row(r->model, r->self), post);
}

bool reader_may_get(const struct reader *r, uint32_t post)
{
    return reader_may_get_unseen(r, post) &&
           (post >= r->model->post_count || !reader_has_seen(r, post));
}
