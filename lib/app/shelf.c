#include "app/shelf.h"

#include "app/post_wire.h"
#include "base/clock.h"

enum { US_PER_MS = 1000, TEXTS_MOST_BYTES = 64 << 20 };

void shelf_init(struct shelf *s)
{
    s->count = 0;
    s->read_at_us = 0;
    buf_init(&s->texts, TEXTS_MOST_BYTES);
}

void shelf_release(struct shelf *s)
{
    buf_release(&s->texts);
}

static bool fill(struct shelf *s, struct posts *it, const struct config *config,
                 struct err *err)
{
    struct buf texts;
    struct shelf_post *posts = s->posts;
    struct post_row row;
    struct model_title title;
    uint32_t count = 0;

    buf_init(&texts, TEXTS_MOST_BYTES);
    while (posts_next(it, &row) && count < SHELF_POSTS) {
        posts[count] =
            (struct shelf_post){.id = row.id,
                                .author = row.author,
                                .published_at_ms = row.published_at_ms,
                                .offset = texts.bytes,
                                .score = row.score};
        post_wire_write(&texts, &row, config, &title);
        posts[count].bytes = texts.bytes - posts[count].offset;
        count++;
    }
    posts_end(it);
    if (it->failed && !count) { /* nothing is overwritten yet */
        buf_release(&texts);
        return false;
    }
    /* A half-read page would mix offsets of two buffers: start from none. */
    buf_release(&s->texts);
    s->texts = texts;
    s->count = it->failed || texts.failed ? 0 : count;
    if (!it->failed && texts.failed)
        return err_set(err, ERR_MEMORY, "shelf: texts over %zu bytes",
                       texts.most_bytes);
    return !it->failed;
}

bool shelf_read(struct shelf *s, struct db *db, const struct config *config,
                size_t most, int64_t before_ms, struct uuid before_id,
                int64_t until_us, struct err *err)
{
    struct posts it = posts_newest(db, most < SHELF_POSTS ? most : SHELF_POSTS,
                                   before_ms, before_id, until_us, err);

    return fill(s, &it, config, err);
}

bool shelf_read_precomputed(struct shelf *s, struct db *db,
                            const struct config *config, struct uuid user,
                            int64_t until_us, struct err *err)
{
    struct posts it = posts_precomputed(db, user, SHELF_POSTS, until_us, err);

    return fill(s, &it, config, err);
}

bool shelf_follow(struct shelf *s, struct db *db, const struct config *config,
                  int64_t until_us, struct err *err)
{
    int64_t now_us = clock_mono_us();

    if (s->read_at_us &&
        now_us - s->read_at_us < (int64_t)SHELF_LIFE_MS * US_PER_MS)
        return true;
    if (!shelf_read(s, db, config, SHELF_POSTS, INT64_MAX, (struct uuid){{0}},
                    until_us, err))
        return false;
    s->read_at_us = now_us;
    return true;
}
