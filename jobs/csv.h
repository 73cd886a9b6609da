/*
 * csv.h -- records of a CSV file over the lines of it, plain or gzip.
 *
 * from      RFC 4180: fields between quotes may hold the separator, line ends
 *           (given as \n) and doubled quotes. Looser than that: \n alone ends
 *           a line, the separator is the caller's, a byte order mark in front
 *           and empty lines are skipped.
 * Iterator  csv_next: true and a record, or false at the end or on failure of
 *           the lines below (`lines.failed`). A record that breaks the rules
 *           comes too, with `fault` set and no field, so that the caller can
 *           count and report it; reading goes on behind it.
 * Ownership fields are borrowed until the next call.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/lines.h"
#include "base/span.h"

enum {
    CSV_FIELDS_MOST = 64,
    CSV_RECORD_BYTES_MOST = LINES_MOST_BYTES,
};

struct csv {
    struct lines lines;
    char separator;
    const char *fault;   /* NULL, or why this record is unusable */
    uint64_t first_line; /* of the record, from 1 */
    uint64_t line_count; /* lines the record takes */
    size_t count;        /* fields */
    struct span field[CSV_FIELDS_MOST];
    /* private */
    struct buf text;
    size_t ends[CSV_FIELDS_MOST];
};

MUST_USE bool csv_open(struct csv *c, const char *path, char separator,
                       struct err *err);
bool csv_next(struct csv *c);
void csv_close(struct csv *c);
