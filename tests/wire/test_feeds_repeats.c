/*
 * What GET /api/feeds does not give twice: pages of one scroll while the world
 * changes, posts seen, posts held back, posts the request excludes.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/feed_answer.h"
#include "../support/gate.h"
#include "../support/test_db.h"
#include "base/clock.h"
#include "web/cursor.h"
#include "web/held.h"

enum {
    MORE_POSTS = 240,   /* over ten pages, with all that come under fifteen */
    LATEST_POSTS = 250, /* over ten pages with the corpus */
    FIRST_MORE = 1001,  /* their numbers */
    FIRST_NEW = 2001,
    NEW_A_PAGE = 10,
    CHANGES = 10, /* one between two pages: 100 posts come and 10 go */
    PAGES = 15,
    PAGE = 25,
    NUMBERS = 3000,
    QUERY_BYTES = CURSOR_TEXT_MOST + 64,
    OVERLAY_US = 2000000, /* within which a removal is effective */
};

static const char *const algorithms[] = {"collaborative_filtering_v1",
                                         "hybrid_v2"};

static struct stage stage;
static struct worker feeds;
static char reader[STAGE_TOKEN], stranger[STAGE_TOKEN];

static void setup(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
    stage_token(&stage, test_id(CORPUS_READER), reader);
    stage_token(&stage, test_id(CORPUS_STRANGER), stranger);
    stage_set("KITH_FRESH_CHECK_MS", "100");
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&feeds), 0);
    stage_close(&stage);
}

static void start(void)
{
    stage_train(&stage);
    worker_start(&feeds, &stage, "feeds");
}

/* ---- a scroll while everything changes ---- */

static void publish(unsigned first, unsigned count, const char *age)
{
    char sql[512];

    snprintf(sql, sizeof sql,
             "INSERT INTO posts (id, title, published_at)"
             " SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))"
             "::uuid, 'More ' || n, date_trunc('second', now()) - %s"
             " - (n - %u) * interval '1 minute'"
             " FROM generate_series(%u, %u) n",
             age, first, first, first + count - 1);
    test_db_run(&stage.db, sql);
}

static void take_away(unsigned number)
{
    char sql[256];

    snprintf(sql, sizeof sql,
             "UPDATE posts SET deleted_at = now(), updated_at = now()"
             " WHERE id = '00000000-0000-4000-8000-%012u'",
             number);
    test_db_run(&stage.db, sql);
}

/* The post deleted before page `page` is asked for. */
static unsigned victim(unsigned page)
{
    return FIRST_MORE + page * 7;
}

/* Ten new posts, one deleted, and twice a model, between the pages. */
static void change(unsigned page)
{
    publish(FIRST_NEW + page * NEW_A_PAGE, NEW_A_PAGE, "interval '0'");
    take_away(victim(page));
    if (page == 3 || page == 6)
        stage_train(&stage);
}

struct scroll {
    unsigned given[NUMBERS]; /* on which page, from 1; 0: on none */
    unsigned order[PAGES * PAGE], count, pages;
    int64_t asked_us[PAGES + 1];   /* by page, from 1 */
    int64_t removed_us[PAGES + 1]; /* when the victim of that page was */
};

static void add_page(struct scroll *s, const struct answer *a)
{
    s->pages++;
    for (size_t i = 0; i < feed_count(a); i++) {
        unsigned n = feed_number(a, i);
        ck_assert_msg(!s->given[n], "post %u on pages %u and %u", n,
                      s->given[n], s->pages);
        s->given[n] = s->pages;
        s->order[s->count++] = n;
    }
}

static void scroll(const char *first, struct scroll *s)
{
    char query[QUERY_BYTES];
    bool more = true;

    memset(s, 0, sizeof *s);
    snprintf(query, sizeof query, "%s", first);
    while (more && s->pages < PAGES) {
        struct answer a;
        if (s->pages && s->pages <= CHANGES) {
            change(s->pages);
            s->removed_us[s->pages] = clock_mono_us();
        }
        s->asked_us[s->pages + 1] = clock_mono_us();
        feed_ask(&feeds, reader, query, &a);
        add_page(s, &a);
        more = answer_bool(&a, "has_more");
        if (more)
            snprintf(query, sizeof query, "limit=%d&cursor=%.*s", PAGE,
                     SPAN_ARGS(answer_text(&a, "next_cursor")));
        answer_release(&a);
    }
}

/* Deleted; then it was given before, or within the time the overlay has. */
static bool was_deleted(unsigned number, const struct scroll *s)
{
    for (unsigned page = 1; page <= CHANGES; page++)
        if (victim(page) == number) {
            unsigned given = s->given[number];
            ck_assert(given <= page ||
                      s->asked_us[given] <= s->removed_us[page] + OVERLAY_US);
            return true;
        }
    return false;
}

static struct scroll s;

START_TEST(ten_pages_neither_repeat_nor_skip_while_everything_changes)
{
    publish(FIRST_MORE, MORE_POSTS, "interval '40 hours'");
    stage_set("KITH_ALGORITHM", algorithms[_i]);
    stage_set("KITH_CURSOR_POSTS", "400");
    start();
    scroll("limit=25", &s);
    ck_assert_uint_gt(s.pages, CHANGES);
    for (unsigned n = CORPUS_LIKED + 1; n <= CORPUS_POSTS; n++)
        ck_assert_msg(s.given[n], "post %u was skipped", n);
    for (unsigned n = FIRST_MORE; n < FIRST_MORE + MORE_POSTS; n++)
        ck_assert_msg(was_deleted(n, &s) || s.given[n], "post %u was skipped",
                      n);
}
END_TEST

START_TEST(ten_pages_of_the_latest_keep_the_order_they_began_with)
{
    unsigned at = 0;

    publish(FIRST_MORE, LATEST_POSTS, "interval '40 hours'");
    start();
    scroll("feed=latest&limit=25", &s);
    for (unsigned n = 1; n <= CORPUS_POSTS; n++)
        ck_assert_uint_eq(s.order[at++], n);
    for (unsigned n = FIRST_MORE; n < FIRST_MORE + LATEST_POSTS; n++) {
        if (was_deleted(n, &s) && !s.given[n])
            continue;
        ck_assert_uint_eq(s.order[at++], n);
    }
    ck_assert_uint_eq(at, s.count);
    ck_assert_uint_gt(s.pages, CHANGES);
}
END_TEST

/* ---- what was seen ---- */

static void see(unsigned reader_number, unsigned post, const char *type,
                const char *ago)
{
    char sql[512];

    snprintf(sql, sizeof sql,
             "INSERT INTO users (id) VALUES"
             " ('00000000-0000-4000-8000-%012u') ON CONFLICT DO NOTHING;"
             "INSERT INTO user_interactions"
             " (id, user_id, post_id, interaction_type, created_at)"
             " VALUES (gen_random_uuid(), '00000000-0000-4000-8000-%012u',"
             " '00000000-0000-4000-8000-%012u', '%s',"
             " now() - interval '%s')",
             reader_number, reader_number, post, type, ago);
    test_db_run(&stage.db, sql);
}

/* Events before and after the training: the model's row has no times. */
START_TEST(a_post_seen_comes_again_after_the_window_and_a_hidden_one_never)
{
    struct answer a;

    see(CORPUS_READER, 4, "view", "3 hours");
    see(CORPUS_READER, 5, "view", "1 hour");
    see(CORPUS_READER, 6, "hide", "3 hours");
    stage_set("KITH_SEEN_S", "7200");
    stage_set("KITH_ALGORITHM", algorithms[_i]);
    start();
    see(CORPUS_READER, 7, "view", "3 hours");
    see(CORPUS_READER, 8, "view", "1 hour");
    see(CORPUS_READER, 9, "like", "3 hours");
    see(CORPUS_READER, 9, "view", "1 minute");
    feed_ask(&feeds, reader, "limit=50", &a);
    ck_assert(feed_gives(&a, 4) && feed_gives(&a, 7));
    ck_assert(!feed_gives(&a, 5) && !feed_gives(&a, 8));
    ck_assert(!feed_gives(&a, 6) && !feed_gives(&a, 9));
    answer_release(&a);
}
END_TEST

START_TEST(without_a_window_a_post_seen_does_not_come_again)
{
    struct answer a;

    see(CORPUS_READER, 4, "view", "9000 hours");
    start();
    feed_ask(&feeds, reader, "limit=50", &a);
    ck_assert(!feed_gives(&a, 4) && feed_gives(&a, 5));
    answer_release(&a);
}
END_TEST

static void see_all(void)
{
    char ago[32];

    for (unsigned n = 1; n <= CORPUS_POSTS; n++) {
        /* 17, 18, .. 30, 1, .. 16, oldest first */
        snprintf(ago, sizeof ago, "%u hours",
                 100 - (n + CORPUS_POSTS - 17) % CORPUS_POSTS);
        see(CORPUS_STRANGER, n, n == 18 ? "hide" : "view", ago);
    }
}

static const unsigned oldest_seen[] = {17, 19, 20, 21};

/* With a model and, on the second turn, without one. */
START_TEST(when_all_is_seen_the_oldest_come_again_in_their_order)
{
    struct answer a;

    see_all();
    start();
    if (_i) {
        ck_assert_int_eq(remove(stage.model_path), 0);
        ck_assert_int_eq(worker_stop(&feeds), 0);
        worker_start(&feeds, &stage, "feeds");
    }
    feed_ask(&feeds, stranger, "limit=4", &a);
    ck_assert(feed_says(&a, _i ? "model_missing" : "exhausted"));
    ck_assert(feed_is_from(&a, "random_fallback"));
    ck_assert_uint_eq(feed_count(&a), 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(feed_number(&a, i), oldest_seen[i]);
    answer_release(&a);
}
END_TEST

START_TEST(pages_of_a_feed_that_has_started_over_do_not_repeat)
{
    char query[QUERY_BYTES];
    struct answer a;

    see_all();
    start();
    feed_ask(&feeds, stranger, "limit=2", &a);
    snprintf(query, sizeof query, "limit=2&cursor=%.*s",
             SPAN_ARGS(answer_text(&a, "next_cursor")));
    answer_release(&a);
    feed_ask(&feeds, stranger, query, &a);
    ck_assert_uint_eq(feed_number(&a, 0), oldest_seen[2]);
    ck_assert_uint_eq(feed_number(&a, 1), oldest_seen[3]);
    answer_release(&a);
}
END_TEST

/* ---- what was given and not seen ---- */

/* With the cookies of the answer before, if there was one. */
static void ask_again(const char *query, char *held, struct answer *a)
{
    worker_ask(&feeds,
               &(struct ask){.query = query,
                             .bearer = stranger,
                             .cookie = *held ? held : NULL},
               a);
    ck_assert_int_eq(a->status, 200);
    ck_assert(answer_cookie_of(a, HELD_COOKIE, held, HELD_TEXT_MOST + 64));
}

START_TEST(a_post_given_is_held_back_until_no_other_is_left)
{
    bool given[CORPUS_POSTS + 1] = {false};
    char held[HELD_TEXT_MOST + 64] = "";
    struct answer a;

    stage_set("KITH_ALGORITHM", algorithms[_i]);
    start();
    for (int ask = 0; ask < 3; ask++) {
        ask_again("limit=10", held, &a);
        ck_assert_uint_eq(feed_count(&a), 10);
        for (size_t i = 0; i < 10; i++) {
            ck_assert(!given[feed_number(&a, i)]);
            given[feed_number(&a, i)] = true;
        }
        answer_release(&a);
    }
    ask_again("limit=10", held, &a);
    ck_assert_uint_eq(feed_count(&a), 10); /* rather again than nothing */
    ck_assert(feed_says(&a, "cold_start"));
    answer_release(&a);
}
END_TEST

START_TEST(posts_are_held_back_without_a_database_as_well)
{
    char held[HELD_TEXT_MOST + 64] = "";
    struct answer a, b;

    gate_open(stage_folder());
    stage_set("KITH_DB_URL", gate_url());
    start();
    gate_shut();
    ask_again("limit=10", held, &a);
    ask_again("limit=10", held, &b);
    for (size_t i = 0; i < 10; i++)
        ck_assert(!feed_gives(&a, feed_number(&b, i)));
    answer_release(&a);
    answer_release(&b);
}
END_TEST

START_TEST(what_is_held_back_ends_with_its_time)
{
    char held[HELD_TEXT_MOST + 64] = HELD_COOKIE "=";
    struct held was = {0};
    struct answer a;
    struct buf text;

    start();
    for (unsigned n = 1; n <= 20; n++)
        held_add(&was, test_id(n),
                 clock_wall_ms() - (n <= 10 ? 599000 : 601000));
    buf_init(&text, HELD_TEXT_MOST);
    held_sign(&stage.keys, test_id(CORPUS_STRANGER), &was, clock_wall_ms(),
              &text);
    snprintf(held + strlen(held), sizeof held - strlen(held), "%.*s",
             SPAN_ARGS(buf_view(&text)));
    buf_release(&text);
    ask_again("limit=20", held, &a);
    for (unsigned n = 1; n <= CORPUS_POSTS; n++)
        ck_assert(feed_gives(&a, n) == (n > 10));
    answer_release(&a);
}
END_TEST

START_TEST(the_cookie_of_another_reader_holds_nothing_back)
{
    char held[HELD_TEXT_MOST + 64] = "";
    struct answer a, b;

    start();
    ask_again("limit=10", held, &a);
    worker_ask(
        &feeds,
        &(struct ask){.query = "limit=7", .bearer = reader, .cookie = held},
        &b);
    for (size_t i = 0; i < CORPUS_RECOMMENDED; i++)
        ck_assert_uint_eq(feed_number(&b, i), CORPUS_LIKED + 1 + i);
    answer_release(&a);
    answer_release(&b);
}
END_TEST

START_TEST(the_cookie_goes_to_feeds_alone_and_only_when_it_is_wanted)
{
    char held[HELD_TEXT_MOST + 64];
    struct answer a;

    start();
    feed_ask(&feeds, stranger, "", &a);
    ck_assert(span_has(a.raw.head, "; Path=/api/feeds; Max-Age=600; "
                                   "HttpOnly; SameSite=Lax\r\n"));
    answer_release(&a);
    feed_ask(&feeds, stranger, "feed=latest", &a);
    ck_assert(!answer_cookie_of(&a, HELD_COOKIE, held, sizeof held));
    answer_release(&a);
    ck_assert_int_eq(worker_stop(&feeds), 0);
    stage_set("KITH_HOLD_S", "0");
    worker_start(&feeds, &stage, "feeds");
    feed_ask(&feeds, stranger, "", &a);
    ck_assert(!answer_cookie_of(&a, HELD_COOKIE, held, sizeof held));
    answer_release(&a);
}
END_TEST

/* ---- what the request excludes ---- */

static const char *const feeds_of[] = {"", "&feed=latest"};

START_TEST(an_excluded_post_is_not_given_in_this_answer)
{
    char query[256];
    struct answer a;

    start();
    snprintf(query, sizeof query,
             "limit=50&exclude=00000000-0000-4000-8000-000000000004,"
             "00000000-0000-4000-8000-000000000030%s",
             feeds_of[_i]);
    feed_ask(&feeds, reader, query, &a);
    ck_assert(!feed_gives(&a, 4) && !feed_gives(&a, 30) && feed_gives(&a, 5));
    answer_release(&a);
    snprintf(query, sizeof query, "limit=50%s", feeds_of[_i]);
    feed_ask(&feeds, reader, query, &a);
    ck_assert(feed_gives(&a, 4) && feed_gives(&a, 30));
    answer_release(&a);
}
END_TEST

static void add_rest(TCase *tc)
{
    tcase_add_loop_test(
        tc, a_post_seen_comes_again_after_the_window_and_a_hidden_one_never, 0,
        2);
    tcase_add_test(tc, without_a_window_a_post_seen_does_not_come_again);
    tcase_add_loop_test(
        tc, when_all_is_seen_the_oldest_come_again_in_their_order, 0, 2);
    tcase_add_test(tc, pages_of_a_feed_that_has_started_over_do_not_repeat);
    tcase_add_loop_test(tc, a_post_given_is_held_back_until_no_other_is_left, 0,
                        2);
    tcase_add_test(tc, posts_are_held_back_without_a_database_as_well);
    tcase_add_test(tc, what_is_held_back_ends_with_its_time);
    tcase_add_test(tc, the_cookie_of_another_reader_holds_nothing_back);
    tcase_add_test(tc,
                   the_cookie_goes_to_feeds_alone_and_only_when_it_is_wanted);
    tcase_add_loop_test(tc, an_excluded_post_is_not_given_in_this_answer, 0, 2);
}

int main(void)
{
    Suite *suite = suite_create("feeds_repeats");
    TCase *tc = tcase_create("repeats");
    SRunner *sr = srunner_create(suite);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(
        tc, ten_pages_neither_repeat_nor_skip_while_everything_changes, 0, 2);
    tcase_add_test(tc, ten_pages_of_the_latest_keep_the_order_they_began_with);
    add_rest(tc);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
