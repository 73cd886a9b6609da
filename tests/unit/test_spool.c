#define _GNU_SOURCE /* unshare */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/spool_fixture.h"
#include "base/mem.h"
#include "store/spool.h"

enum { CAP = 1 << 20, PATH = 256, MANY = 10000, DISK_BYTES = 64 << 10 };

#define MUST(call) ck_assert_msg((call), "%s", err.what)

static const char *folder;
static struct spool spool;
static struct err err;
static int sync_errno; /* what the next fdatasync fails with */

/* In the place of the C library's: disks that fail are rare, and no test here
 * pulls the plug. */
int fdatasync(int fd)
{
    (void)fd;
    if (!sync_errno)
        return 0;
    errno = sync_errno;
    sync_errno = 0;
    return -1;
}

static void setup(void)
{
    folder = spool_folder_make();
    spool_init(&spool, folder, CAP);
    sync_errno = 0;
}

static void teardown(void)
{
    spool_release(&spool);
}

static bool add(unsigned n)
{
    struct spool_batch batch = spool_fixture_batch(n);

    return spool_add(&spool, &batch, &err);
}

static struct spool_depth depth(void)
{
    struct spool_depth d;

    MUST(spool_depth_load(folder, &d, &err));
    return d;
}

/* Records of the first segment that read back; all of it must be sound. */
static unsigned sound_records(void)
{
    char name[SPOOL_NAME];
    struct spool_record record;
    struct spool_reader r;
    struct span bytes;
    unsigned count = 0;

    ck_assert_uint_ge(spool_folder_segments(folder, name), 1);
    bytes = spool_folder_read(folder, name);
    r = spool_read(bytes);
    while (spool_next(&r, &record))
        ck_assert_uint_eq(record.head.sequence, count++);
    ck_assert(!r.damaged && !r.unknown && !r.is_unfinished);
    mem_give((void *)(uintptr_t)bytes.at);
    return count;
}

/* ---- a batch ---- */

START_TEST(a_batch_reads_back_as_it_was_written)
{
    struct spool_batch batch = spool_fixture_batch(7), read;
    struct event_row rows[EVENTS_MOST];
    struct spool_record record;
    struct spool_reader r;
    struct buf b;

    buf_init(&b, CAP);
    MUST(spool_write(&b, &batch, 0, 1, &err));
    r = spool_read(buf_view(&b));
    ck_assert(spool_next(&r, &record));
    MUST(spool_batch_read(&record, rows, &read, &err));
    ck_assert(uuid_equal(read.user, batch.user));
    ck_assert_int_eq(read.received_at_ms, batch.received_at_ms);
    ck_assert_uint_eq(read.count, batch.count);
    for (size_t i = 0; i < read.count; i++) {
        const struct event_row *got = &rows[i], *sent = &batch.rows[i];

        ck_assert(uuid_equal(got->id, sent->id));
        ck_assert(uuid_equal(got->post, sent->post));
        ck_assert(span_equal(got->type, sent->type));
        ck_assert_int_eq(got->at_ms, sent->at_ms);
        ck_assert_int_eq(got->client_at_ms, sent->client_at_ms);
        ck_assert(span_equal(got->metadata, sent->metadata));
        ck_assert_int_eq(got->attributed, sent->attributed);
    }
    ck_assert(uuid_equal(rows[0].shown.request, batch.rows[0].shown.request));
    ck_assert_int_eq(rows[0].shown.position, 3);
    ck_assert(span_is(rows[0].shown.source, "neighbours"));
    ck_assert(span_is(rows[0].shown.arm, "personalised"));
    ck_assert(span_is(rows[0].shown.model_version, "20260102T020005Z"));
    ck_assert(rows[0].shown.propensity == 0.25f);
    buf_release(&b);
}
END_TEST

/* ---- segments ---- */

START_TEST(batches_of_one_writer_share_a_segment_in_sequence)
{
    struct stat st;
    char name[SPOOL_NAME], path[PATH];

    MUST(add(1) && add(2) && add(3));
    ck_assert_uint_eq(spool_folder_segments(folder, name), 1);
    ck_assert_uint_eq(sound_records(), 3);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(the_folder_is_made_for_its_owner_alone)
{
    char path[PATH];
    struct stat st;

    snprintf(path, sizeof path, "%s/new", folder);
    spool_release(&spool);
    spool_init(&spool, path, CAP);
    MUST(add(1));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0700);
}
END_TEST

START_TEST(a_segment_is_closed_at_an_eighth_of_the_spool)
{
    for (unsigned n = 0; n < 200; n++)
        MUST(add(n));
    ck_assert_uint_eq(depth().records, 200);
    ck_assert_uint_eq(depth().segments, 1);
    while (depth().segments == 1)
        MUST(add(200));
    ck_assert_uint_le(spool.bytes, CAP / 8);
    ck_assert_uint_gt(depth().bytes, CAP / 8 - 1024);
}
END_TEST

START_TEST(a_locked_segment_is_left_to_the_drain)
{
    int fd;

    MUST(add(1));
    fd = open(spool.path, O_RDONLY);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    MUST(add(2));
    ck_assert_uint_eq(depth().segments, 2);
    ck_assert_uint_eq(depth().records, 2);
    close(fd);
}
END_TEST

START_TEST(a_segment_that_the_drain_removed_or_moved_is_not_written_to)
{
    char aside[PATH];

    MUST(add(1));
    ck_assert_int_eq(unlink(spool.path), 0);
    MUST(add(2));
    ck_assert_uint_eq(depth().records, 1);
    snprintf(aside, sizeof aside, "%s/aside", folder);
    ck_assert_int_eq(rename(spool.path, aside), 0);
    MUST(add(3));
    ck_assert_uint_eq(depth().records, 1);
    ck_assert_uint_eq(sound_records(), 1);
}
END_TEST

/* ---- no room ---- */

START_TEST(a_full_spool_refuses_and_keeps_what_it_has)
{
    unsigned n = 0;

    while (n < MANY && add(n))
        n++;
    ck_assert_uint_gt(n, 100);
    ck_assert_uint_lt(n, MANY);
    ck_assert_int_eq(err.code, ERR_LIMIT);
    ck_assert_uint_eq(depth().records, n);
    ck_assert_uint_le(depth().bytes, CAP);
    ck_assert_uint_gt(depth().bytes, CAP - 1024);
}
END_TEST

static void limit_files(rlim_t bytes)
{
    struct rlimit limit = {bytes, RLIM_INFINITY};

    sigaction(SIGXFSZ, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The limit falls into the second record: half of it is written. */
START_TEST(a_record_that_only_half_fits_is_cut_off_again)
{
    uint64_t one;

    MUST(add(1));
    one = depth().bytes;
    limit_files(one + one / 2);
    ck_assert(!add(2));
    ck_assert_int_eq(err.code, ERR_LIMIT);
    limit_files(RLIM_INFINITY);
    ck_assert_uint_eq(depth().bytes, one);
    ck_assert_uint_eq(sound_records(), 1);
    MUST(add(2));
    ck_assert_uint_eq(depth().records, 2);
}
END_TEST

static bool small_disk(void)
{
    if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        return false;
    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    return !mount("tmpfs", folder, "tmpfs", 0, "size=64k");
}

/* A file system of 64 KiB, in a namespace of this test's process. */
START_TEST(a_full_disk_refuses_and_keeps_what_it_has)
{
    unsigned n = 0;

    if (!small_disk())
        return (void)puts(
            "no small disk: mount is not allowed"); /* not allowed here; the
                                                       limit on files above
                                                       stands for it */
    while (n < MANY && add(n))
        n++;
    ck_assert_uint_lt(n, MANY);
    ck_assert_int_eq(err.code, ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(err.what, "No space left"));
    ck_assert_uint_eq(depth().records, n);
    ck_assert_uint_gt(depth().bytes, DISK_BYTES / 2);
    ck_assert_uint_eq(sound_records(), n);
    spool_release(&spool);
    umount2(folder, MNT_DETACH);
}
END_TEST

/* ---- a disk that fails ---- */

START_TEST(after_a_failed_fsync_the_segment_is_never_written_to_again)
{
    char first[SPOOL_PATH];

    MUST(add(1));
    memcpy(first, spool.path, sizeof first);
    sync_errno = EIO;
    ck_assert(!add(2));
    ck_assert_int_eq(err.code, ERR_DOWN);
    ck_assert_uint_eq(depth().records, 1);
    MUST(add(3));
    ck_assert_str_ne(spool.path, first);
    ck_assert_uint_eq(depth().records, 2);
    ck_assert_uint_eq(depth().segments, 2);
}
END_TEST

START_TEST(a_failed_first_fsync_leaves_no_file)
{
    sync_errno = ENOSPC;
    ck_assert(!add(1));
    ck_assert_int_eq(err.code, ERR_LIMIT);
    ck_assert_uint_eq(depth().segments, 0);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_an_error_not_a_loss)
{
    char path[PATH];

    snprintf(path, sizeof path, "%s/none/here", folder);
    spool_release(&spool);
    spool_init(&spool, path, CAP);
    ck_assert(!add(1));
    ck_assert_int_eq(err.code, ERR_DOWN);
}
END_TEST

/* ---- how much waits ---- */

START_TEST(the_depth_counts_whole_records_and_what_is_kept_aside)
{
    struct spool_depth d;
    char path[PATH];
    struct buf b;

    buf_init(&b, CAP);
    spool_fixture_segment(&b, 4);
    spool_folder_write(folder, "spool-1-1-1.seg", buf_view(&b));
    spool_folder_write(folder, "spool-1-1-2.seg",
                       (struct span){b.at, b.bytes - 1});
    snprintf(path, sizeof path, "%s/" SPOOL_BAD, folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    spool_folder_write(folder, SPOOL_BAD "/spool-1-1-0.seg", SPAN("junk"));
    spool_folder_write(folder, "README", SPAN("junk"));
    d = depth();
    ck_assert_uint_eq(d.segments, 2);
    ck_assert_uint_eq(d.records, 7);
    ck_assert_uint_eq(d.events, 21);
    ck_assert_uint_eq(d.bytes, 2 * b.bytes - 1);
    ck_assert_int_eq(d.oldest_at_ms, 1700000000000);
    ck_assert_uint_eq(d.bad_segments, 1);
    ck_assert_uint_eq(d.bad_bytes, 4);
    buf_release(&b);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_empty_spool)
{
    struct spool_depth d;
    char path[PATH];

    snprintf(path, sizeof path, "%s/none", folder);
    MUST(spool_depth_load(path, &d, &err));
    ck_assert_uint_eq(d.segments + d.records + d.bytes, 0);
    ck_assert_int_eq(d.oldest_at_ms, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("spool");
    TCase *tc = tcase_create("spool");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_batch_reads_back_as_it_was_written);
    tcase_add_test(tc, batches_of_one_writer_share_a_segment_in_sequence);
    tcase_add_test(tc, the_folder_is_made_for_its_owner_alone);
    tcase_add_test(tc, a_segment_is_closed_at_an_eighth_of_the_spool);
    tcase_add_test(tc, a_locked_segment_is_left_to_the_drain);
    tcase_add_test(tc,
                   a_segment_that_the_drain_removed_or_moved_is_not_written_to);
    tcase_add_test(tc, a_full_spool_refuses_and_keeps_what_it_has);
    tcase_add_test(tc, a_record_that_only_half_fits_is_cut_off_again);
    tcase_add_test(tc, a_full_disk_refuses_and_keeps_what_it_has);
    tcase_add_test(tc,
                   after_a_failed_fsync_the_segment_is_never_written_to_again);
    tcase_add_test(tc, a_failed_first_fsync_leaves_no_file);
    tcase_add_test(tc, a_folder_that_cannot_be_made_is_an_error_not_a_loss);
    tcase_add_test(tc, the_depth_counts_whole_records_and_what_is_kept_aside);
    tcase_add_test(tc, a_folder_that_is_not_there_is_an_empty_spool);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
