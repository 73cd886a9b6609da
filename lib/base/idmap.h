/*
 * idmap.h -- UUID to ordinal: each new id gets the next number from 0.
 *
 * Cost   O(1) expected; 20 bytes an id plus 4 to 8 a slot.
 * Order  ids[ordinal] in order of first sight.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"

struct idmap {
    struct uuid *ids;
    uint32_t *slots; /* ordinal + 1, 0 is free */
    size_t slot_count;
    size_t ids_cap;
    uint32_t count;
};

MUST_USE bool idmap_init(struct idmap *m, size_t expected, struct err *err);
void idmap_release(struct idmap *m);

bool idmap_find(const struct idmap *m, struct uuid id, uint32_t *ordinal);
/* Finds or adds. */
MUST_USE bool idmap_add(struct idmap *m, struct uuid id, uint32_t *ordinal,
                        struct err *err);
