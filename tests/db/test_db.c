#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/test_db.h"
#include "base/clock.h"
#include "store/db_copy.h"
#include "store/db_stream.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)

enum { SHORT_US = 100 * 1000, US_PER_MS = 1000 };

static struct db db, other;
static struct err err;
static struct db_rows rows;

static void set_up(void)
{
    test_db_open(&db);
    test_db_open(&other);
}

static void tear_down(void)
{
    db_rows_release(&rows);
    db_release(&db);
    db_release(&other);
}

static struct db_sql ask(const char *name, const char *text, const char *gives)
{
    return (struct db_sql){.name = name, .text = text, .gives = gives};
}

static bool run(struct db_sql sql, const struct db_param *in, size_t count)
{
    db_rows_release(&rows);
    return db_query(&db, sql, in, count, test_db_soon(), &rows, &err);
}

START_TEST(every_type_comes_back_as_it_went)
{
    const struct db_param in[] = {
        db_param_uuid(test_id(7)),
        db_param_i64(-5),
        db_param_text(SPAN("\xc3\xa4'\"")),
        db_param_ms(1700000000123),
        db_param_bool(true),
        db_param_real(0.25f),
    };

    db.prepare = _i;
    MUST(run(ask("echo", "SELECT $1, $2, $3, $4, $5, $6", "uitmbr"), in, 6));
    ck_assert_uint_eq(rows.count, 1);
    ck_assert(uuid_equal(db_rows_uuid(&rows, 0, 0), test_id(7)));
    ck_assert_int_eq(db_rows_i64(&rows, 0, 1), -5);
    ck_assert(span_is(db_rows_text(&rows, 0, 2), "\xc3\xa4'\""));
    ck_assert_int_eq(db_rows_ms(&rows, 0, 3), 1700000000123);
    ck_assert(db_rows_bool(&rows, 0, 4));
    ck_assert_float_eq(db_rows_real(&rows, 0, 5), 0.25f);
}
END_TEST

START_TEST(arrays_come_as_rows_with_their_nulls)
{
    const struct uuid ids[] = {test_id(1), {{0}}};
    const int64_t numbers[] = {DB_NONE_I64, 9};
    const struct span texts[] = {SPAN("a"), {0}};
    const struct db_param in[] = {
        db_param_array_or_null(DB_UUID, ids, 2),
        db_param_array_or_null(DB_I64, numbers, 2),
        db_param_array_or_null(DB_TEXT, texts, 2),
    };

    MUST(run(ask("arrays", "SELECT * FROM unnest($1, $2, $3)", "UIT"), in, 3));
    ck_assert_uint_eq(rows.count, 2);
    ck_assert(uuid_equal(db_rows_uuid(&rows, 0, 0), test_id(1)));
    ck_assert(db_rows_null(&rows, 0, 1));
    ck_assert(span_is(db_rows_text(&rows, 0, 2), "a"));
    ck_assert(db_rows_null(&rows, 1, 0));
    ck_assert_int_eq(db_rows_i64(&rows, 1, 1), 9);
    ck_assert(db_rows_null(&rows, 1, 2));
}
END_TEST

START_TEST(a_null_parameter_is_null)
{
    const struct db_param in[] = {db_param_null(DB_TEXT)};

    MUST(run(ask("null", "SELECT $1", "T"), in, 1));
    ck_assert(db_rows_null(&rows, 0, 0));
}
END_TEST

START_TEST(a_statement_is_prepared_once)
{
    const struct db_sql sql = ask("once", "SELECT 1", "i");

    MUST(run(sql, NULL, 0));
    MUST(run(sql, NULL, 0));
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM pg_prepared_statements"), 1);
}
END_TEST

START_TEST(without_prepare_nothing_is_left_on_the_server)
{
    db.prepare = false;
    MUST(run(ask("never", "SELECT 1", "i"), NULL, 0));
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM pg_prepared_statements"), 0);
}
END_TEST

START_TEST(more_statements_than_places_still_run)
{
    static char names[2 * DB_PREPARED_MOST][32];

    for (int i = 0; i < 2 * DB_PREPARED_MOST; i++) {
        snprintf(names[i], sizeof names[i], "many_%d", i);
        MUST(run(ask(names[i], "SELECT 3", "i"), NULL, 0));
    }
}
END_TEST

static const struct {
    const char *text, *gives;
} wrong_shapes[] = {
    {"SELECT 1, 2", "i"},
    {"SELECT 1", "t"},
    {"SELECT NULL::int", "i"},
    {"SELECT 1.5", "r"},
    {"SELECT ARRAY['a']", "t"},
    {"SELECT 'x'::text", "ti"},
    {"SELECT now()::timestamp", "m"},
};

START_TEST(rows_of_another_shape_are_corrupt)
{
    ck_assert(!run(ask("shape", wrong_shapes[_i].text, wrong_shapes[_i].gives),
                   NULL, 0));
    ck_assert_int_eq(err.code, ERR_CORRUPT);
    MUST(db_ping(&db, test_db_soon(), &err));
}
END_TEST

static const struct {
    const char *text;
    enum err_code code;
    const char *state;
} failures[] = {
    {"SELECT 1/0", ERR_INVALID, "22012"},
    {"SELECT 'secret'::uuid", ERR_INVALID, "22P02"},
    {"SELECT nothing()", ERR_DOWN, "42883"},
    {"SELECT FROM absent", ERR_DOWN, "42P01"},
    {"SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(5)", ERR_TIMEOUT,
     "57014"},
};

START_TEST(a_failure_has_its_code_and_keeps_the_sqlstate)
{
    ck_assert(!run(ask("fails", failures[_i].text, "i"), NULL, 0));
    ck_assert_int_eq(err.code, failures[_i].code);
    ck_assert_str_eq(db.sqlstate, failures[_i].state);
    MUST(run(ask("well", "SELECT 1", "i"), NULL, 0));
    ck_assert_str_eq(db.sqlstate, "");
}
END_TEST

START_TEST(an_error_text_names_the_rule_but_not_the_value)
{
    test_db_run(&db, "CREATE TEMPORARY TABLE t (word text PRIMARY KEY)");
    test_db_run(&db, "INSERT INTO t VALUES ('private')");
    ck_assert(
        !run(ask("dup", "INSERT INTO t VALUES ('private')", ""), NULL, 0));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.what, "t_pkey"));
    ck_assert_ptr_null(strstr(err.what, "private"));
    ck_assert(!run(ask("bad", "SELECT 'private'::uuid", "u"), NULL, 0));
    ck_assert_ptr_null(strstr(err.what, "private"));
}
END_TEST

START_TEST(a_wait_for_a_lock_ends_at_the_deadline)
{
    int64_t begin_us = clock_mono_us();

    test_db_run(&other, "CREATE TABLE IF NOT EXISTS held (n int)");
    test_db_run(&other, "BEGIN; LOCK TABLE held");
    ck_assert(!db_query(&db, ask("waits", "SELECT n FROM held", "i"), NULL, 0,
                        begin_us + SHORT_US, &rows, &err));
    ck_assert_int_eq(err.code, ERR_TIMEOUT);
    ck_assert_int_lt(clock_mono_us() - begin_us, 10 * SHORT_US);
    test_db_run(&other, "ROLLBACK");
    MUST(run(ask("waits", "SELECT n FROM held", "i"), NULL, 0));
    ck_assert_uint_eq(db.connects, 2);
}
END_TEST

START_TEST(at_the_deadline_the_server_is_told_to_stop)
{
    static const char running[] =
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE query LIKE '%pg_sleep(77)%' AND pid <> pg_backend_pid() "
        "AND state = 'active' AND datname = current_database()";
    int64_t until_us = clock_mono_us() + SHORT_US, give_up_us;

    ck_assert(!db_script(&db, "SELECT pg_sleep(77)", until_us, &err));
    give_up_us = clock_mono_us() + 50 * SHORT_US;
    while (test_db_number(&other, running) && clock_mono_us() < give_up_us)
        ;
    ck_assert_int_eq(test_db_number(&other, running), 0);
}
END_TEST

START_TEST(a_spent_deadline_does_not_touch_the_connection)
{
    ck_assert(!db_ping(&db, clock_mono_us() - 1, &err));
    ck_assert_int_eq(err.code, ERR_TIMEOUT);
    MUST(db_ping(&db, test_db_soon(), &err));
    ck_assert_uint_eq(db.connects, 1);
}
END_TEST

/* Ends the other side of db's connection; returns once it is gone. */
static void kill_backend(void)
{
    char sql[128];
    int64_t pid = test_db_number(&db, "SELECT pg_backend_pid()");

    snprintf(sql, sizeof sql,
             "SELECT pg_terminate_backend(%d, 5000)::int FROM (VALUES (1)) v",
             (int)pid);
    ck_assert_int_eq(test_db_number(&other, sql), 1);
}

START_TEST(an_idle_connection_that_was_closed_is_replaced_unnoticed)
{
    kill_backend();
    MUST(db_ping(&db, test_db_soon(), &err));
    ck_assert_uint_eq(db.connects, 2);
}
END_TEST

START_TEST(a_commit_keeps_and_a_rollback_forgets)
{
    test_db_run(&db, "CREATE TABLE kept (n int)");
    MUST(db_begin(&db, DB_SCOPE_READ_WRITE, test_db_soon(), &err));
    test_db_run(&db, "INSERT INTO kept VALUES (1)");
    MUST(db_end(&db, true, test_db_soon(), &err));
    MUST(db_begin(&db, DB_SCOPE_READ_WRITE, test_db_soon(), &err));
    test_db_run(&db, "INSERT INTO kept VALUES (2)");
    MUST(db_end(&db, false, test_db_soon(), &err));
    ck_assert_int_eq(test_db_number(&other, "SELECT sum(n) FROM kept"), 1);
}
END_TEST

START_TEST(a_transaction_with_a_failed_statement_is_not_committed)
{
    MUST(db_begin(&db, DB_SCOPE_READ_WRITE, test_db_soon(), &err));
    test_db_run(&db, "CREATE TABLE half (n int)");
    ck_assert(!run(ask("zero", "SELECT 1/0", "i"), NULL, 0));
    ck_assert(!db_end(&db, true, test_db_soon(), &err));
    ck_assert_int_eq(
        test_db_number(&other, "SELECT (to_regclass('half') IS NOT NULL)::int"),
        0);
    MUST(db_ping(&db, test_db_soon(), &err));
}
END_TEST

START_TEST(nothing_runs_outside_of_a_lost_transaction)
{
    test_db_run(&other, "CREATE TABLE outside (n int)");
    MUST(db_begin(&db, DB_SCOPE_READ_WRITE, test_db_soon(), &err));
    kill_backend();
    ck_assert(!db_script(&db, "INSERT INTO outside VALUES (1)", test_db_soon(),
                         &err));
    ck_assert_int_eq(err.code, ERR_DOWN);
    ck_assert(!db_script(&db, "INSERT INTO outside VALUES (2)", test_db_soon(),
                         &err));
    ck_assert(!db_end(&db, true, test_db_soon(), &err));
    ck_assert_int_eq(test_db_number(&other, "SELECT count(*) FROM outside"), 0);
    MUST(db_ping(&db, test_db_soon(), &err));
}
END_TEST

START_TEST(a_snapshot_sees_one_moment_and_writes_nothing)
{
    test_db_run(&other, "CREATE TABLE moment (n int)");
    MUST(db_begin(&db, DB_SCOPE_SNAPSHOT, test_db_soon(), &err));
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM moment"), 0);
    test_db_run(&other, "INSERT INTO moment VALUES (1)");
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM moment"), 0);
    ck_assert(
        !db_script(&db, "INSERT INTO moment VALUES (2)", test_db_soon(), &err));
    MUST(db_end(&db, false, test_db_soon(), &err));
}
END_TEST

START_TEST(a_lock_is_held_by_one_session)
{
    bool got;

    MUST(db_lock_try(&db, 42, test_db_soon(), &got, &err));
    ck_assert(got);
    MUST(db_lock_try(&other, 42, test_db_soon(), &got, &err));
    ck_assert(!got);
    MUST(db_unlock(&db, 42, test_db_soon(), &err));
    MUST(db_lock_try(&other, 42, test_db_soon(), &got, &err));
    ck_assert(got);
}
END_TEST

START_TEST(who_lost_the_lock_with_the_connection_is_told)
{
    bool got;

    MUST(db_lock_try(&db, 43, test_db_soon(), &got, &err));
    kill_backend();
    ck_assert(!db_ping(&db, test_db_soon(), &err));
    ck_assert_int_eq(err.code, ERR_DOWN);
    ck_assert(!db_unlock(&db, 43, test_db_soon(), &err));
    MUST(db_ping(&db, test_db_soon(), &err));
}
END_TEST

START_TEST(a_stream_gives_every_row_in_order)
{
    const struct db_param in[] = {db_param_i64(5000)};
    struct db_stream s =
        db_stream_of(&db, ask("series", "SELECT generate_series(1, $1)", "i"),
                     in, 1, test_db_soon(), &err);
    int64_t last = 0;

    while (db_stream_next(&s))
        ck_assert_int_eq(db_rows_i64(&s.row, 0, 0), ++last);
    ck_assert(!s.failed);
    db_stream_end(&s);
    ck_assert_int_eq(last, 5000);
    MUST(db_ping(&db, test_db_soon(), &err));
    ck_assert_uint_eq(db.connects, 1);
}
END_TEST

START_TEST(a_stream_that_breaks_half_way_is_not_finished)
{
    struct db_stream s =
        db_stream_of(&db,
                     ask("breaks",
                         "SELECT 1 / (100 - n) FROM generate_series(1, 200) "
                         "AS g (n)",
                         "i"),
                     NULL, 0, test_db_soon(), &err);
    int got = 0;

    while (db_stream_next(&s))
        got++;
    ck_assert_int_eq(got, 99);
    ck_assert(s.failed);
    ck_assert_str_eq(db.sqlstate, "22012");
    db_stream_end(&s);
    MUST(db_ping(&db, test_db_soon(), &err));
}
END_TEST

START_TEST(a_stream_left_early_does_not_spoil_the_next_statement)
{
    struct db_stream s = db_stream_of(
        &db, ask("long", "SELECT generate_series(1, 1000000)", "i"), NULL, 0,
        test_db_soon(), &err);

    ck_assert(db_stream_next(&s));
    ck_assert(!db_ping(&db, test_db_soon(), &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    db_stream_end(&s);
    MUST(run(ask("after", "SELECT 7", "i"), NULL, 0));
    ck_assert_int_eq(db_rows_i64(&rows, 0, 0), 7);
}
END_TEST

START_TEST(a_copy_brings_rows_in_and_out)
{
    struct db_copy_in in;
    struct db_copy_out out;
    int64_t seen = 0, nulls = 0;

    test_db_run(&db, "CREATE TEMPORARY TABLE c (n bigint, t text)");
    MUST(db_copy_in_begin(&in, &db,
                          ask("in", "COPY c FROM STDIN (FORMAT binary)", ""),
                          test_db_soon(), &err));
    for (int64_t i = 1; i <= 20000; i++) {
        const struct db_param fields[] = {
            db_param_i64(i),
            i % 2 ? db_param_text(SPAN("odd")) : db_param_null(DB_TEXT),
        };

        MUST(db_copy_in_add(&in, fields, 2, &err));
    }
    MUST(db_copy_in_end(&in, true, &err));
    out = db_copy_out_of(&db,
                         ask("out",
                             "COPY (SELECT n, t FROM c ORDER BY n) TO STDOUT "
                             "(FORMAT binary)",
                             "iT"),
                         test_db_soon(), &err);
    while (db_copy_out_next(&out)) {
        ck_assert_int_eq(db_value_i64(out.cells[0]), ++seen);
        nulls += !out.cells[1].at;
    }
    ck_assert(!out.failed);
    db_copy_out_end(&out);
    ck_assert_int_eq(seen, 20000);
    ck_assert_int_eq(nulls, 10000);
    MUST(db_ping(&db, test_db_soon(), &err));
    ck_assert_uint_eq(db.connects, 1);
}
END_TEST

START_TEST(a_copy_not_kept_leaves_no_row)
{
    const struct db_param field = db_param_i64(1);
    struct db_copy_in in;

    test_db_run(&db, "CREATE TEMPORARY TABLE d (n bigint)");
    MUST(db_copy_in_begin(&in, &db,
                          ask("in", "COPY d FROM STDIN (FORMAT binary)", ""),
                          test_db_soon(), &err));
    MUST(db_copy_in_add(&in, &field, 1, &err));
    MUST(db_copy_in_end(&in, false, &err));
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM d"), 0);
}
END_TEST

START_TEST(a_copy_of_refused_values_fails_at_its_end)
{
    const struct db_param field = db_param_i64(1);
    struct db_copy_in in;

    test_db_run(&db, "CREATE TEMPORARY TABLE e (n bigint CHECK (n > 1))");
    MUST(db_copy_in_begin(&in, &db,
                          ask("in", "COPY e FROM STDIN (FORMAT binary)", ""),
                          test_db_soon(), &err));
    MUST(db_copy_in_add(&in, &field, 1, &err));
    ck_assert(!db_copy_in_end(&in, true, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    MUST(db_ping(&db, test_db_soon(), &err));
}
END_TEST

START_TEST(a_copy_out_of_another_shape_is_corrupt)
{
    struct db_copy_out out =
        db_copy_out_of(&db,
                       ask("out",
                           "COPY (SELECT 1::int8, 2::int8) TO STDOUT "
                           "(FORMAT binary)",
                           "u"),
                       test_db_soon(), &err);

    ck_assert(!db_copy_out_next(&out));
    ck_assert(out.failed);
    ck_assert_int_eq(err.code, ERR_CORRUPT);
    db_copy_out_end(&out);
    MUST(db_ping(&db, test_db_soon(), &err));
}
END_TEST

START_TEST(a_copy_where_a_statement_is_expected_is_refused)
{
    ck_assert(
        !db_script(&db, "COPY (SELECT 1) TO STDOUT", test_db_soon(), &err));
    ck_assert(!db_script(&db,
                         "CREATE TEMPORARY TABLE f (n int); "
                         "COPY f FROM STDIN",
                         test_db_soon(), &err));
    MUST(db_ping(&db, test_db_soon(), &err));
}
END_TEST

START_TEST(a_megabyte_goes_and_comes)
{
    enum { BIG_BYTES = 4 << 20 };
    char *big = malloc(BIG_BYTES);
    struct db_param in;

    ck_assert_ptr_nonnull(big);
    memset(big, 'x', BIG_BYTES);
    in = db_param_text((struct span){big, BIG_BYTES});
    MUST(run(ask("big", "SELECT $1", "t"), &in, 1));
    ck_assert_uint_eq(db_rows_text(&rows, 0, 0).bytes, BIG_BYTES);
    free(big);
}
END_TEST

static const char *const bad_urls[] = {
    "postgresql://u:pa/secret@localhost/db", /* read as port "pa" */
    "postgresql://u@secret@localhost/db",    /* read as host "secret@..." */
    "postgresql://u:1/secret@localhost",     /* read as database "secret@..." */
    "host=localhost password=a secret",      "http://secret@localhost/",
};

START_TEST(a_url_that_would_give_the_password_away_is_refused)
{
    struct db bad;

    ck_assert(!db_init(&bad, bad_urls[_i], true, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert_ptr_null(strstr(err.what, "secret"));
    db_release(&bad);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("db");
    Suite *s = suite_create("db");
    SRunner *sr = srunner_create(s);
    int failed;

    test_db_create_bare();
    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, every_type_comes_back_as_it_went, 0, 2);
    tcase_add_test(tc, arrays_come_as_rows_with_their_nulls);
    tcase_add_test(tc, a_null_parameter_is_null);
    tcase_add_test(tc, a_statement_is_prepared_once);
    tcase_add_test(tc, without_prepare_nothing_is_left_on_the_server);
    tcase_add_test(tc, more_statements_than_places_still_run);
    tcase_add_loop_test(tc, rows_of_another_shape_are_corrupt, 0,
                        sizeof wrong_shapes / sizeof *wrong_shapes);
    tcase_add_loop_test(tc, a_failure_has_its_code_and_keeps_the_sqlstate, 0,
                        sizeof failures / sizeof *failures);
    tcase_add_test(tc, an_error_text_names_the_rule_but_not_the_value);
    tcase_add_test(tc, a_wait_for_a_lock_ends_at_the_deadline);
    tcase_add_test(tc, at_the_deadline_the_server_is_told_to_stop);
    tcase_add_test(tc, a_spent_deadline_does_not_touch_the_connection);
    tcase_add_test(tc,
                   an_idle_connection_that_was_closed_is_replaced_unnoticed);
    tcase_add_test(tc, a_commit_keeps_and_a_rollback_forgets);
    tcase_add_test(tc, a_transaction_with_a_failed_statement_is_not_committed);
    tcase_add_test(tc, nothing_runs_outside_of_a_lost_transaction);
    tcase_add_test(tc, a_snapshot_sees_one_moment_and_writes_nothing);
    tcase_add_test(tc, a_lock_is_held_by_one_session);
    tcase_add_test(tc, who_lost_the_lock_with_the_connection_is_told);
    tcase_add_test(tc, a_stream_gives_every_row_in_order);
    tcase_add_test(tc, a_stream_that_breaks_half_way_is_not_finished);
    tcase_add_test(tc, a_stream_left_early_does_not_spoil_the_next_statement);
    tcase_add_test(tc, a_copy_brings_rows_in_and_out);
    tcase_add_test(tc, a_copy_not_kept_leaves_no_row);
    tcase_add_test(tc, a_copy_of_refused_values_fails_at_its_end);
    tcase_add_test(tc, a_copy_out_of_another_shape_is_corrupt);
    tcase_add_test(tc, a_copy_where_a_statement_is_expected_is_refused);
    tcase_add_test(tc, a_megabyte_goes_and_comes);
    tcase_add_loop_test(tc, a_url_that_would_give_the_password_away_is_refused,
                        0, sizeof bad_urls / sizeof *bad_urls);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
