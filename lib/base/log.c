#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"

enum { MS_PER_S = 1000, US_PER_MS = 1000 };

static enum log_level most_level = LOG_INFO;
static uint64_t salt;

static struct {
    bool on;
    int64_t since_us; /* of the oldest line */
    size_t bytes;
    char text[LOG_HELD_BYTES];
} held;

static void put(struct log_line *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* One byte is kept for the newline. */
static void put(struct log_line *l, const char *fmt, ...)
{
    size_t room = LOG_LINE_BYTES - 1 - l->bytes;
    va_list args;
    int bytes;

    va_start(args, fmt);
    bytes = vsnprintf(l->text + l->bytes, room, fmt, args);
    va_end(args);
    if (bytes > 0)
        l->bytes += (size_t)bytes < room ? (size_t)bytes : room - 1;
}

void log_setup(enum log_level most, uint64_t user_salt)
{
    most_level = most;
    salt = user_salt;
}

void log_begin(struct log_line *l, enum log_level level, const char *room,
               const char *event)
{
    static const char *const words[] = {"error", "warn", "info", "debug"};
    int64_t now_ms = clock_wall_ms();
    time_t now_s = (time_t)(now_ms / MS_PER_S);
    struct tm tm;
    char stamp[sizeof "2026-01-02T03:04:05"];

    l->muted = level > most_level;
    l->urgent = level <= LOG_WARN;
    l->bytes = 0;
    if (l->muted)
        return;
    gmtime_r(&now_s, &tm);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
    put(l, "at=%s.%03dZ level=%s room=%s event=%s", stamp,
        (int)(now_ms % MS_PER_S), words[level], room, event);
}

void log_word(struct log_line *l, const char *key, const char *word)
{
    if (!l->muted)
        put(l, " %s=%s", key, word);
}

void log_value(struct log_line *l, const char *key, struct span value)
{
    if (l->muted)
        return;
    put(l, " %s=\"", key);
    for (size_t i = 0; i < value.bytes; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if (c < ' ' || c > '~' || c == '"' || c == '\\')
            put(l, "\\x%02x", c);
        else
            put(l, "%c", c);
    }
    put(l, "\"");
}

void log_i64(struct log_line *l, const char *key, int64_t value)
{
    if (!l->muted)
        put(l, " %s=%" PRId64, key, value);
}

void log_user(struct log_line *l, struct uuid user)
{
    if (!l->muted)
        put(l, " user=%016" PRIx64, hash64_seeded(user.b, UUID_BYTES, salt));
}

void log_err(struct log_line *l, const struct err *err)
{
    if (l->muted)
        return;
    log_word(l, "code", err_name(err->code));
    log_word(l, "where", err->where ? err->where : "-");
    log_value(l, "what", span_of(err->what));
}

/* One write, so that lines of several processes do not mix. */
static void write_out(const char *text, size_t bytes)
{
    if (bytes && write(STDERR_FILENO, text, bytes) < 0)
        return; /* nobody to tell */
}

void log_flush(void)
{
    write_out(held.text, held.bytes);
    held.bytes = 0;
}

void log_hold(void)
{
    if (!held.on)
        atexit(log_flush);
    held.on = true;
}

int log_due_ms(void)
{
    int64_t left_ms;

    if (!held.bytes)
        return -1;
    left_ms = LOG_HELD_MS - (clock_mono_us() - held.since_us) / US_PER_MS;
    return left_ms > 0 ? (int)left_ms : 0;
}

static void hold(const struct log_line *l)
{
    if (held.bytes + l->bytes > LOG_HELD_BYTES)
        log_flush();
    if (!held.bytes)
        held.since_us = clock_mono_us();
    memcpy(held.text + held.bytes, l->text, l->bytes);
    held.bytes += l->bytes;
    if (log_due_ms() == 0)
        log_flush();
}

void log_end(struct log_line *l)
{
    if (l->muted)
        return;
    l->text[l->bytes++] = '\n';
    if (held.on && !l->urgent) {
        hold(l);
        return;
    }
    log_flush();
    write_out(l->text, l->bytes);
}

void log_failure(enum log_level level, const char *room, const char *event,
                 const struct err *err)
{
    struct log_line l;

    log_begin(&l, level, room, event);
    log_err(&l, err);
    log_end(&l);
}
