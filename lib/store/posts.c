#include "store/posts.h"

#include "base/mem.h"
#include "queries.h"

#define POST_SHAPE "uUTTTATTTMMBIIII"

enum post_column {
    COL_ID,
    COL_AUTHOR,
    COL_AUTHOR_NAME,
    COL_TITLE,
    COL_BODY,
    COL_TAGS,
    COL_LANGUAGE,
    COL_IMAGE,
    COL_URL,
    COL_PUBLISHED,
    COL_UPDATED,
    COL_VISIBLE,
    COL_VIEWS,
    COL_CLICKS,
    COL_LIKES,
    COL_SHARES,
    COL_EXTRA,
};

/* Stands between the tags of one post on their way to the database. */
enum { TAG_MARK = 0x1f, SPACE = 0x20 };

struct posts posts_all(struct db *db, int64_t until_us, struct err *err)
{
    return (struct posts){
        .stream = db_stream_of(db, DB_SQL(load_all_posts, POST_SHAPE), NULL, 0,
                               until_us, err),
        .streamed = true,
    };
}

static struct posts posts_of(struct db *db, struct db_sql sql,
                             const struct db_param *in, size_t in_count,
                             int64_t until_us, struct err *err)
{
    struct posts it = {0};

    it.failed = !db_query(db, sql, in, in_count, until_us, &it.rows, err);
    return it;
}

static int64_t clamp_ms(int64_t at_ms)
{
    return at_ms > DB_MOST_MS    ? DB_MOST_MS
           : at_ms < DB_LEAST_MS ? DB_LEAST_MS
                                 : at_ms;
}

struct posts posts_newest(struct db *db, size_t most, int64_t before_ms,
                          struct uuid before_id, int64_t until_us,
                          struct err *err)
{
    struct db_param in[] = {
        db_param_i64((int64_t)most),
        db_param_ms(clamp_ms(before_ms)),
        db_param_uuid(before_id),
    };

    return posts_of(db, DB_SQL(load_newest_posts, POST_SHAPE), in,
                    sizeof in / sizeof *in, until_us, err);
}

struct posts posts_by_ids(struct db *db, const struct uuid *ids, size_t count,
                          int64_t until_us, struct err *err)
{
    struct db_param in = db_param_array(DB_UUID, ids, count);

    return posts_of(db, DB_SQL(load_posts_by_ids, POST_SHAPE), &in, 1, until_us,
                    err);
}

struct posts posts_changed(struct db *db, int64_t since_ms,
                           struct uuid after_id, size_t most, int64_t until_us,
                           struct err *err)
{
    struct db_param in[] = {
        db_param_ms(clamp_ms(since_ms)),
        db_param_uuid(after_id),
        db_param_i64((int64_t)most),
    };

    struct posts it = posts_of(db, DB_SQL(load_changed_posts, POST_SHAPE "B"),
                               in, sizeof in / sizeof *in, until_us, err);

    it.extra = POSTS_ERASED;
    return it;
}

struct posts posts_precomputed(struct db *db, struct uuid user, size_t most,
                               int64_t until_us, struct err *err)
{
    struct db_param in[] = {db_param_uuid(user), db_param_i64((int64_t)most)};
    struct posts it = posts_of(db, DB_SQL(load_batch_posts, POST_SHAPE "r"), in,
                               sizeof in / sizeof *in, until_us, err);

    it.extra = POSTS_SCORE;
    return it;
}

static void read_row(const struct db_rows *r, size_t i, struct post_row *row)
{
    *row = (struct post_row){
        .id = db_rows_uuid(r, i, COL_ID),
        .author = db_rows_uuid(r, i, COL_AUTHOR),
        .author_name = db_rows_text(r, i, COL_AUTHOR_NAME),
        .title = db_rows_text(r, i, COL_TITLE),
        .body = db_rows_text(r, i, COL_BODY),
        .language = db_rows_text(r, i, COL_LANGUAGE),
        .image = db_rows_text(r, i, COL_IMAGE),
        .url = db_rows_text(r, i, COL_URL),
        .published_at_ms = db_rows_ms(r, i, COL_PUBLISHED),
        .updated_at_ms = db_rows_ms(r, i, COL_UPDATED),
        .visible = db_rows_bool(r, i, COL_VISIBLE),
        .counts = {.views = db_rows_i64(r, i, COL_VIEWS),
                   .clicks = db_rows_i64(r, i, COL_CLICKS),
                   .likes = db_rows_i64(r, i, COL_LIKES),
                   .shares = db_rows_i64(r, i, COL_SHARES)},
    };
    row->tag_count =
        db_value_texts(db_rows_cell(r, i, COL_TAGS), row->tags, POST_TAGS_MOST);
}

bool posts_next(struct posts *it, struct post_row *row)
{
    if (it->streamed) {
        if (db_stream_next(&it->stream)) {
            read_row(&it->stream.row, 0, row);
            return true;
        }
        it->failed = it->stream.failed;
        return false;
    }
    if (it->failed || it->next == it->rows.count)
        return false;
    read_row(&it->rows, it->next, row);
    if (it->extra == POSTS_ERASED)
        row->erased_user = db_rows_bool(&it->rows, it->next, COL_EXTRA);
    if (it->extra == POSTS_SCORE)
        row->score = db_rows_real(&it->rows, it->next, COL_EXTRA);
    it->next++;
    return true;
}

void posts_end(struct posts *it)
{
    if (it->streamed)
        db_stream_end(&it->stream);
    db_rows_release(&it->rows);
}

/* ---- writing ---- */

/* Only our own tables are written, and only so much at once. */
static bool may_write(struct db *db, size_t count, int64_t until_us,
                      struct err *err)
{
    bool hosted;

    if (count > POSTS_BATCH)
        return err_set(err, ERR_LIMIT, "%zu rows, at most %d", count,
                       POSTS_BATCH);
    if (!store_hosted(db, until_us, &hosted, err))
        return false;
    return !hosted || err_set(err, ERR_DENIED,
                              "users and posts belong to the host application");
}

/* A statement that gives one number. */
static bool query_count(struct db *db, struct db_sql sql,
                        const struct db_param *in, size_t in_count,
                        int64_t until_us, size_t *out, struct err *err)
{
    struct db_rows rows;

    if (!db_query(db, sql, in, in_count, until_us, &rows, err))
        return false;
    *out = rows.count ? (size_t)db_rows_i64(&rows, 0, 0) : 0;
    db_rows_release(&rows);
    return true;
}

static struct span or_none(struct span text)
{
    return text.bytes ? text : (struct span){0};
}

bool users_upsert(struct db *db, const struct user_row *rows, size_t count,
                  int64_t until_us, size_t *changed, struct err *err)
{
    struct uuid *ids = NULL;
    struct span *names = NULL;
    int64_t *since = NULL;
    bool ok = false;

    if (!may_write(db, count, until_us, err) ||
        !mem_take(count, sizeof *ids, &ids, err) ||
        !mem_take(count, sizeof *names, &names, err) ||
        !mem_take(count, sizeof *since, &since, err))
        goto out;
    for (size_t i = 0; i < count; i++) {
        ids[i] = rows[i].id;
        names[i] = or_none(rows[i].name);
        since[i] = rows[i].created_at_ms;
    }
    {
        struct db_param in[] = {
            db_param_array(DB_UUID, ids, count),
            db_param_array_or_null(DB_TEXT, names, count),
            db_param_array_or_null(DB_MS, since, count),
        };
        ok = query_count(db, DB_SQL(upsert_users, "i"), in,
                         sizeof in / sizeof *in, until_us, changed, err);
    }
out:
    mem_give(ids);
    mem_give(names);
    mem_give(since);
    return ok;
}

/* The rows as one array a column; tags are joined into `joined`. */
struct columns {
    struct uuid *ids, *authors;
    struct span *titles, *bodies, *tags, *languages, *images, *urls;
    int64_t *published;
    bool *visible;
    struct buf joined;
};

static bool columns_take(struct columns *c, size_t count, struct err *err)
{
    enum { JOINED_MOST_BYTES = 64 << 20 };

    *c = (struct columns){0};
    buf_init(&c->joined, JOINED_MOST_BYTES);
    return mem_take(count, sizeof *c->ids, &c->ids, err) &&
           mem_take(count, sizeof *c->authors, &c->authors, err) &&
           mem_take(count, sizeof *c->titles, &c->titles, err) &&
           mem_take(count, sizeof *c->bodies, &c->bodies, err) &&
           mem_take(count, sizeof *c->tags, &c->tags, err) &&
           mem_take(count, sizeof *c->languages, &c->languages, err) &&
           mem_take(count, sizeof *c->images, &c->images, err) &&
           mem_take(count, sizeof *c->urls, &c->urls, err) &&
           mem_take(count, sizeof *c->published, &c->published, err) &&
           mem_take(count, sizeof *c->visible, &c->visible, err);
}

static void columns_give(struct columns *c)
{
    mem_give(c->ids);
    mem_give(c->authors);
    mem_give(c->titles);
    mem_give(c->bodies);
    mem_give(c->tags);
    mem_give(c->languages);
    mem_give(c->images);
    mem_give(c->urls);
    mem_give(c->published);
    mem_give(c->visible);
    buf_release(&c->joined);
}

static bool tag_check(struct span tag, struct err *err)
{
    for (size_t i = 0; i < tag.bytes; i++)
        if ((unsigned char)tag.at[i] < SPACE)
            return err_set(err, ERR_INVALID, "a tag with a control character");
    return tag.bytes || err_set(err, ERR_INVALID, "an empty tag");
}

static bool join_tags(const struct post_row *row, struct buf *out,
                      struct err *err)
{
    if (row->tag_count > POST_TAGS_MOST)
        return err_set(err, ERR_INVALID, "%zu tags, at most %d", row->tag_count,
                       POST_TAGS_MOST);
    for (size_t i = 0; i < row->tag_count; i++) {
        if (!tag_check(row->tags[i], err))
            return false;
        if (i)
            buf_char(out, TAG_MARK);
        buf_span(out, row->tags[i]);
    }
    return true;
}

static bool columns_fill(struct columns *c, const struct post_row *rows,
                         size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct post_row *row = &rows[i];
        size_t start = c->joined.bytes;

        if (!join_tags(row, &c->joined, err))
            return false;
        c->tags[i].bytes = c->joined.bytes - start;
        c->ids[i] = row->id;
        c->authors[i] = row->author;
        c->titles[i] = row->title;
        c->bodies[i] = row->body;
        c->languages[i] = or_none(row->language);
        c->images[i] = or_none(row->image);
        c->urls[i] = or_none(row->url);
        c->published[i] = row->published_at_ms;
        c->visible[i] = row->visible;
    }
    if (c->joined.failed)
        return err_set(err, ERR_LIMIT, "too many tags at once");
    /* Only now: the buffer moved while it grew. */
    for (size_t i = 0, start = 0; i < count; i++) {
        c->tags[i].at = c->joined.at ? c->joined.at + start : "";
        start += c->tags[i].bytes;
    }
    return true;
}

bool posts_upsert(struct db *db, const struct post_row *rows, size_t count,
                  int64_t until_us, size_t *changed, struct err *err)
{
    struct columns c = {0};
    bool ok = false;

    if (!may_write(db, count, until_us, err) || !columns_take(&c, count, err) ||
        !columns_fill(&c, rows, count, err))
        goto out;
    {
        struct db_param in[] = {
            db_param_array(DB_UUID, c.ids, count),
            db_param_array_or_null(DB_UUID, c.authors, count),
            db_param_array(DB_TEXT, c.titles, count),
            db_param_array(DB_TEXT, c.bodies, count),
            db_param_array(DB_TEXT, c.tags, count),
            db_param_array_or_null(DB_TEXT, c.languages, count),
            db_param_array_or_null(DB_TEXT, c.images, count),
            db_param_array_or_null(DB_TEXT, c.urls, count),
            db_param_array(DB_MS, c.published, count),
            db_param_array(DB_BOOL, c.visible, count),
        };
        ok = query_count(db, DB_SQL(upsert_posts, "i"), in,
                         sizeof in / sizeof *in, until_us, changed, err);
    }
out:
    columns_give(&c);
    return ok;
}

bool posts_delete(struct db *db, const struct uuid *ids, size_t count,
                  int64_t until_us, size_t *changed, struct err *err)
{
    struct db_param in = db_param_array(DB_UUID, ids, count);

    return may_write(db, count, until_us, err) &&
           query_count(db, DB_SQL(delete_posts, "i"), &in, 1, until_us, changed,
                       err);
}

bool post_counts_write(struct db *db, const struct uuid *ids,
                       const struct post_counts *counts, size_t count,
                       int64_t counted_at_ms, int64_t until_us, struct err *err)
{
    int64_t *numbers;
    bool ok;
    enum { KINDS = 4 };

    if (count > POSTS_BATCH)
        return err_set(err, ERR_LIMIT, "%zu rows, at most %d", count,
                       POSTS_BATCH);
    if (!mem_take(count, KINDS * sizeof *numbers, &numbers, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        numbers[i] = counts[i].views;
        numbers[count + i] = counts[i].clicks;
        numbers[2 * count + i] = counts[i].likes;
        numbers[3 * count + i] = counts[i].shares;
    }
    {
        struct db_param in[] = {
            db_param_array(DB_UUID, ids, count),
            db_param_array(DB_I64, numbers, count),
            db_param_array(DB_I64, numbers + count, count),
            db_param_array(DB_I64, numbers + 2 * count, count),
            db_param_array(DB_I64, numbers + 3 * count, count),
            db_param_ms(counted_at_ms),
        };
        ok = db_query(db, DB_SQL(upsert_post_counts, ""), in,
                      sizeof in / sizeof *in, until_us, NULL, err);
    }
    mem_give(numbers);
    return ok;
}

bool store_sizes_load(struct db *db, int64_t until_us, struct store_sizes *out,
                      struct err *err)
{
    struct db_rows rows;
    enum { USERS, POSTS, VISIBLE, INTERACTIONS, RECOMMENDATIONS, NEWEST };

    if (!db_query(db, DB_SQL(count_rows, "iiiiiM"), NULL, 0, until_us, &rows,
                  err))
        return false;
    *out = (struct store_sizes){
        .users = db_rows_i64(&rows, 0, USERS),
        .posts = db_rows_i64(&rows, 0, POSTS),
        .posts_visible = db_rows_i64(&rows, 0, VISIBLE),
        .interactions = db_rows_i64(&rows, 0, INTERACTIONS),
        .recommendations = db_rows_i64(&rows, 0, RECOMMENDATIONS),
        .newest_interaction_at_ms = db_rows_ms(&rows, 0, NEWEST),
    };
    db_rows_release(&rows);
    return true;
}

bool store_hosted(struct db *db, int64_t until_us, bool *hosted,
                  struct err *err)
{
    struct db_rows rows;
    enum { NOT_ASKED, NO, YES };

    if (db->hosted == NOT_ASKED) {
        if (!db_query(db, DB_SQL(find_hosted, "b"), NULL, 0, until_us, &rows,
                      err))
            return false;
        db->hosted = db_rows_bool(&rows, 0, 0) ? YES : NO;
        db_rows_release(&rows);
    }
    *hosted = db->hosted == YES;
    return true;
}
