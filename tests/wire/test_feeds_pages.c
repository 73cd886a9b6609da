/* GET /api/feeds page by page, from the first to the last: none repeated, none
 * skipped, in the world of corpus.h. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/feed_answer.h"
#include "../support/test_db.h"
#include "web/cursor.h"

enum { PAGES_MOST = 64, QUERY_BYTES = CURSOR_TEXT_MOST + 64, IDS_MOST = 128 };

static struct stage stage;
static struct worker feeds;
static char reader[STAGE_TOKEN], stranger[STAGE_TOKEN];

static void setup(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
    stage_token(&stage, test_id(CORPUS_READER), reader);
    stage_token(&stage, test_id(CORPUS_STRANGER), stranger);
    stage_train(&stage);
    worker_start(&feeds, &stage, "feeds");
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&feeds), 0);
    stage_close(&stage);
}

/* ---- Whole scrolls ---- */

struct scroll {
    size_t pages, count;
    unsigned numbers[IDS_MOST];
    int64_t positions[IDS_MOST];
};

static void add_page(struct scroll *s, const struct answer *a)
{
    s->pages++;
    for (size_t i = 0; i < feed_count(a); i++) {
        ck_assert_uint_lt(s->count, IDS_MOST);
        s->numbers[s->count] = feed_number(a, i);
        s->positions[s->count++] = feed_position(a, i);
    }
}

/* False at the end of the scroll, else `query` asks for the next page. */
static bool next_query(const struct answer *a, const char *first,
                       char query[QUERY_BYTES])
{
    bool more = answer_bool(a, "has_more");

    ck_assert_int_eq(more, !answer_is_null(a, "next_cursor"));
    if (more)
        snprintf(query, QUERY_BYTES, "%s&cursor=%.*s", first,
                 SPAN_ARGS(answer_text(a, "next_cursor")));
    return more;
}

typedef void between_fn(size_t pages);

/* All pages; `between` is called after each. */
static void scroll_through(const char *bearer, const char *first,
                           between_fn *between, struct scroll *s)
{
    char query[QUERY_BYTES];
    bool more = true;
    struct answer a;

    *s = (struct scroll){0};
    snprintf(query, sizeof query, "%s", first);
    while (more) {
        ck_assert_uint_lt(s->pages, PAGES_MOST);
        feed_ask(&feeds, bearer, query, &a);
        add_page(s, &a);
        more = next_query(&a, first, query);
        answer_release(&a);
        if (between)
            between(s->pages);
    }
}

static void never_repeats(const struct scroll *s)
{
    for (size_t i = 0; i < s->count; i++) {
        ck_assert_int_eq(s->positions[i], (int64_t)i + 1);
        for (size_t j = 0; j < i; j++)
            ck_assert_msg(s->numbers[i] != s->numbers[j],
                          "post %u at %zu and %zu", s->numbers[i], j + 1,
                          i + 1);
    }
}

static bool has(const struct scroll *s, unsigned number)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->numbers[i] == number)
            return true;
    return false;
}

/* ---- Pages ---- */

static const unsigned limits[] = {1, 3, 6, 7, 8, 20, 26, 27, 28, 50};

START_TEST(pages_never_repeat_and_never_skip)
{
    struct scroll s;
    char first[QUERY_BYTES];

    snprintf(first, sizeof first, "limit=%u", limits[_i]);
    scroll_through(reader, first, NULL, &s);
    never_repeats(&s);
    ck_assert_uint_eq(s.count, CORPUS_POSTS - CORPUS_LIKED);
    ck_assert_uint_eq(s.pages, (s.count + limits[_i] - 1) / limits[_i]);
    for (unsigned i = 0; i < CORPUS_RECOMMENDED; i++)
        ck_assert_uint_eq(s.numbers[i], CORPUS_LIKED + 1 + i);
}
END_TEST

static void train_between(size_t pages)
{
    if (pages == 2) {
        corpus_event(&stage, 101, 25, "like");
        stage_train(&stage);
    }
}

START_TEST(pages_never_repeat_while_the_model_is_replaced)
{
    struct scroll s;

    scroll_through(reader, "limit=2", train_between, &s);
    never_repeats(&s);
    ck_assert_uint_eq(s.count, CORPUS_POSTS - CORPUS_LIKED);
}
END_TEST

static void like_between(size_t pages)
{
    if (pages == 1)
        corpus_event(&stage, CORPUS_READER, 11, "like");
}

START_TEST(pages_never_repeat_while_the_reader_goes_on_liking)
{
    struct scroll s;

    scroll_through(reader, "limit=4", like_between, &s);
    never_repeats(&s);
    ck_assert(has(&s, 12) && has(&s, 30));
}
END_TEST

static void lose_model_between(size_t pages)
{
    if (pages == 2)
        ck_assert_int_eq(remove(stage.model_path), 0);
}

START_TEST(pages_never_repeat_while_the_model_goes_away)
{
    struct scroll s;

    scroll_through(reader, "limit=3", lose_model_between, &s);
    never_repeats(&s);
    ck_assert_uint_eq(s.count, CORPUS_POSTS - CORPUS_LIKED);
}
END_TEST

static void restart_between(size_t pages)
{
    (void)pages;
    ck_assert_int_eq(worker_stop(&feeds), 0);
    worker_start(&feeds, &stage, "feeds");
}

START_TEST(pages_never_repeat_while_workers_come_and_go)
{
    struct scroll s;

    scroll_through(reader, "limit=9", restart_between, &s);
    never_repeats(&s);
    ck_assert_uint_eq(s.count, CORPUS_POSTS - CORPUS_LIKED);
}
END_TEST

START_TEST(a_scroll_ends_after_the_set_number_of_posts)
{
    struct scroll s;

    ck_assert_int_eq(worker_stop(&feeds), 0);
    stage_set("KITH_CURSOR_POSTS", "20");
    worker_start(&feeds, &stage, "feeds");
    scroll_through(stranger, "limit=5", NULL, &s);
    ck_assert_uint_eq(s.pages, 4);
    ck_assert_uint_eq(s.count, 20);
}
END_TEST

/* ---- Latest ---- */

START_TEST(the_latest_feed_is_all_posts_newest_first)
{
    struct scroll s;
    struct answer a;

    feed_ask(&feeds, reader, "feed=latest&limit=50", &a);
    ck_assert(feed_is_from(&a, "latest") && feed_says(&a, NULL));
    ck_assert(span_is(feed_rung(&a, 0), "latest"));
    answer_release(&a);
    scroll_through(reader, "feed=latest&limit=7", NULL, &s);
    never_repeats(&s);
    ck_assert_uint_eq(s.count, CORPUS_POSTS);
    for (unsigned i = 0; i < CORPUS_POSTS; i++)
        ck_assert_uint_eq(s.numbers[i], i + 1);
}
END_TEST

static void publish_between(size_t pages)
{
    char sql[256];

    snprintf(sql, sizeof sql,
             "INSERT INTO posts (id, title) VALUES "
             "('00000000-0000-4000-8000-%012zu', 'new')",
             100 + pages);
    test_db_run(&stage.db, sql);
}

START_TEST(the_latest_feed_neither_repeats_nor_skips_while_posts_arrive)
{
    struct scroll s;

    scroll_through(reader, "feed=latest&limit=4", publish_between, &s);
    never_repeats(&s);
    ck_assert_uint_eq(s.count, CORPUS_POSTS);
}
END_TEST

START_TEST(posts_of_one_instant_are_neither_repeated_nor_skipped)
{
    struct scroll s;

    test_db_run(&stage.db, "UPDATE posts SET published_at = "
                           "'2026-01-02 03:04:05.678901+00'");
    scroll_through(reader, "feed=latest&limit=4", NULL, &s);
    never_repeats(&s);
    ck_assert_uint_eq(s.count, CORPUS_POSTS);
    ck_assert_uint_eq(s.numbers[0], CORPUS_POSTS); /* the larger id first */
}
END_TEST

START_TEST(the_latest_feed_leaves_out_what_the_reader_has_hidden)
{
    struct scroll s;

    corpus_event(&stage, CORPUS_READER, 5, "hide");
    corpus_event(&stage, CORPUS_READER, 6, "view");
    scroll_through(reader, "feed=latest&limit=5", NULL, &s);
    never_repeats(&s);
    ck_assert_uint_eq(s.count, CORPUS_POSTS - 1);
    ck_assert(!has(&s, 5) && has(&s, 6));
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
    Suite *s = suite_create("feeds_pages");
    TCase *tc = tcase_create("golden");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, pages_never_repeat_and_never_skip, 0, ROWS(limits));
    tcase_add_test(tc, pages_never_repeat_while_the_model_is_replaced);
    tcase_add_test(tc, pages_never_repeat_while_the_reader_goes_on_liking);
    tcase_add_test(tc, pages_never_repeat_while_the_model_goes_away);
    tcase_add_test(tc, pages_never_repeat_while_workers_come_and_go);
    tcase_add_test(tc, a_scroll_ends_after_the_set_number_of_posts);
    tcase_add_test(tc, the_latest_feed_is_all_posts_newest_first);
    tcase_add_test(
        tc, the_latest_feed_neither_repeats_nor_skips_while_posts_arrive);
    tcase_add_test(tc, posts_of_one_instant_are_neither_repeated_nor_skipped);
    tcase_add_test(tc, the_latest_feed_leaves_out_what_the_reader_has_hidden);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
