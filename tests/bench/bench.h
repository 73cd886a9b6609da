/*
 * bench.h -- a figure of a bench: a line of its table, and an entry of
 * build/bench.json.
 *
 * Names    dotted, from the general to the special, stable over time:
 *          neighbours.gowalla.request.p50.
 * Entries  {"name","value","unit","compared_to","ratio"}: ratio = value /
 *          value of what it is compared with, measured in the same run.
 *          `make bench` gathers them (tests/bench/run.sh): a line each goes
 *          to the file BENCH_LINES names; without it only the table is there.
 * Errors   print and end the program.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

void bench_figure(const char *name, double value, const char *unit);
/* `beside` is the other's value, in the same unit. */
void bench_figure_beside(const char *name, double value, const char *unit,
                         const char *compared_to, double beside);

/* Sorts, smaller first. */
void bench_sort(double *values, size_t count);
/* The value that `percent` (0..100] of `values` do not exceed; sorted,
 * count >= 1. */
double bench_percentile(const double *sorted, size_t count, double percent);

/* CPU time of this process in microseconds: user and system. */
void bench_cpu_us(double *user_us, double *system_us);
