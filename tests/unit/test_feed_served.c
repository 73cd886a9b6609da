/* The log of answers stays within its size, and what it keeps can be found. */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/feed_served.h"

enum { MOST = 16384, ANSWERS = 500, PATH = 512 };

static char folder[64];
static struct config config;
static struct feeder feeder;
static struct feed feed;
static struct feed_ask ask;
static struct model_meta meta;
static struct token_keys keys;
static struct served log_of_answers;
static struct err err;

static void setup(void)
{
    snprintf(folder, sizeof folder, "/tmp/kith-served-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    config = (struct config){.served = folder, .served_bytes = MOST};
    feeder.config = &config;
    feed.model = &meta;
    ask = (struct feed_ask){.kind = CURSOR_FOR_YOU, .want = 1};
    snprintf(keys.key[0].id, sizeof keys.key[0].id, "k");
    served_init(&log_of_answers);
}

/* Calls `each` on every file; the sum of what it returns. */
static uint64_t walk(uint64_t (*each)(const char *path, const struct stat *st))
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    uint64_t sum = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL) {
        char path[PATH];
        struct stat st;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%.255s", folder, entry->d_name);
        ck_assert_int_eq(stat(path, &st), 0);
        sum += each(path, &st);
    }
    closedir(dir);
    return sum;
}

static uint64_t bytes_of(const char *path, const struct stat *st)
{
    (void)path;
    ck_assert_int_eq(st->st_mode & 0777, 0600);
    return (uint64_t)st->st_size;
}

static uint64_t take_away(const char *path, const struct stat *st)
{
    (void)st;
    return unlink(path) == 0;
}

static void teardown(void)
{
    served_release(&log_of_answers);
    walk(take_away);
    rmdir(folder);
}

static struct uuid request_of(unsigned number)
{
    struct uuid id = {{1}};

    memcpy(id.b + 8, &number, sizeof number);
    return id;
}

static void add(unsigned number)
{
    served_add(&log_of_answers,
               &(struct served_answer){.feeder = &feeder,
                                       .ask = &ask,
                                       .feed = &feed,
                                       .keys = &keys,
                                       .request = request_of(number),
                                       .took_us = number,
                                       .body = span_of("{}")});
}

static bool find(unsigned number, struct served_record *out)
{
    static struct served_found found;
    bool ok = served_find(folder, request_of(number), &found, &err);

    *out = found.record;
    return ok;
}

START_TEST(an_answer_is_found_by_its_request)
{
    struct served_record r;

    add(1);
    add(2);
    ck_assert(find(2, &r));
    ck_assert_int_eq(r.took_us, 2);
    ck_assert(!find(3, &r));
    ck_assert_int_eq(err.code, ERR_ABSENT);
}
END_TEST

START_TEST(the_log_never_grows_beyond_its_size_and_keeps_the_newest)
{
    struct served_record r;
    unsigned oldest = 0;

    for (unsigned i = 0; i < ANSWERS; i++) {
        add(i);
        ck_assert_uint_le(walk(bytes_of), MOST);
        ck_assert_msg(find(i, &r), "%u is gone", i);
    }
    while (!find(oldest, &r))
        oldest++;
    /* Of 81 that fit at least six eighths stay; none from between is lost. */
    ck_assert_uint_gt(oldest, ANSWERS - MOST / sizeof r);
    ck_assert_uint_lt(oldest, ANSWERS - MOST / sizeof r * 3 / 4);
    for (unsigned i = oldest; i < ANSWERS; i++)
        ck_assert_msg(find(i, &r), "%u is gone", i);
}
END_TEST

START_TEST(two_workers_share_the_size)
{
    struct served other;
    struct served_record r;

    served_init(&other);
    for (unsigned i = 0; i < ANSWERS; i++) {
        struct served both = log_of_answers;
        add(i);
        both = log_of_answers;
        log_of_answers = other;
        other = both;
        ck_assert_uint_le(walk(bytes_of), MOST + MOST / 8);
    }
    ck_assert(find(ANSWERS - 1, &r));
    ck_assert(find(ANSWERS - 2, &r));
    served_release(&other);
}
END_TEST

START_TEST(a_file_that_was_taken_away_is_followed_by_another)
{
    struct served_record r;

    add(1);
    ck_assert_uint_eq(walk(take_away), 1);
    add(2);
    ck_assert(!find(1, &r));
    ck_assert(find(2, &r));
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_made_for_its_owner_alone)
{
    struct served_record r;
    struct stat st;

    ck_assert_int_eq(rmdir(folder), 0);
    add(1);
    ck_assert(find(1, &r));
    ck_assert_int_eq(stat(folder, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0700);
}
END_TEST

START_TEST(without_a_folder_nothing_is_kept_and_nothing_fails)
{
    config.served = "";
    add(1);
    config.served = "/nowhere/at/all";
    add(2);
    ck_assert_uint_eq(walk(bytes_of), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("feed_served");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, an_answer_is_found_by_its_request);
    tcase_add_test(tc,
                   the_log_never_grows_beyond_its_size_and_keeps_the_newest);
    tcase_add_test(tc, two_workers_share_the_size);
    tcase_add_test(tc, a_file_that_was_taken_away_is_followed_by_another);
    tcase_add_test(tc, a_folder_that_is_not_there_is_made_for_its_owner_alone);
    tcase_add_test(tc, without_a_folder_nothing_is_kept_and_nothing_fails);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
