/*
 * import.h -- rows on their way from files into the database.
 *
 * Use      import_begin; for each file import_file_begin and the rows in it;
 *          import_flush; import_end.
 * Order    users and posts are written before the events of the same call of
 *          import_flush, which also happens by itself when enough is pending:
 *          memory is bounded, and an interrupted import is completed by
 *          running it again.
 * Once     an id that was given before is skipped. An event's id follows from
 *          source, user, post, type, time and the number of exact repetitions
 *          before it in its file.
 * Dry run  without a database everything is judged and nothing written.
 * Errors   a bad row is counted and skipped (true is returned); false means
 *          the database or the memory failed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/idmap.h"
#include "base/span.h"
#include "reco/types.h"
#include "store/db.h"
#include "store/posts.h"
#include "store/training.h"

#include "cli.h"
#include "import_report.h"

enum {
    IMPORT_EVENTS_BATCH = 100000,
    IMPORT_ROWS_BATCH = POSTS_BATCH,
    IMPORT_ID_MOST = 200,
};

struct import {
    struct db *db;     /* NULL: dry run */
    int64_t job_us;    /* longest single step */
    int64_t now_ms;    /* judges times */
    struct span given; /* --source; empty: the format's own */
    const char *file;
    uint64_t line;
    bool silent; /* the first of two passes: faults are told in the second */
    int64_t file_at_ms; /* when the file was written */
    struct import_report report;
    struct cli_progress progress;
    struct arena texts;
    struct post_row *posts;
    struct user_row *users;
    struct import_row *events;
    size_t post_count, user_count, event_count;
    struct idmap known_posts, known_users, seen;
    uint32_t *repeats; /* parallel to seen.ids */
    size_t repeats_cap;
};

/* db NULL: dry run. *im is only good after true. */
MUST_USE bool import_begin(struct import *im, struct db *db, int64_t job_us,
                           int64_t now_ms, struct err *err);
void import_end(struct import *im);

MUST_USE bool import_file_begin(struct import *im, const char *path,
                                struct err *err);
/* Counts a line and makes it the one that complaints name. */
void import_line(struct import *im, uint64_t line, uint64_t line_count);

/* The source of ids: what --source says, else the format's own word. */
struct span import_source(const struct import *im, const char *own);

/* For "%.*s": at most the first 60 bytes. */
#define IMPORT_SHOWN(s) (int)((s).bytes < 60 ? (s).bytes : 60), (s).at

/* Complains about the current line; not in a silent pass. */
void import_skip(struct import *im, enum import_reason reason, const char *fmt,
                 ...) __attribute__((format(printf, 3, 4)));

/* Copies the name. */
MUST_USE bool import_user(struct import *im, struct uuid id, struct span name,
                          struct err *err);
/* Copies the texts; judges title, texts, tags and addresses. */
MUST_USE bool import_post(struct import *im, const struct post_row *row,
                          struct err *err);
bool import_knows_user(const struct import *im, struct uuid id);
bool import_knows_post(const struct import *im, struct uuid id);

/* `own` is the event's id; NULL: it follows from the rest. */
MUST_USE bool import_event(struct import *im, struct span source,
                           const struct uuid *own, struct uuid user,
                           struct uuid post, enum event_type type,
                           int64_t at_ms, struct err *err);

MUST_USE bool import_flush(struct import *im, struct err *err);

/* Judges an event's time as text; complains when it is no good. */
bool import_time(struct import *im, struct span text, int64_t *at_ms);
