/*
 * lines.h -- the lines of a text file, plain or gzip, one after another.
 *
 * Iterator   lines_next: true and a line (without its line end), or false at
 *            the end or on failure; `failed` tells which, `*err` why.
 * Ownership  a line is borrowed until the next call.
 * Limits     a line over LINES_MOST_BYTES is handed out cut, with `cut` set,
 *            so that the caller can report it; the rest of it is skipped.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

enum { LINES_MOST_BYTES = 1 << 20 };

struct lines {
    void *gz; /* gzFile */
    char *held;
    size_t held_bytes, next; /* bytes in `held`, start of the next line */
    uint64_t number;         /* of the last line handed out, from 1 */
    bool cut;                /* the last line was longer than the limit */
    bool ended, failed;
    struct err *err;
};

MUST_USE bool lines_open(struct lines *l, const char *path, struct err *err);
bool lines_next(struct lines *l, struct span *line);
void lines_close(struct lines *l);
