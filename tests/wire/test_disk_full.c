/*
 * PostgreSQL's own disk is full: feeds are given as ever, or, when the server
 * dies of it, from the model; what POST /api/track acknowledges is kept. With
 * the space all of it is back.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../support/feed_answer.h"
#include "../support/own_server.h"
#include "../support/small_disk.h"
#include "../support/test_db.h"
#include "base/clock.h"
#include "store/drain.h"

enum {
    DEADLINE_MS = 200,
    DB_WAIT_MS = 150,
    GRACE_MS = 50,
    US_PER_MS = 1000,
    START_US = 20000000, /* a worker's first connection on a busy machine */
    BACK_US = 2000000,   /* what is promised */
    BATCH = 20,
    METADATA_BYTES = 1000,
    BODY_MOST = 1 << 16,
    BATCHES_MOST = 400,
    ENOUGH = 10, /* batches that found no room */
    LIMIT_S = 120,
};

static struct stage stage;
static struct worker worker;
static char reader[STAGE_TOKEN];
static char folder[STAGE_PATH]; /* of the spool */

static void set_ms(const char *name, int ms)
{
    char text[16];

    snprintf(text, sizeof text, "%d", ms);
    stage_set(name, text);
}

static void setup(void)
{
    small_disk_empty(); /* a test before this one may have failed */
    stage_open(&stage);
    corpus_fill(&stage);
    stage_token(&stage, test_id(CORPUS_READER), reader);
    set_ms("KITH_FEED_DEADLINE_MS", DEADLINE_MS);
    set_ms("KITH_DB_WAIT_MS", DB_WAIT_MS);
    /* So that the log has room for more than the tests write to it. */
    test_db_run(&stage.db, "CHECKPOINT; SELECT pg_switch_wal()");
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&worker), 0);
    stage_close(&stage);
}

/* ---- the disk ---- */

/* What a table needs is refused as PostgreSQL refuses it on any full disk. */
static void fill(void)
{
    static const char more[] =
        "CREATE TABLE more AS SELECT repeat(md5(n::text), 200) AS text"
        " FROM generate_series(1, 1000) AS n";
    struct err err;

    small_disk_fill();
    ck_assert(!db_script(&stage.db, more, test_db_soon(), &err));
    ck_assert_msg(strstr(err.what, "No space left"), "%s", err.what);
}

/* Writes log until the server has died of it; it does not come up again. */
static void burst(void)
{
    static const char log[] =
        "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1 << 20))";
    int64_t until_us = test_db_soon();
    struct err err;

    while (db_script(&stage.db, log, until_us, &err))
        ck_assert_int_lt(clock_mono_us(), until_us);
}

/* Room again, and who looks after the server starts it. */
static void revive(void)
{
    own_server_kill();
    small_disk_empty();
    own_server_start();
}

/* ---- feeds ---- */

static void start_feeds(void)
{
    stage_train(&stage);
    worker_start(&worker, &stage, "feeds");
    feed_await(&worker, reader, "", feed_is_personal, START_US);
}

static void is_in_time(bool (*holds)(const struct answer *a))
{
    ck_assert_int_le(feed_usual_us(&worker, reader, "", holds),
                     (DEADLINE_MS + GRACE_MS) * US_PER_MS);
}

START_TEST(feeds_need_no_room)
{
    start_feeds();
    fill();
    is_in_time(feed_is_personal);
    small_disk_empty();
    is_in_time(feed_is_personal);
}
END_TEST

START_TEST(a_server_that_died_of_a_full_disk_costs_a_reader_not_his_posts)
{
    start_feeds();
    fill();
    burst();
    is_in_time(feed_is_recalled);
    revive();
    feed_await(&worker, reader, "", feed_is_personal, BACK_US);
}
END_TEST

/* ---- events ---- */

static unsigned sent, kept; /* batches; of these acknowledged */

static void start_track(const char *spool)
{
    snprintf(folder, sizeof folder, "%s", spool);
    ck_assert_int_eq(mkdir(folder, S_IRWXU), 0);
    stage_set("KITH_SPOOL", folder);
    set_ms("KITH_TRACK_RATE", 0);
    worker_start(&worker, &stage, "track");
    sent = kept = 0;
}

/* Batch n, the same each time: its events have ids of their own. */
static const char *batch_of(unsigned n)
{
    static char text[BODY_MOST], fill[METADATA_BYTES + 1];
    size_t bytes;

    memset(fill, 'x', METADATA_BYTES);
    bytes = (size_t)snprintf(text, sizeof text, "{\"events\":[");
    for (unsigned i = 0; i < BATCH; i++)
        bytes += (size_t)snprintf(
            text + bytes, sizeof text - bytes,
            "%s{\"event_id\":\"20000000-0000-4000-8000-%012u\",\"type\":"
            "\"like\",\"post_id\":\"00000000-0000-4000-8000-000000000030\","
            "\"metadata\":{\"x\":\"%s\"}}",
            i ? "," : "", n * BATCH + i, fill);
    bytes += (size_t)snprintf(text + bytes, sizeof text - bytes, "]}");
    ck_assert_uint_lt(bytes, sizeof text);
    return text;
}

static int send(unsigned n)
{
    struct answer a;
    int status;

    worker_ask(&worker, &(struct ask){.body = batch_of(n), .bearer = reader},
               &a);
    status = a.status;
    if (status != 503)
        ck_assert_int_eq(
            answer_i64(&a, "stored") + answer_i64(&a, "duplicates"), BATCH);
    answer_release(&a);
    return status;
}

/* New batches until so many have had this answer; some before are stored. */
static void send_until(int status, unsigned times)
{
    while (times) {
        int got = send(sent);

        ck_assert_msg(got == 200 || got == status, "%d", got);
        ck_assert_uint_lt(sent, BATCHES_MOST);
        kept += got != 503;
        times -= got == status;
        sent++;
    }
}

static void is_stored_again(void)
{
    int64_t until_us = clock_mono_us() + BACK_US;

    while (send(sent) != 200)
        ck_assert_int_lt(clock_mono_us(), until_us);
    sent++;
    kept++;
}

static int64_t rows(void)
{
    return stage_count(&stage,
                       "SELECT count(DISTINCT id) FROM user_interactions"
                       " WHERE id::text LIKE '20000000%'");
}

static void drain_all(void)
{
    struct drain drain;
    struct err err;
    bool alone;

    ck_assert_msg(drain_open(&drain, folder, &stage.db, &alone, &err), "%s",
                  err.what);
    ck_assert_msg(drain_pass(&drain, &err), "%s", err.what);
    drain_close(&drain);
}

static void nothing_is_lost(void)
{
    is_stored_again();
    drain_all();
    ck_assert_int_eq(rows(), (int64_t)kept * BATCH);
}

START_TEST(events_that_find_no_room_are_spooled_and_stored_later)
{
    char spool[STAGE_PATH];

    stage_path("spool", spool);
    start_track(spool);
    fill();
    send_until(202, ENOUGH);
    ck_assert_int_lt(rows(), (int64_t)kept * BATCH);
    small_disk_empty();
    nothing_is_lost();
}
END_TEST

START_TEST(a_server_that_died_of_a_full_disk_loses_no_event)
{
    char spool[STAGE_PATH];

    stage_path("spool", spool);
    start_track(spool);
    fill();
    send_until(202, 1);
    burst();
    send_until(202, ENOUGH);
    revive();
    nothing_is_lost();
}
END_TEST

/* Neither can take them: they are refused whole, and taken when they are sent
 * again. */
START_TEST(with_the_spool_on_the_full_disk_as_well_events_are_refused)
{
    char spool[STAGE_PATH];
    unsigned before;

    snprintf(spool, sizeof spool, "%s/spool", small_disk());
    start_track(spool);
    fill();
    send_until(503, ENOUGH);
    before = kept;
    small_disk_empty();
    nothing_is_lost();
    ck_assert_uint_eq(kept, before + 1);
    for (unsigned n = 0; n < sent; n++)
        ck_assert_int_eq(send(n), 200);
    ck_assert_int_eq(rows(), (int64_t)sent * BATCH);
    fcgi_folder_remove(spool);
}
END_TEST

int main(int count, char **args)
{
    Suite *s = suite_create("disk_full");
    TCase *tc = tcase_create("disk_full");
    SRunner *sr;
    int failed;

    (void)count;
    small_disk_need(args);
    own_server_need(args);
    stage_create();
    tcase_set_timeout(tc, LIMIT_S);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, feeds_need_no_room);
    tcase_add_test(
        tc, a_server_that_died_of_a_full_disk_costs_a_reader_not_his_posts);
    tcase_add_test(tc, events_that_find_no_room_are_spooled_and_stored_later);
    tcase_add_test(tc, a_server_that_died_of_a_full_disk_loses_no_event);
    tcase_add_test(tc,
                   with_the_spool_on_the_full_disk_as_well_events_are_refused);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
