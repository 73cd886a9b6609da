/*
 * hash.h -- fast hashes, not for secrets (those are in digest.h).
 *
 * from  XXH3 of libxxhash: the same value on every machine.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint64_t hash64(const void *at, size_t bytes);
uint64_t hash64_seeded(const void *at, size_t bytes, uint64_t seed);

/* A stream of pieces: begin, add any number, end. */
struct hash_stream {
    uint64_t value;
};
void hash_begin(struct hash_stream *h);
void hash_add(struct hash_stream *h, const void *at, size_t bytes);
uint64_t hash_end(const struct hash_stream *h);
