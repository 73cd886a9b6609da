/*
 * sort_keys.h -- numbers in ascending order, byte by byte.
 *
 * Cost   O(count) for each byte in which keys differ; the others are free but
 *        for one look. `spare` has room for as many, its contents are lost.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

void sort_keys(uint64_t *keys, uint64_t *spare, size_t count);
