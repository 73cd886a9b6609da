#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static void append(const char *name, double value, const char *unit,
                   const char *compared_to, double beside)
{
    const char *path = getenv("BENCH_LINES");
    FILE *f = path && *path ? fopen(path, "a") : NULL;

    if (!path || !*path)
        return;
    if (!f) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    fprintf(f, "{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",", name, value,
            unit);
    if (compared_to)
        fprintf(f, "\"compared_to\":\"%s\",\"ratio\":%.4g}\n", compared_to,
                value / beside);
    else
        fprintf(f, "\"compared_to\":null,\"ratio\":null}\n");
    if (fclose(f) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

/* Enough digits to compare, none that mean nothing. */
static int decimals(double value)
{
    enum { MOST = 3, DIGITS = 4 };
    double size = fabs(value);

    for (int places = 0, whole = 1; places < MOST; places++, whole++)
        if (size >= pow(10, DIGITS - 1 - places))
            return places;
    return MOST;
}

void bench_figure(const char *name, double value, const char *unit)
{
    printf("  %-50s %10.*f %s\n", name, decimals(value), value, unit);
    fflush(stdout);
    append(name, value, unit, NULL, 1);
}

void bench_figure_beside(const char *name, double value, const char *unit,
                         const char *compared_to, double beside)
{
    printf("  %-50s %10.*f %-9s %.3g x %s\n", name, decimals(value), value,
           unit, value / beside, compared_to);
    fflush(stdout);
    append(name, value, unit, compared_to, beside);
}

static int smaller_first(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void bench_sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, smaller_first);
}

double bench_percentile(const double *sorted, size_t count, double percent)
{
    enum { WHOLE = 100 };
    size_t rank = (size_t)ceil(percent / WHOLE * (double)count);

    return sorted[rank ? rank - 1 : 0];
}

void bench_cpu_us(double *user_us, double *system_us)
{
    const double us = 1e6;
    struct rusage r;

    getrusage(RUSAGE_SELF, &r);
    *user_us = (double)r.ru_utime.tv_sec * us + (double)r.ru_utime.tv_usec;
    *system_us = (double)r.ru_stime.tv_sec * us + (double)r.ru_stime.tv_usec;
}
