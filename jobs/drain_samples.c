#include "drain_samples.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/rejected.h"
#include "web/json_write.h"

enum { WAIT_US = 5 * 1000 * 1000 };

void drain_samples_init(struct drain_samples *s)
{
    *s = (struct drain_samples){0};
    buf_init(&s->text, DRAIN_SAMPLES * REJECTED_BYTES);
}

void drain_samples_release(struct drain_samples *s)
{
    buf_release(&s->text);
}

void drain_samples_add(void *arg, const struct event_row *row,
                       int64_t received_at_ms)
{
    struct drain_samples *s = arg;
    struct json_write w;

    if (s->count == DRAIN_SAMPLES)
        return;
    json_write_init(&w, &s->text);
    json_write_object(&w, NULL);
    json_write_uuid(&w, "event_id", row->id);
    json_write_text(&w, "type", row->type);
    json_write_uuid(&w, "post_id", row->post);
    json_write_i64(&w, "ts", row->at_ms);
    json_write_end(&w);
    s->ends[s->count++] = s->text.bytes;
    s->received_at_ms = received_at_ms;
}

void drain_samples_write(struct drain_samples *s, struct db *db)
{
    struct span codes[DRAIN_SAMPLES], texts[DRAIN_SAMPLES];
    struct err err;

    for (size_t i = 0, from = 0; i < s->count; from = s->ends[i++]) {
        codes[i] = SPAN("unknown_post");
        texts[i] = (struct span){s->text.at + from, s->ends[i] - from};
    }
    if (s->count && !s->text.failed &&
        !rejected_write(db, codes, texts, s->count, s->received_at_ms,
                        clock_mono_us() + WAIT_US, &err))
        log_failure(LOG_INFO, "jobs", "sample_failed", &err);
    s->count = 0;
    buf_reset(&s->text);
}
