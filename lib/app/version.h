/*
 * version.h -- the version of a model: the instant it was built, in words.
 *
 *     20260102T030405.678Z
 *
 * Number and text say the same, so that an impression can carry the number
 * and the database the text.
 */
#pragma once

#include <stdint.h>

enum { VERSION_TEXT = 20 };

/* built_at_ms from 1970 to 9999. */
void version_text(int64_t built_at_ms, char out[VERSION_TEXT + 1]);
