/* What GET /api/feeds gives, post for post, in the world of corpus.h. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/feed_answer.h"
#include "../support/schema.h"
#include "../support/test_db.h"
#include "app/feed.h"
#include "base/clock.h"
#include "base/mem.h"

static struct stage stage;
static struct worker feeds;
static char reader[STAGE_TOKEN], stranger[STAGE_TOKEN], author[STAGE_TOKEN];

static void setup(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
    stage_token(&stage, test_id(CORPUS_READER), reader);
    stage_token(&stage, test_id(CORPUS_STRANGER), stranger);
    stage_token(&stage, test_id(CORPUS_AUTHOR), author);
    stage_train(&stage);
    worker_start(&feeds, &stage, "feeds");
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&feeds), 0);
    stage_close(&stage);
}

/* ---- Reading an answer ---- */

static struct span text_in(const struct json *object, const char *key)
{
    struct span text = {NULL, 0};
    struct err err;

    ck_assert_msg(json_find_text(object, key, &text, NULL, &err), "%s",
                  err.what);
    return text;
}

static int64_t number_in(const struct json *object, const char *key)
{
    int64_t value = 0;
    struct err err;

    ck_assert_msg(
        json_find_i64(object, key, INT64_MIN, INT64_MAX, &value, NULL, &err),
        "%s", err.what);
    return value;
}

static void is_from(const struct answer *a, const char *source,
                    const char *reason)
{
    ck_assert_msg(span_is(answer_text(a, "source"), source), "%.*s",
                  SPAN_ARGS(a->raw.body));
    if (!reason)
        ck_assert(answer_is_null(a, "fallback_reason"));
    else
        ck_assert_msg(span_is(answer_text(a, "fallback_reason"), reason),
                      "%.*s", SPAN_ARGS(a->raw.body));
}

/* ---- Personal feeds ---- */

START_TEST(a_reader_gets_what_similar_readers_liked_then_the_lower_rungs)
{
    struct answer a;
    struct json model;
    struct err err;

    feed_ask(&feeds, reader, "", &a);
    is_from(&a, "ml_recommendations", NULL);
    ck_assert_uint_eq(feed_count(&a), 20);
    for (unsigned i = 0; i < CORPUS_RECOMMENDED; i++) {
        ck_assert_uint_eq(feed_number(&a, i), CORPUS_LIKED + 1 + i);
        ck_assert(span_is(feed_rung(&a, i), "neighbours"));
    }
    for (unsigned i = CORPUS_RECOMMENDED; i < 20; i++) {
        ck_assert_uint_gt(feed_number(&a, i), 10);
        ck_assert(!span_is(feed_rung(&a, i), "neighbours"));
    }
    ck_assert(json_find_object(&a.json, "model", &model, NULL, &err));
    ck_assert(span_is(text_in(&model, "name"), "collaborative_filtering_v1"));
    ck_assert(answer_bool(&a, "has_more"));
    answer_release(&a);
}
END_TEST

/* The prepared part of a post, byte for byte. Likes of post 4: all ten but
 * reader 106. */
START_TEST(a_post_is_shown_in_full)
{
    static const char form[] =
        "\"posts\":[{\"position\":1,"
        "\"id\":\"00000000-0000-4000-8000-000000000004\","
        "\"title\":\"Post 4\",\"body\":\"Body of post 4.\",\"author\":"
        "{\"id\":\"00000000-0000-4000-8000-000000000902\","
        "\"name\":\"Author 902\"},\"tags\":[\"t4\"],\"language\":\"en\","
        "\"published_at\":%lld,\"counts\":{\"view\":0,\"click\":0,\"like\":9,"
        "\"share\":0},\"image\":null,\"url\":null,\"source\":\"neighbours\","
        "\"score\":0.";
    char golden[1024];
    struct answer a;

    snprintf(golden, sizeof golden, form,
             (long long)stage_count(
                 &stage, "SELECT (extract(epoch FROM published_at) * 1000)"
                         "::bigint FROM posts WHERE title = 'Post 4'"));
    feed_ask(&feeds, reader, "limit=1", &a);
    ck_assert_msg(span_has(a.raw.body, golden), "%s\nnot in\n%.*s", golden,
                  SPAN_ARGS(a.raw.body));
    answer_release(&a);
}
END_TEST

static double share_in(const struct json *reason)
{
    double share = 0;
    struct err err;

    ck_assert(json_find_f64(reason, "share", &share, NULL, &err));
    return share;
}

/* 200 likes three posts of equal weight: each post's three shares are all
 * there is, and add up to 1. */
START_TEST(the_reasons_are_true_shares_of_the_score)
{
    struct answer a;
    struct err err;

    feed_ask(&feeds, reader, "", &a);
    for (size_t i = 0; i < 20; i++) {
        struct json post = feed_post(&a, i), reasons, reason, ids;
        struct uuid id;

        ck_assert(json_find_array(&post, "reasons", &reasons, NULL, &err));
        if (i >= CORPUS_RECOMMENDED)
            continue;
        ck_assert_uint_eq(json_count(&reasons), 1);
        reason = json_at(&reasons, 0);
        ck_assert_double_ge(share_in(&reason), 0.9999);
        ck_assert_double_le(share_in(&reason), 1);
        ck_assert_int_eq(number_in(&reason, "readers"), 9);
        ck_assert(json_find_array(&reason, "post_ids", &ids, NULL, &err));
        ck_assert_uint_eq(json_count(&ids), CORPUS_LIKED);
        for (size_t r = 0; r < CORPUS_LIKED; r++) {
            struct json one = json_at(&ids, r);
            struct span text;
            ck_assert(json_text(&one, &text, &err) && uuid_find(text, &id));
            ck_assert_uint_le(test_number(id), CORPUS_LIKED);
        }
    }
    answer_release(&a);
}
END_TEST

/* Posts 1..20 are read, 21..30 are not: a tenth of the slots is theirs. */
START_TEST(a_reader_of_whom_nothing_is_known_gets_what_is_read_now)
{
    struct answer a;

    feed_ask(&feeds, stranger, "", &a);
    is_from(&a, "random_fallback", "cold_start");
    ck_assert_uint_eq(feed_count(&a), 20);
    ck_assert(!answer_is_null(&a, "model"));
    for (size_t i = 0; i < 20; i++) {
        bool drawn = span_is(feed_rung(&a, i), "explore");
        ck_assert(drawn || span_is(feed_rung(&a, i), "trending"));
        ck_assert((feed_number(&a, i) <= 20) == !drawn);
    }
    answer_release(&a);
}
END_TEST

/* What nobody reads has no trend: chance is what is left. */
START_TEST(without_any_event_a_feed_is_chance)
{
    struct answer a;

    ck_assert_int_eq(worker_stop(&feeds), 0);
    test_db_run(&stage.db, "DELETE FROM user_interactions");
    stage_set("KITH_EXPLORE_PERCENT", "0");
    ck_assert_int_eq(remove(stage.model_path), 0); /* it would be better */
    stage_train(&stage);
    worker_start(&feeds, &stage, "feeds");
    feed_ask(&feeds, stranger, "limit=50", &a);
    is_from(&a, "random_fallback", "cold_start");
    ck_assert_uint_eq(feed_count(&a), CORPUS_POSTS);
    for (size_t i = 0; i < CORPUS_POSTS; i++)
        ck_assert(span_is(feed_rung(&a, i), "random"));
    answer_release(&a);
}
END_TEST

START_TEST(the_same_question_has_the_same_answer)
{
    struct answer a, b;

    feed_ask(&feeds, stranger, "limit=50", &a);
    feed_ask(&feeds, stranger, "limit=50", &b);
    ck_assert_uint_eq(feed_count(&a), CORPUS_POSTS);
    for (size_t i = 0; i < CORPUS_POSTS; i++)
        ck_assert_uint_eq(feed_number(&a, i), feed_number(&b, i));
    answer_release(&a);
    answer_release(&b);
}
END_TEST

START_TEST(a_like_changes_the_very_next_answer)
{
    struct answer a;

    feed_ask(&feeds, reader, "limit=10", &a);
    for (size_t i = CORPUS_RECOMMENDED; i < 10; i++)
        ck_assert(!span_is(feed_rung(&a, i), "neighbours"));
    answer_release(&a);
    corpus_event(&stage, CORPUS_READER, 11, "like");
    feed_ask(&feeds, reader, "limit=50", &a);
    ck_assert(!feed_gives(&a, 11));
    /* Now the nine other posts of the second group are recommended too. */
    for (size_t i = 0; i < CORPUS_RECOMMENDED + 9; i++) {
        ck_assert(span_is(feed_rung(&a, i), "neighbours"));
        ck_assert_uint_le(feed_number(&a, i), 20);
    }
    ck_assert(!span_is(feed_rung(&a, CORPUS_RECOMMENDED + 9), "neighbours"));
    answer_release(&a);
}
END_TEST

START_TEST(an_unlike_takes_the_like_back)
{
    struct answer a;

    for (unsigned post = 1; post <= CORPUS_LIKED; post++)
        corpus_event(&stage, CORPUS_READER, post, "unlike");
    feed_ask(&feeds, reader, "limit=50", &a);
    is_from(&a, "random_fallback", "cold_start");
    for (unsigned post = 1; post <= CORPUS_LIKED; post++)
        ck_assert(!feed_gives(&a, post)); /* seen all the same */
    answer_release(&a);
}
END_TEST

/* ---- Who must not get what ---- */

static const char *const kinds[] = {"view",  "click",  "like",
                                    "share", "unlike", "hide"};

START_TEST(what_was_seen_in_any_way_is_not_given_again)
{
    struct answer a;

    corpus_event(&stage, CORPUS_READER, 4, kinds[_i]);
    corpus_event(&stage, CORPUS_STRANGER, 25, kinds[_i]);
    feed_ask(&feeds, reader, "limit=50", &a);
    ck_assert_uint_eq(feed_count(&a), CORPUS_POSTS - CORPUS_LIKED - 1);
    ck_assert(!feed_gives(&a, 4));
    answer_release(&a);
    feed_ask(&feeds, stranger, "limit=50", &a);
    ck_assert_uint_eq(feed_count(&a), CORPUS_POSTS - 1);
    ck_assert(!feed_gives(&a, 25));
    answer_release(&a);
}
END_TEST

START_TEST(an_author_never_gets_his_own_posts)
{
    struct answer a;

    corpus_event(&stage, CORPUS_AUTHOR, 1, "like");
    feed_ask(&feeds, author, "limit=50", &a);
    is_from(&a, "ml_recommendations", NULL);
    ck_assert_uint_eq(feed_count(&a), 19); /* of 30: ten are his, one is seen */
    for (size_t i = 0; i < feed_count(&a); i++)
        ck_assert_uint_ne(feed_number(&a, i) % 3, 0);
    answer_release(&a);
}
END_TEST

START_TEST(hidden_deleted_and_future_posts_are_not_given_after_training)
{
    struct answer a;

    ck_assert_int_eq(worker_stop(&feeds), 0);
    test_db_run(&stage.db,
                "UPDATE posts SET hidden_at = now() WHERE title = 'Post 4';"
                "UPDATE posts SET deleted_at = now() WHERE title = 'Post 25';"
                "UPDATE posts SET published_at = now() + interval '1 hour'"
                " WHERE title = 'Post 5'");
    stage_train(&stage);
    worker_start(&feeds, &stage, "feeds");
    feed_ask(&feeds, reader, "limit=50", &a);
    ck_assert_uint_eq(feed_number(&a, 0), 6);
    ck_assert_uint_eq(feed_count(&a), CORPUS_POSTS - CORPUS_LIKED - 3);
    ck_assert(!feed_gives(&a, 4) && !feed_gives(&a, 5) && !feed_gives(&a, 25));
    answer_release(&a);
    feed_ask(&feeds, reader, "limit=50&feed=latest", &a);
    ck_assert_uint_eq(feed_count(&a), CORPUS_POSTS - 3);
    ck_assert(!feed_gives(&a, 4) && !feed_gives(&a, 5) && !feed_gives(&a, 25));
    answer_release(&a);
}
END_TEST

START_TEST(when_all_is_seen_posts_come_again_but_never_hidden_ones)
{
    struct answer a;

    for (unsigned post = 1; post <= CORPUS_POSTS; post++)
        corpus_event(&stage, CORPUS_STRANGER, post,
                     post == 7 ? "hide" : "view");
    feed_ask(&feeds, stranger, "limit=50", &a);
    is_from(&a, "random_fallback", "exhausted");
    ck_assert_uint_eq(feed_count(&a), CORPUS_POSTS - 1);
    ck_assert(!feed_gives(&a, 7));
    answer_release(&a);
}
END_TEST

/* ---- Visitors, and the way back of an event ---- */

START_TEST(a_visitor_becomes_a_reader_whose_events_count_at_once)
{
    char cookie[STAGE_COOKIE], renewed[STAGE_COOKIE], body[512];
    struct worker track;
    struct answer a;

    worker_ask(&feeds, &(struct ask){0}, &a);
    is_from(&a, "random_fallback", "cold_start");
    ck_assert(answer_cookie(&a, cookie));
    ck_assert(span_starts(answer_header(&a, "Set-Cookie"), "kith=v1.today."));
    answer_release(&a);

    worker_start(&track, &stage, "track");
    snprintf(body, sizeof body, "{\"events\":[");
    for (unsigned post = 1; post <= CORPUS_LIKED; post++)
        snprintf(body + strlen(body), sizeof body - strlen(body),
                 "%s{\"type\":\"like\",\"post_id\":"
                 "\"00000000-0000-4000-8000-%012u\"}",
                 post > 1 ? "," : "", post);
    snprintf(body + strlen(body), sizeof body - strlen(body), "]}");
    worker_ask(&track, &(struct ask){.body = body, .cookie = cookie}, &a);
    ck_assert_int_eq(answer_i64(&a, "stored"), CORPUS_LIKED);
    answer_release(&a);
    ck_assert_int_eq(worker_stop(&track), 0);

    worker_ask(&feeds, &(struct ask){.cookie = cookie}, &a);
    is_from(&a, "ml_recommendations", NULL);
    ck_assert(!answer_cookie(&a, renewed)); /* it is still new */
    for (unsigned i = 0; i < CORPUS_RECOMMENDED; i++)
        ck_assert_uint_eq(feed_number(&a, i), CORPUS_LIKED + 1 + i);
    answer_release(&a);
}
END_TEST

/* ---- The same, asked otherwise ---- */

START_TEST(feed_make_gives_the_same_feed)
{
    struct config config = stage_config();
    struct feed_ask question = {.user = test_id(CORPUS_READER),
                                .want = 20,
                                .now_ms = clock_wall_ms(),
                                .until_us = test_db_soon()};
    struct feeder *feeder;
    struct feed *feed;
    struct answer a;
    struct err err;

    feed_ask(&feeds, reader, "", &a);
    ck_assert(mem_take(1, sizeof *feeder, &feeder, &err));
    ck_assert(mem_take(1, sizeof *feed, &feed, &err));
    ck_assert(feeder_init(feeder, &config, &stage.db, &err));
    feed_make(feeder, &question, feed);
    ck_assert(span_is(answer_text(&a, "source"), feed->source));
    ck_assert_uint_eq(feed->count, feed_count(&a));
    for (size_t i = 0; i < feed->count; i++) {
        ck_assert_uint_eq(test_number(feed->slots[i].post), feed_number(&a, i));
        ck_assert(span_is(feed_rung(&a, i), rung_name(feed->slots[i].rung)));
    }
    feeder_release(feeder);
    mem_give(feeder);
    mem_give(feed);
    answer_release(&a);
}
END_TEST

START_TEST(the_command_line_gives_the_same_feed)
{
    char line[STAGE_PATH * 4], text[1 << 16];
    struct json root, posts, ours;
    struct answer a;
    struct err err;
    FILE *f;
    size_t bytes;

    snprintf(line, sizeof line,
             "%s/kith recommend --json --limit 20 --user "
             "00000000-0000-4000-8000-000000000200",
             stage_bin());
    feed_ask(&feeds, reader, "", &a);
    f = popen(line, "r");
    ck_assert_ptr_nonnull(f);
    bytes = fread(text, 1, sizeof text, f);
    ck_assert_int_eq(pclose(f), 0);
    ck_assert_msg(
        json_parse((struct span){text, bytes}, sizeof text, 32, &root, &err),
        "%s", err.what);
    ck_assert(json_find_array(&root, "posts", &posts, NULL, &err));
    ck_assert_uint_eq(json_count(&posts), feed_count(&a));
    for (size_t i = 0; i < feed_count(&a); i++) {
        struct json post = json_at(&posts, i), served = feed_post(&a, i);
        ck_assert(span_equal(text_in(&post, "id"), text_in(&served, "id")));
        ck_assert(schema_find(&post, SPAN("score"), &ours));
    }
    json_release(&root);
    answer_release(&a);
}
END_TEST

/* ---- Heads ---- */

START_TEST(the_answer_may_not_be_cached_and_tells_where_time_went)
{
    struct answer a;
    struct span timing;

    feed_ask(&feeds, reader, "", &a);
    ck_assert(span_is(answer_header(&a, "Cache-Control"), "private, no-store"));
    timing = answer_header(&a, "Server-Timing");
    ck_assert(span_starts(timing, "history;dur="));
    ck_assert(span_has(timing, ", total;dur="));
    ck_assert(span_is(answer_header(&a, "Content-Type"), "application/json"));
    ck_assert(span_equal(answer_header(&a, "X-Request-Id"),
                         answer_text(&a, "request_id")));
    answer_release(&a);
}
END_TEST

START_TEST(head_gives_the_headers_of_get_alone)
{
    struct answer a;
    uint64_t bytes = 0;

    worker_ask(&feeds, &(struct ask){.method = "HEAD", .bearer = reader}, &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert_uint_eq(a.raw.body.bytes, 0);
    ck_assert(span_u64(answer_header(&a, "Content-Length"), &bytes));
    ck_assert_uint_gt(bytes, 1000);
    answer_release(&a);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

static void add_personal(TCase *tc)
{
    tcase_add_test(
        tc, a_reader_gets_what_similar_readers_liked_then_the_lower_rungs);
    tcase_add_test(tc, a_post_is_shown_in_full);
    tcase_add_test(tc, the_reasons_are_true_shares_of_the_score);
    tcase_add_test(tc, a_reader_of_whom_nothing_is_known_gets_what_is_read_now);
    tcase_add_test(tc, without_any_event_a_feed_is_chance);
    tcase_add_test(tc, the_same_question_has_the_same_answer);
    tcase_add_test(tc, a_like_changes_the_very_next_answer);
    tcase_add_test(tc, an_unlike_takes_the_like_back);
    tcase_add_loop_test(tc, what_was_seen_in_any_way_is_not_given_again, 0,
                        ROWS(kinds));
    tcase_add_test(tc, an_author_never_gets_his_own_posts);
    tcase_add_test(
        tc, hidden_deleted_and_future_posts_are_not_given_after_training);
    tcase_add_test(tc, when_all_is_seen_posts_come_again_but_never_hidden_ones);
}

int main(void)
{
    Suite *s = suite_create("feeds");
    TCase *tc = tcase_create("golden");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    add_personal(tc);
    tcase_add_test(tc, a_visitor_becomes_a_reader_whose_events_count_at_once);
    tcase_add_test(tc, feed_make_gives_the_same_feed);
    tcase_add_test(tc, the_command_line_gives_the_same_feed);
    tcase_add_test(tc, the_answer_may_not_be_cached_and_tells_where_time_went);
    tcase_add_test(tc, head_gives_the_headers_of_get_alone);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
