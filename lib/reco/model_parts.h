/*
 * model_parts.h -- what model.c and the judges share: finding sections. Nobody
 * else needs it.
 */
#pragma once

#include "reco/model.h"

/*
 * Points the model's fields at the sections that the table names. The caller
 * vouches for the table: offsets inside the bytes and aligned, META present
 * and of its size. Fields of absent sections are NULL.
 */
void model_attach(struct model *model, const void *bytes, size_t size);

/* 1 / sqrt(norm) in doubles, rounded to float at the end; 0 for norm 0. */
float model_scale(uint32_t norm);

/* First slot of a post id; slot_mask = slot count - 1. */
uint32_t model_first_slot(struct uuid id, uint32_t slot_mask);

/* Slots for this many posts: a power of two, at least twice as many. */
uint32_t model_slot_count(uint32_t post_count);

static inline size_t model_align(size_t bytes)
{
    return (bytes + MODEL_ALIGN - 1) & ~(size_t)(MODEL_ALIGN - 1);
}

/* The section, or NULL; *bytes is its size. */
const void *model_section_at(const void *model, uint32_t id, size_t *bytes);

/* The optional groups; everything else has passed. */
MUST_USE bool model_check_parts(const struct model *m, struct err *err);
MUST_USE bool model_check_index(const struct model *m, struct err *err);

/* True when [offset, offset + bytes) lies inside size; cannot overflow. */
static inline bool model_inside(uint64_t offset, uint64_t bytes, uint64_t size)
{
    return offset <= size && bytes <= size - offset;
}

/* Spreads one cell of a matrix: finaliser of SplitMix64. */
static inline uint64_t model_mix(uint32_t row, uint32_t cell)
{
    uint64_t z = (uint64_t)row << (sizeof(uint32_t) * 8) | cell;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
