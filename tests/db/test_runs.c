/* The record of runs and of models: what is written is what is read. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/test_db.h"
#include "store/models.h"
#include "store/runs.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)
#define SHA "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

#define NOW_MS INT64_C(1700000000000)

static struct db db;
static struct err err;

static void set_up(void)
{
    test_db_open(&db);
    test_db_run(&db, "TRUNCATE runs, run_params, run_metrics, models, "
                     "model_changes");
}

static void tear_down(void)
{
    db_release(&db);
}

static void assert_span(struct span is, const char *wanted)
{
    ck_assert_msg(span_is(is, wanted), "'%.*s' is not '%s'", SPAN_ARGS(is),
                  wanted);
}

static int64_t record(const struct run_record *r)
{
    int64_t id = 0;

    MUST(runs_record(&db, r, test_db_soon(), &id, &err));
    return id;
}

static int64_t simple(const char *kind)
{
    struct run_record r;
    int64_t id;

    run_record_init(&r, kind);
    id = record(&r);
    run_record_release(&r);
    return id;
}

START_TEST(a_run_comes_back_as_it_was_recorded)
{
    struct run_record r;
    struct run_row row;
    struct runs it;
    int64_t id;

    run_record_init(&r, "train");
    r.status = RUN_REFUSED;
    run_note(&r, "NDCG fell by %d %%", 12);
    snprintf(r.revision, sizeof r.revision, "abc123");
    snprintf(r.model_version, sizeof r.model_version, "v1");
    snprintf(r.data_hash, sizeof r.data_hash, "00ff");
    snprintf(r.artefact_sha256, sizeof r.artefact_sha256, "%s", SHA);
    r.artefact_bytes = 77;
    r.started_at_ms = NOW_MS;
    r.took_us = 1500;
    r.data_from_ms = NOW_MS - 2000;
    r.data_until_ms = NOW_MS - 1000;
    id = record(&r);
    run_record_release(&r);

    it = runs_by_id(&db, id, test_db_soon(), &err);
    ck_assert(runs_next(&it, &row));
    ck_assert_int_eq(row.id, id);
    assert_span(row.kind, "train");
    assert_span(row.status, "refused");
    assert_span(row.note, "NDCG fell by 12 %");
    assert_span(row.revision, "abc123");
    assert_span(row.model_version, "v1");
    assert_span(row.data_hash, "00ff");
    assert_span(row.artefact_sha256, SHA);
    assert_span(row.mlflow, "");
    ck_assert_int_eq(row.artefact_bytes, 77);
    ck_assert_int_eq(row.started_at_ms, NOW_MS);
    ck_assert_int_eq(row.took_us, 1500);
    ck_assert_int_eq(row.data_from_ms, NOW_MS - 2000);
    ck_assert_int_eq(row.data_until_ms, NOW_MS - 1000);
    ck_assert(!runs_next(&it, &row) && !it.failed);
    runs_end(&it);
}
END_TEST

START_TEST(a_run_without_data_or_model_has_none)
{
    int64_t id = simple("evaluate");
    struct runs it = runs_by_id(&db, id, test_db_soon(), &err);
    struct run_row row;

    ck_assert(runs_next(&it, &row));
    assert_span(row.model_version, "");
    assert_span(row.artefact_sha256, "");
    ck_assert(row.data_from_ms == DB_NONE_I64);
    ck_assert(row.data_until_ms == DB_NONE_I64);
    runs_end(&it);
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM runs WHERE model_version IS "
                            "NULL AND artefact_bytes IS NULL"),
        1);
}
END_TEST

START_TEST(the_newest_runs_come_first_and_a_kind_can_be_chosen)
{
    int64_t first = simple("train"), second = simple("evaluate");
    int64_t third = simple("train");
    struct run_row row;
    struct runs it = runs_newest(&db, "", 2, test_db_soon(), &err);

    ck_assert(runs_next(&it, &row) && row.id == third);
    ck_assert(runs_next(&it, &row) && row.id == second);
    ck_assert(!runs_next(&it, &row));
    runs_end(&it);
    it = runs_newest(&db, "train", 9, test_db_soon(), &err);
    ck_assert(runs_next(&it, &row) && row.id == third);
    ck_assert(runs_next(&it, &row) && row.id == first);
    ck_assert(!runs_next(&it, &row));
    runs_end(&it);
}
END_TEST

START_TEST(two_runs_stand_side_by_side)
{
    struct run_record a, b;
    struct run_pairs it;
    struct run_pair pair;
    int64_t a_id, b_id;

    run_record_init(&a, "train");
    run_param(&a, "neighbours", "%d", 50);
    run_param(&a, "neighbours", "%d", 100); /* the last one counts */
    run_metric(&a, "ndcg@20", 0.1);
    run_record_init(&b, "train");
    run_param(&b, "neighbours", "200");
    run_param(&b, "weights", "1 3 7 10");
    run_metric(&b, "ndcg@20", 1.0 / 3);
    run_metric(&b, "took/s", NAN);
    a_id = record(&a);
    b_id = record(&b);
    run_record_release(&a);
    run_record_release(&b);

    it = run_pairs_of(&db, a_id, b_id, test_db_soon(), &err);
    ck_assert(run_pairs_next(&it, &pair));
    ck_assert(!pair.is_metric && pair.has_a && pair.has_b);
    assert_span(pair.name, "neighbours");
    assert_span(pair.a, "100");
    assert_span(pair.b, "200");
    ck_assert(run_pairs_next(&it, &pair));
    assert_span(pair.name, "weights");
    ck_assert(!pair.has_a && pair.has_b);
    ck_assert(run_pairs_next(&it, &pair));
    ck_assert(pair.is_metric);
    assert_span(pair.name, "ndcg@20");
    assert_span(pair.a, "0.1");
    assert_span(pair.b, "0.3333333333333333"); /* exactly 1.0 / 3 */
    ck_assert(run_pairs_next(&it, &pair));
    assert_span(pair.name, "took/s");
    assert_span(pair.b, "NaN");
    ck_assert(!run_pairs_next(&it, &pair) && !it.failed);
    run_pairs_end(&it);
}
END_TEST

START_TEST(a_name_that_is_none_is_refused)
{
    static const char *const bad[] = {"", "two words", "tab\t", "ümlaut",
                                      "a;b"};
    int64_t id;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct run_record r;

        run_record_init(&r, "train");
        run_metric(&r, bad[i], 1);
        ck_assert(!runs_record(&db, &r, test_db_soon(), &id, &err));
        ck_assert_int_eq(err.code, ERR_INVALID);
        run_record_release(&r);
    }
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM runs"), 0);
}
END_TEST

START_TEST(what_mlflow_said_stays_with_the_run)
{
    int64_t id = simple("train");
    struct runs it;
    struct run_row row;

    MUST(runs_set_mlflow(&db, id, SPAN("run 12"), test_db_soon(), &err));
    it = runs_by_id(&db, id, test_db_soon(), &err);
    ck_assert(runs_next(&it, &row));
    assert_span(row.mlflow, "run 12");
    runs_end(&it);
}
END_TEST

/* ---- models ---- */

static void model(const char *version, enum model_verdict verdict,
                  int64_t built_at_ms)
{
    const struct model_record m = {.version = span_of(version),
                                   .algorithm = SPAN("cf"),
                                   .data_hash = SPAN("00"),
                                   .sha256 = SPAN(SHA),
                                   .reason = SPAN("because"),
                                   .verdict = verdict,
                                   .built_at_ms = built_at_ms,
                                   .bytes = 10,
                                   .users = 1,
                                   .posts = 2,
                                   .pairs = 3};

    MUST(models_record(&db, &m, test_db_soon(), &err));
}

static void change(enum model_change how, const char *version)
{
    MUST(models_change(&db, how, span_of(version), SPAN("why"), NOW_MS,
                       test_db_soon(), &err));
}

/* The versions that models_before gives, with a space behind each. */
static const char *before(const char *live)
{
    static char text[256];
    struct models it =
        models_before(&db, span_of(live), 9, test_db_soon(), &err);
    struct model_row row;
    int n = 0;

    text[0] = 0;
    while (models_next(&it, &row))
        n += snprintf(text + n, sizeof text - (size_t)n, "%.*s ",
                      SPAN_ARGS(row.version));
    ck_assert_msg(!it.failed, "%s", err.what);
    models_end(&it);
    return text;
}

START_TEST(a_model_comes_back_with_the_last_time_it_was_live)
{
    struct models it;
    struct model_row row;

    model("A", MODEL_PASSED, NOW_MS);
    model("B", MODEL_REFUSED, NOW_MS + 1);
    change(CHANGE_TRAIN, "A");
    change(CHANGE_PROMOTE, "A");
    it = models_newest(&db, 9, test_db_soon(), &err);
    ck_assert(models_next(&it, &row));
    assert_span(row.version, "B");
    assert_span(row.verdict, "refused");
    assert_span(row.reason, "because");
    ck_assert(row.live_at_ms == DB_NONE_I64);
    ck_assert_int_eq(row.trained_until_ms, 0);
    ck_assert(models_next(&it, &row));
    assert_span(row.version, "A");
    ck_assert_int_eq(row.live_at_ms, NOW_MS);
    assert_span(row.change, "promote");
    assert_span(row.change_reason, "why");
    ck_assert_int_eq(row.pairs, 3);
    ck_assert(!models_next(&it, &row) && !it.failed);
    models_end(&it);
}
END_TEST

START_TEST(two_rollbacks_go_two_models_back)
{
    model("A", MODEL_PASSED, NOW_MS);
    model("B", MODEL_PASSED, NOW_MS + 1);
    model("C", MODEL_PASSED, NOW_MS + 2);
    change(CHANGE_TRAIN, "A");
    change(CHANGE_TRAIN, "B");
    change(CHANGE_TRAIN, "C");
    ck_assert_str_eq(before("C"), "B A ");
    change(CHANGE_ROLLBACK, "B");
    ck_assert_str_eq(before("B"), "A ");
    change(CHANGE_ROLLBACK, "A");
    ck_assert_str_eq(before("A"), "");
}
END_TEST

START_TEST(a_model_after_a_rollback_goes_back_to_the_one_it_replaced)
{
    model("A", MODEL_PASSED, NOW_MS);
    model("B", MODEL_PASSED, NOW_MS + 1);
    model("C", MODEL_PASSED, NOW_MS + 2);
    change(CHANGE_TRAIN, "A");
    change(CHANGE_TRAIN, "B");
    change(CHANGE_ROLLBACK, "A");
    change(CHANGE_TRAIN, "C");
    ck_assert_str_eq(before("C"), "A B ");
}
END_TEST

START_TEST(from_an_unknown_model_every_way_leads_back)
{
    model("A", MODEL_PASSED, NOW_MS);
    change(CHANGE_TRAIN, "A");
    ck_assert_str_eq(before("copied-by-hand"), "A ");
}
END_TEST

START_TEST(only_a_known_model_can_become_live)
{
    ck_assert(!models_change(&db, CHANGE_PROMOTE, SPAN("no"), SPAN("why"),
                             NOW_MS, test_db_soon(), &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("runs and models");
    TCase *tc = tcase_create("runs");
    SRunner *sr = srunner_create(s);
    int failed;

    test_db_create();
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_run_comes_back_as_it_was_recorded);
    tcase_add_test(tc, a_run_without_data_or_model_has_none);
    tcase_add_test(tc, the_newest_runs_come_first_and_a_kind_can_be_chosen);
    tcase_add_test(tc, two_runs_stand_side_by_side);
    tcase_add_test(tc, a_name_that_is_none_is_refused);
    tcase_add_test(tc, what_mlflow_said_stays_with_the_run);
    tcase_add_test(tc, a_model_comes_back_with_the_last_time_it_was_live);
    tcase_add_test(tc, two_rollbacks_go_two_models_back);
    tcase_add_test(tc,
                   a_model_after_a_rollback_goes_back_to_the_one_it_replaced);
    tcase_add_test(tc, from_an_unknown_model_every_way_leads_back);
    tcase_add_test(tc, only_a_known_model_can_become_live);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
