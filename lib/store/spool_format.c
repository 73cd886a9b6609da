#include "store/spool_format.h"

#include <inttypes.h>

#include "base/hash.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "spool segments are little-endian"
#endif

static const char magic[4] = {'K', 'S', 'P', 'L'};

enum { HEAD_CHECKED = offsetof(struct spool_head, head_checksum) };

/* ---- writing ---- */

static void align(struct buf *out, size_t start)
{
    static const char zeros[SPOOL_ALIGN];

    buf_add(out, zeros, (start - out->bytes) % SPOOL_ALIGN);
}

static bool fits(struct span text, size_t most, struct err *err)
{
    return text.bytes <= most ||
           err_set(err, ERR_LIMIT, "a text of %zu bytes, at most %zu",
                   text.bytes, most);
}

static bool write_event(struct buf *out, const struct event_row *row,
                        struct err *err)
{
    static const struct event_attribution none;
    const struct event_attribution *shown =
        row->attributed ? &row->shown : &none;
    struct spool_event_head head = {
        .id = row->id,
        .post = row->post,
        .request = shown->request,
        .at_ms = row->at_ms,
        .client_at_ms = row->client_at_ms,
        .propensity = shown->propensity,
        .position = shown->position,
        .attributed = row->attributed,
        .metadata_bytes = (uint32_t)row->metadata.bytes,
        .type_bytes = (uint16_t)row->type.bytes,
        .source_bytes = (uint16_t)shown->source.bytes,
        .arm_bytes = (uint16_t)shown->arm.bytes,
        .model_bytes = (uint16_t)shown->model_version.bytes,
    };

    if (!fits(row->metadata, SPOOL_RECORD_MOST, err) ||
        !fits(row->type, UINT16_MAX, err) ||
        !fits(shown->source, UINT16_MAX, err) ||
        !fits(shown->arm, UINT16_MAX, err) ||
        !fits(shown->model_version, UINT16_MAX, err))
        return false;
    buf_add(out, &head, sizeof head);
    buf_span(out, row->type);
    buf_span(out, shown->source);
    buf_span(out, shown->arm);
    buf_span(out, shown->model_version);
    buf_span(out, row->metadata);
    return true;
}

static bool write_batch(struct buf *out, const struct spool_batch *batch,
                        struct err *err)
{
    struct spool_batch_head head = {.user = batch->user,
                                    .received_at_ms = batch->received_at_ms,
                                    .count = (uint32_t)batch->count};
    size_t start = out->bytes;

    buf_add(out, &head, sizeof head);
    for (size_t i = 0; i < batch->count; i++) {
        if (!write_event(out, &batch->rows[i], err))
            return false;
        align(out, start);
    }
    return true;
}

/* The head is known when the payload stands behind it. */
static void patch_head(struct buf *out, size_t start, struct spool_head head)
{
    const char *payload = out->at + start + sizeof head;

    memcpy(head.magic, magic, sizeof magic);
    head.bytes = (uint32_t)(out->bytes - start - sizeof head);
    head.checksum = hash64(payload, head.bytes);
    head.head_checksum = hash64(&head, HEAD_CHECKED);
    memcpy(out->at + start, &head, sizeof head);
}

bool spool_write(struct buf *out, const struct spool_batch *batch,
                 uint64_t sequence, int64_t spooled_at_ms, struct err *err)
{
    struct spool_head head = {.version = SPOOL_VERSION,
                              .type = SPOOL_BATCH,
                              .events = (uint32_t)batch->count,
                              .sequence = sequence,
                              .spooled_at_ms = spooled_at_ms};
    size_t start = out->bytes;

    if (batch->count > EVENTS_MOST)
        return err_set(err, ERR_LIMIT, "%zu events, at most %d", batch->count,
                       EVENTS_MOST);
    buf_add(out, &head, sizeof head);
    if (!write_batch(out, batch, err))
        return false;
    if (out->failed || out->bytes - start > SPOOL_RECORD_MOST)
        return err_set(err, ERR_LIMIT, "a batch of over %d bytes",
                       SPOOL_RECORD_MOST);
    patch_head(out, start, head);
    return true;
}

/* ---- reading ---- */

bool spool_head_check(const struct spool_head *head)
{
    return !memcmp(head->magic, magic, sizeof magic) &&
           head->head_checksum == hash64(head, HEAD_CHECKED) &&
           head->bytes <= SPOOL_RECORD_MOST && head->bytes % SPOOL_ALIGN == 0;
}

static bool head_at(struct span bytes, struct spool_head *out)
{
    if (bytes.bytes < sizeof *out)
        return false;
    memcpy(out, bytes.at, sizeof *out);
    return spool_head_check(out);
}

static struct span behind(struct span bytes, size_t count)
{
    return (struct span){bytes.at + count, bytes.bytes - count};
}

static bool is_zero(struct span bytes)
{
    for (size_t i = 0; i < bytes.bytes; i++)
        if (bytes.at[i])
            return false;
    return true;
}

/* Heads stand at multiples of 8. Text cannot look like one: JSON holds no NUL.
 */
static struct span next_head(struct span bytes)
{
    struct spool_head head;

    while (bytes.bytes >= sizeof head && !head_at(bytes, &head))
        bytes = behind(bytes, SPOOL_ALIGN);
    return bytes.bytes >= sizeof head ? bytes : (struct span){0};
}

/* No sound head here. */
static void step_over(struct spool_reader *r)
{
    /* A file may have grown before its bytes were written: zeros. */
    if (r->rest.bytes < sizeof(struct spool_head) || is_zero(r->rest)) {
        r->is_unfinished = true;
        r->rest = (struct span){0};
        return;
    }
    r->damaged++;
    r->is_gap = true;
    r->rest = next_head(behind(r->rest, SPOOL_ALIGN));
}

static void follow_sequence(struct spool_reader *r, uint64_t sequence)
{
    r->damaged += sequence != r->next && !r->is_gap;
    r->next = sequence + 1;
    r->is_gap = false;
}

/* The record behind a sound head; false when it cannot be handed out. */
static bool take(struct spool_reader *r, const struct spool_head *head,
                 struct spool_record *out)
{
    struct span payload = {r->rest.at + sizeof *head, head->bytes};

    if (head->bytes > r->rest.bytes - sizeof *head) {
        r->is_unfinished = true;
        r->rest = (struct span){0};
        return false;
    }
    r->rest = behind(r->rest, sizeof *head + head->bytes);
    follow_sequence(r, head->sequence);
    if (head->checksum != hash64(payload.at, payload.bytes)) {
        r->damaged++;
        return false;
    }
    if (head->version != SPOOL_VERSION || head->type != SPOOL_BATCH) {
        r->unknown++;
        return false;
    }
    *out = (struct spool_record){.head = *head, .payload = payload};
    return true;
}

bool spool_next(struct spool_reader *r, struct spool_record *out)
{
    struct spool_head head;

    while (r->rest.bytes) {
        if (!head_at(r->rest, &head))
            step_over(r);
        else if (take(r, &head, out))
            return true;
    }
    return false;
}

/* ---- a batch ---- */

static bool cut(struct span *rest, size_t bytes, struct span *out)
{
    if (bytes > rest->bytes)
        return false;
    *out = (struct span){rest->at, bytes};
    *rest = behind(*rest, bytes);
    return true;
}

static bool read_event(struct span *rest, struct event_row *out)
{
    struct spool_event_head head;
    struct span bytes, pad;

    if (!cut(rest, sizeof head, &bytes))
        return false;
    memcpy(&head, bytes.at, sizeof head);
    *out = (struct event_row){.id = head.id,
                              .post = head.post,
                              .at_ms = head.at_ms,
                              .client_at_ms = head.client_at_ms,
                              .attributed = head.attributed,
                              .shown = {.request = head.request,
                                        .position = head.position,
                                        .propensity = head.propensity}};
    return head.type_bytes <= EVENT_TYPE_BYTES && head.attributed <= 1 &&
           cut(rest, head.type_bytes, &out->type) &&
           cut(rest, head.source_bytes, &out->shown.source) &&
           cut(rest, head.arm_bytes, &out->shown.arm) &&
           cut(rest, head.model_bytes, &out->shown.model_version) &&
           cut(rest, head.metadata_bytes, &out->metadata) &&
           /* The payload's length is a multiple of 8: so is what is left. */
           cut(rest, rest->bytes % SPOOL_ALIGN, &pad);
}

bool spool_batch_read(const struct spool_record *record, struct event_row *rows,
                      struct spool_batch *out, struct err *err)
{
    struct spool_batch_head head;
    struct span rest = record->payload, bytes;

    if (!cut(&rest, sizeof head, &bytes))
        return err_set(err, ERR_CORRUPT, "spool: a payload of %zu bytes",
                       rest.bytes);
    memcpy(&head, bytes.at, sizeof head);
    if (head.count > EVENTS_MOST || head.count != record->head.events)
        return err_set(err, ERR_CORRUPT, "spool: %" PRIu32 " events",
                       head.count);
    for (uint32_t i = 0; i < head.count; i++)
        if (!read_event(&rest, &rows[i]))
            return err_set(err, ERR_CORRUPT, "spool: event %" PRIu32, i);
    if (rest.bytes)
        return err_set(err, ERR_CORRUPT, "spool: %zu bytes too many",
                       rest.bytes);
    *out = (struct spool_batch){.user = head.user,
                                .received_at_ms = head.received_at_ms,
                                .rows = rows,
                                .count = head.count};
    return true;
}
