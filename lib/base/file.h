/*
 * file.h -- whole files: read one, publish one.
 *
 * Publish  written under a temporary name in the same folder, fsynced,
 *          renamed, the folder fsynced: a reader sees the old file or the new
 *          one, after a power cut too. The temporary is removed on failure.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

/* Heap memory; give back with mem_give(text.at). Larger files: ERR_LIMIT. */
MUST_USE bool file_read(const char *path, size_t most_bytes, struct span *text,
                        struct err *err);

struct file_writer {
    int fd;
    size_t bytes; /* written so far */
    char path[4096];
    char temporary[4096 + 32];
};

MUST_USE bool file_begin(struct file_writer *w, const char *path,
                         struct err *err);
/* A file without a name, in memory: for file_map, never for file_publish. */
MUST_USE bool file_begin_memory(struct file_writer *w, struct err *err);
MUST_USE bool file_add(struct file_writer *w, const void *at, size_t bytes,
                       struct err *err);
/* Overwrites bytes already written (a head known only at the end). */
MUST_USE bool file_patch(struct file_writer *w, size_t offset, const void *at,
                         size_t bytes, struct err *err);
MUST_USE bool file_publish(struct file_writer *w, struct err *err);
/* What was written, read-only; munmap() gives it back. Stays after file_drop.
 */
MUST_USE bool file_map(const struct file_writer *w, struct span *bytes,
                       struct err *err);
/* Gives up; harmless after file_publish. */
void file_drop(struct file_writer *w);

/*
 * Publishes the file `from` under a second name `to` as well, which replaces
 * what stands there: by hard link, by copy where that is not possible.
 */
MUST_USE bool file_alias(const char *from, const char *to, struct err *err);
