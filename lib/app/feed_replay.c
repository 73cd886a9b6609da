#include "app/feed_replay.h"

#include <string.h>

#include "app/feed_inner.h"
#include "app/feed_wire.h"
#include "base/hash.h"
#include "base/mem.h"
#include "store/history.h"

enum { MS_PER_S = 1000 };

struct replay {
    struct feeder *f;
    const struct token_keys *keys;
    const struct served_found *found;
    const struct served_record *record; /* of it */
    int64_t until_us;
    struct replay_verdict *out;
    struct cursor cursor;
    struct feed feed;
};

static bool is_same_model(const struct replay *r)
{
    const struct feeder *f = r->f;

    return f->live.readable &&
           f->live.model.meta->built_at_ms == r->record->built_at_ms &&
           !strncmp(f->live.model.meta->version, r->record->version,
                    sizeof r->record->version);
}

/* A stamp in the database is that of the start of a transaction and finer than
 * ours: the events of the last moments may or may not have been seen. */
static bool load_history(struct replay *r, struct err *err)
{
    const struct served_record *record = r->record;
    const int64_t moments[] = {record->read_at_ms + 1, record->read_at_ms,
                               record->now_ms + 1, record->now_ms};
    struct feeder *f = r->f;

    f->history_count = 0;
    r->out->history = false;
    if (record->is_fresh || feed_reason_of(record->reason))
        return true; /* it was not read */
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        if (!history_load_past(f->db, record->user, f->config->history_events,
                               moments[i], r->until_us, f->history,
                               &f->history_count, err))
            return false;
        r->out->history = served_history(f) != record->history_digest;
        if (!r->out->history)
            break;
    }
    return true;
}

static bool load_newer(struct replay *r, struct err *err)
{
    struct feeder *f = r->f;

    if (!feed_follow_model(f, err) ||
        !fresh_load(&f->fresh, f->db, f->config, &f->live.model,
                    r->record->fresh_newest_ms, r->until_us, err))
        return false;
    r->out->newer = f->fresh.digest != r->record->fresh_digest;
    return true;
}

static void make(struct replay *r, struct buf *body)
{
    const struct served_record *record = r->record;
    const uint64_t *keys = r->found->keys;
    char request_text[UUID_TEXT + 1];
    struct feed_ask ask = {.user = record->user,
                           .fresh = record->is_fresh,
                           .kind = CURSOR_FOR_YOU,
                           .want = record->want,
                           .cursor = record->cursor_bytes ? &r->cursor : NULL,
                           .excluded = keys,
                           .excluded_count = record->excluded_count,
                           .held = keys + record->excluded_count,
                           .held_count = record->held_count,
                           .now_ms = record->now_ms,
                           .until_us = r->until_us};
    struct feed_wire wire = {.feed = &r->feed,
                             .keys = r->keys,
                             .user = record->user,
                             .request = record->request,
                             .request_text = request_text,
                             .now_ms = record->now_ms,
                             .took_us = record->took_us};

    uuid_text(record->request, request_text);
    r->f->live.state = LIVE_USABLE; /* it was, whatever its age now */
    feed_make_from(r->f, &ask, feed_reason_of(record->reason), &r->feed);
    feed_wire_write(body, &wire);
}

static bool run(struct replay *r, struct buf *body, struct err *err)
{
    const struct served_record *record = r->record;
    const struct span cursor = {r->found->cursor, record->cursor_bytes};
    struct replay_verdict *out = r->out;
    struct err refused;
    size_t from = body->bytes;

    out->settings = served_settings(r->f->config) != record->settings_digest;
    out->key = served_key(r->keys) != record->key_digest;
    if (cursor.bytes &&
        !cursor_check(r->keys, record->user, cursor, record->now_ms,
                      (int64_t)r->f->config->cursor_life_s * MS_PER_S,
                      &r->cursor, &refused)) {
        out->cursor = true;
        return true;
    }
    if (!load_history(r, err) || !load_newer(r, err))
        return false;
    make(r, body);
    out->same =
        body->bytes - from == record->answer_bytes &&
        hash64(body->at + from, body->bytes - from) == record->answer_digest;
    out->program = !out->same && !out->history && !out->newer &&
                   !out->settings && !out->key;
    return true;
}

bool feed_replay(struct feeder *f, const struct token_keys *keys,
                 const struct served_found *found, int64_t until_us,
                 struct buf *body, struct replay_verdict *out, struct err *err)
{
    struct replay *r; /* large */
    bool ok = true;

    *out = (struct replay_verdict){0};
    if (!mem_take(1, sizeof *r, &r, err))
        return false;
    r->f = f;
    r->keys = keys;
    r->found = found;
    r->record = &found->record;
    r->until_us = until_us;
    r->out = out;
    out->model = !is_same_model(r);
    if (!out->model)
        ok = run(r, body, err);
    mem_give(r);
    return ok;
}
