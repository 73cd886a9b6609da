/*
 * log.h -- one line an event to stderr, in logfmt:
 *
 *     at=2026-01-02T03:04:05.678Z level=warn room=store event=db_down
 * wait_ms=150
 *
 * Use     struct log_line l; log_begin(&l, LOG_WARN, "store", "db_down");
 *         log_i64(&l, "wait_ms", 150); log_end(&l);
 * Rules   `event` and keys are constant words. Text from outside goes through
 *         log_value, which escapes what is not printable ASCII. No token, body
 *         or raw user id; a user appears as log_user (keyed hash). A line that
 *         grows past LOG_LINE_BYTES is cut. Logging never fails or exits.
 * Held    after log_hold(), lines of info and debug wait, to be written many at
 *         once: each write wakes whoever collects them. They are written, in
 *         order, when LOG_HELD_BYTES are full, before a line of warn or error,
 *         with a line that finds the oldest LOG_HELD_MS old, and by log_flush;
 *         whoever waits for work asks log_due_ms how long he may. A process
 *         that is killed loses them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Held is what one write to a pipe keeps together (PIPE_BUF). */
enum { LOG_LINE_BYTES = 1024, LOG_HELD_BYTES = 4096, LOG_HELD_MS = 1000 };

struct log_line {
    bool muted, urgent;
    size_t bytes;
    char text[LOG_LINE_BYTES];
};

/* Lines above this level are dropped. The salt keys log_user. */
void log_setup(enum log_level most, uint64_t user_salt);

/* From now on, lines are held back; at exit they are written. */
void log_hold(void);
/* How long until held lines must be written; -1: none are held. */
int log_due_ms(void);
void log_flush(void);

void log_begin(struct log_line *l, enum log_level level, const char *room,
               const char *event);
void log_word(struct log_line *l, const char *key, const char *word);
void log_value(struct log_line *l, const char *key, struct span value);
void log_i64(struct log_line *l, const char *key, int64_t value);
void log_user(struct log_line *l, struct uuid user);
/* code=.. where=.. what=".." */
void log_err(struct log_line *l, const struct err *err);
void log_end(struct log_line *l);

/* A whole line from an error. */
void log_failure(enum log_level level, const char *room, const char *event,
                 const struct err *err);
