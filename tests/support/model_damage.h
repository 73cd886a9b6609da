/*
 * model_damage.h -- for tests that spoil a model: sign it again, use it.
 */
#pragma once

#include "base/hash.h"
#include "model_fixture.h"
#include "reco/fallback.h"

enum { DAMAGE_BITS = 8 }; /* of a byte */

static inline uint64_t damage_checksum(const unsigned char *at, size_t bytes)
{
    struct hash_stream h;

    hash_begin(&h);
    for (size_t done = 0; done < bytes; done += MODEL_BLOCK_BYTES)
        hash_add(&h, at + done,
                 bytes - done < MODEL_BLOCK_BYTES ? bytes - done
                                                  : MODEL_BLOCK_BYTES);
    return hash_end(&h);
}

/* Makes every checksum right that can be found: what is wrong now is wrong in
 * its content. `bytes` is aligned to 8. */
static inline void damage_sign(unsigned char *bytes, size_t size)
{
    struct model_head *head = (void *)bytes;
    struct model_section *table = (void *)(head + 1);
    struct hash_stream h;
    size_t table_bytes;

    if (size < sizeof *head || head->section_count > MODEL_SECTIONS_MOST)
        return;
    table_bytes = head->section_count * sizeof *table;
    if (table_bytes > size - sizeof *head)
        return;
    for (uint32_t i = 0; i < head->section_count; i++)
        if (table[i].offset <= size && table[i].bytes <= size - table[i].offset)
            table[i].checksum =
                damage_checksum(bytes + table[i].offset, table[i].bytes);
    head->checksum = 0;
    hash_begin(&h);
    hash_add(&h, head, sizeof *head);
    hash_add(&h, table, table_bytes);
    head->checksum = hash_end(&h);
}

/* Reads all that a span covers, so that a sanitizer sees it. */
static inline unsigned damage_touch(struct span s)
{
    unsigned sum = 0;

    for (size_t i = 0; i < s.bytes; i++)
        sum += (unsigned char)s.at[i];
    return sum;
}

static inline void damage_recommend(const struct model *m, uint32_t user,
                                    struct reco_scratch *s, struct profile *p)
{
    static struct recommendation got;
    static struct reader reader;
    static struct reasons reasons[RECOMMEND_MOST];
    enum { WANT = 8 };
    struct row row = model_user_row(m, user);
    struct history_event events[WANT];
    uint32_t posts[WANT], count = row.count < WANT ? row.count : WANT;
    struct err err;

    for (uint32_t i = 0; i < count; i++)
        events[i] = (struct history_event){
            .post = m->post_ids[pair_ordinal(row.pairs[i])],
            .type = EVENT_LIKE};
    profile_make(p, m, events, count);
    fixture_must(reader_make(&reader, m, p, m->user_ids[user], NULL, 0, &err),
                 &err);
    fixture_must(recommend(&reader, s, 0, WANT, &got, &err), &err);
    for (uint32_t i = 0; i < got.count; i++)
        posts[i] = got.posts[i].post;
    fixture_must(
        recommend_explain(&reader, s, &got, posts, got.count, reasons, &err),
        &err);
    fallback_random(&reader, user, WANT, posts);
}

/* Whether the check lets it pass; if so, everything in it is used. */
static inline bool damage_survives(const void *bytes, size_t size)
{
    struct model m;
    struct reco_scratch s;
    struct profile p;
    struct err err;
    unsigned sum = 0;

    if (!model_of_bytes(bytes, size, &m, &err))
        return false;
    fixture_must(reco_scratch_init(&s, &m, &err), &err);
    fixture_must(profile_init(&p, 16, &err), &err);
    for (uint32_t i = 0; i < m.post_count; i++) {
        sum += damage_touch(model_post_text(&m, i));
        sum += damage_touch(model_post_title(&m, i));
    }
    for (uint32_t u = 0; u < m.user_count; u++)
        damage_recommend(&m, u, &s, &p);
    profile_release(&p);
    reco_scratch_release(&s);
    model_close(&m);
    return sum != 1; /* always: keeps the reads */
}

static inline void damage_flip(unsigned char *bytes, size_t bit)
{

    bytes[bit / DAMAGE_BITS] ^= (unsigned char)(1 << bit % DAMAGE_BITS);
}

/* The first bit whose flip model_check() does not see, or the number of bits.
 * `work` has room for the size bytes of the sample. */
static inline size_t damage_unseen(const unsigned char *sample, size_t size,
                                   unsigned char *work)
{
    struct err err;
    size_t bit = 0;
    bool seen = true;

    memcpy(work, sample, size);
    while (bit < size * DAMAGE_BITS) {
        damage_flip(work, bit);
        seen = !model_check(work, size, &err);
        damage_flip(work, bit);
        if (!seen)
            break;
        bit++;
    }
    return bit;
}

/* Of all flips signed again, how many pass `survives`, which uses what passes.
 */
static inline size_t damage_signed_again(const unsigned char *sample,
                                         size_t size, unsigned char *work,
                                         bool (*survives)(const void *, size_t))
{
    size_t passed = 0;

    for (size_t bit = 0; bit < size * DAMAGE_BITS; bit++) {
        memcpy(work, sample, size);
        damage_flip(work, bit);
        damage_sign(work, size);
        passed += survives(work, size);
    }
    return passed;
}

/* A small model as bytes of the heap, exactly as many as the file has. */
static inline unsigned char *damage_sample(size_t *size)
{
    struct fixture f;
    unsigned char *copy;

    fixture_init(&f, 5, 4);
    f.index.split_least = 2;
    fixture_mask(&f, 0, 0, MASK_VIEW);
    fixture_mask(&f, 0, 2, MASK_VIEW | MASK_SHARE);
    fixture_mask(&f, 1, 0, MASK_LIKE);
    fixture_mask(&f, 1, 1, MASK_CLICK);
    fixture_mask(&f, 3, 1, MASK_VIEW);
    fixture_mask(&f, 3, 2, MASK_VIEW);
    fixture_mask(&f, 3, 3, MASK_LIKE | MASK_SHARE);
    fixture_open(&f);
    *size = f.model.size;
    copy = malloc(*size);
    if (!copy)
        abort();
    memcpy(copy, f.model.bytes, *size);
    fixture_close(&f);
    return copy;
}
