/*
 * fallback.h -- posts for a reader of whom nothing useful is known.
 *
 * Chance  none of its own: the same model, reader and seed give the same
 *         posts in the same order.
 * Newer   posts newer than the model (reader.h) take part like all others.
 * Cost    fallback_random walks a pseudo-random permutation of all posts:
 *         O(want) expected while most posts may be shown, at most one look at
 *         each post when nearly none may. No allocation.
 * from    permutation: a balanced Feistel network over the next power of
 *         four, walked on until inside (Black and Rogaway 2002)
 */
#pragma once

#include <stdint.h>

#include "reco/reader.h"

/* out[0..returned), returned <= want: a sample without replacement of the
 * posts that the reader may get. */
uint32_t fallback_random(const struct reader *reader, uint64_t seed,
                         uint32_t want, uint32_t *out);

/*
 * For when all was seen: those seen longest ago first, except hidden, own,
 * invisible ones and those of earlier pages. First what only the model's row
 * remembers, by ordinal, as it is older than the profile; then the profile.
 */
uint32_t fallback_seen_oldest(const struct reader *reader, uint32_t want,
                              uint32_t *out);
