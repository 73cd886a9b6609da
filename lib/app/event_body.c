#include "app/event_body.h"

#include <string.h>

enum { FIRST_EVENTS = 24 /* a batch of the tracker has up to 20 */ };

static const struct span names[EVENT_FIELDS] = {
    [EVENT_ID] = {"event_id", 8},
    [EVENT_TYPE] = {"type", 4},
    [EVENT_POST] = {"post_id", 7},
    [EVENT_TIME] = {"ts", 2},
    [EVENT_IMPRESSION] = {"impression", 10},
    [EVENT_METADATA] = {"metadata", 8},
    [EVENT_USER] = {"user_id", 7},
    [EVENT_SENT] = {"sent_at", 7},
};

struct reading {
    struct json_scan scan;
    struct arena *arena;
    struct event_body *out;
    size_t most;
    struct err *err;
    bool failed; /* the arena; *err is set */
};

static struct json_part *field_of(struct event_parts *e, struct span key)
{
    for (size_t i = 0; i < EVENT_FIELDS; i++)
        if (span_equal(key, names[i]))
            return &e->field[i];
    return NULL;
}

static void read_member(struct json_scan *s, struct event_parts *e,
                        struct span key)
{
    struct json_part ignored, *field = field_of(e, key);

    e->ignored += !field;
    json_scan_value(s, field ? field : &ignored);
}

static void read_event(struct json_scan *s, struct event_parts *e)
{
    struct json_frame f;
    struct json_part other;
    struct span key;
    size_t blank_bytes;
    const char *first;

    e->kind = json_scan_kind(s);
    first = s->at;
    blank_bytes = s->blank_bytes;
    if (e->kind != JSON_OBJECT) {
        json_scan_value(s, &other);
        return;
    }
    if (json_scan_begin(s, &f))
        while (json_scan_next(s, &f, &key))
            read_member(s, e, key);
    e->bytes = (size_t)(s->at - first) - (s->blank_bytes - blank_bytes);
}

/* Room for one more event; the pieces of the arena are zeroed, so no more is
 * taken than about twice of what comes. */
static bool grow(struct reading *r, size_t *cap)
{
    struct event_parts *wider;
    size_t more = *cap ? 2 * *cap : FIRST_EVENTS;

    if (r->out->count < *cap)
        return true;
    if (!arena_take(r->arena, more, sizeof *wider, &wider, r->err)) {
        r->failed = true;
        return false;
    }
    if (*cap)
        memcpy(wider, r->out->list, *cap * sizeof *wider);
    r->out->list = wider;
    *cap = more;
    return true;
}

static void read_list(struct reading *r)
{
    struct event_body *out = r->out;
    struct event_parts beyond = {0};
    struct json_frame f;
    size_t cap = 0;

    if (!json_scan_begin(&r->scan, &f))
        return;
    for (; json_scan_next(&r->scan, &f, NULL); out->count++) {
        bool is_kept = out->count < r->most;

        if (is_kept && !grow(r, &cap))
            return;
        read_event(&r->scan, is_kept ? &out->list[out->count] : &beyond);
    }
}

static void read_whole(struct reading *r)
{
    struct json_scan *s = &r->scan;
    struct event_body *out = r->out;
    struct json_part other;
    struct json_frame f;
    struct span key;

    if (!json_scan_begin(s, &f))
        return;
    while (!r->failed && json_scan_next(s, &f, &key)) {
        if (!span_is(key, "events")) {
            read_member(s, &out->whole, key);
            continue;
        }
        out->whole.ignored++; /* of a single event it means nothing */
        out->events = json_scan_kind(s);
        if (out->events == JSON_ARRAY)
            read_list(r);
        else
            json_scan_value(s, &other);
    }
}

bool event_body_read(struct span body, size_t most, struct arena *arena,
                     struct event_body *out, struct err *err)
{
    struct reading r = {.arena = arena, .out = out, .most = most, .err = err};
    struct json_part other;

    *out = (struct event_body){0};
    json_scan_init(&r.scan, body, JSON_DEPTH, arena);
    out->whole.kind = json_scan_kind(&r.scan);
    if (out->whole.kind == JSON_OBJECT)
        read_whole(&r);
    else
        json_scan_value(&r.scan, &other);
    if (r.failed)
        return false;
    out->whole.bytes = body.bytes - r.scan.blank_bytes;
    return json_scan_end(&r.scan, err);
}
