#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* What was written to stderr since begin_capture(). */
static char said[2 * LOG_HELD_BYTES];
static int pipe_fds[2], kept_stderr;

static void begin_capture(void)
{
    ck_assert_int_eq(pipe(pipe_fds), 0);
    kept_stderr = dup(STDERR_FILENO);
    dup2(pipe_fds[1], STDERR_FILENO);
    clock_set_wall_ms(1767323045678); /* 2026-01-02T03:04:05.678Z */
    log_setup(LOG_INFO, 42);
}

static void end_capture(void)
{
    ssize_t got;

    dup2(kept_stderr, STDERR_FILENO);
    close(pipe_fds[1]);
    got = read(pipe_fds[0], said, sizeof said - 1);
    ck_assert_int_ge(got, 0);
    said[got] = 0;
}

START_TEST(a_line_is_logfmt_in_utc)
{
    struct log_line l;

    begin_capture();
    log_begin(&l, LOG_WARN, "store", "db_down");
    log_i64(&l, "wait_ms", -150);
    log_word(&l, "state", "open");
    log_end(&l);
    end_capture();
    ck_assert_str_eq(said, "at=2026-01-02T03:04:05.678Z level=warn room=store "
                           "event=db_down wait_ms=-150 state=open\n");
}
END_TEST

START_TEST(a_value_from_outside_cannot_start_a_new_line_or_field)
{
    struct log_line l;

    begin_capture();
    log_begin(&l, LOG_INFO, "web", "x");
    log_value(&l, "v", SPAN("a b\"\n\\\x01\xc3\xa9~"));
    log_end(&l);
    end_capture();
    ck_assert_ptr_nonnull(
        strstr(said, " v=\"a b\\x22\\x0a\\x5c\\x01\\xc3\\xa9~\"\n"));
}
END_TEST

START_TEST(lines_above_the_level_are_dropped)
{
    struct log_line l;

    begin_capture();
    log_begin(&l, LOG_DEBUG, "web", "quiet");
    log_i64(&l, "n", 1);
    log_value(&l, "v", SPAN("x"));
    log_end(&l);
    end_capture();
    ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(a_line_that_grows_too_long_is_cut_and_still_ends)
{
    char text[2 * LOG_LINE_BYTES];
    struct log_line l;

    memset(text, '\n', sizeof text);
    begin_capture();
    log_begin(&l, LOG_INFO, "web", "x");
    log_value(&l, "v", (struct span){text, sizeof text});
    log_i64(&l, "n", 1);
    log_end(&l);
    end_capture();
    ck_assert_uint_le(strlen(said), LOG_LINE_BYTES);
    ck_assert_uint_gt(strlen(said), LOG_LINE_BYTES - 8);
    ck_assert_int_eq(said[strlen(said) - 1], '\n');
    ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1);
}
END_TEST

START_TEST(a_user_appears_only_as_a_hash_with_the_salt)
{
    struct uuid user;
    struct log_line l;
    char first[sizeof said];

    ck_assert(uuid_find(SPAN("00112233-4455-6677-8899-aabbccddeeff"), &user));
    begin_capture();
    log_begin(&l, LOG_INFO, "web", "x");
    log_user(&l, user);
    log_end(&l);
    end_capture();
    memcpy(first, said, sizeof first);
    ck_assert_ptr_nonnull(strstr(first, " user="));
    ck_assert_ptr_null(strstr(first, "00112233"));

    begin_capture();
    log_setup(LOG_INFO, 43);
    log_begin(&l, LOG_INFO, "web", "x");
    log_user(&l, user);
    log_end(&l);
    end_capture();
    ck_assert_str_ne(first, said);
}
END_TEST

START_TEST(a_failure_tells_code_place_and_text)
{
    struct err err;

    err_set_at(&err, "f.c:7", ERR_DOWN, "no %s", "route");
    begin_capture();
    log_failure(LOG_ERROR, "store", "lost", &err);
    end_capture();
    ck_assert_ptr_nonnull(strstr(said, "level=error room=store event=lost "
                                       "code=down where=f.c:7 "
                                       "what=\"no route\"\n"));
}
END_TEST

static void say(enum log_level level, const char *event)
{
    struct log_line l;

    log_begin(&l, level, "web", event);
    log_end(&l);
}

/* What stands in the pipe so far. */
static void look(void)
{
    int there = 0;

    ck_assert_int_eq(ioctl(pipe_fds[0], FIONREAD, &there), 0);
    ck_assert_int_lt(there, (int)sizeof said);
    said[0] = 0;
    if (there)
        ck_assert_int_eq(read(pipe_fds[0], said, (size_t)there), there);
    said[there] = 0;
}

START_TEST(a_held_line_waits_for_the_flush)
{
    begin_capture();
    log_hold();
    ck_assert_int_eq(log_due_ms(), -1);
    say(LOG_INFO, "one");
    ck_assert_int_ge(log_due_ms(), 0);
    ck_assert_int_le(log_due_ms(), LOG_HELD_MS);
    look();
    ck_assert_str_eq(said, "");
    log_flush();
    ck_assert_int_eq(log_due_ms(), -1);
    end_capture();
    ck_assert_ptr_nonnull(strstr(said, "event=one\n"));
}
END_TEST

START_TEST(a_warning_is_written_at_once_behind_the_lines_held)
{
    begin_capture();
    log_hold();
    say(LOG_INFO, "one");
    say(LOG_WARN, "two");
    look();
    ck_assert_ptr_nonnull(strstr(said, "event=one\n"));
    ck_assert_ptr_nonnull(strstr(strstr(said, "event=one\n"), "event=two\n"));
    end_capture();
    ck_assert_str_eq(said, "");
}
END_TEST

/* 59 bytes each: 69 of them in the 4096 that are held. */
START_TEST(full_means_written_and_no_line_is_torn)
{
    begin_capture();
    log_hold();
    for (int i = 0; i < 69; i++)
        say(LOG_INFO, "line");
    look();
    ck_assert_str_eq(said, "");
    say(LOG_INFO, "line");
    look();
    ck_assert_uint_eq(strlen(said), 69 * 59);
    log_flush();
    end_capture();
    ck_assert_uint_eq(strlen(said), 59);
}
END_TEST

START_TEST(lines_held_are_written_at_exit)
{
    begin_capture();
    if (!fork()) {
        log_hold();
        say(LOG_INFO, "last");
        exit(EXIT_SUCCESS);
    }
    wait(NULL);
    end_capture();
    ck_assert_ptr_nonnull(strstr(said, "event=last\n"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("log");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, a_line_is_logfmt_in_utc);
    tcase_add_test(tc, a_value_from_outside_cannot_start_a_new_line_or_field);
    tcase_add_test(tc, lines_above_the_level_are_dropped);
    tcase_add_test(tc, a_line_that_grows_too_long_is_cut_and_still_ends);
    tcase_add_test(tc, a_user_appears_only_as_a_hash_with_the_salt);
    tcase_add_test(tc, a_failure_tells_code_place_and_text);
    tcase_add_test(tc, a_held_line_waits_for_the_flush);
    tcase_add_test(tc, a_warning_is_written_at_once_behind_the_lines_held);
    tcase_add_test(tc, full_means_written_and_no_line_is_torn);
    tcase_add_test(tc, lines_held_are_written_at_exit);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
