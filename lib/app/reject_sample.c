#include "app/reject_sample.h"

#include "base/log.h"
#include "base/utf8.h"
#include "store/rejected.h"
#include "web/json_write.h"

enum {
    US_PER_S = 1000 * 1000,
    TEXT_MOST = 48,       /* half a token at most */
    BYTES_MOST = 1 << 20, /* of samples, before they are cut */
};

bool reject_sample_due(struct reject_sampler *s, enum rejection why,
                       int64_t now_us)
{
    const int64_t one_us = (int64_t)SAMPLE_EVERY_S * US_PER_S;
    int64_t *full_at_us = &s->full_at_us[why];

    if (*full_at_us < now_us)
        *full_at_us = now_us;
    if (*full_at_us - now_us > one_us * (SAMPLE_BURST - 1))
        return false;
    *full_at_us += one_us;
    return true;
}

/* As many whole characters as fit. */
static struct span cut(struct span text, size_t most)
{
    uint32_t point;

    if (text.bytes <= most)
        return text;
    text.bytes = most;
    for (size_t back = 0; back < sizeof point && text.bytes; back++) {
        if (utf8_valid(text))
            break;
        text.bytes--;
    }
    return text;
}

static void write_part(struct json_write *w, const char *key,
                       const struct json_part *part)
{
    if (part->kind == JSON_TEXT)
        json_write_text(w, key, cut(part->text, TEXT_MOST));
    else
        json_write_raw(w, key, part->text);
}

static void write_event(struct json_write *w, const struct event_parts *e)
{
    static const struct {
        enum event_field field;
        const char *name;
        bool is_secret;
    } members[] = {
        {EVENT_ID, "event_id", false},
        {EVENT_TYPE, "type", false},
        {EVENT_POST, "post_id", false},
        {EVENT_TIME, "ts", false},
        {EVENT_SENT, "sent_at", false},
        {EVENT_USER, "user_id", true},
        {EVENT_IMPRESSION, "impression", true},
        {EVENT_METADATA, "metadata", false},
    };

    json_write_object(w, NULL);
    if (e->ignored)
        json_write_u64(w, "(unknown members)", e->ignored);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const struct json_part *part = &e->field[members[i].field];

        if (part->kind == JSON_NULL)
            continue;
        if (members[i].is_secret)
            json_write_word(w, members[i].name, "(left out)");
        else
            write_part(w, members[i].name, part);
    }
    json_write_end(w);
}

void reject_sample_text(const struct event_parts *event, struct buf *out)
{
    static const char *const kinds[] = {
        [JSON_NULL] = "null",      [JSON_BOOL] = "true or false",
        [JSON_INTEGER] = "number", [JSON_DOUBLE] = "number",
        [JSON_TEXT] = "text",      [JSON_ARRAY] = "array",
    };
    size_t first = out->bytes;
    struct json_write w;

    json_write_init(&w, out);
    if (event->kind == JSON_OBJECT)
        write_event(&w, event);
    else
        json_write_word(&w, NULL, kinds[event->kind]);
    if (!out->failed)
        out->bytes =
            first + cut((struct span){out->at + first, out->bytes - first},
                        REJECTED_BYTES)
                        .bytes;
}

void reject_sample_keep(struct reject_sampler *s, struct db *db,
                        const struct event_parts *events,
                        const struct event_verdict *verdicts, size_t count,
                        int64_t received_at_ms, int64_t now_us,
                        int64_t until_us)
{
    struct span codes[SAMPLES_A_BATCH], texts[SAMPLES_A_BATCH];
    size_t kept = 0, ends[SAMPLES_A_BATCH];
    struct buf out;
    struct err err;

    buf_init(&out, BYTES_MOST);
    for (size_t i = 0; i < count && kept < SAMPLES_A_BATCH; i++) {
        if (verdicts[i].ok || !reject_sample_due(s, verdicts[i].why, now_us))
            continue;
        reject_sample_text(&events[i], &out);
        codes[kept] = span_of(rejection_word(verdicts[i].why));
        ends[kept++] = out.bytes;
    }
    /* Only now: the buffer moves while it grows. */
    for (size_t i = 0, from = 0; i < kept; from = ends[i++])
        texts[i] = (struct span){out.at + from, ends[i] - from};
    if (kept && !out.failed &&
        !rejected_write(db, codes, texts, kept, received_at_ms, until_us, &err))
        log_failure(LOG_INFO, "app", "sample_failed", &err);
    buf_release(&out);
}
