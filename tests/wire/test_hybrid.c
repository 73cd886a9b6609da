/* GET /api/feeds with KITH_ALGORITHM=hybrid_v2, in the world of corpus.h, and
 * `kith replay` of what it gave. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../support/corpus.h"
#include "../support/program.h"
#include "../support/test_db.h"
#include "web/cursor.h"
#include "web/held.h"

static struct stage stage;
static struct worker feeds;
static char reader[STAGE_TOKEN], stranger[STAGE_TOKEN];
static char served[STAGE_PATH];

static void setup(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
    stage_token(&stage, test_id(CORPUS_READER), reader);
    stage_token(&stage, test_id(CORPUS_STRANGER), stranger);
    stage_train(&stage);
    stage_path("served", served);
    ck_assert_int_eq(mkdir(served, S_IRWXU), 0);
    stage_set("KITH_ALGORITHM", "hybrid_v2");
    stage_set("KITH_FRESH_CHECK_MS", "100");
    stage_set("KITH_SERVED", served);
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&feeds), 0);
    fcgi_folder_remove(served);
    stage_close(&stage);
}

static void ask_as(const char *bearer, const char *query, struct answer *a)
{
    worker_ask(&feeds, &(struct ask){.query = query, .bearer = bearer}, a);
    ck_assert_msg(a->status == 200, "%s: %.*s", query, SPAN_ARGS(a->raw.body));
}

static struct span text_in(const struct json *object, const char *key)
{
    struct span text = {NULL, 0};
    struct err err;

    ck_assert_msg(json_find_text(object, key, &text, NULL, &err), "%s",
                  err.what);
    return text;
}

static struct json post_at(const struct answer *a, size_t i)
{
    struct json posts = answer_array(a, "posts");

    return json_at(&posts, i);
}

static size_t count_of(const struct answer *a)
{
    struct json posts = answer_array(a, "posts");

    return json_count(&posts);
}

static unsigned number_at(const struct answer *a, size_t i)
{
    struct json post = post_at(a, i);
    struct uuid id;

    ck_assert(uuid_find(text_in(&post, "id"), &id));
    return test_number(id);
}

static bool has_reason(const struct json *post, const char *code)
{
    struct json reasons;
    struct err err;

    ck_assert(json_find_array(post, "reasons", &reasons, NULL, &err));
    for (size_t i = 0; i < json_count(&reasons); i++) {
        struct json reason = json_at(&reasons, i);
        if (span_is(text_in(&reason, "code"), code))
            return true;
    }
    return false;
}

START_TEST(a_reader_with_history_gets_what_his_neighbours_like)
{
    struct answer a;
    struct json model, first;
    struct err err;

    stage_set("KITH_EXPLORE_PERCENT", "0");
    worker_start(&feeds, &stage, "feeds");
    ask_as(reader, "limit=7", &a);
    ck_assert(span_is(answer_text(&a, "source"), "ml_recommendations"));
    ck_assert(json_find_object(&a.json, "model", &model, NULL, &err));
    ck_assert(span_is(text_in(&model, "name"), "hybrid_v2"));
    ck_assert_uint_eq(count_of(&a), CORPUS_RECOMMENDED);
    for (size_t i = 0; i < count_of(&a); i++) {
        ck_assert_uint_gt(number_at(&a, i), CORPUS_LIKED);
        ck_assert_uint_le(number_at(&a, i), CORPUS_LIKED + CORPUS_RECOMMENDED);
    }
    first = post_at(&a, 0);
    ck_assert(has_reason(&first, "similar_readers"));
    ck_assert(has_reason(&first, "similar_posts"));
    answer_release(&a);
}
END_TEST

START_TEST(a_stranger_gets_what_is_trending_and_it_is_called_cold_start)
{
    struct answer a;
    struct json first;

    stage_set("KITH_EXPLORE_PERCENT", "0");
    worker_start(&feeds, &stage, "feeds");
    ask_as(stranger, "limit=5", &a);
    ck_assert(span_is(answer_text(&a, "source"), "random_fallback"));
    ck_assert(span_is(answer_text(&a, "fallback_reason"), "cold_start"));
    first = post_at(&a, 0);
    ck_assert(span_is(text_in(&first, "source"), "trending"));
    ck_assert(has_reason(&first, "trending"));
    answer_release(&a);
}
END_TEST

/* Post 100 says what post 1 says, which 200 likes; so do 16, 17 and 18, each of
 * the author and with the tag of a post he likes, and equal ones go by age. */
START_TEST(a_post_newer_than_the_model_is_recommended_by_what_it_says)
{
    struct answer a;
    size_t at = 0;

    stage_set("KITH_EXPLORE_PERCENT", "0");
    stage_set("KITH_BLEND", "0:0/0/100/0");
    worker_start(&feeds, &stage, "feeds");
    test_db_run(&stage.db,
                "INSERT INTO posts (id, author_id, title, body, tags)"
                " SELECT '00000000-0000-4000-8000-000000000100',"
                " author_id, title, body, tags FROM posts"
                " ORDER BY id LIMIT 1");
    ask_as(reader, "limit=20", &a);
    while (at < count_of(&a) && number_at(&a, at) != 100)
        at++;
    ck_assert_uint_le(at, 3);
    answer_release(&a);
}
END_TEST

static int replay(const char *request, char *text, size_t bytes)
{
    char line[STAGE_PATH * 4];
    FILE *f;
    size_t got;
    int status;

    snprintf(line, sizeof line, "%s/kith replay --request %s 2>/dev/null",
             stage_bin(), request);
    f = popen(line, "r");
    ck_assert_ptr_nonnull(f);
    got = fread(text, 1, bytes - 1, f);
    text[got] = 0;
    status = pclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Asks, replays, and says whether the bytes are the same. */
static int replay_answer(const struct answer *a)
{
    static char text[1 << 18];
    char request[UUID_TEXT + 1];
    int status;

    snprintf(request, sizeof request, "%.*s",
             SPAN_ARGS(answer_text(a, "request_id")));
    status = replay(request, text, sizeof text);
    if (status)
        return status;
    ck_assert_uint_eq(strlen(text), a->raw.body.bytes + 1); /* a newline */
    ck_assert_mem_eq(text, a->raw.body.at, a->raw.body.bytes);
    return 0;
}

START_TEST(an_answer_is_made_again_byte_for_byte)
{
    struct answer a, next;
    char query[CURSOR_TEXT_MOST + 64];

    stage_set("KITH_EXPLORE_PERCENT", "30");
    worker_start(&feeds, &stage, "feeds");
    ask_as(reader, "limit=6", &a);
    ck_assert_int_eq(replay_answer(&a), 0);
    snprintf(query, sizeof query, "limit=6&cursor=%.*s",
             SPAN_ARGS(answer_text(&a, "next_cursor")));
    ask_as(reader, query, &next);
    ck_assert_int_eq(replay_answer(&next), 0);
    /* What happens later does not change what was. */
    corpus_event(&stage, CORPUS_READER, 15, "like");
    ck_assert_int_eq(replay_answer(&next), 0);
    answer_release(&a);
    answer_release(&next);
}
END_TEST

static const char *const algorithms[] = {"collaborative_filtering_v1",
                                         "hybrid_v2"};

START_TEST(what_was_excluded_and_held_back_went_in_too)
{
    char held[HELD_TEXT_MOST + 64];
    struct ask ask = {.bearer = reader, .query = "limit=3"};
    struct answer a;

    stage_set("KITH_ALGORITHM", algorithms[_i]);
    worker_start(&feeds, &stage, "feeds");
    worker_ask(&feeds, &ask, &a);
    ck_assert(answer_cookie_of(&a, HELD_COOKIE, held, sizeof held));
    answer_release(&a);
    ask.cookie = held;
    ask.query = "limit=6&exclude=00000000-0000-4000-8000-000000000009";
    worker_ask(&feeds, &ask, &a);
    ck_assert_uint_eq(count_of(&a), 6);
    ck_assert_int_eq(replay_answer(&a), 0);
    answer_release(&a);
}
END_TEST

START_TEST(a_changed_setting_is_named_and_not_the_same)
{
    struct answer a;

    worker_start(&feeds, &stage, "feeds");
    ask_as(reader, "limit=6", &a);
    stage_set("KITH_BLEND", "0:0/0/0/100");
    ck_assert_int_eq(replay_answer(&a), 1);
    answer_release(&a);
}
END_TEST

int main(void)
{
    enum { LIMIT_S = 120 };
    Suite *suite = suite_create("hybrid");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    stage_create();
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, LIMIT_S);
    tcase_add_test(tc, a_reader_with_history_gets_what_his_neighbours_like);
    tcase_add_test(
        tc, a_stranger_gets_what_is_trending_and_it_is_called_cold_start);
    tcase_add_test(tc,
                   a_post_newer_than_the_model_is_recommended_by_what_it_says);
    tcase_add_test(tc, an_answer_is_made_again_byte_for_byte);
    tcase_add_loop_test(tc, what_was_excluded_and_held_back_went_in_too, 0, 2);
    tcase_add_test(tc, a_changed_setting_is_named_and_not_the_same);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
