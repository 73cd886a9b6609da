/*
 * types.h -- words shared by everything that recommends.
 *
 * A reader's events on one post fold into a `mask`: which types happened.
 * Each type counts once per (user, post). The weight of the pair is the sum
 * (or, as a setting, the maximum) of the weights of its types, in tenths, so
 * that all sums are exact integers: view 1, click 3, like 7, share 10.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/uuid.h"

enum event_type {
    EVENT_VIEW,
    EVENT_CLICK,
    EVENT_LIKE,
    EVENT_SHARE,
    EVENT_UNLIKE, /* takes an earlier like back */
    EVENT_HIDE,   /* this post never again; it says nothing good of it */
    EVENT_TYPES,
};

/* Bits of a mask. The low four are what a model stores of a pair. */
enum {
    MASK_VIEW = 1 << EVENT_VIEW,
    MASK_CLICK = 1 << EVENT_CLICK,
    MASK_LIKE = 1 << EVENT_LIKE,
    MASK_SHARE = 1 << EVENT_SHARE,
    MASK_HIDE = 1 << 4,
    MASK_STORED = 15,
    MASK_COUNT = 16, /* different stored masks */
};

/* "view", "click", ...; the words of the API and of the database. */
const char *event_name(enum event_type type);
bool event_find(struct span name, enum event_type *out);

/* The mask after one more event; events come in order of time. */
uint8_t mask_fold(uint8_t mask, enum event_type type);

struct weights {
    uint8_t view, click, like, share; /* tenths, 0..15 each */
    bool use_max;                     /* maximum instead of sum */
};

/* table[mask] = weight in tenths, 0..60; a mask with MASK_HIDE weighs 0. */
void weights_table(const struct weights *w, uint8_t table[2 * MASK_COUNT]);

/* One row of a reader's history, newest first as the database gives it. */
struct history_event {
    struct uuid post;
    int64_t at_ms;
    enum event_type type;
};
