/*
 * json_part.h -- one value inside a JSON text.
 *
 * Judged  a part comes from json_scan.h, which has judged its bytes.
 * Halves  of surrogate pairs: json_escape.h.
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
