#include "import.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

#include "names.h"
#include "text.h"
#include "when.h"

enum {
    TEXTS_BYTES = 64 << 20,
    /* What one row may need: a line of input, its tags, gaps. */
    ROW_TEXTS_BYTES = 4 << 20,
    EXPECTED_IDS = 4096,
    EXPECTED_EVENTS = 1 << 16,
    TITLE_MOST_BYTES = 2000,
    DAY_MS = 86400000,
    MS_PER_S = 1000,
};

bool import_begin(struct import *im, struct db *db, int64_t job_us,
                  int64_t now_ms, struct err *err)
{
    *im = (struct import){
        .db = db, .job_us = job_us, .now_ms = now_ms, .file = ""};
    im->report.out = stderr;
    if (arena_init(&im->texts, TEXTS_BYTES, err) &&
        mem_take(IMPORT_ROWS_BATCH, sizeof *im->posts, &im->posts, err) &&
        mem_take(IMPORT_ROWS_BATCH, sizeof *im->users, &im->users, err) &&
        mem_take(IMPORT_EVENTS_BATCH, sizeof *im->events, &im->events, err) &&
        idmap_init(&im->known_posts, EXPECTED_IDS, err) &&
        idmap_init(&im->known_users, EXPECTED_IDS, err) &&
        idmap_init(&im->seen, EXPECTED_EVENTS, err))
        return true;
    import_end(im);
    return false;
}

void import_end(struct import *im)
{
    arena_release(&im->texts);
    mem_give(im->posts);
    mem_give(im->users);
    mem_give(im->events);
    mem_give(im->repeats);
    idmap_release(&im->known_posts);
    idmap_release(&im->known_users);
    idmap_release(&im->seen);
}

bool import_file_begin(struct import *im, const char *path, struct err *err)
{
    struct stat st = {0};

    if (stat(path, &st))
        return err_set(err, ERR_ABSENT, "%s: %m", path);
    im->file = path;
    im->line = 0;
    im->file_at_ms = (int64_t)st.st_mtim.tv_sec * MS_PER_S;
    idmap_release(&im->seen);
    return idmap_init(&im->seen, EXPECTED_EVENTS, err);
}

void import_line(struct import *im, uint64_t line, uint64_t line_count)
{
    im->line = line;
    im->report.lines += line_count;
    cli_progress_at(&im->progress, im->report.lines, 0);
}

struct span import_source(const struct import *im, const char *own)
{
    return im->given.bytes ? im->given : span_of(own);
}

void import_skip(struct import *im, enum import_reason reason, const char *fmt,
                 ...)
{
    va_list args;

    if (im->silent)
        return;
    va_start(args, fmt);
    import_report_skip(&im->report, im->file, im->line, reason, fmt, args);
    va_end(args);
}

static int64_t until(const struct import *im)
{
    return clock_mono_us() + im->job_us;
}

static bool flush_users(struct import *im, struct err *err)
{
    size_t changed = 0;

    if (!im->user_count)
        return true;
    if (im->db && !users_upsert(im->db, im->users, im->user_count, until(im),
                                &changed, err))
        return false;
    im->report.users.fresh += changed;
    im->report.users.present += im->user_count - changed;
    im->user_count = 0;
    return true;
}

static bool flush_posts(struct import *im, struct err *err)
{
    size_t changed = 0;

    if (!im->post_count)
        return true;
    if (im->db && !posts_upsert(im->db, im->posts, im->post_count, until(im),
                                &changed, err))
        return false;
    im->report.posts.fresh += changed;
    im->report.posts.present += im->post_count - changed;
    im->post_count = 0;
    return true;
}

static bool flush_events(struct import *im, struct err *err)
{
    struct import_counts counts = {0};

    if (!im->event_count)
        return true;
    if (im->db && !interactions_import(im->db, im->events, im->event_count,
                                       until(im), &counts, err))
        return false;
    im->report.events.fresh += counts.inserted;
    im->report.events.present += counts.duplicates;
    im->report.skipped[IMPORT_UNKNOWN_POST] += counts.unknown_posts;
    im->event_count = 0;
    return true;
}

bool import_flush(struct import *im, struct err *err)
{
    if (!flush_users(im, err) || !flush_posts(im, err) ||
        !flush_events(im, err))
        return false;
    arena_reset(&im->texts);
    return true;
}

/* True when one more row of any kind has room, making it if necessary. */
static bool make_room(struct import *im, struct err *err)
{
    if (im->user_count < IMPORT_ROWS_BATCH &&
        im->post_count < IMPORT_ROWS_BATCH &&
        im->event_count < IMPORT_EVENTS_BATCH &&
        im->texts.cap_bytes - im->texts.used_bytes > ROW_TEXTS_BYTES)
        return true;
    return import_flush(im, err);
}

bool import_knows_user(const struct import *im, struct uuid id)
{
    return idmap_find(&im->known_users, id, &(uint32_t){0});
}

bool import_knows_post(const struct import *im, struct uuid id)
{
    return idmap_find(&im->known_posts, id, &(uint32_t){0});
}

static bool copy(struct import *im, struct span *text, struct err *err)
{
    return arena_copy_text(&im->texts, text->bytes ? text->at : "", text->bytes,
                           &text->at, err);
}

bool import_user(struct import *im, struct uuid id, struct span name,
                 struct err *err)
{
    struct user_row *row;

    im->report.users.read++;
    if (import_knows_user(im, id)) {
        import_skip(im, IMPORT_REPEATED, "this user was given before");
        return true;
    }
    if (!utf8_printable(name)) {
        import_skip(im, IMPORT_BAD_TEXT, "name is not clean UTF-8 text");
        return true;
    }
    if (!make_room(im, err) ||
        !idmap_add(&im->known_users, id, &(uint32_t){0}, err))
        return false;
    row = &im->users[im->user_count];
    *row = (struct user_row){id, name, DB_NONE_I64};
    if (!copy(im, &row->name, err))
        return false;
    im->user_count++;
    return true;
}

/* An address a browser may be sent to: no script, no foreign scheme. */
static bool is_address(struct span a)
{
    return !a.bytes || span_starts(a, "https://") ||
           span_starts(a, "http://") ||
           (span_starts(a, "/") && !span_starts(a, "//"));
}

/* True when the row may be stored; complains otherwise. */
static bool post_is_good(struct import *im, const struct post_row *row)
{
    const struct span texts[] = {row->title, row->body, row->image, row->url};

    if (!span_trim(row->title).bytes) {
        import_skip(im, IMPORT_MISSING, "no title");
        return false;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!text_is_clean(texts[i])) {
            import_skip(im, IMPORT_BAD_TEXT, "a text is not UTF-8");
            return false;
        }
    if (row->title.bytes > TITLE_MOST_BYTES) {
        import_skip(im, IMPORT_BAD_TEXT, "title of %zu bytes, at most %d",
                    row->title.bytes, TITLE_MOST_BYTES);
        return false;
    }
    for (size_t i = 0; i < row->tag_count; i++)
        if (!utf8_printable(row->tags[i])) {
            import_skip(im, IMPORT_BAD_TEXT, "a tag is not clean UTF-8 text");
            return false;
        }
    if (!is_address(row->image) || !is_address(row->url)) {
        import_skip(im, IMPORT_BAD_VALUE,
                    "image and url must start with https://, http:// or /");
        return false;
    }
    if (row->published_at_ms < DB_LEAST_MS ||
        row->published_at_ms > DB_MOST_MS) {
        import_skip(im, IMPORT_BAD_TIME, "published outside year 1 to 9999");
        return false;
    }
    return true;
}

bool import_post(struct import *im, const struct post_row *row, struct err *err)
{
    struct post_row *kept;

    im->report.posts.read++;
    if (import_knows_post(im, row->id)) {
        import_skip(im, IMPORT_REPEATED, "this post was given before");
        return true;
    }
    if (!post_is_good(im, row))
        return true;
    if (!make_room(im, err) ||
        !idmap_add(&im->known_posts, row->id, &(uint32_t){0}, err))
        return false;
    kept = &im->posts[im->post_count];
    *kept = *row;
    kept->visible = true;
    if (!copy(im, &kept->title, err) || !copy(im, &kept->body, err) ||
        !copy(im, &kept->image, err) || !copy(im, &kept->url, err) ||
        !copy(im, &kept->language, err))
        return false;
    for (size_t i = 0; i < kept->tag_count; i++)
        if (!copy(im, &kept->tags[i], err))
            return false;
    im->post_count++;
    return true;
}

/* How often exactly this event came before in this file. */
static bool repetition(struct import *im, struct uuid id, uint32_t *times,
                       struct err *err)
{
    uint32_t at, before = im->seen.count;

    if (!idmap_add(&im->seen, id, &at, err) ||
        !mem_grow(&im->repeats, &im->repeats_cap, (size_t)at + 1,
                  sizeof *im->repeats, err))
        return false;
    if (im->seen.count > before)
        im->repeats[at] = 0;
    *times = im->repeats[at]++;
    return true;
}

static struct uuid event_id(struct span source, const struct import_row *row,
                            uint32_t times)
{
    char key[NAME_MOST_BYTES], user[UUID_TEXT + 1], post[UUID_TEXT + 1];
    int bytes;

    uuid_text(row->user, user);
    uuid_text(row->post, post);
    bytes = snprintf(key, sizeof key, "%s:%s:%s:%" PRId64, user, post,
                     event_name(row->type), row->at_ms);
    if (times)
        bytes += snprintf(key + bytes, sizeof key - (size_t)bytes, ":%" PRIu32,
                          times);
    return name_id(source, "event", (struct span){key, (size_t)bytes});
}

bool import_event(struct import *im, struct span source, const struct uuid *own,
                  struct uuid user, struct uuid post, enum event_type type,
                  int64_t at_ms, struct err *err)
{
    struct import_row row = {
        .user = user, .post = post, .type = type, .at_ms = at_ms};
    uint32_t times = 0;

    im->report.events.read++;
    if (!make_room(im, err))
        return false;
    if (own) {
        row.id = *own;
    } else {
        row.id = event_id(source, &row, 0);
        if (!repetition(im, row.id, &times, err))
            return false;
        if (times)
            row.id = event_id(source, &row, times);
    }
    im->events[im->event_count++] = row;
    return true;
}

bool import_time(struct import *im, struct span text, int64_t *at_ms)
{
    if (!when_find(text, at_ms) || *at_ms < 0) {
        import_skip(im, IMPORT_BAD_TIME, "'%.*s' is no time since 1970",
                    IMPORT_SHOWN(text));
        return false;
    }
    if (*at_ms > im->now_ms + DAY_MS) {
        import_skip(im, IMPORT_FUTURE, "'%.*s'", IMPORT_SHOWN(text));
        return false;
    }
    return true;
}
