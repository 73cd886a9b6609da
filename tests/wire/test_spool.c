/* POST /api/track while PostgreSQL is away: acknowledged means on disk. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/gate.h"
#include "../support/schema.h"
#include "../support/spool_fixture.h"
#include "../support/test_db.h"
#include "../support/worker.h"
#include "base/clock.h"
#include "store/drain.h"

enum {
    READER = 200,
    BATCH = 20,
    BODY_MOST = 65536,
    EVENTS_MOST_SENT = 100,
    FILE_MOST = 4096,
    MANY = 1000,
};

#define POST_1 "00000000-0000-4000-8000-000000000001"
#define EVENT(n, type, post)                                                   \
    "{\"event_id\":\"00000000-0000-4000-8000-00000000000" n                    \
    "\",\"type\":\"" type "\",\"post_id\":\"" post "\"}"

static struct stage stage;
static struct worker worker;
static char token[STAGE_TOKEN], folder[STAGE_PATH];

static void setup(void)
{
    stage_open(&stage);
    test_db_run(&stage.db,
                "INSERT INTO posts (id, title) VALUES ('" POST_1 "', 'one')");
    stage_token(&stage, test_id(READER), token);
    stage_path("spool", folder);
    stage_set("KITH_SPOOL", folder);
    gate_open(stage_folder());
    stage_set("KITH_DB_URL", gate_url());
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&worker), 0);
    stage_close(&stage);
}

static void start(void)
{
    worker_start(&worker, &stage, "track");
}

static int64_t rows(void)
{
    return stage_count(&stage, "SELECT count(*) FROM user_interactions");
}

static const char *batch_from(unsigned first, unsigned count, size_t more)
{
    static char text[BODY_MOST], spaces[BODY_MOST];
    size_t bytes = 0;

    memset(spaces, ' ', sizeof spaces);
    bytes += (size_t)snprintf(text, sizeof text, "{\"events\":[");
    for (unsigned i = first; i < first + count; i++)
        bytes += (size_t)snprintf(
            text + bytes, sizeof text - bytes,
            "%s{\"event_id\":\"10000000-0000-4000-8000-%012u\",\"type\":"
            "\"like\",\"post_id\":\"" POST_1 "\",\"metadata\":{\"x\":"
            "\"%.*s\"}}",
            i > first ? "," : "", i, (int)more, spaces);
    bytes += (size_t)snprintf(text + bytes, sizeof text - bytes, "]}");
    ck_assert_uint_lt(bytes, sizeof text);
    return text;
}

static void send(const char *body, struct answer *a)
{
    worker_ask(&worker, &(struct ask){.body = body, .bearer = token}, a);
}

static void counts_are(const struct answer *a, int64_t received, int64_t stored,
                       int64_t duplicates)
{
    ck_assert_int_eq(answer_i64(a, "received"), received);
    ck_assert_int_eq(answer_i64(a, "stored"), stored);
    ck_assert_int_eq(answer_i64(a, "duplicates"), duplicates);
}

static void is_spooled(const char *body)
{
    struct answer a;

    send(body, &a);
    ck_assert_msg(a.status == 202, "%d %.*s", a.status, SPAN_ARGS(a.raw.body));
    ck_assert(span_is(answer_text(&a, "durability"), "spooled"));
    counts_are(&a, BATCH, BATCH, 0);
    answer_release(&a);
}

static void is_unavailable(const char *body)
{
    struct answer a;

    send(body, &a);
    ck_assert_msg(a.status == 503, "%d %.*s", a.status, SPAN_ARGS(a.raw.body));
    ck_assert(span_is(answer_header(&a, "Retry-After"), "2"));
    answer_release(&a);
}

/* Until the worker has found the database again. */
static void send_until_stored(const char *body, struct answer *a)
{
    int64_t until_us = test_db_soon();

    for (send(body, a); a->status != 200 && clock_mono_us() < until_us;
         send(body, a))
        answer_release(a);
    ck_assert_int_eq(a->status, 200);
}

static void stores_soon(const char *body, int64_t stored, int64_t duplicates)
{
    struct answer a;

    send_until_stored(body, &a);
    counts_are(&a, BATCH, stored, duplicates);
    answer_release(&a);
}

/* Straight to the server, past the gate. */
static struct drain_report drain_all(void)
{
    struct drain drain;
    struct err err;
    bool alone;

    ck_assert_msg(drain_open(&drain, folder, &stage.db, &alone, &err), "%s",
                  err.what);
    ck_assert_msg(drain_pass(&drain, &err), "%s", err.what);
    drain_close(&drain);
    return drain.report;
}

/* ---- the database away ---- */

START_TEST(without_a_database_events_are_spooled_and_appear_when_it_is_back)
{
    start();
    gate_shut();
    is_spooled(batch_from(1, BATCH, 0));
    ck_assert_int_eq(rows(), 0);
    ck_assert_uint_eq(drain_all().stored, BATCH);
    ck_assert_int_eq(rows(), BATCH);
    ck_assert_str_eq(test_db_text(&stage.db,
                                  "SELECT DISTINCT right(user_id::text, 3) "
                                  "FROM user_interactions"),
                     "200");
}
END_TEST

START_TEST(a_database_lost_between_two_batches_costs_no_event)
{
    start();
    stores_soon(batch_from(1, BATCH, 0), BATCH, 0);
    gate_shut();
    is_spooled(batch_from(21, BATCH, 0));
    gate_reopen();
    stores_soon(batch_from(41, BATCH, 0), BATCH, 0);
    drain_all();
    ck_assert_int_eq(rows(), 3 * BATCH);
}
END_TEST

START_TEST(an_event_spooled_and_then_sent_again_is_stored_once)
{
    start();
    gate_shut();
    is_spooled(batch_from(1, BATCH, 0));
    is_spooled(batch_from(1, BATCH, 0));
    gate_reopen();
    /* The last of these is stored, those before may be spooled: all the same.
     */
    stores_soon(batch_from(1, BATCH, 0), BATCH, 0);
    ck_assert_uint_eq(drain_all().stored, 0);
    ck_assert_int_eq(rows(), BATCH);
    stores_soon(batch_from(1, BATCH, 0), 0, BATCH);
}
END_TEST

/* Committed, and the worker was not told: the spool is right as well. */
START_TEST(a_commit_of_unknown_fate_is_spooled_and_not_doubled)
{
    struct drain_report r;

    start();
    stores_soon(batch_from(1, BATCH, 0), BATCH, 0);
    gate_cut_next();
    is_spooled(batch_from(21, BATCH, 0));
    ck_assert_int_eq(rows(), 2 * BATCH);
    r = drain_all();
    ck_assert_uint_eq(r.duplicates, BATCH);
    ck_assert_uint_eq(r.stored, 0);
    ck_assert_int_eq(rows(), 2 * BATCH);
}
END_TEST

/* The first batch waits for the answer that does not come, the others do not
 * wait as long for a dial. */
START_TEST(a_database_that_hangs_delays_one_batch_and_not_the_next)
{
    struct answer a;
    int64_t start_us;

    stage_set("KITH_TRACK_WAIT_MS", "1000");
    stage_set("KITH_DB_WAIT_MS", "100");
    start();
    send_until_stored(batch_from(1, BATCH, 0), &a);
    answer_release(&a);
    gate_freeze();
    start_us = clock_mono_us();
    is_spooled(batch_from(21, BATCH, 0));
    ck_assert_int_ge(clock_mono_us() - start_us, 1000 * 1000);
    start_us = clock_mono_us();
    is_spooled(batch_from(41, BATCH, 0));
    ck_assert_int_lt(clock_mono_us() - start_us, 800 * 1000);
    gate_thaw();
    drain_all();
    ck_assert_int_eq(rows(), 3 * BATCH);
}
END_TEST

START_TEST(a_worker_killed_after_its_answer_loses_nothing)
{
    start();
    gate_shut();
    is_spooled(batch_from(1, BATCH, 0));
    kill(worker.pid, SIGKILL);
    fcgi_wait_end(worker.pid);
    worker.pid = 0;
    ck_assert_uint_eq(drain_all().stored, BATCH);
}
END_TEST

/* ---- what is judged at once, and what later ---- */

START_TEST(events_bad_in_themselves_are_rejected_as_always)
{
    struct json rejected, one;
    struct span code;
    struct answer a;
    struct err err;

    start();
    gate_shut();
    send("{\"events\":[" EVENT("1", "like", POST_1) "," EVENT(
             "2", "stare", POST_1) "," EVENT("1", "like", POST_1) "]}",
         &a);
    ck_assert_int_eq(a.status, 202);
    counts_are(&a, 3, 1, 1);
    rejected = answer_array(&a, "rejected");
    ck_assert_uint_eq(json_count(&rejected), 1);
    one = json_at(&rejected, 0);
    ck_assert(json_find_text(&one, "code", &code, NULL, &err));
    ck_assert(span_is(code, "unknown_type"));
    answer_release(&a);
    send(EVENT("3", "stare", POST_1), &a);
    ck_assert_int_eq(a.status, 422);
    answer_release(&a);
    ck_assert_uint_eq(drain_all().events, 1);
    ck_assert_int_eq(rows(), 1);
}
END_TEST

START_TEST(an_unknown_post_is_found_at_the_replay)
{
    struct drain_report r;
    struct answer a;

    start();
    gate_shut();
    send("{\"events\":[" EVENT("1", "like", POST_1) "," EVENT(
             "2", "like", "00000000-0000-4000-8000-000000000999") "]}",
         &a);
    ck_assert_int_eq(a.status, 202);
    counts_are(&a, 2, 2, 0);
    answer_release(&a);
    r = drain_all();
    ck_assert_uint_eq(r.stored, 1);
    ck_assert_uint_eq(r.unknown_posts, 1);
    ck_assert_int_eq(rows(), 1);
}
END_TEST

/* ---- no room ---- */

START_TEST(a_full_spool_refuses_the_batch_and_nothing_of_it_is_stored)
{
    unsigned sent = 0;
    struct answer a;
    int status;

    stage_set("KITH_SPOOL_BYTES", "1048576");
    start();
    gate_shut();
    do {
        send(batch_from(sent, EVENTS_MOST_SENT, 500), &a);
        status = a.status;
        answer_release(&a);
        sent += status == 202 ? EVENTS_MOST_SENT : 0;
    } while (status == 202 && sent < MANY * EVENTS_MOST_SENT);
    is_unavailable(batch_from(sent, EVENTS_MOST_SENT, 500));
    ck_assert_uint_ge(sent, 5 * EVENTS_MOST_SENT);
    ck_assert_uint_eq(drain_all().stored, sent);
    ck_assert_int_eq(rows(), sent);
    is_spooled(batch_from(sent, BATCH, 0)); /* there is room again */
}
END_TEST

static void limit_files(rlim_t bytes)
{
    struct rlimit limit = {bytes, RLIM_INFINITY};

    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* As a full disk does: half a record is written, then no more. */
START_TEST(a_disk_that_is_full_refuses_the_batch_and_keeps_those_before)
{
    struct drain_report r;

    limit_files(FILE_MOST);
    stage_set("KITH_LOG_LEVEL", "0");
    start();
    limit_files(RLIM_INFINITY);
    gate_shut();
    is_spooled(batch_from(1, BATCH, 0));
    is_unavailable(batch_from(21, BATCH + 5, 500));
    is_spooled(batch_from(61, BATCH, 0));
    r = drain_all();
    ck_assert_uint_eq(r.stored, 2 * BATCH);
    ck_assert_uint_eq(r.aside, 0);
    ck_assert_int_eq(rows(), 2 * BATCH);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_a_503)
{
    stage_set("KITH_SPOOL", "/proc/none/spool");
    start();
    gate_shut();
    is_unavailable(batch_from(1, BATCH, 0));
    gate_reopen();
    stores_soon(batch_from(1, BATCH, 0), BATCH, 0);
}
END_TEST

/* ---- how much waits ---- */

START_TEST(readyz_tells_how_much_waits)
{
    struct worker admin;
    struct json spool;
    struct answer a;
    struct err err;
    int64_t value;

    start();
    worker_start(&admin, &stage, "admin");
    gate_shut();
    is_spooled(batch_from(1, BATCH, 0));
    is_spooled(batch_from(21, BATCH, 0));
    worker_ask(&admin, &(struct ask){.path = "/readyz"}, &a);
    ck_assert(schema_find(&a.json, SPAN("spool"), &spool));
    ck_assert(json_find_i64(&spool, "records", 0, MANY, &value, NULL, &err));
    ck_assert_int_eq(value, 2);
    ck_assert(json_find_i64(&spool, "events", 0, MANY, &value, NULL, &err));
    ck_assert_int_eq(value, 2 * BATCH);
    ck_assert(
        json_find_i64(&spool, "oldest_age_s", 0, MANY, &value, NULL, &err));
    answer_release(&a);
    ck_assert_int_eq(worker_stop(&admin), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("spool");
    TCase *tc = tcase_create("spool");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(
        tc, without_a_database_events_are_spooled_and_appear_when_it_is_back);
    tcase_add_test(tc, a_database_lost_between_two_batches_costs_no_event);
    tcase_add_test(tc, an_event_spooled_and_then_sent_again_is_stored_once);
    tcase_add_test(tc, a_commit_of_unknown_fate_is_spooled_and_not_doubled);
    tcase_add_test(tc, a_database_that_hangs_delays_one_batch_and_not_the_next);
    tcase_add_test(tc, a_worker_killed_after_its_answer_loses_nothing);
    tcase_add_test(tc, events_bad_in_themselves_are_rejected_as_always);
    tcase_add_test(tc, an_unknown_post_is_found_at_the_replay);
    tcase_add_test(tc,
                   a_full_spool_refuses_the_batch_and_nothing_of_it_is_stored);
    tcase_add_test(
        tc, a_disk_that_is_full_refuses_the_batch_and_keeps_those_before);
    tcase_add_test(tc, a_folder_that_cannot_be_made_is_a_503);
    tcase_add_test(tc, readyz_tells_how_much_waits);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
