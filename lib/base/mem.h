/*
 * mem.h -- the only door to the heap outside the third-party doors.
 *
 * For what lives as long as the process, a model, or one job. Request memory
 * comes from an arena.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"

/* Zeroed memory for count items; `out` is the address of a pointer. */
MUST_USE bool mem_take(size_t count, size_t item_bytes, void *out,
                       struct err *err);

/* The same in whole cache lines, and in large pages where the system has them:
 * for what is visited here and there. All of it is touched at once. */
MUST_USE bool mem_take_wide(size_t count, size_t item_bytes, void *out,
                            struct err *err);

/*
 * Grows an array of *cap items, doubling, so that it holds at least `need`.
 * `array` is the address of a pointer. On failure the old array stays valid.
 * New items are not zeroed.
 */
MUST_USE bool mem_grow(void *array, size_t *cap, size_t need, size_t item_bytes,
                       struct err *err);

/* Accepts NULL. */
void mem_give(void *at);
