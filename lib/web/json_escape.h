/*
 * json_escape.h -- what an escape in a JSON text stands for (RFC 8259
 * section 7).
 *
 * Halves  half of a surrogate pair stands for U+FFFD and is told apart: it has
 *         no UTF-8, and PostgreSQL's jsonb refuses it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JSON_ESCAPE_UNIT = 6, /* bytes of \uXXXX */
    JSON_REPLACEMENT = 0xfffd,
};

struct json_escape {
    size_t bytes; /* 2, 6, or 12 of a pair; 0: no escape stands there */
    uint32_t point;
    bool lone; /* half of a pair */
};

/* Of the escape whose backslash stands at `at` < end. */
struct json_escape json_escape_at(const char *at, const char *end);
