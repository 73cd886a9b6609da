#define _GNU_SOURCE /* memfd_create */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

bool file_read(const char *path, size_t most_bytes, struct span *text,
               struct err *err)
{
    bool ok = false;
    char *at = NULL;
    size_t bytes = 0;
    ssize_t got;
    struct stat st = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) < 0) {
        err_set(err, errno == ENOENT ? ERR_ABSENT : ERR_DENIED, "%s: %m", path);
        goto out;
    }
    if (!S_ISREG(st.st_mode) || (size_t)st.st_size > most_bytes) {
        err_set(err, ERR_LIMIT, "%s: not a file of at most %zu bytes", path,
                most_bytes);
        goto out;
    }
    if (!mem_take((size_t)st.st_size + 1, 1, &at, err))
        goto out;
    while (bytes < (size_t)st.st_size) {
        got = read(fd, at + bytes, (size_t)st.st_size - bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            err_set(err, ERR_DOWN, "%s: %m", path);
            goto out;
        }
        if (!got)
            break;
        bytes += (size_t)got;
    }
    *text = (struct span){at, bytes};
    ok = true;
out:
    if (!ok)
        mem_give(at);
    if (fd >= 0)
        close(fd);
    return ok;
}

bool file_begin(struct file_writer *w, const char *path, struct err *err)
{
    int bytes = snprintf(w->path, sizeof w->path, "%s", path);

    w->fd = -1;
    w->bytes = 0;
    if (bytes < 0 || (size_t)bytes >= sizeof w->path)
        return err_set(err, ERR_INVALID, "path too long: %.100s...", path);
    snprintf(w->temporary, sizeof w->temporary, "%s.%ld.tmp", w->path,
             (long)getpid());
    w->fd = open(w->temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (w->fd < 0)
        return err_set(err, ERR_DENIED, "%s: %m", w->temporary);
    return true;
}

bool file_begin_memory(struct file_writer *w, struct err *err)
{
    w->bytes = 0;
    w->temporary[0] = 0;
    snprintf(w->path, sizeof w->path, "memory");
    w->fd = memfd_create(w->path, MFD_CLOEXEC);
    return w->fd >= 0 || err_set(err, ERR_MEMORY, "memfd: %m");
}

bool file_map(const struct file_writer *w, struct span *bytes, struct err *err)
{
    void *at = mmap(NULL, w->bytes, PROT_READ, MAP_SHARED, w->fd, 0);

    *bytes = (struct span){at, w->bytes};
    return at != MAP_FAILED || err_set(err, ERR_MEMORY, "%s: %m", w->path);
}

static bool write_at(struct file_writer *w, size_t offset, const void *at,
                     size_t bytes, struct err *err)
{
    const char *p = at;

    while (bytes) {
        ssize_t put = pwrite(w->fd, p, bytes, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_set(err, ERR_DOWN, "%s: %m", w->path);
        p += put;
        offset += (size_t)put;
        bytes -= (size_t)put;
    }
    return true;
}

bool file_add(struct file_writer *w, const void *at, size_t bytes,
              struct err *err)
{
    if (!write_at(w, w->bytes, at, bytes, err))
        return false;
    w->bytes += bytes;
    return true;
}

bool file_patch(struct file_writer *w, size_t offset, const void *at,
                size_t bytes, struct err *err)
{
    return write_at(w, offset, at, bytes, err);
}

static bool sync_folder(const char *path, struct err *err)
{
    char folder[sizeof((struct file_writer *)0)->path];
    char *slash;
    bool ok;
    int fd;

    snprintf(folder, sizeof folder, "%s", path);
    slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = 0;
    fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        err_set(err, ERR_DOWN, "folder of %s: %m", path);
    if (fd >= 0)
        close(fd);
    return ok;
}

bool file_publish(struct file_writer *w, struct err *err)
{
    bool ok = fsync(w->fd) == 0 && rename(w->temporary, w->path) == 0;

    if (!ok)
        err_set(err, ERR_DOWN, "%s: %m", w->path);
    else
        w->temporary[0] = 0;
    file_drop(w);
    return ok && sync_folder(w->path, err);
}

void file_drop(struct file_writer *w)
{
    if (w->fd >= 0) {
        close(w->fd);
        w->fd = -1;
        if (w->temporary[0])
            unlink(w->temporary);
    }
}

static bool copy_to(const char *from, struct file_writer *w, struct err *err)
{
    char block[1 << 16];
    ssize_t got = -1;
    bool ok = true;
    int fd = open(from, O_RDONLY | O_CLOEXEC);

    while (ok && fd >= 0 && (got = read(fd, block, sizeof block)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        ok = file_add(w, block, (size_t)got, err);
    }
    if (ok && got)
        ok = err_set(err, ERR_DOWN, "%s: %m", from);
    if (fd >= 0)
        close(fd);
    return ok;
}

bool file_alias(const char *from, const char *to, struct err *err)
{
    struct file_writer w;
    bool ok;

    if (!file_begin(&w, to, err))
        return false;
    unlink(w.temporary);
    if (link(from, w.temporary) == 0) {
        ok = rename(w.temporary, to) == 0 ||
             err_set(err, ERR_DOWN, "%s: %m", to);
        unlink(w.temporary); /* stays when both were the same file already */
        w.temporary[0] = 0;
        file_drop(&w);
        return ok && sync_folder(to, err);
    }
    file_drop(&w);
    ok = file_begin(&w, to, err) && copy_to(from, &w, err) &&
         file_publish(&w, err);
    file_drop(&w);
    return ok;
}
