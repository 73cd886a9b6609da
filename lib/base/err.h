/*
 * err.h -- one error type: a code that says what the caller can do, and a
 * text for the log.
 *
 * Use     a fallible function returns bool, takes `struct err *err` last and
 *         is MUST_USE. err_set() returns false, so failure and its message
 *         are one statement.
 * Rule    the text never reaches a client; whoever answers logs it, once.
 */
#pragma once

#include <stdbool.h>

#define MUST_USE __attribute__((warn_unused_result))

enum err_code {
    ERR_NONE = 0,
    ERR_INVALID, /* the caller's input is wrong          -> 400 */
    ERR_DENIED,  /* token missing, forged or expired     -> 401 */
    ERR_ABSENT,  /* asked for by name, does not exist    -> 404 */
    ERR_LIMIT,   /* a size or rate budget is spent       -> 413 */
    ERR_CORRUPT, /* stored bytes break their own format  -> 500 */
    ERR_DOWN,    /* a dependency is away; try later      -> 503 */
    ERR_TIMEOUT, /* a dependency did not answer in time  -> 503 */
    ERR_MEMORY,  /* the arena or the heap is full        -> 503 */
};

struct err {
    enum err_code code;
    const char *where; /* "file.c:123", static storage */
    char what[240];    /* for the log, never for the client */
};

bool err_set_at(struct err *err, const char *where, enum err_code code,
                const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A constant word for the log: "invalid", "down", ... */
const char *err_name(enum err_code code);

#define ERR_STR_(x) #x
#define ERR_STR(x) ERR_STR_(x)
#define err_set(err, ...)                                                      \
    err_set_at((err), __FILE__ ":" ERR_STR(__LINE__), __VA_ARGS__)
