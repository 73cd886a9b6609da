/*
 * train_parts.h -- what the hybrid needs besides the matrix, made while a model
 * is trained: contents, similar posts, trend, as the model's optional sections.
 *
 * Order   init -> events (before they are folded) -> matrix -> text of every
 *         post, ordinals ascending -> sections (the writer calls it).
 * Same    the same rows give the same sections, whatever their order.
 * Memory  the heap: 8 bytes a (post, term) while collecting, 12 more at the
 *         end; see similar.h and trending.h.
 */
#pragma once

#include "base/config.h"
#include "base/err.h"
#include "reco/content.h"
#include "reco/interactions.h"
#include "reco/similar.h"
#include "reco/terms.h"
#include "reco/trending.h"
#include "store/posts.h"

enum {
    TRAIN_PARTS_SECTIONS =
        MODEL_CONTENT_SECTIONS + MODEL_ITEM_SECTIONS + MODEL_TREND_SECTIONS
};

struct train_parts {
    const struct config *config;
    uint8_t weight_of[2 * MASK_COUNT];
    struct terms terms;
    struct content_build content;
    struct similar similar;
    struct trending trending;
};

/* The words of a post's own texts. */
struct terms_text train_parts_words(const struct post_row *row);

/* ERR_INVALID: a setting (KITH_LANGUAGE) that cannot be. */
MUST_USE bool train_parts_init(struct train_parts *p,
                               const struct config *config,
                               const struct weights *weights, struct err *err);
/* Accepts a zeroed struct. */
void train_parts_release(struct train_parts *p);

MUST_USE bool train_parts_events(struct train_parts *p,
                                 const struct interactions *events,
                                 uint32_t post_count, int64_t now_ms,
                                 struct err *err);
MUST_USE bool train_parts_matrix(struct train_parts *p,
                                 const struct matrix *matrix, struct err *err);
MUST_USE bool train_parts_text(struct train_parts *p,
                               const struct post_row *row, struct err *err);
/* A model_extras_fn; arg is the train_parts. */
bool train_parts_sections(void *arg, struct model_extra *out, struct err *err);
