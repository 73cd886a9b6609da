/*
 * posts.h -- the catalogue: users and posts, read and kept in step.
 *
 * Reading    iterators; a row borrows its texts until the next step. Columns
 *            that are NULL read as nil, 0 or empty.
 * Visible    neither hidden nor deleted, and published (published_at <= now).
 * Writing    idempotent: the same rows again change nothing, not even
 *            updated_at. Thousands of rows a statement; at most POSTS_BATCH.
 *            In hosted mode (the host application owns users and posts) every
 *            write of users or posts is ERR_DENIED.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"
#include "store/db_stream.h"

enum { POST_TAGS_MOST = 32, POSTS_BATCH = 10000 };

struct post_counts {
    int64_t views, clicks, likes, shares;
};

struct post_row {
    struct uuid id;
    struct uuid author; /* nil: none */
    struct span author_name;
    struct span title, body, language, image, url;
    struct span tags[POST_TAGS_MOST];
    size_t tag_count;
    int64_t published_at_ms, updated_at_ms;
    bool visible;
    struct post_counts counts;
    bool erased_user; /* posts_changed: not a post but a reader; id and stamp */
    float score;      /* posts_precomputed */
};

/* What a row has besides the columns of a post. */
enum posts_extra { POSTS_PLAIN, POSTS_ERASED, POSTS_SCORE };

struct posts {
    struct db_stream stream; /* of posts_all */
    struct db_rows rows;     /* of the others */
    size_t next;
    enum posts_extra extra;
    bool streamed;
    bool failed; /* once posts_next has returned false */
};

/* Every post, hidden and deleted ones too, by id; streamed. */
struct posts posts_all(struct db *db, int64_t until_us, struct err *err);

/*
 * Visible posts, newest first, those behind (before_ms, before_id); start with
 * INT64_MAX and any id. One index scan, no sort.
 */
struct posts posts_newest(struct db *db, size_t most, int64_t before_ms,
                          struct uuid before_id, int64_t until_us,
                          struct err *err);

/* The named posts, by id; absent ones are left out. ids borrowed until the
 * call returns. */
struct posts posts_by_ids(struct db *db, const struct uuid *ids, size_t count,
                          int64_t until_us, struct err *err);

/*
 * The active rows of user_recommendations as the posts they name, best first:
 * visible ones, not the reader's own.
 */
struct posts posts_precomputed(struct db *db, struct uuid user, size_t most,
                               int64_t until_us, struct err *err);

/*
 * Posts that changed (hidden and deleted ones too) or whose time of publication
 * has come, and readers that were erased (erased_user), behind the place
 * (since_ms, after_id), oldest change first and none of the future;
 * updated_at_ms is the stamp. A nil after_id starts with since_ms itself. The
 * next page begins behind the last row's (updated_at_ms, id). A transaction may
 * commit later than its stamp: each round of polling begins some seconds before
 * the end of the last one.
 */
struct posts posts_changed(struct db *db, int64_t since_ms,
                           struct uuid after_id, size_t most, int64_t until_us,
                           struct err *err);

bool posts_next(struct posts *it, struct post_row *row);
void posts_end(struct posts *it);

struct user_row {
    struct uuid id;
    struct span name;      /* empty: none */
    int64_t created_at_ms; /* DB_NONE_I64: now */
};

/* *changed: rows that are new or different now. */
MUST_USE bool users_upsert(struct db *db, const struct user_row *rows,
                           size_t count, int64_t until_us, size_t *changed,
                           struct err *err);

/*
 * Reads id, author, title, body, language, image, url, tags, published_at_ms
 * and visible of a row (visible = false hides it; true also revives a deleted
 * one; an id named twice is ERR_INVALID); an author that is no user yet gets a
 * row without a name. A tag with a control character is ERR_INVALID.
 */
MUST_USE bool posts_upsert(struct db *db, const struct post_row *rows,
                           size_t count, int64_t until_us, size_t *changed,
                           struct err *err);

/* Marks as deleted; the rows stay. *changed: those that were not before. */
MUST_USE bool posts_delete(struct db *db, const struct uuid *ids, size_t count,
                           int64_t until_us, size_t *changed, struct err *err);

/* Counts per post (ids[i] has counts[i]), written by training. Unknown posts
 * are left out. */
MUST_USE bool post_counts_write(struct db *db, const struct uuid *ids,
                                const struct post_counts *counts, size_t count,
                                int64_t counted_at_ms, int64_t until_us,
                                struct err *err);

/* Rows of each table, counted exactly: takes time in proportion. */
struct store_sizes {
    int64_t users, posts, posts_visible, interactions, recommendations;
    int64_t newest_interaction_at_ms; /* 0: none */
};
MUST_USE bool store_sizes_load(struct db *db, int64_t until_us,
                               struct store_sizes *out, struct err *err);

/* True when users and posts belong to a host application (they are views);
 * asked once a struct db. */
MUST_USE bool store_hosted(struct db *db, int64_t until_us, bool *hosted,
                           struct err *err);
