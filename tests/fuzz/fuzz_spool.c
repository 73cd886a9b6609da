/*
 * Segments of the spool. Whatever the bytes are, the reader ends, steps over
 * what is damaged and hands out nothing outside of them; and a batch that is
 * read can be written and read again.
 *
 * Input  the first byte chooses: the rest is a segment as it stands, or the
 *        payload of one record whose checksums are made right.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "store/spool_format.h"

enum mode { AS_IS, SIGNED, MODES };
enum { MOST_BYTES = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t bytes);

static void need(bool holds)
{
    if (!holds)
        abort();
}

static void write_again(const struct spool_batch *batch)
{
    static struct event_row rows[EVENTS_MOST];
    struct spool_record record;
    struct spool_reader reader;
    struct spool_batch again;
    struct err err;
    struct buf b;

    buf_init(&b, SPOOL_RECORD_MOST);
    need(spool_write(&b, batch, 0, 0, &err));
    reader = spool_read(buf_view(&b));
    need(spool_next(&reader, &record));
    need(spool_batch_read(&record, rows, &again, &err));
    need(again.count == batch->count);
    for (size_t i = 0; i < again.count; i++) {
        need(uuid_equal(rows[i].id, batch->rows[i].id));
        need(span_equal(rows[i].metadata, batch->rows[i].metadata));
    }
    need(!spool_next(&reader, &record) && !reader.damaged);
    buf_release(&b);
}

static void read_segment(struct span segment)
{
    static struct event_row rows[EVENTS_MOST];
    struct spool_reader reader = spool_read(segment);
    struct spool_record record;
    struct spool_batch batch;
    struct err err;

    while (spool_next(&reader, &record)) {
        need(record.payload.at >= segment.at &&
             record.payload.at + record.payload.bytes <=
                 segment.at + segment.bytes);
        if (spool_batch_read(&record, rows, &batch, &err))
            write_again(&batch);
        else
            need(err.code == ERR_CORRUPT);
    }
    need(!reader.rest.bytes);
}

static void read_signed(const uint8_t *at, size_t bytes)
{
    struct spool_batch none = {0};
    struct spool_head head;
    struct buf b;
    struct err err;

    bytes -= bytes % SPOOL_ALIGN;
    buf_init(&b, MOST_BYTES);
    need(spool_write(&b, &none, 0, 0, &err));
    b.bytes = sizeof head;
    memcpy(&head, b.at, sizeof head);
    buf_add(&b, at, bytes);
    head.bytes = (uint32_t)bytes;
    if (bytes >= sizeof(struct spool_batch_head))
        memcpy(&head.events, at + offsetof(struct spool_batch_head, count),
               sizeof head.events);
    head.checksum = hash64(at, bytes);
    head.head_checksum =
        hash64(&head, offsetof(struct spool_head, head_checksum));
    memcpy(b.at, &head, sizeof head);
    read_segment(buf_view(&b));
    buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t bytes)
{
    if (!bytes)
        return 0;
    if (at[0] % MODES == SIGNED)
        read_signed(at + 1, bytes - 1);
    else
        read_segment((struct span){(const char *)at + 1, bytes - 1});
    return 0;
}
