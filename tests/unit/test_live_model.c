#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/model_fixture.h"
#include "app/live_model.h"
#include "base/clock.h"

enum { POSTS = 2000, BUILT_AT_MS = 2000, STALE_S = 60, HEAD_BYTES = 64 };

static struct fixture fixture; /* writes; ours is the reader */
static struct live_model live;
static struct config config;

static void write_model_of(uint32_t users)
{
    fixture_init(&fixture, users, POSTS);
    fixture_event(&fixture, 0, 0, EVENT_LIKE);
    fixture_write(&fixture);
}

static void setup(void)
{
    write_model_of(2);
    config = (struct config){.model = fixture.path,
                             .model_check_ms = 60000,
                             .model_stale_s = STALE_S};
    clock_set_wall_ms(BUILT_AT_MS);
    live_model_init(&live);
}

static void teardown(void)
{
    live_model_release(&live);
    fixture_close(&fixture);
}

static void look(void)
{
    live_model_follow(&live, &config, true);
}

static void is(enum live_state state, bool readable, uint64_t swaps)
{
    ck_assert_int_eq(live.state, state);
    ck_assert_int_eq(live.readable, readable);
    ck_assert_uint_eq(live.swap_count, swaps);
}

/* Another model, written beside and moved over the first. */
static void replace_by(uint32_t users)
{
    char path[sizeof fixture.path], folder[sizeof fixture.folder];
    struct fixture first = fixture;

    write_model_of(users);
    snprintf(path, sizeof path, "%s", fixture.path);
    snprintf(folder, sizeof folder, "%s", fixture.folder);
    ck_assert_int_eq(rename(path, first.path), 0);
    fixture_close(&fixture);
    fixture = first;
}

static void damage(off_t at)
{
    char byte;
    int fd = open(fixture.path, O_RDWR);

    ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

START_TEST(nothing_is_usable_before_the_first_look)
{
    is(LIVE_NONE, false, 0);
}
END_TEST

START_TEST(a_good_file_is_opened)
{
    look();
    is(LIVE_USABLE, true, 1);
    ck_assert_uint_eq(live.model.user_count, 2);
    look();
    is(LIVE_USABLE, true, 1);
}
END_TEST

START_TEST(between_two_looks_the_file_is_left_alone)
{
    look();
    replace_by(5);
    live_model_follow(&live, &config, false);
    ck_assert_uint_eq(live.model.user_count, 2);
    live.next_look_us = clock_mono_us();
    live_model_follow(&live, &config, false);
    ck_assert_uint_eq(live.model.user_count, 5);
    is(LIVE_USABLE, true, 2);
}
END_TEST

/* ---- beside the requests ---- */

/* As requests do: until the file that is opened beside has been judged. */
static void go_on(void)
{
    do {
        live.next_look_us = clock_mono_us();
        live_model_follow(&live, &config, false);
    } while (live.opening.running);
}

/* The first look of a request at a file that is too large to be checked there.
 */
static void begin_beside(void)
{
    live.at_once_bytes = 0;
    live.next_look_us = clock_mono_us();
    live_model_follow(&live, &config, false);
}

START_TEST(a_large_file_is_checked_beside_and_taken_when_it_is_ready)
{
    look();
    replace_by(5);
    begin_beside();
    ck_assert(live.readable);
    ck_assert_int_eq(live.state, LIVE_USABLE);
    go_on();
    is(LIVE_USABLE, true, 2);
    ck_assert_uint_eq(live.model.user_count, 5);
}
END_TEST

START_TEST(a_damaged_large_file_is_refused_beside)
{
    look();
    replace_by(5);
    damage(HEAD_BYTES * 50);
    begin_beside();
    go_on();
    is(LIVE_NONE, true, 1);
    ck_assert_uint_eq(live.model.user_count, 2);
    go_on();
    ck_assert(!live.opening.running);
}
END_TEST

START_TEST(what_comes_while_a_file_is_checked_is_taken_next)
{
    look();
    replace_by(5);
    begin_beside();
    replace_by(7);
    go_on();
    go_on();
    is(LIVE_USABLE, true, live.swap_count);
    ck_assert_uint_eq(live.model.user_count, 7);
}
END_TEST

START_TEST(a_file_that_goes_away_while_it_is_checked_is_gone)
{
    char aside[128];

    look();
    replace_by(5);
    begin_beside();
    snprintf(aside, sizeof aside, "%s.aside", fixture.path);
    ck_assert_int_eq(rename(fixture.path, aside), 0);
    go_on();
    ck_assert_int_eq(live.state, LIVE_NONE);
    ck_assert(live.readable);
    ck_assert_int_eq(rename(aside, fixture.path), 0);
    go_on();
    go_on();
    ck_assert_int_eq(live.state, LIVE_USABLE);
    ck_assert_uint_eq(live.model.user_count, 5);
}
END_TEST

/* Nothing is lost or leaked; the sanitizer looks. */
START_TEST(the_end_does_not_forget_a_file_that_is_checked)
{
    look();
    replace_by(5);
    begin_beside();
}
END_TEST

START_TEST(a_file_cut_short_under_the_check_is_refused)
{
    look();
    for (unsigned i = 0; i < 20; i++) {
        replace_by(5);
        begin_beside();
        ck_assert_int_eq(truncate(fixture.path, HEAD_BYTES), 0);
        go_on(); /* not the file any more that was opened */
        go_on();
        ck_assert_int_eq(live.state, LIVE_NONE);
        replace_by(2);
        look();
        ck_assert_int_eq(live.state, LIVE_USABLE);
    }
}
END_TEST

START_TEST(a_file_that_goes_away_leaves_the_model_readable)
{
    char aside[128];

    look();
    snprintf(aside, sizeof aside, "%s.aside", fixture.path);
    ck_assert_int_eq(rename(fixture.path, aside), 0);
    look();
    is(LIVE_NONE, true, 1);
    ck_assert_uint_eq(live.model.user_count, 2);
    ck_assert_int_eq(rename(aside, fixture.path), 0);
    look();
    is(LIVE_USABLE, true, 1);
}
END_TEST

START_TEST(a_file_that_was_never_there_is_none)
{
    config.model = "/nonexistent/model";
    look();
    is(LIVE_NONE, false, 0);
}
END_TEST

START_TEST(a_damaged_replacement_is_refused_and_the_old_one_readable)
{
    look();
    replace_by(5);
    damage(HEAD_BYTES * 50);
    look();
    is(LIVE_NONE, true, 1);
    ck_assert_uint_eq(live.model.user_count, 2);
    look();
    is(LIVE_NONE, true, 1);
    replace_by(7);
    look();
    is(LIVE_USABLE, true, 2);
    ck_assert_uint_eq(live.model.user_count, 7);
}
END_TEST

START_TEST(a_damaged_file_is_judged_once_until_it_changes)
{
    const struct timespec later[] = {{.tv_sec = 4000000000},
                                     {.tv_sec = 4000000000}};
    struct stat st;

    damage(HEAD_BYTES * 50);
    look();
    is(LIVE_NONE, false, 0);
    ck_assert_int_eq(stat(fixture.path, &st), 0);
    ck_assert_uint_eq(live.refused.inode, st.st_ino);
    damage(HEAD_BYTES * 50); /* mended in place, at another time */
    ck_assert_int_eq(utimensat(AT_FDCWD, fixture.path, later, 0), 0);
    look();
    is(LIVE_USABLE, true, 1);
}
END_TEST

START_TEST(a_file_damaged_in_place_is_not_readable_any_more)
{
    look();
    damage(HEAD_BYTES * 50);
    look();
    is(LIVE_NONE, false, 1);
}
END_TEST

START_TEST(a_model_grows_stale_and_a_new_one_is_fresh)
{
    look();
    clock_set_wall_ms(BUILT_AT_MS + STALE_S * 1000);
    look();
    is(LIVE_USABLE, true, 1);
    clock_set_wall_ms(BUILT_AT_MS + STALE_S * 1000 + 1);
    look();
    is(LIVE_STALE, true, 1);
    clock_set_wall_ms(BUILT_AT_MS);
    look();
    is(LIVE_USABLE, true, 1);
}
END_TEST

START_TEST(a_folder_is_no_model)
{
    config.model = fixture.folder;
    look();
    is(LIVE_NONE, false, 0);
}
END_TEST

/* ---- SIGBUS ---- */

static volatile unsigned called; /* counted when it happens */
static volatile unsigned sum;

static void touch_all(void *arg)
{
    const struct model *m = arg;

    called++;
    for (size_t i = 0; i < m->size; i++)
        sum += m->bytes[i];
    called++;
}

START_TEST(work_under_the_guard_is_done)
{
    look();
    ck_assert(live_model_guarded(&live, touch_all, &live.model));
    ck_assert_uint_eq(called, 2);
    is(LIVE_USABLE, true, 1);
}
END_TEST

START_TEST(a_mapping_cut_under_the_work_is_dropped)
{
    look();
    ck_assert_int_eq(truncate(fixture.path, HEAD_BYTES), 0);
    ck_assert(!live_model_guarded(&live, touch_all, &live.model));
    ck_assert_uint_eq(called, 1);
    is(LIVE_NONE, false, 1);
}
END_TEST

START_TEST(the_guard_works_more_than_once)
{
    for (uint64_t i = 1; i <= 3; i++) {
        replace_by(2);
        look();
        is(LIVE_USABLE, true, i);
        ck_assert_int_eq(truncate(fixture.path, HEAD_BYTES), 0);
        ck_assert(!live_model_guarded(&live, touch_all, &live.model));
    }
}
END_TEST

/* A fault that is none of ours must not be swallowed. */
START_TEST(a_bus_error_outside_the_guard_kills)
{
    look();
    ck_assert_int_eq(truncate(fixture.path, HEAD_BYTES), 0);
    ck_assert_int_eq(unlink(fixture.path) + rmdir(fixture.folder), 0);
    touch_all(&live.model);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("live_model");
    TCase *tc = tcase_create("following");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, nothing_is_usable_before_the_first_look);
    tcase_add_test(tc, a_good_file_is_opened);
    tcase_add_test(tc, between_two_looks_the_file_is_left_alone);
    tcase_add_test(tc,
                   a_large_file_is_checked_beside_and_taken_when_it_is_ready);
    tcase_add_test(tc, a_damaged_large_file_is_refused_beside);
    tcase_add_test(tc, what_comes_while_a_file_is_checked_is_taken_next);
    tcase_add_test(tc, a_file_that_goes_away_while_it_is_checked_is_gone);
    tcase_add_test(tc, the_end_does_not_forget_a_file_that_is_checked);
    tcase_add_test(tc, a_file_cut_short_under_the_check_is_refused);
    tcase_add_test(tc, a_file_that_goes_away_leaves_the_model_readable);
    tcase_add_test(tc, a_file_that_was_never_there_is_none);
    tcase_add_test(tc,
                   a_damaged_replacement_is_refused_and_the_old_one_readable);
    tcase_add_test(tc, a_damaged_file_is_judged_once_until_it_changes);
    tcase_add_test(tc, a_file_damaged_in_place_is_not_readable_any_more);
    tcase_add_test(tc, a_model_grows_stale_and_a_new_one_is_fresh);
    tcase_add_test(tc, a_folder_is_no_model);
    tcase_add_test(tc, work_under_the_guard_is_done);
    tcase_add_test(tc, a_mapping_cut_under_the_work_is_dropped);
    tcase_add_test(tc, the_guard_works_more_than_once);
    tcase_add_test_raise_signal(tc, a_bus_error_outside_the_guard_kills,
                                SIGBUS);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
