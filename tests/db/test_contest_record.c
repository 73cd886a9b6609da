/* What `kith evaluate` and `kith tune` leave behind for `kith runs`. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/program.h"
#include "../support/test_db.h"

enum { TEXT = 1024, LINE = 4096 };

static struct program p;
static struct db db;
static char db_url[TEXT];
static const char *settings[] = {db_url, "KITH_LOG_LEVEL=0", NULL};

/* Two tastes, ten readers each of which wants one post more of his own. */
static void put_lists(void)
{
    char train[TEXT], test[TEXT];
    size_t a = 0, b = 0;

    for (int u = 0; u < 10; u++) {
        a += (size_t)snprintf(train + a, sizeof train - a, "%d", u);
        for (int n = 0; n < 4; n++)
            a += (size_t)snprintf(train + a, sizeof train - a, " %d",
                                  u % 2 * 5 + (u / 2 + n) % 5);
        a += (size_t)snprintf(train + a, sizeof train - a, "\n");
        b += (size_t)snprintf(test + b, sizeof test - b, "%d %d\n", u,
                              u % 2 * 5 + (u / 2 + 4) % 5);
    }
    program_file("lg/train.txt", span_of(train));
    program_file("lg/test.txt", span_of(test));
}

static void set_up(void)
{
    snprintf(db_url, sizeof db_url, "KITH_DB_URL=%s", test_db_url());
    test_db_open(&db);
    test_db_run(&db, "TRUNCATE runs, run_params, run_metrics, models, "
                     "model_changes");
    put_lists();
}

static void tear_down(void)
{
    db_release(&db);
}

static void kith(const char *line, int code)
{
    program_kith_run(&p, settings, line);
    ck_assert_msg(p.code == code, "`kith %s`: exit %d\n%s%s", line, p.code,
                  p.out, p.err);
}

/* The protocol on the two lists, more words behind it. */
static void on_lists(const char *command, const char *rest, int code)
{
    char line[LINE];

    snprintf(line, sizeof line, "%s --protocol lightgcn --data %s %s", command,
             program_path("lg"), rest);
    kith(line, code);
}

static void assert_text(const char *wanted, const char *sql)
{
    const char *is = test_db_text(&db, sql);

    ck_assert_msg(!strcmp(is, wanted), "%s: '%s', not '%s'", sql, is, wanted);
}

START_TEST(an_evaluation_is_recorded_with_all_that_made_it)
{
    on_lists("evaluate",
             "--algorithm popular,user_knn:k=3:reverse=1 --k 1,2 --threads 1",
             0);
    assert_text("evaluate finished", "SELECT kind || ' ' || status FROM runs");
    assert_text("lightgcn", "SELECT value FROM run_params "
                            "WHERE name = 'protocol'");
    assert_text("1,2", "SELECT value FROM run_params WHERE name = 'k'");
    assert_text("3", "SELECT value FROM run_params "
                     "WHERE name = 'user_knn/k-3/reverse-1/k'");
    assert_text("yes", "SELECT CASE WHEN value > 0 THEN 'yes' ELSE 'no' END "
                       "FROM run_metrics "
                       "WHERE name = 'user_knn/k-3/reverse-1/ndcg@2'");
    assert_text("coverage@1 coverage@2 gini@1 gini@2 ndcg@1 ndcg@2",
                "SELECT string_agg(substr(name, 9), ' ' ORDER BY name) "
                "FROM run_metrics WHERE name ~ "
                "'^popular/(ndcg|coverage|gini)@'");
    assert_text("fit_s request_us_mean request_us_p99 score_s state_bytes",
                "SELECT string_agg(substr(name, 9), ' ' ORDER BY name) "
                "FROM run_metrics WHERE name ~ '^popular/[a-z0-9_]+$'");
    assert_text("true true", "SELECT (data_hash ~ '^[0-9a-f]{16}$')::text "
                             "|| ' ' || (took_us > 0 AND revision <> '')"
                             "::text FROM runs");
    assert_text("true", "SELECT (note LIKE '2 algorithms on lightgcn; best "
                        "NDCG@2: %')::text FROM runs");
}
END_TEST

START_TEST(the_data_hash_follows_the_data_and_nothing_else)
{
    on_lists("evaluate", "--algorithm popular", 0);
    on_lists("evaluate", "--algorithm random --k 3 --threads 1", 0);
    program_file("lg/test.txt", span_of("3 5\n"));
    on_lists("evaluate", "--algorithm popular", 0);
    assert_text("2", "SELECT count(DISTINCT data_hash)::text FROM runs");
    assert_text("1", "SELECT count(DISTINCT data_hash)::text FROM runs "
                     "WHERE id <= (SELECT min(id) + 1 FROM runs)");
}
END_TEST

START_TEST(a_log_with_times_is_recorded_with_their_range)
{
    char line[TEXT];

    snprintf(
        line, sizeof line,
        "evaluate --protocol temporal --data %s --algorithm popular "
        "--split 0.5",
        program_file("log.jsonl", span_of("{\"user\":1,\"post\":\"a\",\"type\":"
                                          "\"view\",\"at\":100}\n"
                                          "{\"user\":2,\"post\":\"b\",\"type\":"
                                          "\"like\",\"at\":200}\n"
                                          "{\"user\":1,\"post\":\"b\",\"type\":"
                                          "\"like\",\"at\":300}\n")));
    kith(line, 0);
    assert_text("100 300", "SELECT extract(epoch FROM data_from)::int || ' ' "
                           "|| extract(epoch FROM data_until)::int FROM runs");
    assert_text("1,3,7,10", "SELECT value FROM run_params "
                            "WHERE name = 'weights'");
}
END_TEST

START_TEST(a_tuning_is_recorded_with_its_choice_as_artefact)
{
    char rest[TEXT];

    snprintf(rest, sizeof rest,
             "--algorithm user_knn_idf --grid k=1,3 --grid q=1,2 --out %s",
             program_path("chosen"));
    on_lists("tune", rest, 0);
    assert_text("tune finished", "SELECT kind || ' ' || status FROM runs");
    assert_text("1,3", "SELECT value FROM run_params WHERE name = 'grid/k'");
    assert_text("4", "SELECT value::text FROM run_metrics "
                     "WHERE name = 'trials'");
    assert_text("1", "SELECT count(*)::text FROM run_metrics "
                     "WHERE name = 'ndcg@20'");
    assert_text("64 true", "SELECT length(artefact_sha256) || ' ' || "
                           "(artefact_bytes > 0)::text FROM runs");
}
END_TEST

START_TEST(what_fails_is_recorded_as_failed)
{
    kith("evaluate --protocol lightgcn --data /nowhere", 1);
    assert_text("evaluate failed", "SELECT kind || ' ' || status FROM runs");
    assert_text("true", "SELECT (note <> '')::text FROM runs");
}
END_TEST

START_TEST(two_evaluations_can_be_compared)
{
    char line[TEXT];
    long long first;

    on_lists("evaluate", "--algorithm popular --k 2", 0);
    on_lists("evaluate", "--algorithm popular --k 3", 0);
    first = (long long)test_db_number(&db, "SELECT min(id) FROM runs");
    snprintf(line, sizeof line, "runs compare %lld %lld", first, first + 1);
    kith(line, 0);
    ck_assert(strstr(p.out, "* k ") != NULL);
    ck_assert(strstr(p.out, "popular/ndcg@2") != NULL);
}
END_TEST

/* No database is named: nothing is said of it, nothing fails. */
START_TEST(without_a_database_an_evaluation_is_just_told)
{
    const char *none[] = {"KITH_LOG_LEVEL=0", NULL};
    char line[TEXT];

    snprintf(line, sizeof line,
             "evaluate --protocol lightgcn --data %s --algorithm popular",
             program_path("lg"));
    program_kith_run(&p, none, line);
    ck_assert_int_eq(p.code, 0);
    ck_assert_str_eq(p.err, "");
    assert_text("0", "SELECT count(*)::text FROM runs");
}
END_TEST

START_TEST(an_off_policy_estimate_is_recorded)
{
    char line[TEXT];

    snprintf(line, sizeof line,
             "evaluate --protocol off-policy --data %s --target uniform "
             "--least-sample 1 --resamples 100",
             program_file("log.csv", span_of("item,reward,propensity\n"
                                             "a,1,0.5\nb,0,0.5\n")));
    kith(line, 0);
    assert_text("off_policy finished",
                "SELECT kind || ' ' || status FROM runs");
    assert_text("0.5", "SELECT value::text FROM run_metrics "
                       "WHERE name = 'ips'");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("contest_record");
    TCase *tc = tcase_create("runs");
    SRunner *sr;
    int failed;

    test_db_create();
    program_folder(); /* makes the folder of all tests */
    sr = srunner_create(s);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, an_evaluation_is_recorded_with_all_that_made_it);
    tcase_add_test(tc, the_data_hash_follows_the_data_and_nothing_else);
    tcase_add_test(tc, a_log_with_times_is_recorded_with_their_range);
    tcase_add_test(tc, a_tuning_is_recorded_with_its_choice_as_artefact);
    tcase_add_test(tc, what_fails_is_recorded_as_failed);
    tcase_add_test(tc, two_evaluations_can_be_compared);
    tcase_add_test(tc, without_a_database_an_evaluation_is_just_told);
    tcase_add_test(tc, an_off_policy_estimate_is_recorded);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
