#include "app/feed_served.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"

static const char magic[8] = {'K', 'I', 'T', 'H', 'S', 'R', 'V', '2'};
static const char prefix[] = "served-";

enum {
    FILES = 8, /* that share served_bytes */
    ALIGN = 8,
    PATH_BYTES = 4096,
    FILE_MOST_BYTES = 1 << 30,
    KEYS_MOST = FEED_EXCLUDE_MOST + HELD_MOST,
    RECORD_MOST = sizeof(struct served_record) + KEYS_MOST * sizeof(uint64_t) +
                  CURSOR_TEXT_MOST + ALIGN,
    CHECKED_FROM = offsetof(struct served_record, request),
};

void served_init(struct served *s)
{
    *s = (struct served){.fd = -1};
}

void served_release(struct served *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* ---- digests ---- */

uint64_t served_history(const struct feeder *f)
{
    struct hash_stream h;

    hash_begin(&h);
    for (size_t i = 0; i < f->history_count; i++) {
        struct {
            struct uuid post;
            int64_t at_ms, type;
        } event = {f->history[i].post, f->history[i].at_ms, f->history[i].type};
        hash_add(&h, &event, sizeof event);
    }
    return hash_end(&h);
}

static void add_text(struct hash_stream *h, const char *text)
{
    if (text)
        hash_add(h, text, strlen(text) + 1);
}

uint64_t served_settings(const struct config *c)
{
    const uint32_t counts[] = {
        c->feed_body_bytes,  c->cursor_posts,      c->history_events,
        c->query_terms,      c->taste_half_life_s, c->fresh_posts,
        c->diversity_window, c->diversity_author,  c->diversity_tag,
        c->diversity_score,  c->explore_percent,   c->explore_readers,
        c->explore_age_s,    c->post_half_life_s,  c->seen_s,
    };
    struct hash_stream h;

    hash_begin(&h);
    add_text(&h, c->algorithm);
    add_text(&h, c->blend);
    add_text(&h, c->language);
    hash_add(&h, counts, sizeof counts);
    return hash_end(&h);
}

uint64_t served_key(const struct token_keys *keys)
{
    return hash64(keys->key[0].id, strlen(keys->key[0].id));
}

/* ---- files ---- */

struct found_file {
    char name[64];
    uint64_t bytes;
};

/* Names begin with the time, so their order is that of age. */
static bool find_oldest(DIR *dir, struct found_file *oldest, uint64_t *bytes)
{
    struct dirent *entry;
    struct stat st;
    bool found = false;

    *bytes = 0;
    rewinddir(dir);
    while ((entry = readdir(dir))) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) ||
            strlen(entry->d_name) >= sizeof oldest->name ||
            fstatat(dirfd(dir), entry->d_name, &st, 0) < 0)
            continue;
        *bytes += (uint64_t)st.st_size;
        if (found && strcmp(entry->d_name, oldest->name) >= 0)
            continue;
        memcpy(oldest->name, entry->d_name, strlen(entry->d_name) + 1);
        oldest->bytes = (uint64_t)st.st_size;
        found = true;
    }
    return found;
}

/* Leaves room for one more file. */
static void remove_oldest(const struct config *config)
{
    uint64_t most = config->served_bytes - config->served_bytes / FILES, bytes;
    DIR *dir = opendir(config->served);
    struct found_file oldest;

    if (!dir)
        return;
    while (find_oldest(dir, &oldest, &bytes) && bytes > most)
        if (unlinkat(dirfd(dir), oldest.name, 0) < 0)
            break;
    closedir(dir);
}

static bool open_next(struct served *s, const struct config *config,
                      struct err *err)
{
    char path[PATH_BYTES];
    int bytes;

    served_release(s);
    mkdir(config->served, S_IRWXU); /* where it fails, open() says why */
    remove_oldest(config);
    bytes = snprintf(path, sizeof path, "%s/%s%016" PRIx64 "-%d-%" PRIu64,
                     config->served, prefix, (uint64_t)clock_wall_ms(),
                     (int)getpid(), s->number++);
    if (bytes < 0 || (size_t)bytes >= sizeof path)
        return err_set(err, ERR_LIMIT, "served: path too long");
    s->fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    s->bytes = 0;
    return s->fd >= 0 || err_set(err, ERR_DOWN, "served: %s: %m", path);
}

/* Another worker may have removed ours as the oldest. */
static bool is_there(const struct served *s)
{
    struct stat st;

    return s->fd >= 0 && fstat(s->fd, &st) == 0 && st.st_nlink;
}

static bool append(struct served *s, const struct config *config,
                   const void *at, size_t bytes, struct err *err)
{
    ssize_t done;

    if ((!is_there(s) || s->bytes + bytes > config->served_bytes / FILES) &&
        !open_next(s, config, err))
        return false;
    done = write(s->fd, at, bytes);
    if (done == (ssize_t)bytes) {
        s->bytes += bytes;
        return true;
    }
    err_set(err, ERR_DOWN, "served: wrote %zd of %zu bytes: %m", done, bytes);
    served_release(s); /* half a record is the end of a file */
    return false;
}

static size_t whole(size_t keys, size_t cursor_bytes)
{
    return (sizeof(struct served_record) + keys * sizeof(uint64_t) +
            cursor_bytes + ALIGN - 1) &
           ~(size_t)(ALIGN - 1);
}

static struct served_record record_of(const struct served_answer *a)
{
    const struct feeder *f = a->feeder;
    struct served_record r = {
        .bytes = (uint32_t)whole(a->ask->excluded_count + a->ask->held_count,
                                 a->cursor.bytes),
        .cursor_bytes = (uint32_t)a->cursor.bytes,
        .request = a->request,
        .user = a->ask->user,
        .now_ms = a->ask->now_ms,
        .read_at_ms = clock_wall_ms(),
        .took_us = a->took_us,
        .built_at_ms = a->feed->model->built_at_ms,
        .history_digest = served_history(f),
        .fresh_digest = f->fresh.digest,
        .settings_digest = served_settings(f->config),
        .key_digest = served_key(a->keys),
        .answer_digest = hash64(a->body.at, a->body.bytes),
        .fresh_newest_ms = f->fresh.newest_ms,
        .history_count = (uint32_t)f->history_count,
        .fresh_count = f->fresh.newer.count,
        .want = (uint16_t)a->ask->want,
        .reason = (uint8_t)feed_reason_number(a->feed->fallback_reason),
        .is_fresh = a->ask->fresh,
        .answer_bytes = (uint32_t)a->body.bytes,
        .excluded_count = a->ask->excluded_count,
        .held_count = a->ask->held_count,
    };

    memcpy(r.magic, magic, sizeof magic);
    memcpy(r.version, a->feed->model->version, sizeof r.version);
    return r;
}

static unsigned char *put(unsigned char *p, const void *at, size_t bytes)
{
    return bytes ? (unsigned char *)memcpy(p, at, bytes) + bytes : p;
}

void served_add(struct served *s, const struct served_answer *a)
{
    alignas(struct served_record) unsigned char bytes[RECORD_MOST] = {0};
    const struct config *config = a->feeder->config;
    struct served_record *r = (void *)bytes;
    unsigned char *p = bytes + sizeof *r;
    struct err err;

    if (!config->served || !*config->served || !a->feed->model ||
        a->ask->kind != CURSOR_FOR_YOU || a->cursor.bytes > CURSOR_TEXT_MOST)
        return;
    *r = record_of(a);
    p = put(p, a->ask->excluded, a->ask->excluded_count * sizeof(uint64_t));
    p = put(p, a->ask->held, a->ask->held_count * sizeof(uint64_t));
    put(p, a->cursor.at, a->cursor.bytes);
    r->checksum = hash64(bytes + CHECKED_FROM, r->bytes - CHECKED_FROM);
    if (append(s, config, bytes, r->bytes, &err)) {
        s->has_failed = false;
        return;
    }
    if (!s->has_failed)
        log_failure(LOG_WARN, "app", "served_failed", &err);
    s->has_failed = true;
}

/* ---- reading ---- */

/* Judges the record at the start of `rest`; NULL: none, or damaged. */
static const struct served_record *record_at(struct span rest)
{
    const struct served_record *r = (const void *)rest.at;

    if (rest.bytes < sizeof *r || memcmp(r->magic, magic, sizeof magic) ||
        r->cursor_bytes > CURSOR_TEXT_MOST ||
        r->excluded_count > FEED_EXCLUDE_MOST || r->held_count > HELD_MOST ||
        r->bytes != whole(r->excluded_count + r->held_count, r->cursor_bytes) ||
        r->bytes > rest.bytes ||
        r->checksum != hash64(rest.at + CHECKED_FROM, r->bytes - CHECKED_FROM))
        return NULL;
    return r;
}

static bool find_in(struct span file, struct uuid request,
                    struct served_found *out)
{
    const struct served_record *r;

    while ((r = record_at(file))) {
        if (uuid_equal(r->request, request)) {
            size_t keys = r->excluded_count + r->held_count;
            const char *p = (const char *)(r + 1);
            out->record = *r;
            memcpy(out->keys, p, keys * sizeof *out->keys);
            memcpy(out->cursor, p + keys * sizeof *out->keys, r->cursor_bytes);
            return true;
        }
        file.at += r->bytes;
        file.bytes -= r->bytes;
    }
    return false;
}

bool served_find(const char *folder, struct uuid request,
                 struct served_found *out, struct err *err)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    struct err unread = {0};
    bool found = false;

    if (!dir)
        return err_set(err, ERR_ABSENT, "%s: %m", folder);
    while (!found && (entry = readdir(dir))) {
        char path[PATH_BYTES];
        struct span file;
        int bytes = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (strncmp(entry->d_name, prefix, strlen(prefix)) || bytes < 0 ||
            (size_t)bytes >= sizeof path ||
            !file_read(path, FILE_MOST_BYTES, &file, &unread))
            continue;
        found = find_in(file, request, out);
        mem_give((void *)(uintptr_t)file.at);
    }
    closedir(dir);
    return found ||
           err_set(err, ERR_ABSENT, "%s: no answer of that request", folder);
}
