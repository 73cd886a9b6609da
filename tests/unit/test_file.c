#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static char folder[64], path[96];
static struct err err;

static void setup(void)
{
    snprintf(folder, sizeof folder, "/tmp/kith-file-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/f", folder);
}

static void teardown(void)
{
    unlink(path);
    rmdir(folder);
}

static int entry_count(void)
{
    DIR *d = opendir(folder);
    int n = 0;

    while (readdir(d))
        n++;
    closedir(d);
    return n - 2; /* . and .. */
}

static void holds(const char *expected)
{
    struct span text;

    ck_assert(file_read(path, 100, &text, &err));
    ck_assert(span_is(text, expected));
    mem_give((void *)text.at);
}

static void publish(const char *text)
{
    struct file_writer w;

    ck_assert(file_begin(&w, path, &err));
    ck_assert(file_add(&w, text, strlen(text), &err));
    ck_assert(file_publish(&w, &err));
}

START_TEST(a_published_file_reads_back)
{
    publish("hello");
    holds("hello");
    ck_assert_int_eq(entry_count(), 1);
}
END_TEST

START_TEST(before_publishing_the_old_file_stands)
{
    struct file_writer w;

    publish("old");
    ck_assert(file_begin(&w, path, &err));
    ck_assert(file_add(&w, "new", 3, &err));
    holds("old");
    ck_assert(file_publish(&w, &err));
    holds("new");
}
END_TEST

START_TEST(a_dropped_file_leaves_nothing_behind)
{
    struct file_writer w;

    publish("old");
    ck_assert(file_begin(&w, path, &err));
    ck_assert(file_add(&w, "new", 3, &err));
    file_drop(&w);
    file_drop(&w);
    holds("old");
    ck_assert_int_eq(entry_count(), 1);
}
END_TEST

START_TEST(bytes_already_written_can_be_patched)
{
    struct file_writer w;

    ck_assert(file_begin(&w, path, &err));
    ck_assert(file_add(&w, "??llo", 5, &err));
    ck_assert(file_patch(&w, 0, "he", 2, &err));
    ck_assert(file_add(&w, "!", 1, &err));
    ck_assert_uint_eq(w.bytes, 6);
    ck_assert(file_publish(&w, &err));
    holds("hello!");
}
END_TEST

START_TEST(a_failed_publish_leaves_no_temporary)
{
    struct file_writer w;

    ck_assert_int_eq(mkdir(path, 0700), 0); /* a folder is in the way */
    ck_assert(file_begin(&w, path, &err));
    ck_assert(!file_publish(&w, &err));
    ck_assert_int_eq(entry_count(), 1);
    rmdir(path);
}
END_TEST

START_TEST(a_missing_file_is_absent)
{
    struct span text;

    ck_assert(!file_read(path, 100, &text, &err));
    ck_assert_int_eq(err.code, ERR_ABSENT);
}
END_TEST

START_TEST(a_file_over_the_limit_is_refused)
{
    struct span text;

    publish("hello");
    ck_assert(!file_read(path, 4, &text, &err));
    ck_assert_int_eq(err.code, ERR_LIMIT);
    ck_assert(file_read(path, 5, &text, &err));
    mem_give((void *)text.at);
}
END_TEST

START_TEST(a_folder_is_no_file)
{
    struct span text;

    ck_assert(!file_read(folder, 100, &text, &err));
    ck_assert_int_eq(err.code, ERR_LIMIT);
}
END_TEST

START_TEST(a_folder_that_is_missing_is_named)
{
    struct file_writer w;

    snprintf(path, sizeof path, "%s/no/f", folder);
    ck_assert(!file_begin(&w, path, &err));
    ck_assert_ptr_nonnull(strstr(err.what, "/no/f"));
}
END_TEST

START_TEST(a_file_in_memory_has_no_name_and_is_read_as_a_map)
{
    struct file_writer w;
    struct span map;

    ck_assert(file_begin_memory(&w, &err));
    ck_assert(file_add(&w, "Hello", 5, &err));
    ck_assert(file_patch(&w, 0, "J", 1, &err));
    ck_assert(file_map(&w, &map, &err));
    file_drop(&w);
    ck_assert(span_is(map, "Jello"));
    ck_assert_int_eq(munmap((void *)(uintptr_t)map.at, map.bytes), 0);
    ck_assert_int_eq(entry_count(), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("file");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_published_file_reads_back);
    tcase_add_test(tc, before_publishing_the_old_file_stands);
    tcase_add_test(tc, a_dropped_file_leaves_nothing_behind);
    tcase_add_test(tc, bytes_already_written_can_be_patched);
    tcase_add_test(tc, a_failed_publish_leaves_no_temporary);
    tcase_add_test(tc, a_missing_file_is_absent);
    tcase_add_test(tc, a_file_over_the_limit_is_refused);
    tcase_add_test(tc, a_folder_is_no_file);
    tcase_add_test(tc, a_folder_that_is_missing_is_named);
    tcase_add_test(tc, a_file_in_memory_has_no_name_and_is_read_as_a_map);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
