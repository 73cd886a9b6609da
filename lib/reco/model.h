/*
 * model.h -- one training run, mapped read-only and shared by all workers.
 *
 * Trust      model_check() judges every byte once; what it lets pass needs no
 *            check in any lookup below.
 * Ordinals   user and post are indexes of this one model; they mean nothing
 *            in the next one.
 * Ownership  rows, texts and ids are borrowed from the mapping: gone after
 *            model_close.
 * Lifetime   a published file is replaced by rename, never changed in place
 *            (a truncated mapping would be a SIGBUS).
 * Cost       open reads the file once, under 8 ns a pair (bench_neighbours:
 *            0.15 s for 20 million); lookups as named.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"
#include "reco/model_format.h"
#include "reco/pair.h"
#include "reco/types.h"

/* Which file was mapped. */
struct model_file {
    uint64_t device, inode, bytes;
    int64_t changed_ns; /* mtime */
};

struct model {
    const unsigned char *bytes;
    size_t size;
    bool mapped; /* model_close unmaps */
    struct model_file file;

    const struct model_meta *meta;
    uint32_t user_count, post_count; /* copies of meta's */
    struct weights weights;
    uint8_t weight_of[2 * MASK_COUNT]; /* tenths by mask, weights_table() */
    uint8_t weight_most;               /* largest of weight_of */

    const struct uuid *user_ids, *post_ids, *post_authors;
    const uint32_t *user_rows, *user_posts, *user_norms;
    const float *user_scales;
    const uint32_t *post_slots, *post_rows, *post_users;
    uint32_t post_slot_mask;
    const uint8_t *post_flags;
    const int64_t *post_published_ms;
    const unsigned char *post_text;
    const uint64_t *post_text_rows;
    const struct model_title *post_titles;

    /* Optional groups; the first of each is NULL when the group is absent. */
    const struct model_content *content;
    const uint64_t *term_keys;
    const uint8_t *term_kinds;
    const unsigned char *term_text;
    const uint32_t *term_text_ends, *term_rows, *term_posts;
    const uint16_t *term_weights;
    const uint32_t *text_rows, *text_terms;
    const uint16_t *text_weights;
    const uint32_t *item_rows, *item_posts, *item_sims;
    const uint32_t *trend_posts;
    const float *trend_heats;
    uint32_t trend_count;
    const struct model_index *index;
    const uint32_t *index_users, *index_posts, *index_lists;
    const float *index_scales;
    const struct model_index_row *index_rows;
    const uint64_t *index_bits;
};

/*
 * True when the bytes are a whole, consistent model of this version: head,
 * table, ranges, alignment, padding, checksums, order of ids, rows, ordinals,
 * masks, norms and scales, one direction of the matrix against the other
 * (64-bit sum of mixed pairs), slots, texts, titles, and the optional groups
 * that are there (model_check_parts.c). Else ERR_CORRUPT.
 * Allocates nothing, changes nothing. `bytes` is aligned to 8.
 */
MUST_USE bool model_check(const void *bytes, size_t size, struct err *err);

/* Checks and borrows bytes in memory; model_close then gives nothing back. */
MUST_USE bool model_of_bytes(const void *bytes, size_t size,
                             struct model *model, struct err *err);

/*
 * ERR_ABSENT: no such file. ERR_CORRUPT: damaged, other version, no regular
 * file. ERR_DENIED, ERR_DOWN: the system refused. On failure *model is zeroed.
 */
MUST_USE bool model_open(const char *path, struct model *model,
                         struct err *err);
/* Accepts a zeroed model; zeroes it. */
void model_close(struct model *model);

enum model_file_state {
    MODEL_SAME,     /* path still names the mapped file */
    MODEL_REPLACED, /* another file stands there */
    MODEL_GONE,     /* none, or not to be seen */
};

/* One stat(). A model not opened from a file is MODEL_REPLACED. */
enum model_file_state model_look(const struct model *model, const char *path);

static inline bool model_changed(const struct model *model, const char *path)
{
    return model_look(model, path) != MODEL_SAME;
}

/* O(log users). */
bool model_find_user(const struct model *model, struct uuid id, uint32_t *user);
/* O(1) expected. */
bool model_find_post(const struct model *model, struct uuid id, uint32_t *post);
/* Before many of these: what each will read is asked for from memory, its slot
 * and, some calls later, the id that the slot names. */
void model_fetch_slot(const struct model *model, struct uuid id);
void model_fetch_post(const struct model *model, struct uuid id);

static inline struct row model_user_row(const struct model *m, uint32_t user)
{
    return (struct row){m->user_posts + m->user_rows[user],
                        m->user_rows[user + 1] - m->user_rows[user]};
}

static inline struct row model_post_row(const struct model *m, uint32_t post)
{
    return (struct row){m->post_users + m->post_rows[post],
                        m->post_rows[post + 1] - m->post_rows[post]};
}

static inline bool model_post_visible(const struct model *m, uint32_t post)
{
    return m->post_flags[post] & MODEL_VISIBLE;
}

static inline struct span model_post_text(const struct model *m, uint32_t post)
{
    uint64_t from = m->post_text_rows[post];

    return (struct span){(const char *)m->post_text + from,
                         m->post_text_rows[post + 1] - from};
}

static inline struct span model_post_title(const struct model *m, uint32_t post)
{
    struct model_title title = m->post_titles[post];

    return (struct span){model_post_text(m, post).at + title.offset,
                         title.bytes};
}
