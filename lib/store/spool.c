#include "store/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    SEGMENT_MOST_BYTES = 8 << 20,
    SEGMENTS_LEAST = 8, /* that share most_bytes */
    FOLDER_MODE = 0700,
    FILE_MODE = 0600,
    NAMES_TRIED = 100,
};

#define PREFIX "spool-"
#define SUFFIX ".seg"

void spool_init(struct spool *s, const char *folder, uint64_t most_bytes)
{
    *s = (struct spool){.folder = folder, .most_bytes = most_bytes, .fd = -1};
    buf_init(&s->record, SPOOL_RECORD_MOST);
}

/* Closing the file also unlocks it. */
static void leave_segment(struct spool *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

void spool_release(struct spool *s)
{
    leave_segment(s);
    buf_release(&s->record);
}

bool spool_is_segment(const char *name)
{
    size_t bytes = strlen(name), suffix = strlen(SUFFIX);

    return bytes < SPOOL_NAME && bytes > strlen(PREFIX) + suffix &&
           !strncmp(name, PREFIX, strlen(PREFIX)) &&
           !strcmp(name + bytes - suffix, SUFFIX);
}

/* No room is told apart from a disk that fails: it passes by itself. */
static bool failed(const char *what, const char *path, struct err *err)
{
    int why = errno;
    bool full = why == ENOSPC || why == EDQUOT || why == EFBIG;

    err_set(err, full ? ERR_LIMIT : ERR_DOWN, "spool: %s %.150s: %m", what,
            path);
    errno = why;
    return false;
}

/* ---- the folder ---- */

static bool sync_folder(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        failed("folder", path, err);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* Its own name must be durable too, or all of it is gone after a power cut. */
static bool make_folder(const char *folder, struct err *err)
{
    char parent[SPOOL_PATH];
    char *slash;

    if (mkdir(folder, FOLDER_MODE) < 0)
        return errno == EEXIST || failed("make", folder, err);
    snprintf(parent, sizeof parent, "%s", folder);
    slash = strrchr(parent, '/');
    if (slash)
        slash[slash == parent] = 0;
    return sync_folder(slash ? parent : ".", err);
}

/* Bytes of all segments. */
static bool used_bytes(const char *folder, uint64_t *out, struct err *err)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    struct stat st;

    *out = 0;
    if (!dir)
        return failed("open", folder, err);
    while ((entry = readdir(dir)))
        if (spool_is_segment(entry->d_name) &&
            !fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
            *out += (uint64_t)st.st_size;
    closedir(dir);
    return true;
}

static bool check_room(const struct spool *s, struct err *err)
{
    uint64_t used;

    if (!used_bytes(s->folder, &used, err))
        return false;
    return used + s->record.bytes <= s->most_bytes ||
           err_set(err, ERR_LIMIT, "spool: full, %" PRIu64 " of %" PRIu64, used,
                   s->most_bytes);
}

/* ---- the segment ---- */

/* The drain removes or moves a segment while it holds the lock. */
static bool is_in_place(const struct spool *s)
{
    struct stat ours, there;

    return !fstat(s->fd, &ours) && !stat(s->path, &there) &&
           ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

static bool lock(const struct spool *s)
{
    return s->fd >= 0 && !flock(s->fd, LOCK_EX | LOCK_NB) && is_in_place(s);
}

static bool has_room(const struct spool *s)
{
    uint64_t most = s->most_bytes / SEGMENTS_LEAST;

    if (most > SEGMENT_MOST_BYTES)
        most = SEGMENT_MOST_BYTES;
    return s->bytes == 0 || s->bytes + s->record.bytes <= most;
}

static bool create(struct spool *s, struct err *err)
{
    int bytes = snprintf(s->path, sizeof s->path,
                         "%s/" PREFIX "%013" PRId64 "-%d-%" PRIu64 SUFFIX,
                         s->folder, clock_wall_ms(), (int)getpid(), s->number);

    if (bytes < 0 || (size_t)bytes >= sizeof s->path)
        return err_set(err, ERR_LIMIT, "spool: path too long");
    s->number++;
    s->bytes = s->sequence = 0;
    s->fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    return s->fd >= 0 || failed("create", s->path, err);
}

/* A new one, locked. The drain may be quicker and remove the empty file. */
static bool begin_segment(struct spool *s, struct err *err)
{
    leave_segment(s);
    for (int tries = 0; tries < NAMES_TRIED; tries++) {
        if (!create(s, err)) {
            if (errno == EEXIST)
                continue;
            return false;
        }
        if (lock(s)) {
            if (sync_folder(s->folder, err))
                return true;
            unlink(s->path);
            leave_segment(s);
            return false;
        }
        leave_segment(s);
    }
    return err_set(err, ERR_DOWN, "spool: no segment can be begun in %.150s",
                   s->folder);
}

static bool write_record(const struct spool *s, struct err *err)
{
    struct span left = buf_view(&s->record);
    uint64_t at = s->bytes;

    while (left.bytes) {
        ssize_t put = pwrite(s->fd, left.at, left.bytes, (off_t)at);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return failed("write", s->path, err);
        left.at += put;
        left.bytes -= (size_t)put;
        at += (uint64_t)put;
    }
    return fdatasync(s->fd) == 0 || failed("fsync", s->path, err);
}

/*
 * The segment is left in any case: after a failed fsync the kernel may have
 * dropped pages and call the next fsync a success.
 */
static void take_back(struct spool *s)
{
    if (ftruncate(s->fd, (off_t)s->bytes) == 0 && s->bytes == 0)
        unlink(s->path);
    leave_segment(s);
}

static bool append(struct spool *s, struct err *err)
{
    if (!write_record(s, err)) {
        take_back(s);
        return false;
    }
    s->bytes += s->record.bytes;
    s->sequence++;
    flock(s->fd, LOCK_UN);
    return true;
}

static bool encode(struct spool *s, const struct spool_batch *batch,
                   struct err *err)
{
    buf_reset(&s->record);
    return spool_write(&s->record, batch, s->sequence, clock_wall_ms(), err);
}

bool spool_add(struct spool *s, const struct spool_batch *batch,
               struct err *err)
{
    if (!make_folder(s->folder, err) || !encode(s, batch, err) ||
        !check_room(s, err))
        return false;
    if (!has_room(s) || !lock(s))
        /* Its first record: the sequence starts anew. */
        if (!begin_segment(s, err) || !encode(s, batch, err))
            return false;
    return append(s, err);
}

/* ---- how much waits ---- */

static void add_segment(int fd, struct spool_depth *d)
{
    struct spool_head head;
    struct stat st;
    uint64_t at = 0;

    if (fstat(fd, &st) < 0)
        return;
    d->segments++;
    d->bytes += (uint64_t)st.st_size;
    while (pread(fd, &head, sizeof head, (off_t)at) == sizeof head &&
           spool_head_check(&head) &&
           at + sizeof head + head.bytes <= (uint64_t)st.st_size) {
        d->records++;
        d->events += head.events;
        if (!d->oldest_at_ms || head.spooled_at_ms < d->oldest_at_ms)
            d->oldest_at_ms = head.spooled_at_ms;
        at += sizeof head + head.bytes;
    }
}

static void add_bad(int folder_fd, struct spool_depth *d)
{
    int fd = openat(folder_fd, SPOOL_BAD, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    struct stat st;

    while (dir && (entry = readdir(dir)))
        if (!fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
            S_ISREG(st.st_mode)) {
            d->bad_segments++;
            d->bad_bytes += (uint64_t)st.st_size;
        }
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
}

bool spool_depth_load(const char *folder, struct spool_depth *out,
                      struct err *err)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    *out = (struct spool_depth){0};
    if (!dir)
        return errno == ENOENT || failed("open", folder, err);
    while ((entry = readdir(dir))) {
        int fd;

        if (!spool_is_segment(entry->d_name))
            continue;
        fd = openat(dirfd(dir), entry->d_name,
                    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            continue;
        add_segment(fd, out);
        close(fd);
    }
    add_bad(dirfd(dir), out);
    closedir(dir);
    return true;
}
