#include "app/feed_inner.h"

#include "base/clock.h"
#include "base/log.h"

static void set_reason(const struct feeder *f, const struct reasons *why,
                       struct feed_slot *slot)
{
    struct feed_reason *reason = &slot->reasons[0];

    *reason = (struct feed_reason){
        .code = REASON_READERS, .share = 1, .readers = why->neighbour_count};
    for (uint32_t r = 0; r < why->count; r++)
        feed_add_evidence(f, why->at[r].post, why->at[r].share, reason);
    slot->reason_count = reason->count ? 1 : 0;
}

static void explain(struct feeder *f, struct feed *out)
{
    int64_t start_us = clock_mono_us();
    uint32_t posts[FEED_MOST];
    struct reasons why[FEED_MOST];
    struct err err;

    for (uint32_t i = 0; i < out->count; i++)
        posts[i] = f->picked.posts[i].post;
    if (!recommend_explain(&f->reader, &f->live.scratch, &f->picked, posts,
                           out->count, why, &err)) {
        log_failure(LOG_WARN, "app", "explain_failed", &err);
        return;
    }
    for (uint32_t i = 0; i < out->count; i++)
        set_reason(f, &why[i], &out->slots[i]);
    out->reasons_us = clock_mono_us() - start_us;
}

void feed_add_neighbours(struct feeder *f, const struct feed_ask *ask,
                         struct feed *out)
{
    int64_t start_us = clock_mono_us();
    struct err err;
    bool ok;

    f->picked.count = f->picked.neighbour_count = 0;
    if (!f->profile.norm || !feed_make_reader(f, ask, out, false))
        return;
    /* One more than wanted tells whether there is another page. */
    ok = recommend(&f->reader, &f->live.scratch, 0, ask->want + 1, &f->picked,
                   &err);
    out->neighbours_us = clock_mono_us() - start_us;
    if (!ok) {
        log_failure(LOG_ERROR, "app", "recommend_failed", &err);
        return;
    }
    for (uint32_t i = 0; i < f->picked.count; i++) {
        struct feed_slot *slot = feed_add_post(f, f->picked.posts[i].post,
                                               RUNG_NEIGHBOURS, out, ask);
        if (!slot)
            break;
        slot->has_score = true;
        slot->score = f->picked.posts[i].score;
    }
    out->personal = out->count > 0;
    explain(f, out);
}
