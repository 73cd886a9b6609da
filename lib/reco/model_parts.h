/*
 * model_parts.h -- what model.c and model_check.c share: finding sections.
 * Nobody else needs it.
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
