/*
 * program.h -- run a program from a test and see what it says.
 *
 * Environment  the test's own without KITH_ settings, plus those given.
 * Limits       PROGRAM_SAID_BYTES of each stream are kept.
 * Files        a folder of its own for one test program, removed at exit.
 */
#pragma once

#include "base/span.h"

enum { PROGRAM_SAID_BYTES = 1 << 16, PROGRAM_ARGS_MOST = 24 };

struct program {
    int code; /* exit code, 128 + signal when killed */
    char out[PROGRAM_SAID_BYTES], err[PROGRAM_SAID_BYTES];
};

/*
 * `settings` are words such as "KITH_DB_URL=...", ended by NULL; `args` too.
 * A program without a slash is looked for in PATH.
 */
void program_run(struct program *p, const char *path,
                 const char *const *settings, const char *const *args);

/* The kith of the build this test belongs to. */
const char *program_kith(void);

/* Splits `line` at spaces: program_kith with these words. */
void program_kith_run(struct program *p, const char *const *settings,
                      const char *line);

/* The folder; and the path of a name in it (valid for the next 16 calls). */
const char *program_folder(void);
const char *program_path(const char *name);
/* Writes a file there, with folders; returns its path. */
const char *program_file(const char *name, struct span text);
/* Packs it: NAME becomes NAME.gz. */
void program_gzip(const char *name);
