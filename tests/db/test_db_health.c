/*
 * The server goes away, stops, and comes back. Needs a server of its own:
 * starts itself again under with_pg.sh, whatever DB_URL says.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/own_server.h"
#include "../support/test_db.h"
#include "base/clock.h"
#include "store/db.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)

enum {
    MS = 1000, /* microseconds */
    S = 1000 * MS,
    DEADLINE_US = 150 * MS,
    LINE_BYTES = 256,
};

static struct db db;
static struct err err;

static void set_up(void)
{
    test_db_open(&db);
}

static void tear_down(void)
{
    own_server_signal(SIGCONT);
    db_release(&db);
}

START_TEST(a_server_that_is_not_there_is_down_at_once)
{
    struct db away;
    int64_t begin_us = clock_mono_us();

    MUST(db_init(&away, "postgresql:///x?host=/nonexistent", true, &err));
    ck_assert(!db_ping(&away, begin_us + 10 * DEADLINE_US, &err));
    ck_assert_int_eq(err.code, ERR_DOWN);
    ck_assert_int_lt(clock_mono_us() - begin_us, DEADLINE_US);
    db_release(&away);
}
END_TEST

START_TEST(in_the_pause_calls_fail_without_a_dial)
{
    struct db away;

    MUST(db_init(&away, "postgresql:///x?host=/nonexistent", true, &err));
    ck_assert(!db_ping(&away, test_db_soon(), &err));
    ck_assert(!db_ping(&away, test_db_soon(), &err));
    ck_assert_int_eq(err.code, ERR_DOWN);
    ck_assert_ptr_nonnull(strstr(err.what, "next dial"));
    db_release(&away);
}
END_TEST

START_TEST(an_error_of_the_dial_does_not_name_the_password)
{
    char url[LINE_BYTES];
    struct db denied;

    snprintf(url, sizeof url, "%s&user=nobody_here&password=s3cr3t",
             test_db_url());
    MUST(db_init(&denied, url, true, &err));
    ck_assert(!db_ping(&denied, test_db_soon(), &err));
    ck_assert_int_eq(err.code, ERR_DOWN);
    ck_assert_ptr_nonnull(strstr(err.what, "nobody_here"));
    ck_assert_ptr_null(strstr(err.what, "s3cr3t"));
    db_release(&denied);
}
END_TEST

START_TEST(a_stopped_server_costs_one_deadline_then_nothing)
{
    int64_t begin_us;

    MUST(db_ping(&db, test_db_soon(), &err));
    own_server_signal(SIGSTOP);
    begin_us = clock_mono_us();
    ck_assert(!db_ping(&db, begin_us + DEADLINE_US, &err));
    ck_assert_int_eq(err.code, ERR_TIMEOUT);
    ck_assert_int_ge(clock_mono_us() - begin_us, DEADLINE_US - MS);
    ck_assert_int_lt(clock_mono_us() - begin_us, 10 * DEADLINE_US);

    begin_us = clock_mono_us();
    ck_assert(!db_ping(&db, begin_us + DEADLINE_US, &err)); /* dials */
    ck_assert_int_eq(err.code, ERR_TIMEOUT);
    begin_us = clock_mono_us();
    ck_assert(!db_ping(&db, begin_us + DEADLINE_US, &err)); /* in the pause */
    ck_assert_int_eq(err.code, ERR_DOWN);
    ck_assert_int_lt(clock_mono_us() - begin_us, DEADLINE_US);

    own_server_signal(SIGCONT);
    ck_assert(test_db_heals(&db, DEADLINE_US, 10 * S));
    ck_assert_int_eq(test_db_number(&db, "SELECT 7"), 7);
}
END_TEST

START_TEST(a_late_answer_does_not_meet_the_next_query)
{
    const struct db_sql slow = {"slow", "SELECT 1 FROM pg_sleep(0.3)", "i"};
    const struct db_sql quick = {"quick", "SELECT 2", "i"};
    struct db_rows rows;

    ck_assert(!db_query(&db, slow, NULL, 0, clock_mono_us() + DEADLINE_US,
                        &rows, &err));
    ck_assert_int_eq(err.code, ERR_TIMEOUT);
    MUST(db_query(&db, quick, NULL, 0, test_db_soon(), &rows, &err));
    ck_assert_int_eq(db_rows_i64(&rows, 0, 0), 2);
    db_rows_release(&rows);
}
END_TEST

START_TEST(a_dial_longer_than_a_deadline_is_finished_by_later_calls)
{
    struct db patient;
    int64_t began_us;

    own_server_signal(SIGSTOP);
    MUST(db_init(&patient, test_db_url(), true, &err));
    ck_assert(!db_ping(&patient, clock_mono_us() + 5 * MS, &err));
    ck_assert_int_eq(err.code, ERR_TIMEOUT);
    began_us = patient.dial_began_us;
    ck_assert(!db_ping(&patient, clock_mono_us() + 5 * MS, &err));
    ck_assert_int_eq(patient.dial_began_us, began_us); /* the same dial */
    own_server_signal(SIGCONT);
    /* Calls with time enough: none gives up a connection that was made. */
    ck_assert(test_db_heals(&patient, 10 * S, 10 * S));
    ck_assert_int_eq(patient.dial_began_us, began_us);
    ck_assert_uint_eq(patient.connects, 1);
    db_release(&patient);
}
END_TEST

/*
 * In a process of its own: kills a backend once it runs the statement, and ends
 * when the server has seen it and cut off everybody: who dials sooner may still
 * be let in, and be thrown out again.
 */
static pid_t assassin(int64_t victim)
{
    pid_t child = fork();
    struct db own;

    if (child)
        return child;
    test_db_open(&own);
    test_db_await(&own, "SELECT pg_sleep(10)");
    kill((pid_t)victim, SIGKILL); /* then all backends restart */
    _exit(db_script(&own, "SELECT pg_sleep(30)", clock_mono_us() + 30 * S, &err)
              ? EXIT_FAILURE
              : EXIT_SUCCESS);
}

START_TEST(a_server_that_crashes_under_a_query_is_down_and_comes_back)
{
    pid_t child = assassin(test_db_number(&db, "SELECT pg_backend_pid()"));
    int status = -1;

    ck_assert(!db_script(&db, "SELECT pg_sleep(10)", test_db_soon(), &err));
    ck_assert_int_eq(err.code, ERR_DOWN);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert(test_db_heals(&db, DEADLINE_US, 15 * S));
}
END_TEST

int main(int count, char **args)
{
    TCase *tc = tcase_create("db_health");
    Suite *s = suite_create("db_health");
    SRunner *sr = srunner_create(s);
    int failed;

    (void)count;
    own_server_need(args);
    test_db_create_bare();
    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_server_that_is_not_there_is_down_at_once);
    tcase_add_test(tc, in_the_pause_calls_fail_without_a_dial);
    tcase_add_test(tc, an_error_of_the_dial_does_not_name_the_password);
    tcase_add_test(tc, a_stopped_server_costs_one_deadline_then_nothing);
    tcase_add_test(tc, a_late_answer_does_not_meet_the_next_query);
    tcase_add_test(tc,
                   a_dial_longer_than_a_deadline_is_finished_by_later_calls);
    tcase_add_test(tc,
                   a_server_that_crashes_under_a_query_is_down_and_comes_back);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
