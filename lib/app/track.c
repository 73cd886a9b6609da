#include "app/track.h"

#include <stdio.h>

#include "app/event_wire.h"
#include "app/identity.h"
#include "app/ingest.h"
#include "app/reply.h"
#include "base/clock.h"
#include "base/log.h"
#include "web/json_write.h"

enum { US_PER_MS = 1000 };

/* One batch on its way through. Arrays are of `count` items, in the arena. */
struct batch {
    struct app *app;
    const struct http_request *request;
    struct identity who;
    struct event_body body;
    struct event_parts *events; /* of the batch, or the single one */
    bool single;
    size_t count;
    struct event_verdict *verdicts; /* by index in the request */
    struct event_row *rows;         /* of the accepted ones, packed */
    size_t *index_of;               /* row -> index in the request */
    enum event_fate *fates;         /* of the rows */
    size_t row_count;
    struct uuid *ids; /* by index */
    bool *repeated;   /* by index: an id seen before in this batch */
    uint32_t ignored_count;
    bool is_spooled; /* on disk, but not in PostgreSQL yet */
};

static bool refuse(struct batch *b, enum problem_code code, const char *detail)
{
    reply_problem(&b->app->reply, b->request, code, detail);
    return false;
}

static bool is_acceptable(struct batch *b)
{
    struct problem p = {.code = PROBLEM_unsupported_media_type,
                        .request_id = b->request->request_text,
                        .accept_post = "application/json, text/plain"};

    if (http_media_is(b->request->content_type, "application/json") ||
        http_media_is(b->request->content_type, "text/plain"))
        return true;
    problem_write(&b->app->reply, &p);
    return false;
}

static bool too_many(struct batch *b)
{
    struct problem p = {.code = PROBLEM_too_many_events,
                        .request_id = b->request->request_text,
                        .most_events = b->app->config.track_events,
                        .most_bytes = b->app->config.http_body_bytes};

    problem_write(&b->app->reply, &p);
    return false;
}

static bool read_shape(struct batch *b)
{
    struct event_body *body = &b->body;

    if (body->whole.kind != JSON_OBJECT)
        return refuse(b, PROBLEM_bad_shape,
                      "the body is an event, or an object with events");
    b->single = body->events == JSON_NULL;
    if (!b->single && body->events != JSON_ARRAY)
        return refuse(b, PROBLEM_bad_shape, "events is an array");
    b->events = b->single ? &body->whole : body->list;
    b->count = b->single ? 1 : body->count;
    if (!b->count)
        return refuse(b, PROBLEM_empty_batch, NULL);
    if (b->count > b->app->config.track_events)
        return too_many(b);
    return true;
}

/* The batch itself may name the reader; it must be the token's. */
static bool check_reader(struct batch *b)
{
    struct event_frame f = {.arena = &b->app->arena};
    struct uuid user;
    bool found;

    if (!event_wire_uuid(&f, &b->body.whole.field[EVENT_USER], &user, &found) ||
        (found && !uuid_equal(user, b->who.user)))
        return refuse(b, PROBLEM_foreign_user, NULL);
    return true;
}

/* All events count, also those that will be rejected or are known already. */
static bool is_in_time(struct batch *b)
{
    struct problem p = {.code = PROBLEM_rate_limited,
                        .request_id = b->request->request_text,
                        .detail = "this reader sends too many events; wait, "
                                  "then send the same batch again"};

    if (rate_limit_take(&b->app->track_rate, b->who.user, (uint32_t)b->count,
                        b->request->started_us, &p.retry_after_s))
        return true;
    problem_write(&b->app->reply, &p);
    return false;
}

static bool take_room(struct batch *b)
{
    struct arena *a = &b->app->arena;
    struct err err;

    if (arena_take(a, b->count, sizeof *b->verdicts, &b->verdicts, &err) &&
        arena_take(a, b->count, sizeof *b->rows, &b->rows, &err) &&
        arena_take(a, b->count, sizeof *b->index_of, &b->index_of, &err) &&
        arena_take(a, b->count, sizeof *b->fates, &b->fates, &err) &&
        arena_take(a, b->count, sizeof *b->ids, &b->ids, &err) &&
        arena_take(a, b->count, sizeof *b->repeated, &b->repeated, &err))
        return true;
    log_failure(LOG_ERROR, "app", "track_failed", &err);
    return refuse(b, PROBLEM_unavailable, NULL);
}

static bool read_offset(struct batch *b, int64_t *offset_ms)
{
    int64_t sent_at_ms = 0;
    bool found;

    *offset_ms = 0;
    if (!event_wire_ms(&b->body.whole.field[EVENT_SENT], &sent_at_ms, &found))
        return refuse(b, PROBLEM_bad_shape,
                      "sent_at is a time in milliseconds since 1970");
    if (found)
        *offset_ms = event_clock_offset(b->request->received_at_ms, sent_at_ms);
    return true;
}

static bool is_repeated(const struct batch *b, struct uuid id)
{
    for (size_t i = 0; i < b->row_count; i++)
        if (uuid_equal(b->rows[i].id, id))
            return true;
    return false;
}

static bool judge_event(struct batch *b, struct event_frame *f, size_t i,
                        struct err *err)
{
    struct event_row *row = &b->rows[b->row_count];

    if (!event_wire_read(f, &b->events[i], row, &b->verdicts[i], err))
        return false;
    b->ids[i] = row->id;
    if (!b->verdicts[i].ok)
        return true;
    b->repeated[i] = is_repeated(b, row->id);
    if (!b->repeated[i])
        b->index_of[b->row_count++] = i;
    return true;
}

static bool judge(struct batch *b)
{
    struct app *app = b->app;
    struct event_frame f = {.config = &app->config,
                            .keys = &app->keys,
                            .arena = &app->arena,
                            .user = b->who.user,
                            .received_at_ms = b->request->received_at_ms};
    struct err err = {0};
    bool ok = read_offset(b, &f.offset_ms);

    if (!ok)
        return false;
    for (size_t i = 0; ok && i < b->count; i++)
        ok = judge_event(b, &f, i, &err);
    b->ignored_count = f.ignored_count;
    if (!ok) {
        log_failure(LOG_ERROR, "app", "track_failed", &err);
        return refuse(b, PROBLEM_unavailable, NULL);
    }
    for (size_t i = 0; i < b->count; i++)
        if (b->verdicts[i].foreign)
            return refuse(b, PROBLEM_foreign_user, NULL);
    return true;
}

static bool store(struct batch *b)
{
    const struct spool_batch batch = {.user = b->who.user,
                                      .received_at_ms =
                                          b->request->received_at_ms,
                                      .rows = b->rows,
                                      .count = b->row_count};
    struct err err;

    if (ingest_keep(b->app, &batch, b->request->started_us, b->fates,
                    &b->is_spooled, &err))
        return true;
    log_failure(LOG_WARN, "app", "store_failed", &err);
    return refuse(b, PROBLEM_unavailable,
                  "events cannot be stored now; send the same batch again");
}

/* The event of a row, and those that repeat it, share one fate. */
static void reject_row(struct batch *b, size_t row, enum rejection why)
{
    struct event_verdict *own = &b->verdicts[b->index_of[row]];
    /* An id that we made says nothing to the client. */
    struct event_verdict v = {.id_known = !own->id_made, .why = why};

    *own = v;
    for (size_t i = b->index_of[row] + 1; i < b->count; i++)
        if (b->repeated[i] && uuid_equal(b->ids[i], b->rows[row].id))
            b->verdicts[i] = v;
}

/* What became of the rows, as verdicts of their events. */
static void settle(struct batch *b)
{
    for (size_t row = 0; row < b->row_count; row++)
        switch (b->fates[row]) {
        case FATE_STORED:
            break;
        case FATE_DUPLICATE:
            b->repeated[b->index_of[row]] = true;
            break;
        case FATE_UNKNOWN_POST:
            reject_row(b, row, REJECTION_unknown_post);
            break;
        case FATE_REFUSED:
            reject_row(b, row, REJECTION_bad_metadata);
            break;
        }
}

/* By name, so that a client forgets only what it knows to be on disk. */
static void write_accepted(struct batch *b, struct json_write *w)
{
    json_write_array(w, "accepted");
    for (size_t i = 0; i < b->count; i++)
        if (b->verdicts[i].ok)
            json_write_uuid(w, NULL, b->ids[i]);
    json_write_end(w);
}

static void write_rejected(struct batch *b, struct json_write *w)
{
    json_write_array(w, "rejected");
    for (size_t i = 0; i < b->count; i++) {
        if (b->verdicts[i].ok)
            continue;
        json_write_object(w, NULL);
        json_write_u64(w, "index", i);
        if (b->verdicts[i].id_known)
            json_write_uuid(w, "event_id", b->ids[i]);
        else
            json_write_null(w, "event_id");
        json_write_word(w, "code", rejection_word(b->verdicts[i].why));
        json_write_word(w, "detail", rejection_detail(b->verdicts[i].why));
        json_write_end(w);
    }
    json_write_end(w);
}

/* Ids that we made, so that the client can name its events later. */
static void write_made(struct batch *b, struct json_write *w)
{
    bool open = false;

    for (size_t i = 0; i < b->count; i++) {
        if (!b->verdicts[i].ok || !b->verdicts[i].id_made)
            continue;
        if (!open)
            json_write_array(w, "assigned");
        open = true;
        json_write_object(w, NULL);
        json_write_u64(w, "index", i);
        json_write_uuid(w, "event_id", b->ids[i]);
        json_write_end(w);
    }
    if (open)
        json_write_end(w);
}

static void write_counts(const struct batch *b, struct json_write *w,
                         size_t *rejected)
{
    size_t stored = 0, duplicates = 0;

    for (size_t i = 0; i < b->count; i++) {
        stored += b->verdicts[i].ok && !b->repeated[i];
        duplicates += b->verdicts[i].ok && b->repeated[i];
    }
    *rejected = b->count - stored - duplicates;
    json_write_u64(w, "received", b->count);
    json_write_u64(w, "stored", stored);
    json_write_u64(w, "duplicates", duplicates);
}

static bool all_rejected(const struct batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->verdicts[i].ok)
            return false;
    return true;
}

/* 422: the faults, as RFC 9457 extension `errors`. */
static void write_all_rejected(struct batch *b)
{
    struct problem_fault *faults;
    struct problem p = {.code = PROBLEM_all_rejected,
                        .request_id = b->request->request_text};
    struct err err;
    char pointer[sizeof "/events/18446744073709551615"];
    const char *copy;

    if (arena_take(&b->app->arena, b->count, sizeof *faults, &faults, &err))
        p.faults = faults;
    for (size_t i = 0; p.faults && i < b->count; i++) {
        int bytes =
            b->single ? 0 : snprintf(pointer, sizeof pointer, "/events/%zu", i);
        if (!arena_copy_text(&b->app->arena, pointer, (size_t)bytes, &copy,
                             &err))
            break;
        faults[p.fault_count++] = (struct problem_fault){
            .pointer = {copy, (size_t)bytes},
            .code = rejection_word(b->verdicts[i].why),
            .detail = rejection_detail(b->verdicts[i].why)};
    }
    problem_write(&b->app->reply, &p);
}

static void log_batch(const struct batch *b, size_t rejected)
{
    struct log_line line;

    log_begin(&line, LOG_INFO, "app", "track");
    log_word(&line, "request", b->request->request_text);
    log_user(&line, b->who.user);
    log_i64(&line, "events", (int64_t)b->count);
    log_i64(&line, "rejected", (int64_t)rejected);
    log_word(&line, "kept", b->is_spooled ? "spool" : "database");
    log_end(&line);
}

static void write_answer(struct batch *b)
{
    struct json_write w;
    size_t rejected;

    if (all_rejected(b)) {
        log_batch(b, b->count);
        write_all_rejected(b);
        return;
    }
    b->app->reply.status = b->is_spooled ? 202 : 200;
    http_header(&b->app->reply, "Cache-Control", SPAN("no-store"));
    json_write_init(&w, &b->app->reply.body);
    json_write_object(&w, NULL);
    if (b->is_spooled)
        json_write_word(&w, "durability", "spooled");
    write_counts(b, &w, &rejected);
    write_accepted(b, &w);
    write_rejected(b, &w);
    json_write_array(&w, "retry"); /* a batch is kept whole or not at all */
    json_write_end(&w);
    write_made(b, &w);
    if (b->ignored_count)
        json_write_u64(&w, "ignored_fields", b->ignored_count);
    json_write_i64(&w, "server_time", clock_wall_ms());
    json_write_end(&w);
    log_batch(b, rejected);
}

static void keep_samples(struct batch *b)
{
    struct app *app = b->app;
    int64_t now_us = clock_mono_us();

    if (!b->is_spooled)
        reject_sample_keep(&app->sampler, &app->db, b->events, b->verdicts,
                           b->count, b->request->received_at_ms, now_us,
                           now_us +
                               (int64_t)app->config.db_wait_ms * US_PER_MS);
}

static void take_batch(struct batch *b)
{
    if (!read_shape(b) || !check_reader(b) || !is_in_time(b) || !take_room(b) ||
        !judge(b))
        return;
    if (b->row_count && !store(b)) {
        rate_limit_give(&b->app->track_rate, b->who.user, (uint32_t)b->count);
        return;
    }
    settle(b);
    write_answer(b);
    keep_samples(b);
}

static bool take_apart(struct batch *b)
{
    struct app *app = b->app;
    struct err err;

    if (event_body_read(b->request->body, app->config.track_events, &app->arena,
                        &b->body, &err))
        return true;
    if (err.code == ERR_INVALID)
        return refuse(b, PROBLEM_bad_json, "the body is not JSON in UTF-8");
    log_failure(LOG_ERROR, "app", "track_failed", &err);
    return refuse(b, PROBLEM_unavailable, NULL);
}

void track_post(struct app *app, const struct http_request *request)
{
    struct batch b = {.app = app, .request = request};

    if (!reply_method(&app->reply, request, app->config.origins, "POST") ||
        !reply_same_site(&app->reply, request, app->config.origins) ||
        !is_acceptable(&b) ||
        !reply_body(&app->reply, request, app->config.http_body_bytes) ||
        !take_apart(&b) ||
        !identity_find(&app->config, &app->keys, request, &app->reply, &b.who))
        return;
    if (b.who.declined)
        refuse(&b, PROBLEM_consent_withdrawn, NULL);
    else
        take_batch(&b);
}
