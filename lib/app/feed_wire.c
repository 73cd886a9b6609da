#include "app/feed_wire.h"

#include "base/clock.h"
#include "web/impression.h"
#include "web/json_write.h"

enum {
    MS_PER_S = 1000,
    US_PER_MS = 1000,
    SCORE_DECIMALS = 6,
    SHARE_DECIMALS = 4
};

static void write_posts(struct json_write *w, const struct feed_reason *r)
{
    json_write_array(w, "post_ids");
    for (uint32_t i = 0; i < r->count; i++)
        json_write_uuid(w, NULL, r->posts[i].post);
    json_write_end(w);
    json_write_array(w, "titles");
    for (uint32_t i = 0; i < r->count; i++)
        json_write_raw(w, NULL, r->posts[i].title);
    json_write_end(w);
    json_write_array(w, "shares");
    for (uint32_t i = 0; i < r->count; i++)
        json_write_fixed(w, NULL, (double)r->posts[i].share, SHARE_DECIMALS);
    json_write_end(w);
}

/* Of a reason with posts, the share is what those named account for. */
static double share_of(const struct feed_reason *r)
{
    double share = 0;

    for (uint32_t i = 0; i < r->count; i++)
        share += (double)r->posts[i].share;
    return r->count ? share : (double)r->share;
}

static void write_reason(struct json_write *w, const struct feed_reason *r)
{
    json_write_object(w, NULL);
    json_write_word(w, "code", reason_name(r->code));
    json_write_fixed(w, "share", share_of(r), SHARE_DECIMALS);
    if (r->code == REASON_READERS)
        json_write_u64(w, "readers", r->readers);
    if (r->count)
        write_posts(w, r);
    if (r->word_count) {
        json_write_array(w, "words");
        for (uint32_t i = 0; i < r->word_count; i++)
            json_write_text(w, NULL, r->words[i]);
        json_write_end(w);
    }
    json_write_end(w);
}

static void write_reasons(struct json_write *w, const struct feed_slot *slot)
{
    json_write_array(w, "reasons");
    for (uint32_t i = 0; i < slot->reason_count; i++)
        write_reason(w, &slot->reasons[i]);
    json_write_end(w);
}

static void write_impression(struct json_write *out, const struct feed_wire *w,
                             const struct feed_slot *slot, uint32_t position)
{
    const struct model_meta *model = w->feed->model;
    char text[IMPRESSION_TEXT];
    struct impression imp = {
        .request = w->request,
        .position = (uint16_t)position,
        .rung = (uint8_t)slot->rung,
        .model_version = model ? (uint64_t)model->built_at_ms : 0,
        .propensity = slot->propensity,
        .served_at_ms = w->now_ms,
    };

    impression_sign(w->keys, w->user, slot->post, &imp, text);
    json_write_text(out, "impression", (struct span){text, IMPRESSION_TEXT});
}

static void write_post(struct json_write *out, const struct feed_wire *w,
                       uint32_t i)
{
    const struct feed_slot *slot = &w->feed->slots[i];
    uint32_t position = w->feed->first_position + i;

    json_write_object(out, NULL);
    json_write_u64(out, "position", position);
    buf_char(out->out, ',');
    buf_span(out->out, slot->text);
    json_write_word(out, "source", rung_name(slot->rung));
    if (slot->has_score)
        json_write_fixed(out, "score", (double)slot->score, SCORE_DECIMALS);
    else
        json_write_null(out, "score");
    write_reasons(out, slot);
    if (w->keys)
        write_impression(out, w, slot, position);
    json_write_end(out);
}

static void write_model(struct json_write *out, const struct feed_wire *w)
{
    const struct model_meta *model = w->feed->model;

    if (!model) {
        json_write_null(out, "model");
        return;
    }
    json_write_object(out, "model");
    json_write_word(out, "name", w->feed->algorithm);
    json_write_word(out, "version", model->version);
    json_write_i64(out, "age_s", (w->now_ms - model->built_at_ms) / MS_PER_S);
    json_write_end(out);
}

static void write_cursor(struct json_write *out, const struct feed_wire *w)
{
    if (!w->keys)
        return;
    if (!w->feed->has_more) {
        json_write_null(out, "next_cursor");
        return;
    }
    json_write_place(out, "next_cursor");
    buf_char(out->out, '"'); /* base64url needs no escape */
    cursor_sign(w->keys, w->user, &w->feed->cursor, out->out);
    buf_char(out->out, '"');
}

int64_t feed_wire_write(struct buf *buf, const struct feed_wire *w)
{
    const struct feed *feed = w->feed;
    struct json_write out;
    int64_t took_us;

    json_write_init(&out, buf);
    json_write_object(&out, NULL);
    json_write_word(&out, "request_id", w->request_text);
    json_write_word(&out, "source", feed->source);
    json_write_word(&out, "fallback_reason", feed->fallback_reason);
    write_model(&out, w);
    json_write_null(&out, "experiment"); /* none runs */
    json_write_i64(&out, "generated_at", w->now_ms);
    json_write_array(&out, "posts");
    for (uint32_t i = 0; i < feed->count; i++)
        write_post(&out, w, i);
    json_write_end(&out);
    write_cursor(&out, w);
    json_write_bool(&out, "has_more", feed->has_more);
    took_us = w->started_us ? clock_mono_us() - w->started_us : w->took_us;
    json_write_i64(&out, "took_us", took_us);
    json_write_end(&out);
    return took_us;
}

/* `name;dur=` and the milliseconds with their three decimals. */
static void add_dur(struct buf *out, const char *name, int64_t us)
{
    char decimals[] = {'.', '0', '0', '0'};

    buf_text(out, name);
    buf_text(out, ";dur=");
    buf_i64(out, us / US_PER_MS);
    for (size_t i = sizeof decimals - 1, rest = (size_t)(us % US_PER_MS); i;
         i--, rest /= 10)
        decimals[i] = (char)('0' + rest % 10);
    buf_add(out, decimals, sizeof decimals);
}

static void add_stage(struct buf *out, const char *name, int64_t us)
{
    if (!us)
        return;
    add_dur(out, name, us);
    buf_text(out, ", ");
}

void feed_wire_timing(struct buf *out, const struct feed *feed,
                      int64_t total_us)
{
    add_stage(out, "history", feed->history_us);
    add_stage(out, "fresh", feed->fresh_us);
    add_stage(out, "rank", feed->rank_us);
    add_stage(out, "neighbours", feed->neighbours_us);
    add_stage(out, "reasons", feed->reasons_us);
    add_stage(out, "fill", feed->fill_us);
    add_dur(out, "total", total_us);
}
