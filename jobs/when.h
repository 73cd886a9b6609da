/*
 * when.h -- instants as people and programs write them.
 *
 * Forms  seconds since 1970 (at most 10 digits), milliseconds (12 to 15
 *        digits; 11 digits are refused: both readings are plausible), and
 *        ISO 8601: 2018-03-12, 2018-03-12T17:00, ...T17:00:45[.567], a space
 *        for the T, then nothing (UTC), Z or an offset such as +01:00.
 * Units  milliseconds UTC since 1970; digits behind the third are cut.
 * Range  year 1 to 9999; a day that is not in the calendar, an hour over 23, a
 *        leap second are refused.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

bool when_find(struct span text, int64_t *at_ms);

/* 01-Jan-1995 or 1-Jan-1995, as in the film list of MovieLens. */
bool when_find_film(struct span text, int64_t *at_ms);

/* Midnight UTC of a day of the Gregorian calendar; false when there is none. */
bool when_of_day(int64_t year, int64_t month, int64_t day, int64_t *at_ms);
