/*
 * What `kith evaluate` and `kith tune` make of small files, and of published
 * ones where they are at hand: needs no database.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../support/program.h"
#include "web/json.h"

enum { DEPTH = 12, LINE_BYTES = 4096, SLOW_S = 120 };

/* Published data; it stays outside of the repository. */
#define DATA "../shared/data/"

static struct program p;
static struct json said;
static struct err err;

static const char *const settings[] = {"KITH_LOG_LEVEL=0", NULL};

static const char *put(const char *name, const char *text)
{
    return program_file(name, span_of(text));
}

static void teardown(void)
{
    if (said.at)
        json_release(&said);
    said.at = NULL;
}

/* Runs and reads the report. */
static void evaluate(const char *protocol, const char *path, const char *rest)
{
    char line[LINE_BYTES];

    teardown();
    snprintf(line, sizeof line, "evaluate --json --protocol %s --data %s %s",
             protocol, path, rest);
    program_kith_run(&p, settings, line);
    ck_assert_msg(!p.code, "%d: %s", p.code, p.err);
    ck_assert_msg(json_parse(span_of(p.out), sizeof p.out, DEPTH, &said, &err),
                  "%s: %s", err.what, p.out);
}

static int64_t number(const char *key)
{
    int64_t value = -1;

    ck_assert(json_find_i64(&said, key, 0, INT64_MAX, &value, NULL, &err));
    return value;
}

static int64_t window(size_t at, const char *key)
{
    struct json windows, one;
    int64_t value = -1;

    ck_assert(json_find_array(&said, "windows", &windows, NULL, &err));
    ck_assert_uint_lt(at, json_count(&windows));
    one = json_at(&windows, at);
    ck_assert(
        json_find_i64(&one, key, INT64_MIN, INT64_MAX, &value, NULL, &err));
    return value;
}

static struct json group_of(size_t algorithm, const char *group)
{
    struct json all, one, out;

    ck_assert(json_find_array(&said, "algorithms", &all, NULL, &err));
    ck_assert_uint_lt(algorithm, json_count(&all));
    one = json_at(&all, algorithm);
    ck_assert(json_find_object(&one, group, &out, NULL, &err));
    return out;
}

static int64_t cases(const char *group)
{
    struct json object = group_of(0, group);
    int64_t value = -1;

    ck_assert(
        json_find_i64(&object, "cases", 0, INT64_MAX, &value, NULL, &err));
    return value;
}

/* One mean of the main group; cut: index into --k. */
static double mean(size_t algorithm, size_t cut, const char *metric)
{
    struct json object = group_of(algorithm, "main"), at, row, estimate;
    double value = NAN;

    ck_assert(json_find_array(&object, "at", &at, NULL, &err));
    ck_assert_uint_lt(cut, json_count(&at));
    row = json_at(&at, cut);
    ck_assert(json_find_object(&row, metric, &estimate, NULL, &err));
    ck_assert(json_find_f64(&estimate, "value", &value, NULL, &err));
    return value;
}

static double setting(const char *name)
{
    struct json all, one, values;
    double value = NAN;

    ck_assert(json_find_array(&said, "algorithms", &all, NULL, &err));
    one = json_at(&all, 0);
    ck_assert(json_find_object(&one, "settings", &values, NULL, &err));
    ck_assert(json_find_f64(&values, name, &value, NULL, &err));
    return value;
}

/* ---- protocols on small files ---- */

/* Item 9 is most popular; user 3 has not got it. */
static const char train[] = "1 9 10\n2 9 11\n3 10\n4 9\n";

START_TEST(lightgcn_reads_lists_of_items_plain_or_packed)
{
    put("lg/train.txt", train);
    put("lg/test.txt", "3 9 11\n4 10\n");
    program_gzip("lg/test.txt");
    unlink(program_path("lg/test.txt"));
    evaluate("lightgcn", program_path("lg"), "--algorithm popular --k 1,2");
    ck_assert_int_eq(number("users"), 4);
    ck_assert_int_eq(number("posts"), 3);
    ck_assert_int_eq(window(0, "train_events"), 6);
    ck_assert_int_eq(window(0, "test_pairs"), 3);
    ck_assert_int_eq(cases("main"), 2);
    /* 3 gets 9 then 11, 4 gets 10 then 11. */
    ck_assert_double_eq_tol(mean(0, 0, "recall"), 0.75, 1e-9);
    ck_assert_double_eq_tol(mean(0, 0, "recall_min"), 1, 1e-9);
    ck_assert_double_eq_tol(mean(0, 1, "precision"), 0.75, 1e-9);
}
END_TEST

START_TEST(leave_one_out_masks_training_rows_only)
{
    put("loo/train.csv", "userID,itemID\n1,1\n2,1\n2,2\n3,2\n3,3\n");
    put("loo/validation.csv", "userID,itemID\n1,2\n");
    put("loo/test.csv", "userID,itemID\n1,3\n");
    evaluate("ml100k-loo", program_path("loo"), "--algorithm popular --k 1,2");
    /* The validation item 2 stays a candidate and stands before 3. */
    ck_assert_double_eq(mean(0, 0, "hit_rate"), 0);
    ck_assert_double_eq(mean(0, 1, "hit_rate"), 1);
    ck_assert_double_eq_tol(mean(0, 1, "ndcg"), 1 / log2(3), 1e-9);
}
END_TEST

START_TEST(movielens_halves_bring_genres_as_contents)
{
    put("ml/ua.base", "1\t1\t5\t100\n1\t2\t3\t101\n2\t1\t4\t102\n"
                      "2\t3\t4\t103\n2\t4\t4\t103\n");
    put("ml/ua.test", "1\t3\t1\t104\nbroken\n");
    put("ml/u.item",
        "1|A|||u|0|1|0\n2|B|||u|1|0|0\n3|C|||u|0|0|1\n4|D|||u|0|1|0\n");
    evaluate("movielens-ua", program_path("ml"), "--algorithm popular --k 2");
    ck_assert_int_eq(number("bad_lines"), 1);
    ck_assert_int_eq(number("posts"), 4);
    ck_assert_double_eq(mean(0, 0, "recall"), 1);
    ck_assert_double_eq(mean(0, 0, "diversity"), 1); /* C and D share none */
}
END_TEST

START_TEST(sequences_ask_for_the_last_item_with_all_before_it)
{
    put("seq/sequences.txt", "1 5 6 7 8\n2 5 6 9 7\n3 1\n");
    evaluate("sequence-loo", program_path("seq"), "--algorithm popular --k 3");
    ck_assert_int_eq(window(0, "train_events"), 4); /* 5 6 of both */
    ck_assert_int_eq(cases("main"), 2);
    ck_assert_int_eq(number("bad_lines"), 1); /* too short to cut */
    /* User 1 has 5 6 7: 1, 8 and 9 are left, 8 among them. */
    ck_assert_double_eq(mean(0, 0, "recall"), 1);
}
END_TEST

static const char deskdrop[] =
    "timestamp,eventType,contentId,personId,sessionId\n"
    "1465413030,VIEW,-1,7,1\n"
    "1465413031,LIKE,-2,8,1\n"
    "1465413032,VIEW,-1,8,1\n"
    "1465413033,COMMENT CREATED,-2,9,1\n"
    "1465413034,VIEW,-2,7,1\n"   /* found by 7 */
    "1465413035,VIEW,-3,7,1\n"   /* too young at the cut */
    "1465413036,VIEW,-1,10,1\n"  /* by a cold user */
    "1465413037,FOLLOW,-1,8,1\n" /* seen before */
    "1465413037,PURR,-1,8,1\n";

START_TEST(an_event_log_is_cut_at_an_instant)
{
    put("desk/users_interactions.csv", deskdrop);
    evaluate("temporal", program_path("desk"),
             "--algorithm popular --k 2 --split 1465413034");
    ck_assert_int_eq(number("bad_lines"), 1);
    ck_assert_int_eq(window(0, "train_events"), 4);
    ck_assert_int_eq(window(0, "late_pairs"), 1);
    ck_assert_int_eq(window(0, "seen_pairs"), 1);
    ck_assert_int_eq(window(0, "cold_users"), 1);
    ck_assert_int_eq(cases("main"), 1);
    ck_assert_int_eq(cases("cold_users"), 1);
    ck_assert_double_eq(mean(0, 0, "recall"), 1);
}
END_TEST

START_TEST(windows_train_on_all_that_lies_before_them)
{
    evaluate("temporal", put("w/log.csv", deskdrop),
             "--algorithm popular --k 2 --split 1465413034 --windows 2");
    ck_assert_int_eq(window(0, "train_events"), 4);
    ck_assert_int_eq(window(1, "train_events"), 6);
    ck_assert_int_eq(window(0, "until_ms"), window(1, "from_ms"));
}
END_TEST

START_TEST(posts_with_tags_make_cold_posts_and_contents)
{
    put("se/posts.jsonl",
        "{\"post_id\":1,\"created\":\"2018-01-01\",\"title\":\"Spin up\","
        "\"tags\":[\"spin\"],\"body\":\"x\"}\n"
        "{\"post_id\":2,\"created\":\"2018-01-02\",\"title\":\"Spin down\","
        "\"tags\":[\"spin\"],\"body\":\"x\"}\n"
        "{\"post_id\":3,\"created\":\"2018-01-03\",\"title\":\"Gates\","
        "\"tags\":[],\"body\":\"x\"}\n");
    put("se/events.tsv", "timestamp\tuser_id\tpost_id\tevent\n"
                         "2018-01-01T10:00:00\t1\t1\task\n"
                         "2018-01-02T10:00:00\t1\t1\tcomment\n"
                         "2018-01-05T10:00:00\t1\t2\tfavorite\n"
                         "2018-01-05T11:00:00\t2\t1\tanswer\n");
    evaluate("temporal", program_path("se"),
             "--algorithm popular --k 2 --split 2018-01-04");
    ck_assert_int_eq(number("posts"), 3);
    ck_assert_int_eq(number("bad_lines"), 0);
    ck_assert_int_eq(window(0, "train_events"), 1);
    ck_assert_int_eq(cases("main"), 1);
    ck_assert_int_eq(cases("cold_posts"), 1);
    ck_assert_int_eq(window(0, "cold_pairs"), 1);
}
END_TEST

START_TEST(json_lines_are_read_as_kith_writes_them)
{
    evaluate("temporal",
             put("j/log.jsonl",
                 "{\"user\":1,\"post\":\"a\",\"type\":\"view\",\"at\":100}\n"
                 "{\"user\":2,\"post\":\"b\",\"type\":\"like\",\"at\":101}\n"
                 "{\"user\":1,\"post\":\"b\",\"type\":\"share\",\"at\":"
                 "\"1970-01-01T00:01:50Z\"}\nnonsense\n"),
             "--algorithm popular --k 1 --split 0.7");
    ck_assert_int_eq(number("bad_lines"), 1);
    ck_assert_int_eq(window(0, "train_events"), 2);
    ck_assert_double_eq(mean(0, 0, "recall"), 1);
}
END_TEST

START_TEST(the_vae_protocol_keeps_ratings_over_three_and_a_half)
{
    char text[LINE_BYTES] = "userId,movieId,rating,timestamp\n";
    size_t bytes = strlen(text);

    /* Six users with five good ratings each and one poor one. */
    for (int u = 1; u <= 6; u++)
        for (int m = 1; m <= 6; m++)
            bytes += (size_t)snprintf(text + bytes, sizeof text - bytes,
                                      "%d,%d,%s,1\n", u, m,
                                      m == 6  ? "3.5"
                                      : m % 2 ? "4.0"
                                              : "5");
    put("vae/ratings.csv", text);
    evaluate("vae", program_path("vae"), "--algorithm popular --held 2");
    ck_assert_int_eq(number("posts"), 5);
    ck_assert_int_eq(window(0, "train_users"), 2);
    ck_assert_int_eq(cases("main"), 2);
    ck_assert_int_eq(window(0, "test_pairs"), 2); /* a fifth of five each */
    ck_assert_double_eq(mean(0, 0, "recall"), 1); /* one is left to rank */
}
END_TEST

/* ---- the command line ---- */

static void assert_refused(const char *line, int code, const char *says)
{
    program_kith_run(&p, settings, line);
    ck_assert_msg(p.code == code, "%s: %d %s", line, p.code, p.err);
    ck_assert_msg(strstr(p.err, says) != NULL, "%s: %s", line, p.err);
}

START_TEST(a_wrong_command_line_is_told_what_is_wrong)
{
    assert_refused("evaluate --data x", 2, "needs --protocol");
    assert_refused("evaluate --protocol no --data x", 2, "no protocol 'no'");
    assert_refused("evaluate --protocol vae --data x --k 5,5", 2, "ascend");
    assert_refused("evaluate --protocol vae --data x --algorithm no", 2,
                   "no algorithm 'no'");
    assert_refused("evaluate --protocol vae --data x --set user_knn.no=1", 2,
                   "no setting 'no'");
    assert_refused("evaluate --protocol vae --data x --set user_knn.k=0", 2,
                   "within 1 and");
    assert_refused("evaluate --protocol vae --data x --algorithm popular "
                   "--set user_knn.k=1",
                   2, "not evaluated");
    assert_refused("evaluate --protocol vae --data x --resamples 10", 2,
                   "--resamples");
    assert_refused("evaluate --protocol vae --data x --split x", 2, "--split");
    assert_refused("evaluate --protocol vae --data x", 1, "no ratings.csv");
    assert_refused("tune --protocol vae --data x --algorithm popular", 2,
                   "--grid");
    assert_refused("tune --protocol vae --data x --grid k=1", 2,
                   "one --algorithm");
}
END_TEST

START_TEST(help_gives_the_formula_of_every_metric)
{
    program_kith_run(&p, settings, "evaluate --help");
#define METRIC(id, name, title, formula)                                       \
    ck_assert_msg(strstr(p.out, formula) != NULL, "%s", title);
#include "reco/metrics.def"
#undef METRIC
}
END_TEST

static const char logged[] = "position,item,reward,propensity\n"
                             "1,a,1,0.5\n1,b,0,0.5\n"
                             "2,a,0,0.5\n2,b,1,0.25\n";

START_TEST(off_policy_is_a_protocol_of_evaluate)
{
    struct json estimates, ips;
    double value = NAN;

    /* w: 1, 1, 1, 2; IPS (1 + 2) / 4 */
    evaluate("off-policy", put("bandit.csv", logged),
             "--target uniform --least-sample 1 --resamples 100");
    ck_assert_int_eq(number("impressions"), 4);
    ck_assert(json_find_object(&said, "estimates", &estimates, NULL, &err));
    ck_assert(json_find_object(&estimates, "ips", &ips, NULL, &err));
    ck_assert(json_find_f64(&ips, "value", &value, NULL, &err));
    ck_assert_double_eq_tol(value, 0.75, 1e-9);
    program_kith_run(&p, settings, "evaluate --help");
    ck_assert(strstr(p.out, "off-policy") != NULL);
    ck_assert(strstr(p.out, "SNIPS = sum of w r / sum of w") != NULL);
}
END_TEST

START_TEST(off_policy_refuses_a_sample_that_says_nothing)
{
    char line[LINE_BYTES];

    snprintf(line, sizeof line,
             "evaluate --protocol off-policy --data %s --target uniform",
             put("bandit.csv", logged));
    assert_refused(line, 1, "effective sample of 4 is left, 100 are needed");
    assert_refused("evaluate --protocol off-policy --data x", 2, "--target");
}
END_TEST

START_TEST(every_algorithm_tells_its_costs)
{
    char line[LINE_BYTES];

    put("lg/train.txt", train);
    put("lg/test.txt", "3 9 11\n4 10\n");
    snprintf(
        line, sizeof line,
        "evaluate --protocol lightgcn --data %s --algorithm popular,random",
        program_path("lg"));
    program_kith_run(&p, settings, line);
    ck_assert_int_eq(p.code, 0);
    ck_assert_msg(strstr(p.out, "fit s model MiB   score s   users/s   us mean "
                                "   us p50    us p99\npopular ") != NULL,
                  "%s", p.out);
    ck_assert(strstr(p.out, "paired bootstrap over users, 2000") != NULL);
}
END_TEST

START_TEST(brief_is_one_table_with_quality_and_costs)
{
    char line[LINE_BYTES];

    put("lg/train.txt", train);
    put("lg/test.txt", "3 9 11\n4 10\n");
    snprintf(line, sizeof line,
             "evaluate --protocol lightgcn --data %s --brief --k 1,2 "
             "--algorithm popular",
             program_path("lg"));
    program_kith_run(&p, settings, line);
    ck_assert_int_eq(p.code, 0);
    ck_assert_msg(strstr(p.out,
                         "protocol lightgcn, k = 2, asked: 2\n\n"
                         "| algorithm | recall / NDCG   |    fit s |") != NULL,
                  "%s", p.out);
    ck_assert(strstr(p.out, "\n|---|---|--:|--:|--:|--:|--:|\n") != NULL);
    ck_assert(strstr(p.out, "| popular   | 1.0000 / 1.0000 | ") != NULL);
}
END_TEST

START_TEST(what_tuning_chose_is_what_evaluation_reads)
{
    char line[LINE_BYTES];

    put("loo2/train.csv", "userID,itemID\n1,1\n2,1\n2,2\n3,2\n3,3\n1,4\n");
    put("loo2/validation.csv", "userID,itemID\n1,2\n");
    put("loo2/test.csv", "userID,itemID\n1,3\n");
    snprintf(line, sizeof line,
             "tune --protocol ml100k-loo --data %s --algorithm "
             "user_knn:shrink=3 --grid k=7,9 --out %s",
             program_path("loo2"), program_path("chosen"));
    program_kith_run(&p, settings, line);
    ck_assert_msg(!p.code, "%s", p.err);
    ck_assert_ptr_nonnull(strstr(p.out, "k=7"));
    ck_assert_ptr_nonnull(strstr(p.out, "k=9"));
    snprintf(line, sizeof line, "--algorithm user_knn --k 2 --settings %s",
             program_path("chosen"));
    evaluate("ml100k-loo", program_path("loo2"), line);
    ck_assert_double_eq(setting("k"), 7); /* no better one: the first stays */
    ck_assert_double_eq(setting("shrink"), 3);
}
END_TEST

START_TEST(grids_in_turn_are_searched_one_after_the_other)
{
    char line[LINE_BYTES];
    int trials = 0;

    put("loo3/train.csv", "userID,itemID\n1,1\n2,1\n2,2\n3,2\n3,3\n1,4\n");
    put("loo3/validation.csv", "userID,itemID\n1,2\n");
    put("loo3/test.csv", "userID,itemID\n1,3\n");
    snprintf(line, sizeof line,
             "tune --protocol ml100k-loo --data %s --algorithm blend:rank=1 "
             "--in-turn --grid knn=0,1,2 --grid rank=1,2",
             program_path("loo3"));
    program_kith_run(&p, settings, line);
    ck_assert_msg(!p.code, "%s", p.err);
    for (const char *at = p.out; (at = strstr(at, "  ndcg@20 ")); at++)
        trials++;
    ck_assert_int_eq(trials, 4); /* rank=1 is that of the three before */
}
END_TEST

/* The report up to the first times, without the number of threads. */
static void report(const char *threads, char out[PROGRAM_SAID_BYTES])
{
    char rest[LINE_BYTES], *from, *to;

    snprintf(rest, sizeof rest,
             "--algorithm random,user_knn --k 2 --threads %s", threads);
    evaluate("lightgcn", program_path("lg2"), rest);
    from = strstr(p.out, "\"resamples\"");
    ck_assert_ptr_nonnull(from);
    to = strstr(from, "\"cost\"");
    ck_assert_ptr_nonnull(to);
    *to = 0;
    memcpy(out, from, strlen(from) + 1);
}

START_TEST(reports_are_the_same_for_any_number_of_threads)
{
    static char one[PROGRAM_SAID_BYTES], three[PROGRAM_SAID_BYTES];

    put("lg2/train.txt", "1 1 2 3\n2 2 3 4\n3 1 4\n4 1 2 4 5\n5 5\n");
    put("lg2/test.txt", "1 4\n2 1\n3 2\n5 1 2\n");
    report("1", one);
    report("3", three);
    ck_assert_str_eq(one, three);
}
END_TEST

/* ---- published figures ---- */

static bool is_missing(const char *path)
{
    if (!access(path, R_OK))
        return false;
    printf("skipped: no %s\n", path);
    return true;
}

START_TEST(the_published_row_of_ml100k_leave_one_out_is_met_to_four_digits)
{
    /* Datasets dilemma (WSDM 2022): UserKNN, cosine, K 1000, shrink 968. */
    static const double recall[] = {.06787, .09438, .13998, .23860, .35631};

    if (is_missing(DATA "movielens-100k-loo"))
        return;
    evaluate("ml100k-loo", DATA "movielens-100k-loo",
             "--algorithm user_knn:k=1000:shrink=968 --k 5,10,20,50,100");
    for (size_t i = 0; i < sizeof recall / sizeof recall[0]; i++)
        ck_assert_double_eq_tol(mean(0, i, "recall"), recall[i], 5.1e-6);
    ck_assert_double_eq_tol(mean(0, 1, "ndcg"), .05327, 5.1e-6);
}
END_TEST

START_TEST(movielens_ua_gives_the_figures_of_its_readme)
{
    if (is_missing(DATA "movielens-100k"))
        return;
    evaluate("movielens-ua", DATA "movielens-100k",
             "--algorithm popular,user_knn:k=80 --k 10");
    ck_assert_double_eq_tol(mean(0, 0, "recall"), .1214, .0005);
    ck_assert_double_eq_tol(mean(0, 0, "ndcg"), .1330, .0005);
    ck_assert_double_eq_tol(mean(1, 0, "recall"), .2329, .0005);
    ck_assert_double_eq_tol(mean(1, 0, "ndcg"), .2738, .0005);
}
END_TEST

/* About 15 s of one core in a release build, of which alone it is asked. */
START_TEST(gowalla_gives_the_figures_of_most_popular_and_of_user_knn)
{
#ifndef NDEBUG
    puts("skipped: takes minutes without optimisation");
    return;
#endif
    if (is_missing(DATA "gowalla"))
        return;
    evaluate("lightgcn", DATA "gowalla",
             "--algorithm popular,user_knn:k=146,user_knn:k=146:reverse=1 "
             "--k 20 --resamples 1000");
    ck_assert_double_eq_tol(mean(0, 0, "recall"), .0416, .0003);
    ck_assert_double_eq_tol(mean(0, 0, "ndcg"), .0316, .0003);
    ck_assert_double_eq_tol(mean(1, 0, "recall"), .1656, .0003);
    ck_assert_double_eq_tol(mean(1, 0, "ndcg"), .1356, .0003);
    ck_assert_double_eq_tol(mean(2, 0, "recall"), .1685, .0003);
    ck_assert_double_eq_tol(mean(2, 0, "ndcg"), .1370, .0003);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dataset");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_set_timeout(tc, SLOW_S);
    tcase_add_test(tc, lightgcn_reads_lists_of_items_plain_or_packed);
    tcase_add_test(tc, leave_one_out_masks_training_rows_only);
    tcase_add_test(tc, movielens_halves_bring_genres_as_contents);
    tcase_add_test(tc, sequences_ask_for_the_last_item_with_all_before_it);
    tcase_add_test(tc, an_event_log_is_cut_at_an_instant);
    tcase_add_test(tc, windows_train_on_all_that_lies_before_them);
    tcase_add_test(tc, posts_with_tags_make_cold_posts_and_contents);
    tcase_add_test(tc, json_lines_are_read_as_kith_writes_them);
    tcase_add_test(tc, the_vae_protocol_keeps_ratings_over_three_and_a_half);
    tcase_add_test(tc, a_wrong_command_line_is_told_what_is_wrong);
    tcase_add_test(tc, help_gives_the_formula_of_every_metric);
    tcase_add_test(tc, off_policy_is_a_protocol_of_evaluate);
    tcase_add_test(tc, off_policy_refuses_a_sample_that_says_nothing);
    tcase_add_test(tc, every_algorithm_tells_its_costs);
    tcase_add_test(tc, brief_is_one_table_with_quality_and_costs);
    tcase_add_test(tc, what_tuning_chose_is_what_evaluation_reads);
    tcase_add_test(tc, grids_in_turn_are_searched_one_after_the_other);
    tcase_add_test(tc, reports_are_the_same_for_any_number_of_threads);
    tcase_add_test(
        tc, the_published_row_of_ml100k_leave_one_out_is_met_to_four_digits);
    tcase_add_test(tc, movielens_ua_gives_the_figures_of_its_readme);
    tcase_add_test(tc,
                   gowalla_gives_the_figures_of_most_popular_and_of_user_knn);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
