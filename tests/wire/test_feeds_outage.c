/*
 * What GET /api/feeds gives while something it needs is away: always an
 * answer, in time, with the reason, and the personal feed again afterwards.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/feed_answer.h"
#include "../support/gate.h"
#include "../support/test_db.h"
#include "base/clock.h"
#include "web/cursor.h"

enum {
    DEADLINE_MS = 200,
    GRACE_MS = 50,
    TRIES = 5, /* the machine may be busy once, not five times in a row */
    BACK_US = 2000000, /* what is promised */
    US_PER_MS = 1000,
    HEAD_BYTES = 64,
    COPY_BYTES = 1 << 20,
    DAY_MS = 24 * 3600 * 1000,
};

static struct stage stage;
static struct worker feeds;
static char reader[STAGE_TOKEN], stranger[STAGE_TOKEN];

static void setup(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
    stage_token(&stage, test_id(CORPUS_READER), reader);
    stage_token(&stage, test_id(CORPUS_STRANGER), stranger);
}

static void setup_trained(void)
{
    setup();
    stage_train(&stage);
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&feeds), 0);
    stage_close(&stage);
}

static void start(void)
{
    worker_start(&feeds, &stage, "feeds");
}

/* With the gate between worker and database, and budgets as in production. */
static void start_behind_gate(void)
{
    gate_open(stage_folder());
    stage_set("KITH_DB_URL", gate_url());
    start();
}

static void is_fallback(const struct answer *a, const char *reason)
{
    ck_assert_msg(feed_says(a, reason), "%.*s", SPAN_ARGS(a->raw.body));
    ck_assert(span_is(answer_text(a, "source"), "random_fallback"));
    ck_assert_uint_eq(feed_count(a), 20);
}

static void falls_back(const char *reason)
{
    struct answer a;

    feed_ask(&feeds, reader, "", &a);
    is_fallback(&a, reason);
    answer_release(&a);
}

static void is_personal(void)
{
    struct answer a;

    feed_ask(&feeds, reader, "", &a);
    ck_assert_msg(feed_is_personal(&a), "%.*s", SPAN_ARGS(a.raw.body));
    answer_release(&a);
}

/* The reader's own posts, from what the model remembers of him. */
static void recalls(const char *reason)
{
    struct answer a;

    feed_ask(&feeds, reader, "", &a);
    ck_assert_msg(feed_says(&a, reason), "%.*s", SPAN_ARGS(a.raw.body));
    ck_assert(span_is(answer_text(&a, "source"), "random_fallback"));
    for (unsigned i = 0; i < CORPUS_RECOMMENDED; i++) {
        ck_assert_uint_eq(feed_number(&a, i), CORPUS_LIKED + 1 + i);
        ck_assert(span_is(feed_rung(&a, i), "neighbours"));
    }
    answer_release(&a);
}

static const char *awaited; /* what the answer shall name */

static bool says_awaited(const struct answer *a)
{
    return feed_says(a, awaited);
}

/* Asks until the answer names this reason (NULL: none), two seconds at most. */
static void soon(const char *query, const char *reason)
{
    awaited = reason;
    feed_await(&feeds, reader, query, says_awaited, BACK_US);
}

static void soon_says(const char *reason)
{
    soon("", reason);
}

/* ---- The model ---- */

START_TEST(without_a_model_posts_come_from_the_database)
{
    struct answer a;

    start();
    feed_ask(&feeds, reader, "limit=50", &a);
    ck_assert(feed_says(&a, "model_missing"));
    ck_assert(answer_is_null(&a, "model"));
    ck_assert_uint_eq(feed_count(&a), CORPUS_POSTS - CORPUS_LIKED);
    for (size_t i = 0; i < feed_count(&a); i++)
        ck_assert_uint_gt(feed_number(&a, i), CORPUS_LIKED);
    answer_release(&a);
}
END_TEST

START_TEST(without_a_model_hidden_posts_stay_hidden_when_all_is_seen)
{
    struct answer a;

    for (unsigned post = 4; post <= CORPUS_POSTS; post++)
        corpus_event(&stage, CORPUS_READER, post, post == 9 ? "hide" : "view");
    start();
    feed_ask(&feeds, reader, "limit=50", &a);
    ck_assert_uint_eq(feed_count(&a), CORPUS_POSTS - 1);
    for (size_t i = 0; i < feed_count(&a); i++)
        ck_assert_uint_ne(feed_number(&a, i), 9);
    answer_release(&a);
}
END_TEST

START_TEST(without_a_model_an_author_never_gets_his_own_posts)
{
    char author[STAGE_TOKEN];
    struct answer a;

    stage_token(&stage, test_id(CORPUS_AUTHOR), author);
    start();
    feed_ask(&feeds, author, "limit=50", &a);
    ck_assert_uint_eq(feed_count(&a), CORPUS_POSTS - 10);
    for (size_t i = 0; i < feed_count(&a); i++)
        ck_assert_uint_ne(feed_number(&a, i) % 3, 0);
    answer_release(&a);
}
END_TEST

START_TEST(without_model_and_posts_the_feed_is_empty_and_says_so)
{
    struct answer a;

    test_db_run(&stage.db, "DELETE FROM user_interactions; DELETE FROM posts");
    start();
    feed_ask(&feeds, reader, "", &a);
    ck_assert_uint_eq(feed_count(&a), 0);
    ck_assert(!answer_bool(&a, "has_more"));
    answer_release(&a);
    feed_ask(&feeds, reader, "feed=latest", &a);
    ck_assert_uint_eq(feed_count(&a), 0);
    answer_release(&a);
}
END_TEST

START_TEST(a_first_model_is_picked_up_without_a_restart)
{
    start();
    falls_back("model_missing");
    stage_train(&stage);
    soon_says(NULL);
    is_personal();
}
END_TEST

START_TEST(a_new_model_is_picked_up_without_a_restart)
{
    char before[64];
    struct answer a;
    struct json model;
    struct span version;
    struct err err;
    bool swapped = false;
    int64_t until_us = test_db_soon();

    start();
    feed_ask(&feeds, reader, "", &a);
    ck_assert(json_find_object(&a.json, "model", &model, NULL, &err));
    ck_assert(json_find_text(&model, "version", &version, NULL, &err));
    snprintf(before, sizeof before, "%.*s", SPAN_ARGS(version));
    answer_release(&a);
    stage_train(&stage);
    while (!swapped && clock_mono_us() < until_us) {
        feed_ask(&feeds, reader, "", &a);
        ck_assert(feed_says(&a, NULL)); /* no answer in between was worse */
        ck_assert(json_find_object(&a.json, "model", &model, NULL, &err));
        ck_assert(json_find_text(&model, "version", &version, NULL, &err));
        swapped = !span_is(version, before);
        answer_release(&a);
    }
    ck_assert(swapped);
}
END_TEST

START_TEST(a_model_taken_away_is_missed_and_found_again)
{
    char aside[STAGE_PATH];

    stage_path("aside", aside);
    start();
    is_personal();
    ck_assert_int_eq(rename(stage.model_path, aside), 0);
    soon_says("model_missing");
    falls_back("model_missing");
    ck_assert_int_eq(rename(aside, stage.model_path), 0);
    soon_says(NULL);
    is_personal();
}
END_TEST

/* Rewrites one byte, published by rename as an operator's copy would be. */
static void damage(off_t at)
{
    char copy_path[STAGE_PATH];
    static char bytes[COPY_BYTES];
    int fd = open(stage.model_path, O_RDONLY);
    ssize_t size = read(fd, bytes, sizeof bytes);

    ck_assert_int_gt(size, (ssize_t)at);
    close(fd);
    bytes[at] ^= 1;
    stage_path("damaged", copy_path);
    fd = open(copy_path, O_WRONLY | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    ck_assert_int_eq(write(fd, bytes, (size_t)size), size);
    close(fd);
    ck_assert_int_eq(rename(copy_path, stage.model_path), 0);
}

static size_t times_in_log(const char *what)
{
    char *log = worker_log(&feeds);
    size_t times = 0;

    for (char *at = log; (at = strstr(at, what)); at += strlen(what))
        times++;
    free(log);
    return times;
}

START_TEST(a_damaged_model_is_refused_once_and_a_good_one_taken)
{
    start();
    is_personal();
    damage(HEAD_BYTES * 40);
    soon_says("model_missing");
    for (int i = 0; i < 20; i++)
        falls_back("model_missing");
    ck_assert_uint_eq(times_in_log("event=model_refused"), 1);
    stage_train(&stage);
    soon_says(NULL);
    is_personal();
}
END_TEST

START_TEST(a_worker_starts_with_a_damaged_model)
{
    damage(1);
    start();
    falls_back("model_missing");
}
END_TEST

START_TEST(an_empty_file_is_no_model)
{
    ck_assert_int_eq(truncate(stage.model_path, 0), 0);
    start();
    falls_back("model_missing");
}
END_TEST

/* Nobody should, but an operator who copies over the file does: the pages
 * vanish under the worker before it has looked at the file again. */
START_TEST(a_model_cut_short_under_the_worker_costs_no_answer)
{
    stage_set("KITH_MODEL_CHECK_MS", "60000");
    start();
    is_personal();
    ck_assert_int_eq(truncate(stage.model_path, HEAD_BYTES), 0);
    falls_back("model_missing");
    falls_back("model_missing");
}
END_TEST

START_TEST(a_cut_model_is_replaced_by_the_next_good_one)
{
    start();
    is_personal();
    ck_assert_int_eq(truncate(stage.model_path, HEAD_BYTES), 0);
    soon_says("model_missing");
    stage_train(&stage);
    soon_says(NULL);
    is_personal();
}
END_TEST

START_TEST(an_old_model_is_stale_and_gives_its_place_to_chance)
{
    clock_set_wall_ms(clock_wall_ms() - (int64_t)8 * DAY_MS);
    stage_train(&stage);
    clock_set_wall_ms(0);
    start();
    falls_back("model_stale");
}
END_TEST

/* ---- The database ---- */

START_TEST(without_a_database_a_known_reader_gets_his_neighbours_posts)
{
    start_behind_gate();
    is_personal();
    gate_shut();
    recalls("database_down");
    gate_reopen();
    soon_says(NULL);
    is_personal();
}
END_TEST

START_TEST(without_a_database_a_known_reader_is_not_given_what_he_has_seen)
{
    struct answer a;

    start_behind_gate();
    gate_shut();
    feed_ask(&feeds, reader, "limit=50", &a);
    ck_assert(feed_says(&a, "database_down"));
    ck_assert_uint_eq(feed_count(&a), CORPUS_POSTS - CORPUS_LIKED);
    for (size_t i = 0; i < feed_count(&a); i++)
        ck_assert_uint_gt(feed_number(&a, i), CORPUS_LIKED);
    answer_release(&a);
}
END_TEST

START_TEST(a_worker_starts_without_a_database)
{
    start_behind_gate();
    gate_shut();
    recalls("database_down");
    gate_reopen();
    soon_says(NULL);
}
END_TEST

START_TEST(without_a_database_a_stranger_gets_what_is_read_now)
{
    struct answer a;

    stage_set("KITH_EXPLORE_PERCENT", "0");
    start_behind_gate();
    gate_shut();
    feed_ask(&feeds, stranger, "", &a);
    is_fallback(&a, "database_down");
    ck_assert(span_is(feed_rung(&a, 0), "trending"));
    answer_release(&a);
}
END_TEST

START_TEST(a_visitor_needs_no_database_at_all)
{
    struct answer a;

    start_behind_gate();
    gate_shut();
    worker_ask(&feeds, &(struct ask){0}, &a);
    is_fallback(&a, "cold_start");
    answer_release(&a);
}
END_TEST

START_TEST(without_a_database_the_latest_feed_comes_from_the_model)
{
    struct answer a;

    start_behind_gate();
    gate_shut();
    feed_ask(&feeds, reader, "feed=latest&limit=50", &a);
    ck_assert(feed_says(&a, "database_down"));
    ck_assert(span_is(answer_text(&a, "source"), "latest"));
    ck_assert_uint_eq(feed_count(&a), CORPUS_POSTS);
    for (unsigned i = 0; i < CORPUS_POSTS; i++)
        ck_assert_uint_eq(feed_number(&a, i), i + 1);
    answer_release(&a);
}
END_TEST

/* The first page of one store, the second of the other: the same order. */
START_TEST(a_scroll_through_the_latest_survives_the_loss_of_the_database)
{
    char query[CURSOR_TEXT_MOST + 64];
    struct answer a;

    start_behind_gate();
    feed_ask(&feeds, reader, "feed=latest&limit=12", &a);
    ck_assert(feed_says(&a, NULL));
    snprintf(query, sizeof query, "limit=50&cursor=%.*s",
             SPAN_ARGS(answer_text(&a, "next_cursor")));
    answer_release(&a);
    gate_shut();
    feed_ask(&feeds, reader, query, &a);
    ck_assert(feed_says(&a, "database_down"));
    ck_assert_uint_eq(feed_count(&a), CORPUS_POSTS - 12);
    ck_assert_uint_eq(feed_number(&a, 0), 13);
    answer_release(&a);
}
END_TEST

START_TEST(a_scroll_survives_the_loss_of_the_database)
{
    bool given[CORPUS_POSTS + 1] = {false};
    char query[CURSOR_TEXT_MOST + 64] = "limit=4";
    struct answer a;
    bool more = true;

    start_behind_gate();
    for (int page = 0; more; page++) {
        feed_ask(&feeds, reader, query, &a);
        for (size_t i = 0; i < feed_count(&a); i++) {
            ck_assert(!given[feed_number(&a, i)]);
            given[feed_number(&a, i)] = true;
        }
        more = answer_bool(&a, "has_more");
        if (more)
            snprintf(query, sizeof query, "limit=4&cursor=%.*s",
                     SPAN_ARGS(answer_text(&a, "next_cursor")));
        answer_release(&a);
        if (page == 1)
            gate_shut();
    }
    for (unsigned n = CORPUS_LIKED + 1; n <= CORPUS_POSTS; n++)
        ck_assert(given[n]);
}
END_TEST

START_TEST(without_database_and_model_what_was_read_last_is_given)
{
    ck_assert_int_eq(remove(stage.model_path), 0);
    start_behind_gate();
    falls_back("model_missing");
    gate_shut();
    falls_back("model_missing");
}
END_TEST

START_TEST(with_neither_from_the_start_the_feed_is_empty_but_an_answer)
{
    struct answer a;

    ck_assert_int_eq(remove(stage.model_path), 0);
    start_behind_gate();
    gate_shut();
    feed_ask(&feeds, reader, "", &a);
    ck_assert_uint_eq(feed_count(&a), 0);
    ck_assert(feed_says(&a, "model_missing"));
    answer_release(&a);
}
END_TEST

/* PostgreSQL alone might take longer than the whole answer may. */
static void set_budgets(void)
{
    char text[16];

    snprintf(text, sizeof text, "%d", DEADLINE_MS);
    stage_set("KITH_FEED_DEADLINE_MS", text);
    stage_set("KITH_DB_WAIT_MS", "5000");
}

static bool in_time(int64_t took_us)
{
    return took_us <= (DEADLINE_MS + GRACE_MS) * US_PER_MS;
}

/*
 * How long an answer takes whose database connection is there and gives
 * nothing back; the best of some tries, each from a healthy state.
 */
static int64_t hang_us(const char *query, const char *reason)
{
    int64_t best_us = INT64_MAX, start_us, took_us;
    struct answer a;

    for (int i = 0; i < TRIES && !in_time(best_us); i++) {
        soon("feed=latest", NULL); /* this one always needs the database */
        gate_freeze();
        start_us = clock_mono_us();
        feed_ask(&feeds, reader, query, &a);
        took_us = clock_mono_us() - start_us;
        ck_assert_msg(feed_says(&a, reason), "%.*s", SPAN_ARGS(a.raw.body));
        ck_assert_int_ge(took_us, DEADLINE_MS * US_PER_MS);
        best_us = took_us < best_us ? took_us : best_us;
        answer_release(&a);
        gate_thaw();
    }
    return best_us;
}

START_TEST(a_database_that_hangs_costs_no_more_than_the_deadline)
{
    set_budgets();
    start_behind_gate();
    ck_assert(in_time(hang_us("", "timeout")));
    ck_assert(in_time(hang_us("feed=latest", "timeout")));
}
END_TEST

/* The budget of PostgreSQL within an answer that could take longer. */
START_TEST(a_database_that_hangs_costs_no_more_than_its_own_budget)
{
    char text[16];

    snprintf(text, sizeof text, "%d", DEADLINE_MS);
    stage_set("KITH_DB_WAIT_MS", text);
    stage_set("KITH_FEED_DEADLINE_MS", "5000");
    start_behind_gate();
    ck_assert(in_time(hang_us("", "timeout")));
}
END_TEST

/* Nor do the ones behind it, which have to dial first. */
START_TEST(a_database_that_does_not_take_connections_costs_no_more)
{
    set_budgets();
    start_behind_gate();
    gate_freeze();
    for (int i = 0; i < TRIES; i++) {
        struct answer a;
        feed_ask(&feeds, reader, "", &a);
        ck_assert(feed_says(&a, "timeout") || feed_says(&a, "database_down"));
        ck_assert_uint_eq(feed_count(&a), 20);
        answer_release(&a);
    }
    gate_thaw();
    soon_says(NULL);
}
END_TEST

START_TEST(with_model_and_database_away_the_deadline_is_kept_as_well)
{
    set_budgets();
    ck_assert_int_eq(remove(stage.model_path), 0);
    start_behind_gate();
    ck_assert(in_time(hang_us("", "model_missing")));
    ck_assert(in_time(hang_us("feed=latest", "timeout")));
}
END_TEST

START_TEST(a_database_that_is_not_there_costs_next_to_nothing)
{
    set_budgets();
    start_behind_gate();
    gate_shut();
    soon_says("database_down");
    ck_assert_int_le(feed_usual_us(&feeds, reader, "", feed_is_recalled),
                     GRACE_MS * US_PER_MS);
}
END_TEST

START_TEST(tables_that_are_not_there_are_an_outage)
{
    test_db_run(&stage.db, "ALTER TABLE user_interactions RENAME TO away");
    start();
    recalls("database_down");
    test_db_run(&stage.db, "ALTER TABLE away RENAME TO user_interactions");
    soon_says(NULL);
}
END_TEST

/* A statement that waits for a lock: the database lives, this answer not. */
START_TEST(a_locked_table_costs_no_more_than_the_deadline)
{
    set_budgets();
    start();
    soon_says(NULL);
    test_db_run(&stage.db, "BEGIN; LOCK TABLE user_interactions");
    soon_says("timeout");
    ck_assert(in_time(feed_usual_us(&feeds, reader, "", feed_is_recalled)));
    test_db_run(&stage.db, "ROLLBACK");
    soon_says(NULL);
}
END_TEST

static void add_model(TCase *bare, TCase *tc)
{
    tcase_add_test(bare, without_a_model_posts_come_from_the_database);
    tcase_add_test(bare,
                   without_a_model_hidden_posts_stay_hidden_when_all_is_seen);
    tcase_add_test(bare, without_a_model_an_author_never_gets_his_own_posts);
    tcase_add_test(bare, without_model_and_posts_the_feed_is_empty_and_says_so);
    tcase_add_test(bare, a_first_model_is_picked_up_without_a_restart);
    tcase_add_test(bare, an_old_model_is_stale_and_gives_its_place_to_chance);
    tcase_add_test(tc, a_new_model_is_picked_up_without_a_restart);
    tcase_add_test(tc, a_model_taken_away_is_missed_and_found_again);
    tcase_add_test(tc, a_damaged_model_is_refused_once_and_a_good_one_taken);
    tcase_add_test(tc, a_worker_starts_with_a_damaged_model);
    tcase_add_test(tc, an_empty_file_is_no_model);
    tcase_add_test(tc, a_model_cut_short_under_the_worker_costs_no_answer);
    tcase_add_test(tc, a_cut_model_is_replaced_by_the_next_good_one);
}

static void add_database(TCase *tc)
{
    tcase_add_test(tc,
                   without_a_database_a_known_reader_gets_his_neighbours_posts);
    tcase_add_test(tc, without_a_database_a_stranger_gets_what_is_read_now);
    tcase_add_test(
        tc, without_a_database_a_known_reader_is_not_given_what_he_has_seen);
    tcase_add_test(tc, a_worker_starts_without_a_database);
    tcase_add_test(tc, a_visitor_needs_no_database_at_all);
    tcase_add_test(tc, without_a_database_the_latest_feed_comes_from_the_model);
    tcase_add_test(
        tc, a_scroll_through_the_latest_survives_the_loss_of_the_database);
    tcase_add_test(tc, a_scroll_survives_the_loss_of_the_database);
    tcase_add_test(tc, without_database_and_model_what_was_read_last_is_given);
    tcase_add_test(tc,
                   with_neither_from_the_start_the_feed_is_empty_but_an_answer);
    tcase_add_test(tc, a_database_that_hangs_costs_no_more_than_the_deadline);
    tcase_add_test(tc, a_database_that_hangs_costs_no_more_than_its_own_budget);
    tcase_add_test(tc, a_database_that_does_not_take_connections_costs_no_more);
    tcase_add_test(tc,
                   with_model_and_database_away_the_deadline_is_kept_as_well);
    tcase_add_test(tc, a_database_that_is_not_there_costs_next_to_nothing);
    tcase_add_test(tc, tables_that_are_not_there_are_an_outage);
    tcase_add_test(tc, a_locked_table_costs_no_more_than_the_deadline);
}

int main(void)
{
    Suite *s = suite_create("feeds_outage");
    TCase *tc = tcase_create("trained"), *bare = tcase_create("untrained");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_set_timeout(bare, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(bare, setup, teardown);
    tcase_add_checked_fixture(tc, setup_trained, teardown);
    add_model(bare, tc);
    add_database(tc);
    suite_add_tcase(s, bare);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
