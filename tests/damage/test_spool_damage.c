/*
 * A damaged segment loses what is damaged and nothing else: whatever is handed
 * out is one of the records that were written. Copies are of exact size on the
 * heap, so that a sanitizer sees a read past the end.
 */
#include <check.h>
#include <stdlib.h>

#include "../support/spool_fixture.h"

enum { RECORDS = 4, BYTE_BITS = 8 };

static struct buf segment;
static size_t starts[RECORDS + 1];

static void setup(void)
{
    buf_init(&segment, 1 << 20);
    spool_fixture_segment(&segment, RECORDS);
    for (unsigned i = 0; i < RECORDS; i++) {
        struct spool_head head;

        memcpy(&head, segment.at + starts[i], sizeof head);
        starts[i + 1] = starts[i] + sizeof head + head.bytes;
    }
    ck_assert_uint_eq(starts[RECORDS], segment.bytes);
}

static void teardown(void)
{
    buf_release(&segment);
}

/* What a reader makes of some bytes: bit n is record n, whole and unchanged. */
static unsigned records_of(const char *at, size_t bytes, struct spool_reader *r)
{
    char *copy = malloc(bytes ? bytes : 1);
    struct spool_record record;
    unsigned seen = 0;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, at, bytes);
    *r = spool_read((struct span){copy, bytes});
    while (spool_next(r, &record)) {
        uint64_t n = record.head.sequence;

        ck_assert_uint_lt(n, RECORDS);
        ck_assert_uint_eq(record.payload.bytes,
                          starts[n + 1] - starts[n] - sizeof record.head);
        ck_assert_mem_eq(record.payload.at,
                         segment.at + starts[n] + sizeof record.head,
                         record.payload.bytes);
        ck_assert(!(seen & 1u << n));
        seen |= 1u << n;
    }
    free(copy);
    return seen;
}

/* The record that this byte belongs to. */
static unsigned record_at(size_t byte)
{
    unsigned n = 0;

    while (starts[n + 1] <= byte)
        n++;
    return n;
}

static const unsigned all = (1u << RECORDS) - 1;

START_TEST(a_sound_segment_is_read_whole)
{
    struct spool_reader r;

    ck_assert_uint_eq(records_of(segment.at, segment.bytes, &r), all);
    ck_assert(!r.damaged && !r.unknown && !r.is_unfinished);
}
END_TEST

START_TEST(every_truncation_keeps_the_records_before_it)
{
    for (size_t bytes = 0; bytes < segment.bytes; bytes++) {
        struct spool_reader r;
        unsigned n = record_at(bytes);

        ck_assert_uint_eq(records_of(segment.at, bytes, &r), (1u << n) - 1);
        ck_assert_int_eq(r.is_unfinished, bytes != starts[n]);
        ck_assert_uint_eq(r.damaged, 0);
    }
}
END_TEST

START_TEST(every_flipped_bit_costs_its_record_alone_and_is_noticed)
{
    for (size_t at = 0; at < segment.bytes; at++)
        for (int bit = 0; bit < BYTE_BITS; bit++) {
            struct spool_reader r;
            unsigned seen;

            segment.at[at] ^= (char)(1 << bit);
            seen = records_of(segment.at, segment.bytes, &r);
            segment.at[at] ^= (char)(1 << bit);
            ck_assert_msg(seen == (all & ~(1u << record_at(at))),
                          "byte %zu bit %d: %x", at, bit, seen);
            ck_assert_msg(r.damaged == 1, "byte %zu bit %d", at, bit);
        }
}
END_TEST

START_TEST(a_tail_of_zeros_is_a_record_that_was_never_written)
{
    static const char zeros[100];

    for (size_t bytes = 1; bytes <= sizeof zeros; bytes++) {
        struct spool_reader r;

        buf_add(&segment, zeros, bytes);
        ck_assert_uint_eq(records_of(segment.at, segment.bytes, &r), all);
        ck_assert(r.is_unfinished && !r.damaged);
        segment.bytes -= bytes;
    }
}
END_TEST

START_TEST(foreign_bytes_between_two_records_are_stepped_over)
{
    struct spool_reader r;
    struct buf b;

    buf_init(&b, 1 << 20);
    buf_add(&b, segment.at, starts[1]);
    for (int i = 0; i < 24; i++)
        buf_text(&b, "KSPLKSPL");
    buf_add(&b, segment.at + starts[1], segment.bytes - starts[1]);
    ck_assert_uint_eq(records_of(b.at, b.bytes, &r), all);
    ck_assert_uint_eq(r.damaged, 1);
    buf_release(&b);
}
END_TEST

START_TEST(a_missing_record_is_noticed)
{
    struct spool_reader r;

    for (unsigned n = 0; n < RECORDS - 1; n++) {
        struct buf b;

        buf_init(&b, 1 << 20);
        buf_add(&b, segment.at, starts[n]);
        buf_add(&b, segment.at + starts[n + 1], segment.bytes - starts[n + 1]);
        ck_assert_uint_eq(records_of(b.at, b.bytes, &r), all & ~(1u << n));
        ck_assert_uint_eq(r.damaged, 1);
        buf_release(&b);
    }
}
END_TEST

START_TEST(a_record_of_a_later_version_is_counted_and_kept_from_the_reader)
{
    struct spool_reader r;

    ((struct spool_head *)(void *)segment.at)->version = SPOOL_VERSION + 1;
    spool_fixture_sign(segment.at);
    ck_assert_uint_eq(records_of(segment.at, segment.bytes, &r), all & ~1u);
    ck_assert_uint_eq(r.unknown, 1);
    ck_assert_uint_eq(r.damaged, 0);
}
END_TEST

static bool first_batch_reads(void)
{
    static struct event_row rows[EVENTS_MOST];
    struct spool_reader r = spool_read(buf_view(&segment));
    struct spool_record record;
    struct spool_batch batch;
    struct err err;

    ck_assert(spool_next(&r, &record));
    if (spool_batch_read(&record, rows, &batch, &err))
        return true;
    ck_assert_int_eq(err.code, ERR_CORRUPT);
    return false;
}

/* A checksum that holds does not make lengths true. */
START_TEST(lengths_that_do_not_fit_are_refused_though_the_checksum_holds)
{
    struct spool_event_head *event =
        (void *)(segment.at + sizeof(struct spool_head) +
                 sizeof(struct spool_batch_head));
    struct spool_batch_head *batch =
        (void *)(segment.at + sizeof(struct spool_head));
    const struct spool_event_head good = *event;

    ck_assert(first_batch_reads());
    event->metadata_bytes = UINT32_MAX;
    spool_fixture_sign(segment.at);
    ck_assert(!first_batch_reads());
    *event = good;
    event->type_bytes = EVENT_TYPE_BYTES + 1;
    spool_fixture_sign(segment.at);
    ck_assert(!first_batch_reads());
    *event = good;
    event->model_bytes += 8;
    spool_fixture_sign(segment.at);
    ck_assert(!first_batch_reads());
    *event = good;
    batch->count++;
    spool_fixture_sign(segment.at);
    ck_assert(!first_batch_reads());
    batch->count--;
    spool_fixture_sign(segment.at);
    ck_assert(first_batch_reads());
}
END_TEST

int main(void)
{
    Suite *s = suite_create("spool_damage");
    TCase *tc = tcase_create("damage");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_sound_segment_is_read_whole);
    tcase_add_test(tc, every_truncation_keeps_the_records_before_it);
    tcase_add_test(tc, every_flipped_bit_costs_its_record_alone_and_is_noticed);
    tcase_add_test(tc, a_tail_of_zeros_is_a_record_that_was_never_written);
    tcase_add_test(tc, foreign_bytes_between_two_records_are_stepped_over);
    tcase_add_test(tc, a_missing_record_is_noticed);
    tcase_add_test(
        tc, a_record_of_a_later_version_is_counted_and_kept_from_the_reader);
    tcase_add_test(
        tc, lengths_that_do_not_fit_are_refused_though_the_checksum_holds);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
