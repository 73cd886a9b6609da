/* The life of a worker: how it starts, how it ends, and who suffers. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/gate.h"
#include "../support/test_db.h"
#include "../support/worker.h"
#include "base/clock.h"

enum { BAD_START = 1, KILLED = 128 + SIGKILL };

#define EVENT                                                                  \
    "{\"event_id\":\"00000000-0000-4000-8000-00000000000a\",\"type\":"         \
    "\"view\","                                                                \
    "\"post_id\":\"00000000-0000-4000-8000-000000000001\"}"

static struct stage stage;
static struct worker worker;
static const struct ask event = {.body = EVENT};

static void setup(void)
{
    stage_open(&stage);
    test_db_run(&stage.db, "INSERT INTO posts (id, title) VALUES "
                           "('00000000-0000-4000-8000-000000000001', 'one')");
}

static void teardown(void)
{
    stage_close(&stage);
}

static int64_t rows(void)
{
    return stage_count(&stage, "SELECT count(*) FROM user_interactions");
}

static bool logged(const char *what)
{
    char *log = worker_log(&worker);
    bool found = strstr(log, what) != NULL;

    free(log);
    return found;
}

static void stores(const struct worker *w)
{
    struct answer a;

    worker_ask(w, &event, &a);
    ck_assert_int_eq(a.status, 200);
    answer_release(&a);
}

/* ---- Ending ---- */

static const char *const roles[] = {"track", "feeds", "admin"};

START_TEST(sigterm_ends_an_idle_worker_well)
{
    worker_start(&worker, &stage, roles[_i]);
    ck_assert_int_eq(worker_stop(&worker), 0);
    ck_assert(logged("event=started"));
    ck_assert(logged("event=stopped"));
}
END_TEST

START_TEST(sigint_ends_it_as_well)
{
    struct answer a;

    worker_start(&worker, &stage, roles[_i]);
    worker_ask(&worker, &(struct ask){.path = "/nowhere"}, &a);
    answer_release(&a);
    kill(worker.pid, SIGINT);
    ck_assert_int_eq(fcgi_wait_end(worker.pid), 0);
}
END_TEST

/* The backend that serves the worker, once it waits for the lock we hold. */
static void wait_until_blocked(void)
{
    int64_t until_us = test_db_soon();
    int64_t waiting = 0;

    while (!waiting && clock_mono_us() < until_us) {
        test_db_run(&stage.db, "SELECT pg_stat_clear_snapshot()");
        waiting =
            stage_count(&stage, "SELECT count(*) FROM pg_stat_activity WHERE "
                                "datname = current_database() AND "
                                "wait_event_type = 'Lock'");
    }
    ck_assert_int_eq(waiting, 1);
}

START_TEST(sigterm_lets_the_running_request_finish)
{
    struct answer a;
    int fd;

    worker_start(&worker, &stage, "track");
    test_db_run(&stage.db, "BEGIN; LOCK TABLE posts IN ACCESS EXCLUSIVE MODE");
    fd = worker_send(&worker, &event);
    wait_until_blocked();
    kill(worker.pid, SIGTERM);
    test_db_run(&stage.db, "COMMIT");
    worker_receive(&worker, fd, &event, &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert_int_eq(answer_i64(&a, "stored"), 1);
    ck_assert_int_eq(fcgi_wait_end(worker.pid), 0);
    ck_assert_int_eq(rows(), 1);
    answer_release(&a);
}
END_TEST

START_TEST(what_waits_behind_a_stopped_worker_is_served_by_the_next)
{
    struct answer a;
    int first, second;

    worker_start(&worker, &stage, "track");
    test_db_run(&stage.db, "BEGIN; LOCK TABLE posts IN ACCESS EXCLUSIVE MODE");
    first = worker_send(&worker, &event);
    wait_until_blocked();
    second = worker_send(&worker, &event);
    kill(worker.pid, SIGTERM);
    test_db_run(&stage.db, "COMMIT");
    worker_receive(&worker, first, &event, &a);
    ck_assert_int_eq(a.status, 200);
    answer_release(&a);
    ck_assert_int_eq(fcgi_wait_end(worker.pid), 0);
    worker.pid = worker_more(&worker);
    worker_receive(&worker, second, &event, &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert_int_eq(answer_i64(&a, "duplicates"), 1);
    answer_release(&a);
    ck_assert_int_eq(worker_stop(&worker), 0);
}
END_TEST

START_TEST(kill_9_of_an_idle_worker_is_not_noticed_by_clients)
{
    pid_t second;

    worker_start(&worker, &stage, "track");
    second = worker_more(&worker);
    stores(&worker);
    kill(worker.pid, SIGKILL);
    ck_assert_int_eq(fcgi_wait_end(worker.pid), KILLED);
    for (int i = 0; i < 10; i++)
        stores(&worker);
    ck_assert_int_eq(worker_end(second), 0);
    ck_assert_int_eq(rows(), 1);
}
END_TEST

START_TEST(kill_9_in_the_middle_stores_nothing_twice)
{
    struct fcgi_answer raw;
    int fd;

    worker_start(&worker, &stage, "track");
    test_db_run(&stage.db, "BEGIN; LOCK TABLE posts IN ACCESS EXCLUSIVE MODE");
    fd = worker_send(&worker, &event);
    wait_until_blocked();
    kill(worker.pid, SIGKILL);
    ck_assert_int_eq(fcgi_wait_end(worker.pid), KILLED);
    fcgi_receive(fd, &raw);
    ck_assert(!raw.whole);
    fcgi_answer_release(&raw);
    test_db_run(&stage.db, "COMMIT");
    worker.pid = worker_more(&worker);
    stores(&worker);
    ck_assert_int_eq(rows(), 1);
    ck_assert_int_eq(worker_stop(&worker), 0);
}
END_TEST

/* ---- Starting ---- */

/* clang-format off */
static const struct {
    const char *variable, *value, *said;
} settings[] = {
    {"KITH_NONSENSE",         "1",       "unknown setting KITH_NONSENSE"},
    {"KITH_FEED_ITEMS",       "0",       "KITH_FEED_ITEMS=0: must be a whole number from 1 to 50"},
    {"KITH_FEED_ITEMS",       "51",      "KITH_FEED_ITEMS=51"},
    {"KITH_FEED_ITEMS",       "many",    "KITH_FEED_ITEMS=many"},
    {"KITH_FEED_ITEMS",       "",        "KITH_FEED_ITEMS="},
    {"KITH_DEMO",             "yes",     "KITH_DEMO=yes"},
    {"KITH_FEED_DEADLINE_MS", "9999",    "KITH_FEED_DEADLINE_MS=9999"},
    {"KITH_TOKEN_KEYS_FILE",  "",        "level=error"},
    {"KITH_TOKEN_KEYS_FILE",  "nowhere", "nowhere"},
    {"KITH_TOKEN_KEYS_FILE",  "static",  "static"},
    {"KITH_DB_URL",           "postgresql://[",  "level=error"},
    {"KITH_DB_URL",           "nonsense=1",      "level=error"},
};
/* clang-format on */

static void does_not_start(const char *said)
{
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        worker_start(&worker, &stage, roles[i]);
        ck_assert_int_eq(fcgi_wait_end(worker.pid), BAD_START);
        ck_assert_msg(logged(said), "%s did not say: %s", roles[i], said);
        ck_assert(logged("event=start_failed"));
        ck_assert(!logged("event=started"));
    }
}

START_TEST(a_bad_setting_is_named_and_nothing_starts)
{
    stage_set(settings[_i].variable, settings[_i].value);
    does_not_start(settings[_i].said);
}
END_TEST

/* clang-format off */
static const struct {
    const char *text;
    mode_t mode;
    const char *said;
} key_files[] = {
    {"today 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", 0604, "chmod 600"},
    {"",                                      0600, "holds no key"},
    {"# none yet\n",                          0600, "holds no key"},
    {"today 00112233445566778899aabbccddeeff\n", 0600, "line 1"},
    {"today\n",                               0600, "line 1"},
    {"# a\n\nto.day 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", 0600, "line 3"},
};
/* clang-format on */

START_TEST(a_bad_keys_file_is_named_and_nothing_starts)
{
    FILE *f = fopen(stage.keys_path, "w");

    ck_assert(f && fputs(key_files[_i].text, f) >= 0 && !fclose(f));
    ck_assert_int_eq(chmod(stage.keys_path, key_files[_i].mode), 0);
    does_not_start(key_files[_i].said);
    ck_assert(!logged("00112233")); /* not even in the error */
}
END_TEST

START_TEST(without_a_listening_socket_nothing_starts)
{
    worker_start(&worker, &stage, "track");
    ck_assert_int_eq(worker_stop(&worker), 0);
    worker.listen_fd = STDERR_FILENO;
    worker.pid = worker_more(&worker);
    ck_assert_int_eq(fcgi_wait_end(worker.pid), BAD_START);
    ck_assert(logged("no listening socket"));
}
END_TEST

START_TEST(a_worker_needs_neither_database_nor_model_to_start)
{
    struct answer a;

    gate_open(stage_folder());
    gate_shut();
    stage_set("KITH_DB_URL", gate_url());
    worker_start(&worker, &stage, "track");
    worker_ask(&worker, &event, &a);
    ck_assert_int_eq(a.status, 503);
    answer_release(&a);
    ck_assert_int_eq(worker_stop(&worker), 0);
}
END_TEST

START_TEST(a_worker_is_connected_before_anybody_asks)
{
    int64_t until_us = test_db_soon();
    int64_t others = 0;

    worker_start(&worker, &stage, roles[_i]);
    while (!others && clock_mono_us() < until_us)
        others = stage_count(&stage, "SELECT count(*) FROM pg_stat_activity "
                                     "WHERE datname = current_database() "
                                     "AND pid <> pg_backend_pid()");
    ck_assert_int_eq(others, 1);
    ck_assert_int_eq(worker_stop(&worker), 0);
}
END_TEST

/* ---- Logs ---- */

START_TEST(at_level_3_each_request_is_logged_under_the_id_that_nginx_gave_it)
{
    struct ask ask = event;
    struct answer a;

    ask.more[0] = (struct fcgi_param){"REQUEST_ID",
                                      "00112233-4455-6677-8899-aabbccddeeff"};
    stage_set("KITH_LOG_LEVEL", "3");
    worker_start(&worker, &stage, "track");
    worker_ask(&worker, &ask, &a);
    ck_assert(span_is(answer_header(&a, "X-Request-Id"),
                      "00112233-4455-6677-8899-aabbccddeeff"));
    answer_release(&a);
    ck_assert_int_eq(worker_stop(&worker), 0);
    ck_assert(logged("event=request id=00112233-4455-6677-8899-aabbccddeeff "
                     "method=POST path=\"/api/track\" status=200"));
}
END_TEST

/* nginx has logged the request itself. */
START_TEST(a_batch_that_was_taken_is_one_line_with_the_id_that_nginx_gave)
{
    struct ask ask = event;
    struct answer a;

    ask.more[0] = (struct fcgi_param){"REQUEST_ID",
                                      "00112233-4455-6677-8899-aabbccddeeff"};
    worker_start(&worker, &stage, "track");
    worker_ask(&worker, &ask, &a);
    answer_release(&a);
    ck_assert_int_eq(worker_stop(&worker), 0);
    ck_assert(!logged("event=request"));
    ck_assert(logged("event=track "
                     "request=00112233-4455-6677-8899-aabbccddeeff"));
}
END_TEST

START_TEST(a_path_cannot_forge_a_line_of_the_log)
{
    struct answer a;

    worker_start(&worker, &stage, "track");
    worker_ask(&worker, &(struct ask){.path = "/x\nat=now level=error \"\xff"},
               &a);
    answer_release(&a);
    ck_assert_int_eq(worker_stop(&worker), 0);
    ck_assert(logged("path=\"/x\\x0aat=now level=error \\x22\\xff\""));
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
    Suite *s = suite_create("life");
    TCase *tc = tcase_create("life");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, sigterm_ends_an_idle_worker_well, 0, ROWS(roles));
    tcase_add_loop_test(tc, sigint_ends_it_as_well, 0, ROWS(roles));
    tcase_add_test(tc, sigterm_lets_the_running_request_finish);
    tcase_add_test(tc,
                   what_waits_behind_a_stopped_worker_is_served_by_the_next);
    tcase_add_test(tc, kill_9_of_an_idle_worker_is_not_noticed_by_clients);
    tcase_add_test(tc, kill_9_in_the_middle_stores_nothing_twice);
    tcase_add_loop_test(tc, a_bad_setting_is_named_and_nothing_starts, 0,
                        ROWS(settings));
    tcase_add_loop_test(tc, a_bad_keys_file_is_named_and_nothing_starts, 0,
                        ROWS(key_files));
    tcase_add_test(tc, without_a_listening_socket_nothing_starts);
    tcase_add_test(tc, a_worker_needs_neither_database_nor_model_to_start);
    tcase_add_loop_test(tc, a_worker_is_connected_before_anybody_asks, 0,
                        ROWS(roles));
    tcase_add_test(
        tc, at_level_3_each_request_is_logged_under_the_id_that_nginx_gave_it);
    tcase_add_test(
        tc, a_batch_that_was_taken_is_one_line_with_the_id_that_nginx_gave);
    tcase_add_test(tc, a_path_cannot_forge_a_line_of_the_log);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
