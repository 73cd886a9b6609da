/*
 * reject_sample.h -- which rejected events are kept for the operator, and what
 * of them.
 *
 * Rate    of each code SAMPLE_BURST at once and one in SAMPLE_EVERY_S, in each
 *         worker: two workers keep at most 3,000 a day of a code.
 * Secret  what names or proves a reader (impression, user_id) is left out, of
 *         unknown members all but their number; texts are cut before a token
 *         could be whole.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/event_wire.h"
#include "base/buf.h"
#include "web/problem.h"

enum { SAMPLE_BURST = 5, SAMPLE_EVERY_S = 60, SAMPLES_A_BATCH = 10 };

struct reject_sampler {
    int64_t full_at_us[REJECTIONS]; /* as in rate_limit.h */
};

/* True when this one is to be kept. now_us: monotonic clock. */
bool reject_sample_due(struct reject_sampler *s, enum rejection why,
                       int64_t now_us);

/* What is kept of it: JSON, cut at REJECTED_BYTES. */
void reject_sample_text(const struct event_parts *event, struct buf *out);

/*
 * Keeps samples of the rejected ones among events[count]. Best effort: an
 * answer does not fail for a sample, nor wait for it beyond until_us.
 */
void reject_sample_keep(struct reject_sampler *s, struct db *db,
                        const struct event_parts *events,
                        const struct event_verdict *verdicts, size_t count,
                        int64_t received_at_ms, int64_t now_us,
                        int64_t until_us);
