/*
 * event_body.h -- the body of POST /api/track taken apart in one pass: one
 * event, or an object with an array of them.
 *
 * Refuses    what is not strict JSON (json_scan.h), anywhere in the body.
 *            What a field must hold is judged later, event by event
 *            (event_wire.h): a bad one spoils no other.
 * Null       a member that is null counts as absent.
 * Ownership  parts point into the body or the arena.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "web/json_scan.h"

/* The members of an event that mean something, and of a batch besides. */
enum event_field {
    EVENT_ID,
    EVENT_TYPE,
    EVENT_POST,
    EVENT_TIME,
    EVENT_IMPRESSION,
    EVENT_METADATA,
    EVENT_USER,
    EVENT_SENT,
    EVENT_FIELDS,
};

struct event_parts {
    enum json_kind kind; /* fields are read of JSON_OBJECT only */
    uint32_t ignored;    /* members that mean nothing */
    size_t bytes;        /* of the event, without blanks between tokens */
    struct json_part field[EVENT_FIELDS]; /* JSON_NULL: absent */
};

struct event_body {
    struct event_parts whole; /* the event itself, when it is a single one */
    enum json_kind events;    /* what "events" is; JSON_NULL: absent */
    struct event_parts *list; /* of "events", the first `most` of them */
    size_t count;             /* all of "events" */
};

/*
 * ERR_INVALID: not strict JSON. ERR_MEMORY: the arena is full. Of a longer
 * array only the first `most` events are kept, all are judged and counted.
 */
MUST_USE bool event_body_read(struct span body, size_t most,
                              struct arena *arena, struct event_body *out,
                              struct err *err);
