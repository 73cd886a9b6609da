/*
 * import_report.h -- what an import read, took and left out: nothing is lost
 * silently.
 *
 * Output  the first IMPORT_SHOWN_MOST bad lines are named on stderr as
 *         "file:line: reason: detail"; all are counted by reason.
 */
#pragma once

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/span.h"

enum {
    IMPORT_SHOWN_MOST = 20,
    IMPORT_NOTES_MOST = 32,
    IMPORT_NOTE_BYTES = 240
};

enum import_reason {
    IMPORT_BAD_LINE,  /* not CSV, not JSON, wrong number of fields */
    IMPORT_MISSING,   /* a needed field is absent or empty */
    IMPORT_BAD_ID,    /* no id, or too long */
    IMPORT_BAD_TEXT,  /* not UTF-8, a NUL, a control character in a tag */
    IMPORT_BAD_TIME,  /* cannot be read, or before 1970 */
    IMPORT_FUTURE,    /* more than a day from now */
    IMPORT_BAD_TYPE,  /* an event of no known kind */
    IMPORT_BAD_VALUE, /* a rating, an address that cannot be */
    IMPORT_REPEATED,  /* an id given before in this import: the first stays */
    IMPORT_UNKNOWN_POST, /* an event on a post that is not there */
    IMPORT_REASONS,
};

/* The word of the reason in the summary: "bad_time". */
const char *import_reason_name(enum import_reason reason);

struct import_tally {
    uint64_t read, fresh, present; /* fresh: new, or different from before */
};

struct import_report {
    FILE *out; /* complaints; NULL: counted only */
    uint64_t lines;
    struct import_tally posts, users, events;
    uint64_t authorship; /* events that only say who wrote a post */
    uint64_t skipped[IMPORT_REASONS];
    uint64_t shown;
    uint32_t note_count;
    char notes[IMPORT_NOTES_MOST][IMPORT_NOTE_BYTES];
};

void import_report_skip(struct import_report *r, const char *file,
                        uint64_t line, enum import_reason reason,
                        const char *fmt, va_list args)
    __attribute__((format(printf, 5, 0)));

/* Something left out on purpose, said once however often it is called. */
void import_report_note(struct import_report *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

uint64_t import_report_skipped(const struct import_report *r);
