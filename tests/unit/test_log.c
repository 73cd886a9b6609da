#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* What was written to stderr since begin_capture(). */
static char said[4096];
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
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
