/* An event answers a showing: the impression that a feed signed, sent back. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/corpus.h"
#include "../support/test_db.h"

enum { BODY_BYTES = 1024, IMPRESSION_BYTES = 128 };

static struct stage stage;
static struct worker feeds, track;
static char reader[STAGE_TOKEN], stranger[STAGE_TOKEN];

/* What one feed said about its third post. */
static struct {
    char request[UUID_TEXT + 1], post[UUID_TEXT + 1];
    char impression[IMPRESSION_BYTES], version[64];
} shown;

static void copy_text(const struct json *object, const char *key, char *out,
                      size_t bytes)
{
    struct span text = {NULL, 0};
    struct err err;

    ck_assert_msg(json_find_text(object, key, &text, NULL, &err), "%s",
                  err.what);
    ck_assert_uint_lt(text.bytes, bytes);
    snprintf(out, bytes, "%.*s", SPAN_ARGS(text));
}

static void see_feed(const char *query)
{
    struct answer a;
    struct json posts, post, model;
    struct err err;
    bool found;

    worker_ask(&feeds, &(struct ask){.query = query, .bearer = reader}, &a);
    ck_assert_int_eq(a.status, 200);
    posts = answer_array(&a, "posts");
    post = json_at(&posts, 2);
    copy_text(&a.json, "request_id", shown.request, sizeof shown.request);
    copy_text(&post, "id", shown.post, sizeof shown.post);
    copy_text(&post, "impression", shown.impression, sizeof shown.impression);
    ck_assert(json_find_object(&a.json, "model", &model, &found, &err));
    if (found)
        copy_text(&model, "version", shown.version, sizeof shown.version);
    answer_release(&a);
}

static void setup(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
    stage_token(&stage, test_id(CORPUS_READER), reader);
    stage_token(&stage, test_id(CORPUS_STRANGER), stranger);
    stage_train(&stage);
    test_db_run(&stage.db, "UPDATE user_interactions SET metadata = "
                           "'{\"corpus\": true}'");
    worker_start(&feeds, &stage, "feeds");
    worker_start(&track, &stage, "track");
    see_feed("");
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&feeds), 0);
    ck_assert_int_eq(worker_stop(&track), 0);
    stage_close(&stage);
}

/* How many of the events are stored, by the answer. */
static int64_t report(const char *bearer, const char *type, const char *post,
                      const char *impression)
{
    char body[BODY_BYTES];
    struct answer a;
    int64_t stored;

    snprintf(body, sizeof body,
             "{\"events\":[{\"type\":\"%s\",\"post_id\":\"%s\","
             "\"impression\":\"%s\"}]}",
             type, post, impression);
    worker_ask(&track, &(struct ask){.body = body, .bearer = bearer}, &a);
    ck_assert_msg(a.status == 200, "%.*s", SPAN_ARGS(a.raw.body));
    stored = answer_i64(&a, "stored");
    answer_release(&a);
    return stored;
}

/* The attribution of the only reported row, "|" between columns. */
static const char *attribution(void)
{
    return test_db_text(&stage.db,
                        "SELECT concat_ws('|', coalesce(request_id::text, '-'),"
                        " coalesce(position::text, '-'), coalesce(source, '-'),"
                        " coalesce(arm, '-'), coalesce(model_version, '-'),"
                        " coalesce(propensity::text, '-'))"
                        " FROM user_interactions WHERE metadata = '{}'");
}

START_TEST(a_click_is_attributed_to_the_showing_it_answers)
{
    char golden[256];

    ck_assert_int_eq(report(reader, "click", shown.post, shown.impression), 1);
    snprintf(golden, sizeof golden, "%s|3|neighbours|-|%s|1", shown.request,
             shown.version);
    ck_assert_str_eq(attribution(), golden);
}
END_TEST

START_TEST(a_random_post_is_attributed_to_chance)
{
    char golden[256];

    ck_assert_int_eq(worker_stop(&feeds), 0);
    ck_assert_int_eq(remove(stage.model_path), 0);
    worker_start(&feeds, &stage, "feeds");
    see_feed("");
    ck_assert_int_eq(report(reader, "view", shown.post, shown.impression), 1);
    snprintf(golden, sizeof golden, "%s|3|random|-|-|1", shown.request);
    ck_assert_str_eq(attribution(), golden);
}
END_TEST

START_TEST(a_latest_post_is_attributed_to_its_place_in_the_scroll)
{
    char golden[256], query[4096];
    struct answer a;

    worker_ask(&feeds,
               &(struct ask){.query = "feed=latest&limit=5", .bearer = reader},
               &a);
    snprintf(query, sizeof query, "cursor=%.*s",
             SPAN_ARGS(answer_text(&a, "next_cursor")));
    answer_release(&a);
    see_feed(query);
    ck_assert_int_eq(report(reader, "view", shown.post, shown.impression), 1);
    snprintf(golden, sizeof golden, "%s|8|latest|-|-|1", shown.request);
    ck_assert_str_eq(attribution(), golden);
}
END_TEST

START_TEST(a_view_of_one_showing_counts_once_whatever_ids_it_has)
{
    ck_assert_int_eq(report(reader, "view", shown.post, shown.impression), 1);
    ck_assert_int_eq(report(reader, "view", shown.post, shown.impression), 0);
    ck_assert_int_eq(report(reader, "click", shown.post, shown.impression), 1);
    ck_assert_int_eq(report(reader, "click", shown.post, shown.impression), 1);
}
END_TEST

START_TEST(a_second_showing_of_the_post_has_a_view_of_its_own)
{
    ck_assert_int_eq(report(reader, "view", shown.post, shown.impression), 1);
    see_feed("feed=latest");
    ck_assert_int_eq(report(reader, "view", shown.post, shown.impression), 1);
}
END_TEST

/* ---- What proves nothing is stored all the same, and proves nothing ---- */

static const char unattributed[] = "-|-|-|-|-|-";

START_TEST(an_impression_of_another_reader_proves_nothing)
{
    ck_assert_int_eq(report(stranger, "like", shown.post, shown.impression), 1);
    ck_assert_str_eq(attribution(), unattributed);
}
END_TEST

START_TEST(an_impression_of_another_post_proves_nothing)
{
    ck_assert_int_eq(report(reader, "like",
                            "00000000-0000-4000-8000-000000000030",
                            shown.impression),
                     1);
    ck_assert_str_eq(attribution(), unattributed);
}
END_TEST

START_TEST(an_impression_with_any_character_changed_proves_nothing)
{
    char altered[IMPRESSION_BYTES];

    for (size_t i = 0; i < strlen(shown.impression); i++) {
        snprintf(altered, sizeof altered, "%s", shown.impression);
        altered[i] = altered[i] == 'A' ? 'B' : 'A';
        ck_assert_int_eq(report(reader, "like", shown.post, altered), 1);
    }
    ck_assert_int_eq(stage_count(&stage, "SELECT count(*) FROM "
                                         "user_interactions WHERE request_id "
                                         "IS NOT NULL"),
                     0);
}
END_TEST

#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const char *const no_proofs[] = {
    "", "x", "AAAA", "null", (ZEROS ZEROS), "\xc3\xa9",
};

START_TEST(what_is_no_impression_proves_nothing)
{
    ck_assert_int_eq(report(reader, "like", shown.post, no_proofs[_i]), 1);
    ck_assert_str_eq(attribution(), unattributed);
}
END_TEST

START_TEST(a_token_or_cursor_is_no_impression)
{
    ck_assert_int_eq(report(reader, "like", shown.post, reader), 1);
    ck_assert_str_eq(attribution(), unattributed);
}
END_TEST

/* The keys are turned: what was signed with the old one is still good. */
#define NEW_KEY                                                                \
    "tomorrow ffeeddccbbaa99887766554433221100"                                \
    "ffeeddccbbaa99887766554433221100\n"
#define OLD_KEY                                                                \
    "today 00112233445566778899aabbccddeeff"                                   \
    "00112233445566778899aabbccddeeff\n"

/* Clicks for each view among the events that answer a showing, in percent. */
static int64_t click_rate(void)
{
    return stage_count(
        &stage,
        "SELECT 100 * count(*) FILTER (WHERE interaction_type = 'click') / "
        "greatest(count(*) FILTER (WHERE interaction_type = 'view'), 1) "
        "FROM user_interactions WHERE request_id IS NOT NULL");
}

START_TEST(a_click_on_a_never_served_post_is_stored_and_changes_no_rate)
{
    const char *never = "00000000-0000-4000-8000-000000000001"; /* liked */
    int64_t rows, rate;

    report(reader, "view", shown.post, shown.impression);
    report(reader, "click", shown.post, shown.impression);
    rate = click_rate();
    ck_assert_int_eq(rate, 100);
    rows = stage_count(&stage, "SELECT count(*) FROM user_interactions");
    ck_assert_int_eq(report(reader, "click", never, ""), 1);
    ck_assert_int_eq(report(reader, "click", never, shown.impression), 1);
    ck_assert_int_eq(report(stranger, "click", shown.post, shown.impression),
                     1);
    ck_assert_int_eq(
        stage_count(&stage, "SELECT count(*) FROM user_interactions"),
        rows + 3);
    ck_assert_int_eq(
        stage_count(&stage, "SELECT count(*) FROM user_interactions WHERE "
                            "interaction_type = 'click' AND request_id IS NULL"
                            " AND metadata = '{}'"),
        3);
    ck_assert_int_eq(click_rate(), rate);
}
END_TEST

START_TEST(an_impression_outlives_a_turn_of_the_keys)
{
    ck_assert_int_eq(worker_stop(&track), 0);
    stage_keys(&stage, NEW_KEY OLD_KEY);
    worker_start(&track, &stage, "track");
    ck_assert_int_eq(report(reader, "click", shown.post, shown.impression), 1);
    ck_assert_int_eq(strncmp(attribution(), shown.request, UUID_TEXT), 0);
}
END_TEST

START_TEST(an_impression_dies_with_its_key)
{
    ck_assert_int_eq(worker_stop(&track), 0);
    stage_keys(&stage, NEW_KEY);
    stage_token(&stage, test_id(CORPUS_READER), reader);
    worker_start(&track, &stage, "track");
    ck_assert_int_eq(report(reader, "click", shown.post, shown.impression), 1);
    ck_assert_str_eq(attribution(), unattributed);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
    Suite *s = suite_create("attribution");
    TCase *tc = tcase_create("impressions");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_click_is_attributed_to_the_showing_it_answers);
    tcase_add_test(tc, a_random_post_is_attributed_to_chance);
    tcase_add_test(tc, a_latest_post_is_attributed_to_its_place_in_the_scroll);
    tcase_add_test(tc, a_view_of_one_showing_counts_once_whatever_ids_it_has);
    tcase_add_test(tc, a_second_showing_of_the_post_has_a_view_of_its_own);
    tcase_add_test(tc, an_impression_of_another_reader_proves_nothing);
    tcase_add_test(tc, an_impression_of_another_post_proves_nothing);
    tcase_add_test(tc, an_impression_with_any_character_changed_proves_nothing);
    tcase_add_loop_test(tc, what_is_no_impression_proves_nothing, 0,
                        ROWS(no_proofs));
    tcase_add_test(tc, a_token_or_cursor_is_no_impression);
    tcase_add_test(
        tc, a_click_on_a_never_served_post_is_stored_and_changes_no_rate);
    tcase_add_test(tc, an_impression_outlives_a_turn_of_the_keys);
    tcase_add_test(tc, an_impression_dies_with_its_key);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
