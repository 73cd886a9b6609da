/*
 * The scan takes and refuses what the reader on json-c does, and takes the
 * same apart: kinds, keys, texts, numbers, order. And the parts of a body of
 * POST /api/track are the members that json-c finds.
 */
#include <stdlib.h>

#include "app/event_body.h"
#include "base/utf8.h"
#include "web/json.h"
#include "web/json_scan.h"

enum { MOST_BYTES = 1 << 16, ARENA_BYTES = 1 << 22, EVENTS = 3, NUMBER = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t bytes);

static struct arena arena;

static void need(bool holds)
{
    if (!holds)
        abort();
}

static double number_of(struct span text)
{
    char copy[NUMBER + 1] = "";

    need(text.bytes <= NUMBER);
    memcpy(copy, text.at, text.bytes);
    return strtod(copy, NULL);
}

/* A judged scalar and json-c's node of it. */
static void same_scalar(const struct json_part *part, const struct json *node)
{
    struct span text, theirs;
    struct buf printed;
    struct err err;

    need(part->kind == json_kind_of(node));
    if (part->kind == JSON_TEXT) {
        need(json_part_text(part, &arena, &text, &err));
        need(json_text(node, &theirs, &err));
        need(span_equal(text, theirs));
        return;
    }
    buf_init(&printed, MOST_BYTES);
    need(json_print(node, &printed));
    if (part->kind == JSON_INTEGER) {
        int64_t a = 0, b = 1;

        need(span_i64(part->text, &a) && span_i64(buf_view(&printed), &b));
        need(a == b);
    } else if (part->kind == JSON_DOUBLE) {
        need(number_of(part->text) == number_of(buf_view(&printed)));
    } else {
        need(span_equal(part->text, buf_view(&printed)));
    }
    buf_release(&printed);
}

/* Both walk the document; both must be in step. */
static void same(struct json_scan *s, const struct json *node)
{
    enum json_kind kind = json_kind_of(node);
    struct json_members it;
    struct json_frame f;
    struct json_part part;
    struct json child;
    struct span key, theirs;
    size_t i = 0;

    if (kind == JSON_OBJECT) {
        it = json_members_of(node);
        need(json_scan_kind(s) == kind && json_scan_begin(s, &f));
        while (json_scan_next(s, &f, &key)) {
            need(json_members_next(&it, &theirs, &child));
            need(span_equal(key, theirs));
            same(s, &child);
        }
        need(!json_members_next(&it, &theirs, &child));
    } else if (kind == JSON_ARRAY) {
        need(json_scan_kind(s) == kind && json_scan_begin(s, &f));
        for (; json_scan_next(s, &f, NULL); i++) {
            need(i < json_count(node));
            child = json_at(node, i);
            same(s, &child);
        }
        need(i == json_count(node));
    } else {
        need(json_scan_value(s, &part));
        same_scalar(&part, node);
    }
}

/* What is handed to jsonb is the same value, and holds no half of a pair. */
static void same_raw(const struct json_part *part, const struct json *node)
{
    struct json again;
    struct buf ours, theirs;
    struct span raw;
    struct err err;

    if (part->kind != JSON_OBJECT)
        return;
    need(json_part_raw(part, &arena, &raw, &err));
    need(json_parse(raw, MOST_BYTES, JSON_DEPTH, &again, &err));
    buf_init(&ours, MOST_BYTES * 8);
    buf_init(&theirs, MOST_BYTES * 8);
    need(json_print(&again, &ours) && json_print(node, &theirs));
    need(span_equal(buf_view(&ours), buf_view(&theirs)));
    buf_release(&ours);
    buf_release(&theirs);
    json_release(&again);
}

static void same_event(const struct event_parts *e, const struct json *node)
{
    static const char *const names[EVENT_FIELDS] = {
        "event_id",   "type",     "post_id", "ts",
        "impression", "metadata", "user_id", "sent_at"};
    uint32_t ignored = 0;
    struct json_members it;
    struct json value;
    struct span key;
    size_t seen[EVENT_FIELDS] = {0};

    need(e->kind == json_kind_of(node) ||
         (e->kind == JSON_INTEGER && json_kind_of(node) == JSON_DOUBLE));
    if (e->kind != JSON_OBJECT)
        return;
    it = json_members_of(node);
    while (json_members_next(&it, &key, &value)) {
        size_t i = 0;

        while (i < EVENT_FIELDS && !span_is(key, names[i]))
            i++;
        ignored += i == EVENT_FIELDS;
        if (i == EVENT_FIELDS)
            continue;
        seen[i] = 1;
        need(e->field[i].kind == json_kind_of(&value));
        same_raw(&e->field[i], &value);
    }
    for (size_t i = 0; i < EVENT_FIELDS; i++)
        need(seen[i] || e->field[i].kind == JSON_NULL);
    need(e->ignored == ignored);
}

static void same_body(const struct event_body *body, const struct json *root)
{
    struct json events, event;
    struct err err;
    bool found;

    same_event(&body->whole, root);
    if (json_kind_of(root) != JSON_OBJECT)
        return;
    if (!json_find_array(root, "events", &events, &found, &err)) {
        need(body->events != JSON_ARRAY && body->events != JSON_NULL);
        return;
    }
    need(body->events == (found ? JSON_ARRAY : JSON_NULL));
    if (!found)
        return;
    need(body->count == json_count(&events));
    for (size_t i = 0; i < body->count && i < EVENTS; i++) {
        event = json_at(&events, i);
        same_event(&body->list[i], &event);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t bytes)
{
    struct span text = {(const char *)at, bytes};
    struct event_body body;
    struct json_scan s;
    struct json_part whole;
    struct json root;
    struct err err;
    bool taken;

    if (!arena.base)
        need(arena_init(&arena, ARENA_BYTES, &err));
    arena_reset(&arena);
    taken = json_parse(text, MOST_BYTES, JSON_DEPTH, &root, &err);
    json_scan_init(&s, text, JSON_DEPTH, &arena);
    json_scan_value(&s, &whole);
    need(json_scan_end(&s, &err) == taken);
    need(event_body_read(text, EVENTS, &arena, &body, &err) == taken);
    if (!taken)
        return 0;
    json_scan_init(&s, text, JSON_DEPTH, &arena);
    same(&s, &root);
    need(json_scan_end(&s, &err));
    same_body(&body, &root);
    json_release(&root);
    return 0;
}
