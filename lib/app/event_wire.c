#include "app/event_wire.h"

#include <math.h>

#include "app/feed.h"
#include "app/version.h"
#include "web/impression.h"

enum { MS_PER_S = 1000, MEMBER_BYTES = 4 /* quotes, colon, comma */ };

static const struct span known_fields[] = {
    {"event_id", 8},    {"type", 4},     {"post_id", 7}, {"ts", 2},
    {"impression", 10}, {"metadata", 8}, {"user_id", 7}, {"sent_at", 7},
};

int64_t event_clock_offset(int64_t received_at_ms, int64_t sent_at_ms)
{
    int64_t offset_ms = received_at_ms - sent_at_ms;

    return offset_ms > CLOCK_SKEW_MS || offset_ms < -CLOCK_SKEW_MS ? offset_ms
                                                                   : 0;
}

static bool refuse(struct event_verdict *out, enum rejection why)
{
    out->why = why;
    return false;
}

static bool is_known(struct span key)
{
    for (size_t i = 0; i < sizeof known_fields / sizeof known_fields[0]; i++)
        if (span_equal(key, known_fields[i]))
            return true;
    return false;
}

/* Counts unknown fields; false when the event is larger than allowed. */
static bool measure(struct event_frame *f, const struct json *event,
                    struct event_verdict *out)
{
    struct json_members it = json_members_of(event);
    struct json value;
    struct span key;
    size_t bytes = 2; /* the braces */

    while (json_members_next(&it, &key, &value)) {
        buf_reset(f->text);
        if (!json_print(&value, f->text))
            return refuse(out, REJECTION_event_too_large);
        bytes += key.bytes + f->text->bytes + MEMBER_BYTES;
        f->ignored_count += !is_known(key);
    }
    return bytes <= f->config->track_event_bytes ||
           refuse(out, REJECTION_event_too_large);
}

static bool find_uuid(const struct json *event, const char *key,
                      struct uuid *out, bool *found)
{
    struct span text;
    struct err err;

    return json_find_text(event, key, &text, found, &err) &&
           (!*found || uuid_find(text, out));
}

static bool read_ids(struct event_frame *f, const struct json *event,
                     struct event_row *row, struct event_verdict *out)
{
    struct uuid user;
    bool found;

    if (!find_uuid(event, "event_id", &row->id, &found))
        return refuse(out, REJECTION_bad_event_id);
    out->id_known = found;
    out->id_made = !found;
    if (!find_uuid(event, "user_id", &user, &found) ||
        (found && !uuid_equal(user, f->user))) {
        out->foreign = true;
        return refuse(out, REJECTION_foreign_user);
    }
    if (!find_uuid(event, "post_id", &row->post, &found) || !found)
        return refuse(out, REJECTION_bad_post_id);
    return true;
}

static bool read_type(const struct json *event, struct event_row *row,
                      struct event_verdict *out)
{
    enum event_type type;
    struct span text;
    struct err err;

    if (!json_find_text(event, "type", &text, NULL, &err) ||
        !event_find(text, &type))
        return refuse(out, REJECTION_unknown_type);
    row->type = span_of(event_name(type));
    return true;
}

static bool read_time(const struct event_frame *f, const struct json *event,
                      struct event_row *row, struct event_verdict *out)
{
    struct err err;
    int64_t at_ms = 0, ahead_ms;
    bool found;

    row->client_at_ms = DB_NONE_I64;
    row->at_ms = f->received_at_ms;
    if (!json_find_i64(event, "ts", 0, DB_MOST_MS, &at_ms, &found, &err))
        return refuse(out, REJECTION_bad_ts);
    if (!found)
        return true;
    row->client_at_ms = at_ms;
    ahead_ms = at_ms + f->offset_ms - f->received_at_ms;
    if (ahead_ms > (int64_t)f->config->track_future_s * MS_PER_S)
        return refuse(out, REJECTION_too_new);
    if (-ahead_ms > (int64_t)f->config->track_past_s * MS_PER_S)
        return refuse(out, REJECTION_too_old);
    if (ahead_ms < 0)
        row->at_ms += ahead_ms;
    return true;
}

/* The fields of the row that live in the arena. */
static bool read_metadata(struct event_frame *f, const struct json *event,
                          struct event_row *row, struct event_verdict *out,
                          struct err *err)
{
    struct json metadata;
    struct err why;
    const char *copy;
    bool found;

    row->metadata = (struct span){NULL, 0};
    if (!json_find_object(event, "metadata", &metadata, &found, &why)) {
        refuse(out, REJECTION_bad_metadata);
        return true;
    }
    if (!found) {
        out->ok = true;
        return true;
    }
    buf_reset(f->text);
    if (!json_print(&metadata, f->text)) {
        refuse(out, REJECTION_event_too_large);
        return true;
    }
    if (!arena_copy_text(f->arena, f->text->at, f->text->bytes, &copy, err))
        return false;
    row->metadata = (struct span){copy, f->text->bytes};
    out->ok = true;
    return true;
}

static bool attribute(struct event_frame *f, struct span text,
                      struct event_row *row, struct err *err)
{
    struct impression imp;
    struct err why;
    char version[VERSION_TEXT + 1];
    const char *copy = "";

    if (!impression_check(f->keys, f->user, row->post, text, &imp, &why))
        return true;
    if (imp.model_version) {
        version_text((int64_t)imp.model_version, version);
        if (!arena_copy_text(f->arena, version, VERSION_TEXT, &copy, err))
            return false;
    }
    row->attributed = true;
    row->shown = (struct event_attribution){
        .request = imp.request,
        .position = (int16_t)(imp.position & INT16_MAX),
        .source = span_of(rung_name(imp.rung)),
        .model_version = span_of(copy),
        .propensity = imp.propensity > 0 ? imp.propensity : NAN,
    };
    return true;
}

bool event_wire_read(struct event_frame *f, const struct json *event,
                     struct event_row *row, struct event_verdict *out,
                     struct err *err)
{
    struct span impression;
    struct err why;
    bool found;

    *row = (struct event_row){0};
    *out = (struct event_verdict){0};
    if (json_kind_of(event) != JSON_OBJECT) {
        refuse(out, REJECTION_bad_shape);
        return true;
    }
    if (!read_ids(f, event, row, out) || !measure(f, event, out) ||
        !read_type(event, row, out) || !read_time(f, event, row, out))
        return true;
    if (!json_find_text(event, "impression", &impression, &found, &why)) {
        refuse(out, REJECTION_bad_impression);
        return true;
    }
    if (found && !attribute(f, impression, row, err))
        return false;
    if (!read_metadata(f, event, row, out, err))
        return false;
    if (!out->ok || !out->id_made)
        return true;
    out->id_known = true;
    return uuid_v7(f->received_at_ms, &row->id, err);
}
