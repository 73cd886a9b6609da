/*
 * utf8.h -- judging UTF-8 (RFC 3629): no overlong form, no surrogate, nothing
 * above U+10FFFF; and writing it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* Bytes of the first character, 1..4, and its code point; 0 when invalid. */
size_t utf8_next(struct span text, uint32_t *point);

bool utf8_valid(struct span text);

/* Valid, and without control characters (U+0000..U+001F, U+007F). */
bool utf8_printable(struct span text);

enum { UTF8_MOST_BYTES = 4 }; /* of one character */

/* Writes a code point up to U+10FFFF; returns what is behind it. */
char *utf8_put(char *to, uint32_t point);
