/*
 * json_part.h -- one value inside a JSON text, and what its escapes stand for
 * (RFC 8259 section 7).
 *
 * Judged  a part comes from json_scan.h, which has judged its bytes.
 * Halves  half of a surrogate pair stands for U+FFFD and is told apart: it has
 *         no UTF-8, and PostgreSQL's jsonb refuses it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "web/json.h"

/* One judged value. */
struct json_part {
    enum json_kind kind;
    bool escaped;     /* a backslash is inside */
    bool lone;        /* a \uXXXX of half a surrogate pair is inside */
    struct span text; /* all bytes; of a JSON_TEXT those between the quotes */
};

/* A JSON_TEXT without escapes: itself or a copy in the arena. Half a surrogate
 * pair becomes U+FFFD. */
MUST_USE bool json_part_text(const struct json_part *part, struct arena *arena,
                             struct span *out, struct err *err);

/*
 * Any value as text that PostgreSQL's jsonb takes too: itself, or a copy in
 * the arena where half a surrogate pair has become \ufffd.
 */
MUST_USE bool json_part_raw(const struct json_part *part, struct arena *arena,
                            struct span *out, struct err *err);

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
