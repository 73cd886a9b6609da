/* The feed as a page without scripts. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/corpus.h"
#include "../support/test_db.h"

enum { PARAMS_MOST = 8, CURSOR_BYTES = 4096, NEWCOMER = 4242 };

static struct stage stage;
static struct worker worker;
static char bearer[STAGE_TOKEN + sizeof "Bearer "];

static void setup(void)
{
    char token[STAGE_TOKEN];

    stage_open(&stage);
    corpus_fill(&stage);
    stage_token(&stage, test_id(CORPUS_READER), token);
    snprintf(bearer, sizeof bearer, "Bearer %s", token);
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&worker), 0);
    stage_close(&stage);
}

/* A page for people: the reference of the API does not have it. */
static void get(const char *query, struct fcgi_answer *a)
{
    struct fcgi_param params[PARAMS_MOST] = {
        {"REQUEST_METHOD", "GET"},      {"DOCUMENT_URI", "/plain"},
        {"HTTP_HOST", "kith.example"},  {"QUERY_STRING", query},
        {"HTTP_AUTHORIZATION", bearer},
    };

    fcgi_call(worker.socket_path, params, SPAN(""), a);
    ck_assert(a->whole);
}

static unsigned count_of(const struct fcgi_answer *a, const char *piece)
{
    struct span rest = a->body;
    unsigned count = 0;
    size_t bytes = strlen(piece);

    for (; rest.bytes >= bytes; rest.at++, rest.bytes--)
        count += !memcmp(rest.at, piece, bytes);
    return count;
}

START_TEST(a_page_shows_the_posts_of_the_feed_with_their_reasons)
{
    struct fcgi_answer a;
    struct span type;

    stage_train(&stage);
    worker_start(&worker, &stage, "feeds");
    get("limit=5", &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert(fcgi_answer_header(&a, "Content-Type", &type));
    ck_assert(span_is(type, "text/html; charset=utf-8"));
    ck_assert_uint_eq(count_of(&a, "<article "), 5);
    ck_assert_uint_eq(count_of(&a, "Because you read “Post "), 5);
    ck_assert_uint_eq(count_of(&a, "rel=\"next\" href=\"/plain?cursor="), 1);
    ck_assert_uint_eq(count_of(&a, ">Picked for you<"), 1);
    fcgi_answer_release(&a);
}
END_TEST

START_TEST(a_newcomer_reads_that_his_taste_is_still_to_be_learned)
{
    char token[STAGE_TOKEN];
    struct fcgi_answer a;

    stage_train(&stage);
    stage_token(&stage, test_id(NEWCOMER), token);
    snprintf(bearer, sizeof bearer, "Bearer %s", token);
    worker_start(&worker, &stage, "feeds");
    get("limit=5", &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert_uint_eq(count_of(&a, ">Fresh picks while we learn your taste<"),
                      1);
    fcgi_answer_release(&a);
}
END_TEST

START_TEST(texts_and_addresses_cannot_become_markup)
{
    struct fcgi_answer a;

    test_db_run(
        &stage.db,
        "UPDATE posts SET title = '<script>alert(\"1\")</script> & co', "
        "body = '<b>x</b>', url = 'javascript:alert(1)', "
        "image = '//elsewhere.example/x.svg' WHERE title = 'Post 1'");
    worker_start(&worker, &stage, "feeds");
    get("feed=latest&limit=1", &a);
    ck_assert_uint_eq(count_of(&a, "<script"), 0);
    ck_assert_uint_eq(count_of(&a, "javascript:"), 0);
    ck_assert_uint_eq(count_of(&a, "elsewhere.example"), 0);
    ck_assert_uint_eq(count_of(&a, "&lt;script&gt;alert(&quot;1&quot;)"
                                   "&lt;/script&gt; &amp; co"),
                      1);
    ck_assert_uint_eq(count_of(&a, "<p>&lt;b&gt;x&lt;/b&gt;</p>"), 1);
    fcgi_answer_release(&a);
}
END_TEST

START_TEST(pages_follow_each_other_to_the_end)
{
    static const char mark[] = "/plain?cursor=";
    char query[CURSOR_BYTES] = "feed=latest&limit=20", title[32];
    unsigned seen = 0, shown = 20;

    worker_start(&worker, &stage, "feeds");
    for (int page = 0; page < 2; page++) {
        struct fcgi_answer a;
        const char *next;

        get(query, &a);
        ck_assert_int_eq(a.status, 200);
        ck_assert_uint_eq(count_of(&a, "<article "), page ? 10 : shown);
        for (unsigned n = 1; n <= CORPUS_POSTS; n++) {
            snprintf(title, sizeof title, ">Post %u</h2>", n);
            seen += count_of(&a, title);
        }
        buf_char(&a.text, 0);
        next = strstr(a.text.at, mark);
        ck_assert_int_eq(!next, page);
        if (next)
            snprintf(query, sizeof query, "limit=20&cursor=%.*s",
                     (int)strcspn(next + strlen(mark), "\""),
                     next + strlen(mark));
        fcgi_answer_release(&a);
    }
    ck_assert_uint_eq(seen, CORPUS_POSTS);
}
END_TEST

START_TEST(a_cursor_that_is_no_good_leads_to_a_fresh_page)
{
    struct fcgi_answer a;
    struct span to;

    worker_start(&worker, &stage, "feeds");
    get("cursor=altered", &a);
    ck_assert_int_eq(a.status, 303);
    ck_assert(fcgi_answer_header(&a, "Location", &to));
    ck_assert(span_is(to, "/plain"));
    fcgi_answer_release(&a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("plain");
    TCase *tc = tcase_create("plain");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_page_shows_the_posts_of_the_feed_with_their_reasons);
    tcase_add_test(tc, a_newcomer_reads_that_his_taste_is_still_to_be_learned);
    tcase_add_test(tc, texts_and_addresses_cannot_become_markup);
    tcase_add_test(tc, pages_follow_each_other_to_the_end);
    tcase_add_test(tc, a_cursor_that_is_no_good_leads_to_a_fresh_page);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
