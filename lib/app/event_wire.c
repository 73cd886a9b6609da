#include "app/event_wire.h"

#include <math.h>

#include "app/feed.h"
#include "app/version.h"
#include "web/impression.h"

enum { MS_PER_S = 1000 };

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

/* False when it is there and no text. Room for a decoded one may be missing:
 * then the event is judged too large. */
static bool find_text(struct event_frame *f, const struct json_part *part,
                      struct span *out, bool *found)
{
    struct err err;

    *found = part->kind != JSON_NULL;
    return !*found || (part->kind == JSON_TEXT &&
                       json_part_text(part, f->arena, out, &err));
}

bool event_wire_uuid(struct event_frame *f, const struct json_part *part,
                     struct uuid *out, bool *found)
{
    struct span text;

    return find_text(f, part, &text, found) &&
           (!*found || uuid_find(text, out));
}

bool event_wire_ms(const struct json_part *part, int64_t *out, bool *found)
{
    int64_t at_ms;

    *found = part->kind != JSON_NULL;
    if (!*found)
        return true;
    if (part->kind != JSON_INTEGER || !span_i64(part->text, &at_ms) ||
        at_ms < 0 || at_ms > DB_MOST_MS)
        return false;
    *out = at_ms;
    return true;
}

static bool read_ids(struct event_frame *f, const struct event_parts *event,
                     struct event_row *row, struct event_verdict *out)
{
    struct uuid user;
    bool found;

    if (!event_wire_uuid(f, &event->field[EVENT_ID], &row->id, &found))
        return refuse(out, REJECTION_bad_event_id);
    out->id_known = found;
    out->id_made = !found;
    if (!event_wire_uuid(f, &event->field[EVENT_USER], &user, &found) ||
        (found && !uuid_equal(user, f->user))) {
        out->foreign = true;
        return refuse(out, REJECTION_foreign_user);
    }
    if (!event_wire_uuid(f, &event->field[EVENT_POST], &row->post, &found) ||
        !found)
        return refuse(out, REJECTION_bad_post_id);
    return true;
}

static bool measure(struct event_frame *f, const struct event_parts *event,
                    struct event_verdict *out)
{
    f->ignored_count += event->ignored;
    return event->bytes <= f->config->track_event_bytes ||
           refuse(out, REJECTION_event_too_large);
}

static bool read_type(struct event_frame *f, const struct event_parts *event,
                      struct event_row *row, struct event_verdict *out)
{
    enum event_type type;
    struct span text;
    bool found;

    if (!find_text(f, &event->field[EVENT_TYPE], &text, &found) || !found ||
        !event_find(text, &type))
        return refuse(out, REJECTION_unknown_type);
    row->type = span_of(event_name(type));
    return true;
}

static bool read_time(const struct event_frame *f,
                      const struct event_parts *event, struct event_row *row,
                      struct event_verdict *out)
{
    int64_t at_ms = 0, ahead_ms;
    bool found;

    row->client_at_ms = DB_NONE_I64;
    row->at_ms = f->received_at_ms;
    if (!event_wire_ms(&event->field[EVENT_TIME], &at_ms, &found))
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

static bool read_metadata(struct event_frame *f,
                          const struct event_parts *event,
                          struct event_row *row, struct event_verdict *out,
                          struct err *err)
{
    const struct json_part *metadata = &event->field[EVENT_METADATA];

    row->metadata = (struct span){NULL, 0};
    out->ok = metadata->kind == JSON_NULL || metadata->kind == JSON_OBJECT;
    if (!out->ok)
        refuse(out, REJECTION_bad_metadata);
    return metadata->kind != JSON_OBJECT ||
           json_part_raw(metadata, f->arena, &row->metadata, err);
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

bool event_wire_read(struct event_frame *f, const struct event_parts *event,
                     struct event_row *row, struct event_verdict *out,
                     struct err *err)
{
    struct span impression;
    bool found;

    *row = (struct event_row){0};
    *out = (struct event_verdict){0};
    if (event->kind != JSON_OBJECT) {
        refuse(out, REJECTION_bad_shape);
        return true;
    }
    if (!read_ids(f, event, row, out) || !measure(f, event, out) ||
        !read_type(f, event, row, out) || !read_time(f, event, row, out))
        return true;
    if (!find_text(f, &event->field[EVENT_IMPRESSION], &impression, &found)) {
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
