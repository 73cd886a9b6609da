/*
 * near_rows.h -- the rows of an index of readers over one tile of users, laid
 * out line by line for many readers who ask one after the other.
 *
 * Rank   rows stand by their readers, most first, those that are not near last.
 * Near   rows with a user in every other line or more, or of which the index
 *        has bits, are bits here: the first near_count ranks. Each has a slot,
 *        slot 0 is an empty row. Those of one line (512 users) lie together, 64
 *        bytes a row: what readers meet there comes from a near cache, and the
 *        most read rows from the nearest.
 * Few    other rows are lists of entries, mostly empty.
 * Order  near_rows_begin(), then near_rows_open() tile by tile, none left out:
 *        lists are read on.
 * Size   512 bytes a near row, 57 a row, and room for 4 bytes a pair of the
 *        4,096 users who have most, of which few rows fill theirs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "reco/kernel.h"
#include "reco/model.h"

/* What is known of a row, by rank. */
struct tile_row {
    uint32_t row, tile, tiles;
    uint8_t weight; /* of all its readers; 0: its list holds pairs */
};

/* How far its list is read. */
struct tile_list {
    const void *at, *stop, *end; /* stop: of the segment */
};

/* A user of a tile and what his row gives, times the reader's weight. */
struct tile_entry {
    uint16_t place, weight;
};

struct tile_few {
    uint32_t first, count; /* of entries */
};

struct near_rows {
    const struct model *model;
    uint32_t near_count;
    uint32_t *ranks;       /* [rows] by row */
    struct tile_row *rows; /* [rows] by rank, as those below */
    struct tile_list *lists;
    uint32_t *next;       /* first place that is not yet read */
    struct tile_few *few; /* [rows - near_count] of this tile */
    uint8_t *few_lines;   /* beside few, bit l: not empty in line l */
    struct tile_entry *entries;
    uint64_t *near; /* [KERNEL_LINES][near_count + 1] slots of this tile */
};

/* Of the model's index. ERR_MEMORY. */
MUST_USE bool near_rows_init(struct near_rows *n, const struct model *model,
                             struct err *err);
/* Accepts zeroed rows. */
void near_rows_release(struct near_rows *n);

void near_rows_begin(struct near_rows *n);
/* Users tile * INDEX_TILE and on; O(rows). */
void near_rows_open(struct near_rows *n, uint32_t tile);

/* Where the bits of a near row are, words behind its line. */
static inline uint32_t near_rows_slot(uint32_t rank)
{
    return (rank + 1) * KERNEL_LINE_WORDS;
}

static inline uint64_t *near_rows_line(const struct near_rows *n, uint32_t line)
{
    return n->near + (size_t)line * (n->near_count + 1) * KERNEL_LINE_WORDS;
}
