/*
 * model_write.h -- makes a model: a published file, or one in memory.
 *
 * Safety  base/file.h: temporary name, fsync, rename, fsync of the folder.
 *         On failure the old file stays as it was.
 * Memory  16 bytes a post for the rows and titles, 8 to 16 for the slots, 8
 *         a user; one block of text; the index and what it takes to build it
 *         (reader_index.h). The texts are never in memory at once.
 * Bytes   the same source gives the same file.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "reco/interactions.h"
#include "reco/model.h"
#include "reco/model_format.h"
#include "reco/reader_index.h"

/*
 * The prepared bytes of a post and where its title lies in them. Called once
 * for each post, ordinals ascending; `text` is read before the next call.
 */
typedef bool model_text_fn(void *arg, uint32_t post, struct span *text,
                           struct model_title *title, struct err *err);

/* One optional section. */
struct model_extra {
    uint32_t id;
    const void *at;
    size_t bytes;
};

/* Fills out[0..extra_count): whole groups, ids ascending. Called once, after
 * the last text; what it points to stays until model_write is done. */
typedef bool model_extras_fn(void *arg, struct model_extra *out,
                             struct err *err);

struct model_source {
    const struct matrix *matrix;
    const struct uuid *user_ids; /* [matrix->user_count], strictly ascending */
    const struct uuid *post_ids; /* [matrix->post_count], strictly ascending */
    const struct uuid *post_authors;  /* [post_count]; NULL: no authors */
    const uint8_t *post_flags;        /* [post_count]; NULL: all visible */
    const int64_t *post_published_ms; /* [post_count]; NULL: all 0 */
    model_text_fn *text;              /* NULL: no texts */
    void *text_arg;
    model_extras_fn *extras;
    void *extras_arg;
    uint32_t extra_count;    /* 0: no optional section */
    struct weights weights;  /* those that the matrix was folded with */
    struct index_plan index; /* zeros: exact, the usual shape, if it pays */
    bool without_index;      /* smaller and slower, the same answers */
    uint32_t neighbours;     /* default K, 1..NEIGHBOURS_MOST */
    int64_t built_at_ms;
    int64_t trained_until_ms;
    const char *version; /* 1..39 printable ASCII characters, no space */
};

/*
 * ERR_INVALID: ids not ascending, version unfit, title outside its text,
 * weight over 15. ERR_LIMIT: a norm of 2^32 or more. Errors of file.h and of
 * the callback are passed on.
 */
MUST_USE bool model_write(const char *path, const struct model_source *source,
                          struct err *err);

/* The same model in memory, checked and open; model_close gives it back. */
MUST_USE bool model_make(const struct model_source *source, struct model *out,
                         struct err *err);

/* The hash that meta.data_hash will hold: over ids, rows and pairs. */
uint64_t model_data_hash(const struct model_source *source);
