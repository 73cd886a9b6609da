#include "store/events.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "queries.h"
#include "store/posts.h"

/* The batch as one array a column, in the order of locking. */
struct columns {
    struct uuid *ids, *posts, *requests;
    struct span *types, *metadata, *sources, *arms, *models;
    int64_t *at_ms, *client_at_ms, *positions;
    float *propensities;
    void *memory;
};

/* A row of the caller's, and an earlier one with the same id. */
struct place {
    const struct event_row *row;
    size_t index;
    size_t twin_of; /* index itself: none */
};

struct call {
    struct db *db;
    struct uuid user;
    int64_t received_at_ms, until_us;
    bool hosted;
    enum event_fate *fates;
};

static struct uuid request_of(const struct event_row *row)
{
    return row->attributed ? row->shown.request : (struct uuid){0};
}

static int by_id(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    int order = uuid_compare(&a->row->id, &b->row->id);

    return order ? order : (a->index > b->index) - (a->index < b->index);
}

/*
 * The order in which rows are locked, the same in every batch. Two rows wait
 * for each other when they share an id or, as views, a (request, post): both
 * are settled by this order, because rows of one id share the rest as well.
 */
static int by_lock(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    struct uuid ra = request_of(a->row), rb = request_of(b->row);
    int order = uuid_compare(&ra, &rb);

    if (!order)
        order = uuid_compare(&a->row->post, &b->row->post);
    return order ? order : by_id(left, right);
}

/* Sorts for locking, twins last; returns how many are no twins. */
static size_t arrange(struct place *places, const struct event_row *rows,
                      size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        places[i] = (struct place){&rows[i], i, i};
    qsort(places, count, sizeof *places, by_id);
    for (size_t i = 1; i < count; i++)
        if (uuid_equal(places[i].row->id, places[i - 1].row->id))
            places[i].twin_of = places[i - 1].twin_of;
    for (size_t i = 0; i < count; i++)
        if (places[i].twin_of == places[i].index) {
            struct place p = places[i];

            places[i] = places[kept];
            places[kept++] = p;
        }
    qsort(places, kept, sizeof *places, by_lock);
    return kept;
}

/* The client's clock may say anything; what is no date is not kept. */
static int64_t plausible(int64_t at_ms)
{
    return at_ms < DB_LEAST_MS || at_ms > DB_MOST_MS ? DB_NONE_I64 : at_ms;
}

static struct span or_none(struct span text)
{
    return text.bytes ? text : (struct span){0};
}

static void column_row(struct columns *c, size_t i, const struct event_row *row)
{
    static const struct event_attribution none = {.propensity = NAN};
    const struct event_attribution *shown =
        row->attributed ? &row->shown : &none;

    c->ids[i] = row->id;
    c->posts[i] = row->post;
    c->types[i] = row->type;
    c->at_ms[i] = row->at_ms;
    c->client_at_ms[i] = plausible(row->client_at_ms);
    c->metadata[i] = or_none(row->metadata);
    c->requests[i] = shown->request;
    c->positions[i] = row->attributed ? shown->position : DB_NONE_I64;
    c->sources[i] = or_none(shown->source);
    c->arms[i] = or_none(shown->arm);
    c->models[i] = or_none(shown->model_version);
    c->propensities[i] = shown->propensity;
}

/* All columns stand in one piece of memory, widest alignment first. */
static bool columns_take(struct columns *c, size_t count, struct err *err)
{
    enum { UUIDS = 3, SPANS = 5, NUMBERS = 3 };
    struct span *spans;
    int64_t *numbers;
    struct uuid *uuids;

    if (!mem_take(count,
                  SPANS * sizeof *spans + NUMBERS * sizeof *numbers +
                      UUIDS * sizeof *uuids + sizeof *c->propensities,
                  &c->memory, err))
        return false;
    spans = c->memory;
    c->types = spans;
    c->metadata = spans + count;
    c->sources = spans + 2 * count;
    c->arms = spans + 3 * count;
    c->models = spans + 4 * count;
    numbers = (int64_t *)(spans + SPANS * count);
    c->at_ms = numbers;
    c->client_at_ms = numbers + count;
    c->positions = numbers + 2 * count;
    c->propensities = (float *)(numbers + NUMBERS * count);
    uuids = (struct uuid *)(c->propensities + count);
    c->ids = uuids;
    c->posts = uuids + count;
    c->requests = uuids + 2 * count;
    return true;
}

static bool send(const struct call *call, const struct columns *c, size_t count,
                 struct db_rows *rows, struct err *err)
{
    struct db_param in[] = {
        db_param_uuid(call->user),
        db_param_ms(call->received_at_ms),
        db_param_array(DB_UUID, c->ids, count),
        db_param_array(DB_UUID, c->posts, count),
        db_param_array(DB_TEXT, c->types, count),
        db_param_array(DB_MS, c->at_ms, count),
        db_param_array_or_null(DB_MS, c->client_at_ms, count),
        db_param_array_or_null(DB_TEXT, c->metadata, count),
        db_param_array_or_null(DB_UUID, c->requests, count),
        db_param_array_or_null(DB_I64, c->positions, count),
        db_param_array_or_null(DB_TEXT, c->sources, count),
        db_param_array_or_null(DB_TEXT, c->arms, count),
        db_param_array_or_null(DB_TEXT, c->models, count),
        db_param_array_or_null(DB_REAL, c->propensities, count),
    };

    return db_query(call->db,
                    call->hosted ? DB_SQL(insert_events_hosted, "ib")
                                 : DB_SQL(insert_events, "ib"),
                    in, sizeof in / sizeof *in, call->until_us, rows, err);
}

/* One statement for these places. */
static bool insert(const struct call *call, const struct place *places,
                   size_t count, struct err *err)
{
    struct columns c = {0};
    struct db_rows rows = {0};
    bool ok = false;
    enum { PLACE, KNOWN };

    if (!columns_take(&c, count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        column_row(&c, i, places[i].row);
    if (!send(call, &c, count, &rows, err))
        goto out;
    for (size_t i = 0; i < count; i++)
        call->fates[places[i].index] = FATE_STORED;
    for (size_t i = 0; i < rows.count; i++) {
        size_t place = (size_t)db_rows_i64(&rows, i, PLACE) - 1;

        call->fates[places[place].index] =
            db_rows_bool(&rows, i, KNOWN) ? FATE_DUPLICATE : FATE_UNKNOWN_POST;
    }
    ok = true;
out:
    db_rows_release(&rows);
    mem_give(c.memory);
    return ok;
}

/* A post that went away between the look and the foreign key's look. */
static bool is_missing_key(const struct db *db)
{
    return span_is(span_of(db->sqlstate), "23503");
}

/*
 * Refused values fail the whole statement, so halves are tried until the bad
 * row stands alone: about 2 log2(n) statements for one bad row.
 */
static bool insert_or_split(const struct call *call, const struct place *places,
                            size_t count, struct err *err)
{
    size_t half = count / 2;

    if (!count || insert(call, places, count, err))
        return true;
    if (err->code != ERR_INVALID)
        return false;
    if (count > 1)
        return insert_or_split(call, places, half, err) &&
               insert_or_split(call, places + half, count - half, err);
    call->fates[places->index] =
        is_missing_key(call->db) ? FATE_UNKNOWN_POST : FATE_REFUSED;
    return true;
}

bool events_insert(struct db *db, struct uuid user,
                   const struct event_row *rows, size_t count,
                   int64_t received_at_ms, int64_t until_us,
                   enum event_fate *fates, struct err *err)
{
    struct call call = {.db = db,
                        .user = user,
                        .received_at_ms = received_at_ms,
                        .until_us = until_us,
                        .fates = fates};
    struct place *places;
    size_t kept;
    bool ok;

    if (count > EVENTS_MOST)
        return err_set(err, ERR_LIMIT, "%zu events, at most %d", count,
                       EVENTS_MOST);
    if (!store_hosted(db, until_us, &call.hosted, err) ||
        !mem_take(count, sizeof *places, &places, err))
        return false;
    kept = arrange(places, rows, count);
    ok = insert_or_split(&call, places, kept, err);
    for (size_t i = kept; i < count && ok; i++) {
        enum event_fate first = fates[places[i].twin_of];

        fates[places[i].index] = first == FATE_STORED ? FATE_DUPLICATE : first;
    }
    mem_give(places);
    return ok;
}
