#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/program.h"
#include "../support/spool_fixture.h"
#include "../support/test_db.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/drain.h"

enum { CAP = 1 << 20, PATH = 512, RECORDS = 4, EVENTS = 12 };

#define MUST(call) ck_assert_msg((call), "%s", err.what)

static struct db db;
static const char *folder;
static struct drain drain;
static struct err err;
static char set_url[PATH + 16], set_spool[PATH + 16];

static void setup(void)
{
    test_db_open(&db);
    test_db_empty(&db);
    test_db_run(&db, "INSERT INTO posts (id, title) SELECT "
                     "('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))"
                     "::uuid, 'post' FROM generate_series(1, 3) AS g (i)");
    folder = spool_folder_make();
    snprintf(set_url, sizeof set_url, "KITH_DB_URL=%s", test_db_url());
    snprintf(set_spool, sizeof set_spool, "KITH_SPOOL=%s", folder);
}

static void teardown(void)
{
    db_release(&db);
}

static int64_t stored(void)
{
    return test_db_number(&db, "SELECT count(*) FROM user_interactions");
}

/* Records 0 to 3 in one segment; *bytes may be changed before. */
static struct buf four_records(void)
{
    struct buf b;

    buf_init(&b, CAP);
    spool_fixture_segment(&b, RECORDS);
    return b;
}

static void put(const char *name, struct buf *b)
{
    spool_folder_write(folder, name, buf_view(b));
    buf_release(b);
}

static void open_drain(struct db *with)
{
    bool alone;

    MUST(drain_open(&drain, folder, with, &alone, &err));
}

/* A whole drain, from the lock to the report. */
static struct drain_report run(void)
{
    open_drain(&db);
    MUST(drain_pass(&drain, &err));
    drain_close(&drain);
    return drain.report;
}

static void is_empty(void)
{
    ck_assert_uint_eq(spool_folder_segments(folder, NULL), 0);
    ck_assert_uint_eq(spool_folder_bad(folder, NULL), 0);
}

/* ---- what a replay stores ---- */

START_TEST(what_was_spooled_is_stored_as_if_it_had_never_been)
{
    struct spool_batch batch = spool_fixture_batch(0);
    struct drain_report r;
    struct spool spool;

    spool_init(&spool, folder, CAP);
    MUST(spool_add(&spool, &batch, &err));
    r = run();
    ck_assert_uint_eq(r.segments, 1);
    ck_assert_uint_eq(r.records, 1);
    ck_assert_uint_eq(r.stored, 3);
    is_empty();
    ck_assert_str_eq(
        test_db_text(
            &db,
            "SELECT concat_ws(' ', right(user_id::text, 3), interaction_type, "
            "extract(epoch FROM created_at) * 1000, "
            "extract(epoch FROM received_at) * 1000, "
            "extract(epoch FROM client_at) * 1000, metadata, "
            "right(request_id::text, 6), position, source, arm, "
            "model_version, propensity) FROM user_interactions "
            "ORDER BY id"),
        "500 view 1700000000000.000000 1700000005000.000000 "
        "1699999993000.000000 {\"dwell_ms\": 1200} 900000 3 neighbours "
        "personalised 20260102T020005Z 0.25\n"
        "500 like 1700000000000.000000 1700000005000.000000 {}\n"
        "500 click 1700000000000.000000 1700000005000.000000 {}");
    spool_release(&spool);
}
END_TEST

START_TEST(a_segment_that_is_replayed_again_doubles_nothing)
{
    struct buf b = four_records();

    spool_folder_write(folder, "spool-1-1-0.seg", buf_view(&b));
    ck_assert_uint_eq(run().stored, EVENTS);
    put("spool-1-1-0.seg", &b);
    ck_assert_uint_eq(run().duplicates, EVENTS);
    ck_assert_int_eq(stored(), EVENTS);
    is_empty();
}
END_TEST

/* Of two views of one showing the first counts: it must be stored first. */
START_TEST(segments_are_replayed_by_age_and_records_in_order)
{
    static const char *const names[] = {"spool-0000000000003-1-0.seg",
                                        "spool-0000000000001-9-0.seg",
                                        "spool-0000000000002-5-0.seg"};

    for (unsigned i = 0; i < 3; i++) {
        struct spool_batch batch = spool_fixture_batch(i);
        struct event_row rows[SPOOL_FIXTURE_EVENTS];
        struct buf b;

        memcpy(rows, batch.rows, sizeof rows);
        rows[0].shown.request = test_id(77);
        batch.rows = rows;
        buf_init(&b, CAP);
        MUST(spool_write(&b, &batch, 0, 1, &err));
        rows[0].id = test_id(1000 + i);
        MUST(spool_write(&b, &batch, 1, 1, &err));
        put(names[i], &b);
    }
    run();
    ck_assert_str_eq(
        test_db_text(&db, "SELECT right(id::text, 3) FROM user_interactions "
                          "WHERE interaction_type = 'view'"),
        "101"); /* batch 1 has the oldest segment; its first record wins */
}
END_TEST

START_TEST(unknown_posts_and_refused_events_are_counted_and_harm_no_other)
{
    struct spool_batch batch = spool_fixture_batch(0);
    struct event_row rows[SPOOL_FIXTURE_EVENTS];
    struct drain_report r;
    struct buf b;

    memcpy(rows, batch.rows, sizeof rows);
    rows[0].post = test_id(999);
    rows[1].type = SPAN("SHOUT");
    batch.rows = rows;
    buf_init(&b, CAP);
    MUST(spool_write(&b, &batch, 0, 1, &err));
    put("spool-1-1-0.seg", &b);
    r = run();
    ck_assert_uint_eq(r.unknown_posts, 1);
    ck_assert_uint_eq(r.refused, 1);
    ck_assert_uint_eq(r.stored, 1);
    ck_assert(!drain_is_damaged(&r));
    is_empty();
}
END_TEST

START_TEST(what_a_reader_sent_before_he_was_erased_is_not_stored)
{
    struct spool_batch batch = spool_fixture_batch(0);
    struct drain_report r;
    struct buf b;

    test_db_run(&db, "INSERT INTO erased_users (user_id, erased_at) VALUES "
                     "('00000000-0000-4000-8000-000000000500', "
                     "to_timestamp(1700000010))");
    buf_init(&b, CAP);
    MUST(spool_write(&b, &batch, 0, 1, &err));
    batch = spool_fixture_batch(1);
    batch.received_at_ms = 1700000010001; /* after */
    MUST(spool_write(&b, &batch, 1, 1, &err));
    put("spool-1-1-0.seg", &b);
    r = run();
    ck_assert_uint_eq(r.erased, 3);
    ck_assert_uint_eq(r.stored, 3);
    ck_assert_str_eq(test_db_text(&db, "SELECT DISTINCT right(id::text, 3) "
                                       "FROM user_interactions ORDER BY 1"),
                     "101\n102\n103");
    is_empty();
    test_db_run(&db, "DELETE FROM erased_users");
}
END_TEST

/* ---- damage ---- */

START_TEST(a_torn_last_record_is_kept_aside_and_the_rest_stored)
{
    struct buf b = four_records();
    struct drain_report r;

    b.bytes -= 9;
    put("spool-1-1-0.seg", &b);
    r = run();
    ck_assert_uint_eq(r.stored, EVENTS - 3);
    ck_assert_uint_eq(r.unfinished, 1);
    ck_assert_uint_eq(r.aside, 1);
    ck_assert(!drain_is_damaged(&r)); /* never acknowledged */
    ck_assert_uint_eq(spool_folder_segments(folder, NULL), 0);
    ck_assert_uint_eq(spool_folder_bad(folder, NULL), 1);
}
END_TEST

START_TEST(a_flipped_bit_costs_one_record_which_is_kept_as_it_is)
{
    struct buf b = four_records();
    char name[SPOOL_NAME], path[SPOOL_NAME + 8];
    struct drain_report r;
    struct span kept;

    b.at[b.bytes / 2] ^= 4;
    spool_folder_write(folder, "spool-1-1-0.seg", buf_view(&b));
    r = run();
    ck_assert_uint_eq(r.stored, EVENTS - 3);
    ck_assert_uint_eq(r.damaged, 1);
    ck_assert(drain_is_damaged(&r));
    ck_assert_uint_eq(spool_folder_segments(folder, NULL), 0);
    ck_assert_uint_eq(spool_folder_bad(folder, name), 1);
    snprintf(path, sizeof path, SPOOL_BAD "/%s", name);
    kept = spool_folder_read(folder, path);
    ck_assert(span_equal(kept, buf_view(&b)));
    mem_give((void *)(uintptr_t)kept.at);
    buf_release(&b);
}
END_TEST

START_TEST(a_damaged_segment_does_not_stand_in_the_way_of_the_next)
{
    struct buf b = four_records();

    spool_folder_write(folder, "spool-1-1-0.seg",
                       SPAN("no segment at all, but "
                            "longer than a head is"
                            " ......"));
    put("spool-2-1-0.seg", &b);
    ck_assert_uint_eq(run().stored, EVENTS);
    ck_assert_uint_eq(spool_folder_bad(folder, NULL), 1);
}
END_TEST

START_TEST(a_batch_that_cannot_be_read_though_it_is_whole_is_kept_aside)
{
    struct buf b = four_records();
    struct spool_batch_head *batch = (void *)(b.at + sizeof(struct spool_head));
    struct drain_report r;

    batch->count = 2;
    spool_fixture_sign(b.at);
    put("spool-1-1-0.seg", &b);
    r = run();
    ck_assert_uint_eq(r.poison, 1);
    ck_assert_uint_eq(r.stored, EVENTS - 3);
    ck_assert(drain_is_damaged(&r));
    ck_assert_uint_eq(spool_folder_bad(folder, NULL), 1);
}
END_TEST

START_TEST(records_of_a_later_version_are_kept_aside_not_lost)
{
    struct buf b = four_records();
    struct drain_report r;

    ((struct spool_head *)(void *)b.at)->version = SPOOL_VERSION + 1;
    spool_fixture_sign(b.at);
    put("spool-1-1-0.seg", &b);
    r = run();
    ck_assert_uint_eq(r.unknown, 1);
    ck_assert_uint_eq(r.stored, EVENTS - 3);
    ck_assert_uint_eq(spool_folder_bad(folder, NULL), 1);
}
END_TEST

/* ---- who else is there ---- */

START_TEST(two_drains_at_once_are_one_too_many)
{
    struct drain second;
    bool alone = true;

    open_drain(&db);
    ck_assert(!drain_open(&second, folder, &db, &alone, &err));
    ck_assert(!alone);
    drain_close(&drain);
    MUST(drain_open(&second, folder, &db, &alone, &err));
    drain_close(&second);
}
END_TEST

START_TEST(a_segment_in_which_a_writer_is_at_work_is_left_for_later)
{
    struct buf b = four_records();
    char path[PATH];
    int fd;

    put("spool-1-1-0.seg", &b);
    snprintf(path, sizeof path, "%s/spool-1-1-0.seg", folder);
    fd = open(path, O_RDWR);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    open_drain(&db);
    MUST(drain_pass(&drain, &err));
    ck_assert_uint_eq(drain.report.busy, 1);
    ck_assert_int_eq(stored(), 0);
    close(fd);
    MUST(drain_pass(&drain, &err));
    ck_assert_uint_eq(drain.report.busy, 0);
    drain_close(&drain);
    ck_assert_int_eq(stored(), EVENTS);
    is_empty();
}
END_TEST

START_TEST(an_idle_writer_goes_on_in_a_new_segment)
{
    struct spool spool;

    spool_init(&spool, folder, CAP);
    for (unsigned n = 0; n < 3; n++) {
        struct spool_batch batch = spool_fixture_batch(n);

        MUST(spool_add(&spool, &batch, &err));
        ck_assert_uint_eq(run().stored, 3);
        is_empty();
    }
    spool_release(&spool);
}
END_TEST

START_TEST(while_the_database_is_away_the_spool_stays_as_it_is)
{
    struct buf b = four_records();
    struct db away;

    put("spool-1-1-0.seg", &b);
    MUST(db_init(&away, "postgresql:///x?host=/nowhere", true, &err));
    open_drain(&away);
    ck_assert(!drain_pass(&drain, &err));
    ck_assert_int_eq(err.code, ERR_DOWN);
    drain_close(&drain);
    db_release(&away);
    ck_assert_uint_eq(spool_folder_segments(folder, NULL), 1);
    ck_assert_uint_eq(run().stored, EVENTS);
}
END_TEST

/* ---- killed ---- */

static int records_left;

static bool die_after_some(void)
{
    if (!records_left--)
        kill(getpid(), SIGKILL);
    return false;
}

/* At every record, and (the last loop) between the last COMMIT and the end. */
START_TEST(a_drain_killed_at_any_record_loses_and_doubles_nothing)
{
    struct buf b = four_records();
    int status;
    pid_t pid;

    put("spool-1-1-0.seg", &b);
    pid = fork();
    if (!pid) {
        struct db own;

        test_db_open(&own);
        records_left = _i;
        open_drain(&own);
        drain.should_stop = die_after_some;
        if (drain_pass(&drain, &err))
            kill(getpid(), SIGKILL);
        _exit(EXIT_FAILURE);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    run();
    ck_assert_int_eq(stored(), EVENTS);
    is_empty();
}
END_TEST

/* ---- the program ---- */

static void kith(struct program *p, const char *line)
{
    const char *settings[] = {set_url, set_spool, NULL};

    program_kith_run(p, settings, line);
}

START_TEST(the_command_drains_once_and_reports_in_json)
{
    struct buf b = four_records();
    static struct program p;

    put("spool-1-1-0.seg", &b);
    kith(&p, "drain --once --json");
    ck_assert_int_eq(p.code, 0);
    ck_assert_str_eq(p.out,
                     "{\"segments\":1,\"records\":4,\"events\":12,"
                     "\"stored\":12,\"duplicates\":0,\"unknown_posts\":0,"
                     "\"refused\":0,\"erased\":0,\"aside\":0,\"damaged\":0,"
                     "\"unfinished\":0,\"unknown\":0,\"poison\":0,"
                     "\"busy\":0}\n");
    kith(&p, "drain --once --json");
    ck_assert_int_eq(p.code, 0);
    ck_assert_int_eq(stored(), EVENTS);
}
END_TEST

START_TEST(the_command_keeps_samples_of_events_of_unknown_posts)
{
    struct buf b = four_records();
    static struct program p;

    test_db_run(&db, "DELETE FROM posts WHERE id = "
                     "'00000000-0000-4000-8000-000000000003'");
    put("spool-1-1-0.seg", &b);
    kith(&p, "drain --once");
    ck_assert_int_eq(p.code, 0);
    ck_assert_str_eq(
        test_db_text(&db, "SELECT code || ' ' || event FROM rejected_events "
                          "ORDER BY id LIMIT 1"),
        "unknown_post {\"event_id\":\"00000000-0000-4000-8000-000000000003\","
        "\"type\":\"click\",\"post_id\":"
        "\"00000000-0000-4000-8000-000000000003\",\"ts\":1700000000000}");
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM rejected_events"), RECORDS);
    test_db_run(&db, "DELETE FROM rejected_events");
}
END_TEST

START_TEST(the_command_fails_when_something_had_to_be_kept_aside)
{
    struct buf b = four_records();
    static struct program p;

    b.at[100] ^= 1;
    put("spool-1-1-0.seg", &b);
    kith(&p, "drain --once");
    ck_assert_int_eq(p.code, 1);
    ck_assert_ptr_nonnull(strstr(p.out, "1 segments kept aside"));
    ck_assert_ptr_nonnull(strstr(p.err, "event=spool_aside"));
    kith(&p, "status --json");
    ck_assert_ptr_nonnull(strstr(p.out, "\"bad_segments\":1"));
    kith(&p, "drain --once");
    ck_assert_int_eq(p.code, 0);
}
END_TEST

START_TEST(the_command_says_when_the_database_is_away)
{
    const char *away[] = {"KITH_DB_URL=postgresql:///x?host=/nowhere",
                          set_spool, NULL};
    struct buf b = four_records();
    static struct program p;

    put("spool-1-1-0.seg", &b);
    program_kith_run(&p, away, "drain --once");
    ck_assert_int_eq(p.code, 3);
    program_kith_run(&p, away, "status --json");
    ck_assert_ptr_nonnull(strstr(p.out, "\"spool\":{\"records\":4,"
                                        "\"events\":12,"));
    ck_assert_uint_eq(spool_folder_segments(folder, NULL), 1);
}
END_TEST

START_TEST(a_second_command_is_told_that_the_first_is_at_work)
{
    static struct program p;

    open_drain(&db);
    kith(&p, "drain --once");
    ck_assert_int_eq(p.code, 1);
    ck_assert_ptr_nonnull(strstr(p.err, "another drain is at work"));
    drain_close(&drain);
}
END_TEST

static pid_t start_drain(void)
{
    pid_t pid = fork();

    if (pid)
        return pid;
    putenv(set_url);
    putenv(set_spool);
    execl(program_kith(), "kith", "drain", (char *)NULL);
    _exit(EXIT_FAILURE);
}

START_TEST(a_drain_that_stays_up_stores_what_comes_and_ends_when_told)
{
    struct buf b = four_records();
    pid_t pid = start_drain();
    int64_t until_us = test_db_soon();
    int status;

    put("spool-1-1-0.seg", &b);
    while (stored() < EVENTS && clock_mono_us() < until_us)
        ;
    ck_assert_int_eq(stored(), EVENTS);
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("drain");
    TCase *tc = tcase_create("drain");
    SRunner *sr = srunner_create(s);
    int failed;

    test_db_create();
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, what_was_spooled_is_stored_as_if_it_had_never_been);
    tcase_add_test(tc, a_segment_that_is_replayed_again_doubles_nothing);
    tcase_add_test(tc, segments_are_replayed_by_age_and_records_in_order);
    tcase_add_test(
        tc, unknown_posts_and_refused_events_are_counted_and_harm_no_other);
    tcase_add_test(tc, what_a_reader_sent_before_he_was_erased_is_not_stored);
    tcase_add_test(tc, a_torn_last_record_is_kept_aside_and_the_rest_stored);
    tcase_add_test(tc, a_flipped_bit_costs_one_record_which_is_kept_as_it_is);
    tcase_add_test(tc, a_damaged_segment_does_not_stand_in_the_way_of_the_next);
    tcase_add_test(
        tc, a_batch_that_cannot_be_read_though_it_is_whole_is_kept_aside);
    tcase_add_test(tc, records_of_a_later_version_are_kept_aside_not_lost);
    tcase_add_test(tc, two_drains_at_once_are_one_too_many);
    tcase_add_test(tc,
                   a_segment_in_which_a_writer_is_at_work_is_left_for_later);
    tcase_add_test(tc, an_idle_writer_goes_on_in_a_new_segment);
    tcase_add_test(tc, while_the_database_is_away_the_spool_stays_as_it_is);
    tcase_add_loop_test(tc,
                        a_drain_killed_at_any_record_loses_and_doubles_nothing,
                        1, RECORDS + 3);
    tcase_add_test(tc, the_command_drains_once_and_reports_in_json);
    tcase_add_test(tc, the_command_keeps_samples_of_events_of_unknown_posts);
    tcase_add_test(tc, the_command_fails_when_something_had_to_be_kept_aside);
    tcase_add_test(tc, the_command_says_when_the_database_is_away);
    tcase_add_test(tc, a_second_command_is_told_that_the_first_is_at_work);
    tcase_add_test(tc,
                   a_drain_that_stays_up_stores_what_comes_and_ends_when_told);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
