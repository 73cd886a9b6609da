/* `kith models rollback` and a worker that is running. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/corpus.h"
#include "../support/test_db.h"
#include "base/clock.h"

enum { VERSION = 64, LINE = 512, LIMIT_S = 60 };
#define SECOND_US INT64_C(1000000)

static struct stage stage;
static struct worker feeds;

/* Of the model that an answer was made with. */
static void ask_version(char out[VERSION])
{
    char bearer[STAGE_TOKEN];
    struct answer a;
    struct json model;
    struct span version;
    struct err err;

    stage_token(&stage, test_id(CORPUS_READER), bearer);
    worker_ask(&feeds, &(struct ask){.query = "limit=1", .bearer = bearer}, &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert(json_find_object(&a.json, "model", &model, NULL, &err));
    ck_assert(json_find_text(&model, "version", &version, NULL, &err));
    snprintf(out, VERSION, "%.*s", SPAN_ARGS(version));
    answer_release(&a);
}

START_TEST(a_rollback_reaches_a_running_worker_within_a_second)
{
    char first[VERSION], second[VERSION], now[VERSION], line[LINE];
    int64_t done_us;

    stage_open(&stage);
    corpus_fill(&stage);
    stage_train(&stage);
    worker_start(&feeds, &stage, "feeds");
    ask_version(first);
    stage_train(&stage);
    done_us = clock_mono_us();
    do
        ask_version(second);
    while (!strcmp(first, second) &&
           clock_mono_us() < done_us + LIMIT_S * SECOND_US);
    ck_assert_str_ne(first, second);
    snprintf(line, sizeof line, "%s/kith models rollback --json >/dev/null",
             stage_bin());
    ck_assert_int_eq(system(line), 0);
    done_us = clock_mono_us();
    do
        ask_version(now);
    while (strcmp(first, now) && clock_mono_us() < done_us + SECOND_US);
    ck_assert_str_eq(first, now);
    ck_assert_int_eq(stage_count(&stage, "SELECT count(*) FROM model_changes "
                                         "WHERE change = 'rollback'"),
                     1);
    ck_assert_int_eq(worker_stop(&feeds), 0);
    stage_close(&stage);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rollback");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    stage_create();
    tcase_set_timeout(tc, 2 * LIMIT_S);
    tcase_add_test(tc, a_rollback_reaches_a_running_worker_within_a_second);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
