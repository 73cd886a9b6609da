/*
 * stamp.h -- instants and durations as people read them.
 */
#pragma once

#include <stdint.h>

enum { STAMP_BYTES = sizeof "2026-01-02 03:04:05Z" };

/* "2026-01-02 03:04:05Z"; an instant before 1970 or after 9999 is "-". */
void stamp_text(int64_t at_ms, char out[STAMP_BYTES]);

/* "480 us", "12.3 ms", "4.56 s", "3 min 20 s". */
enum { STAMP_TOOK_BYTES = 32 };
void stamp_took(int64_t us, char out[STAMP_TOOK_BYTES]);
