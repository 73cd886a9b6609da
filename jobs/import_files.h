/*
 * import_files.h -- which files an import reads, and as what.
 *
 * Paths   a file, or a folder (its files, not those of folders in it). The
 *         format is told from the first lines of the content; gzip is read
 *         directly. A named file of no known format is an error, one in a
 *         folder is left out with a note.
 * Beside  ratings need their films and events their posts: when such a file is
 *         named alone, the other one is looked for in its folder, plain or
 *         with .gz.
 */
#pragma once

#include "import_format.h"

enum { IMPORT_FILES_MOST = 256, IMPORT_PATH_BYTES = 4096 };

struct import_file {
    const struct import_format *format;
    char path[IMPORT_PATH_BYTES];
};

struct import_files {
    struct import_file *file; /* IMPORT_FILES_MOST */
    size_t count;
};

MUST_USE bool import_files_init(struct import_files *f, struct err *err);
void import_files_release(struct import_files *f);

/* Adds what `path` names. */
MUST_USE bool import_files_add(struct import_files *f, const char *path,
                               struct import_report *report, struct err *err);

/* Adds what is missing beside them and puts them in the order of reading. */
MUST_USE bool import_files_settle(struct import_files *f,
                                  struct import_report *report,
                                  struct err *err);
