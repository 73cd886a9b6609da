/*
 * vector.h -- VECTOR before a function: its loops are made for vector units.
 *
 * GCC leaves them scalar at -O2, and with branches where a value is chosen;
 * clang does not need to be told. The bits are the same either way.
 */
#pragma once

#ifdef __clang__
#define VECTOR
#else
#define VECTOR __attribute__((optimize("O3")))
#endif
