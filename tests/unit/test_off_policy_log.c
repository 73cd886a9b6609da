/*
 * The off-policy protocol from files to numbers. The Open Bandit Dataset is
 * tried where it lies beside the repository.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "../support/program.h"
#include "base/rng.h"

#include "../../jobs/cli.c"
#include "../../jobs/cli_report.c"
#include "../../jobs/csv.c"
#include "../../jobs/off_policy.c"
#include "../../jobs/off_policy_log.c"
#include "../../jobs/text.c"

#define MUST(call) ck_assert_msg((call), "%s", err.what)
#define OPEN_BANDIT "../shared/data/open-bandit/"

static const double tiny = 1e-12;

static struct err err;
static struct off_policy result;
static double target_mean;

/* Nothing is recorded by a test. */
void run_log_where_named(struct run_record *r, const char *artefact)
{
    (void)r;
    (void)artefact;
}

static const char *put(const char *name, const char *text)
{
    return program_file(name, span_of(text));
}

static const struct options plain = {
    .plan = {.clip = 10, .least_sample = 1, .resamples = 100}};

static bool run_on(const char *data, const char *target, double least)
{
    struct options o = plain;

    o.data = data;
    o.target = target;
    o.plan.least_sample = least;
    o.plan.resamples = RESAMPLES;
    return estimate(&o, &result, &target_mean, &err);
}

static const char log_text[] = "position,item,reward,propensity\n"
                               "1,a,1,0.5\n"
                               "1,b,0,0.5\n"
                               "2,a,0,0.5\n"
                               "2,b,1,0.25\n";

/* Position 1: a in 3 of 4; position 2: only b. */
static const char target_text[] = "item_id,position,click,propensity_score\n"
                                  "a,1,1,1\na,1,0,1\na,1,0,1\nb,1,0,1\n"
                                  "b,2,1,1\n";

START_TEST(a_policy_is_what_its_log_shows_at_each_position)
{
    /* q: .75, .25, 0, 1; w: 1.5, .5, 0, 4; IPS (1.5 + 4) / 4 */
    MUST(run_on(put("log", log_text), put("target", target_text), 1));
    ck_assert_uint_eq(result.count, 4);
    ck_assert_double_eq_tol(result.logged_mean, 0.5, tiny);
    ck_assert_double_eq_tol(target_mean, 0.4, tiny);
    ck_assert_double_eq_tol(result.mean_weight, 1.5, tiny);
    ck_assert_double_eq_tol(result.largest_weight, 4, tiny);
    ck_assert_double_eq_tol(result.estimates[OFF_POLICY_IPS].value, 1.375,
                            tiny);
    ck_assert_double_eq_tol(result.estimates[OFF_POLICY_SNIPS].value, 5.5 / 6,
                            tiny);
}
END_TEST

START_TEST(uniform_is_every_item_of_the_log_alike)
{
    /* q .5 everywhere; w: 1, 1, 1, 2; IPS (1 + 2) / 4 */
    MUST(run_on(put("log", log_text), "uniform", 1));
    ck_assert(isnan(target_mean));
    ck_assert_double_eq_tol(result.estimates[OFF_POLICY_IPS].value, 0.75, tiny);
}
END_TEST

/*
 * Rows 0 and 2 are judged by the means of rows 1 and 3, and the reverse.
 * From rows 1, 3 (b: 0 and 1; all .5): a = .5, b = (1 + 100 * .5) / 102 = .5.
 * From rows 0, 2 (a: 1 and 0; all .5): a = .5, b = .5. So g = m = .5 and
 * DR = .5 + (1*.5 - 1*.5 - 1*.5 + 2*.5) / 4.
 */
START_TEST(the_model_of_rewards_never_judges_its_own_rows)
{
    MUST(run_on(put("log", log_text), "uniform", 1));
    ck_assert_double_eq_tol(result.estimates[OFF_POLICY_DR].value, 0.625, tiny);
}
END_TEST

START_TEST(a_log_without_positions_has_one)
{
    MUST(run_on(put("p", "item,reward,propensity\na,1,0.5\nb,0,0.5\n"),
                "uniform", 1));
    ck_assert_double_eq_tol(result.estimates[OFF_POLICY_IPS].value, 0.5, tiny);
}
END_TEST

static const struct {
    const char *text, *says;
} bad[] = {
    {"", "no header"},
    {"item,reward\na,1\n", "propensity"},
    {"item,propensity\na,1\n", "click"},
    {"item,reward,propensity\n", "no impression"},
    {"item,reward,propensity\na,1,0\n", ":2:"},
    {"item,reward,propensity\na,1,1\na,1,1.5\n", ":3:"},
    {"item,reward,propensity\na,1,nan\n", ":2:"},
    {"item,reward,propensity\na,one,1\n", ":2:"},
    {"item,reward,propensity\n,1,1\n", ":2:"},
    {"item,reward,propensity\na,1\n", ":2:"},
    {"item,reward,propensity\na,1,\"1\n", ":2:"},
};

START_TEST(a_log_that_cannot_be_read_is_an_error_with_its_line)
{
    ck_assert(!run_on(put("bad", bad[_i].text), "uniform", 1));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert_msg(strstr(err.what, bad[_i].says) != NULL, "%s", err.what);
}
END_TEST

/* True when a command line of these words, at most three, asks for it. */
static bool wanted(const char *a, const char *b, const char *c)
{
    static char words[4][32];
    char *argv[] = {words[0], words[1], words[2], words[3], NULL};

    snprintf(words[0], sizeof words[0], "evaluate");
    snprintf(words[1], sizeof words[1], "%s", a);
    snprintf(words[2], sizeof words[2], "%s", b ? b : "");
    snprintf(words[3], sizeof words[3], "%s", c ? c : "");
    return off_policy_wanted(c ? 4 : b ? 3 : 2, argv);
}

START_TEST(the_protocol_is_recognised_in_both_spellings)
{
    ck_assert(wanted("--json", "--protocol", "off-policy"));
    ck_assert(wanted("--protocol=off-policy", NULL, NULL));
    ck_assert(!wanted("--protocol", "temporal", NULL));
    ck_assert(!wanted("--protocol=off", NULL, NULL));
    ck_assert(!wanted("--protocol", NULL, NULL));
}
END_TEST

/* ---- two made-up policies ---- */

enum { ITEMS = 8, POSITIONS = 3, IMPRESSIONS = 20000, LINE = 32 };

/* Item n earns (n + 1) / 40 of its impressions, whatever its position. */
static void make_log(const char *name, const double *chances, uint64_t seed,
                     double *mean)
{
    static char text[IMPRESSIONS * LINE];
    struct rng rng = rng_of(seed);
    size_t used = (size_t)snprintf(text, sizeof text,
                                   "item_id,position,click,propensity_score\n");

    *mean = 0;
    for (int i = 0; i < IMPRESSIONS; i++) {
        double at = rng_unit(&rng);
        int item = 0, click;

        while (item < ITEMS - 1 && at >= chances[item])
            at -= chances[item++];
        click = rng_unit(&rng) < (item + 1) / 40.0;
        *mean += (double)click / IMPRESSIONS;
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%d,%d,%d,%.6f\n",
                             item, i % POSITIONS + 1, click, chances[item]);
    }
    ck_assert_uint_lt(used, sizeof text);
    program_file(name, (struct span){text, used});
}

static void assert_recovered(const char *data, const char *target, double mean)
{
    MUST(run_on(program_path(data), program_path(target), LEAST_SAMPLE));
    ck_assert(result.reported);
    ck_assert_double_eq_tol(target_mean, mean, tiny);
    for (unsigned k = 0; k < OFF_POLICY_KINDS; k++)
        ck_assert_msg(
            result.estimates[k].low <= mean && mean <= result.estimates[k].high,
            "%s: [%g, %g] without %g", off_policy_name((enum off_policy_kind)k),
            result.estimates[k].low, result.estimates[k].high, mean);
}

START_TEST(each_of_two_logs_recovers_what_the_other_policy_earned)
{
    static const double alike[ITEMS] = {0.125, 0.125, 0.125, 0.125,
                                        0.125, 0.125, 0.125, 0.125};
    static const double greedy[ITEMS] = {0.03, 0.04, 0.05, 0.08,
                                         0.10, 0.15, 0.20, 0.35};
    double of_alike, of_greedy;

    make_log("alike.csv", alike, 3, &of_alike);
    make_log("greedy.csv", greedy, 4, &of_greedy);
    ck_assert_double_gt(of_greedy, of_alike * 1.2);
    assert_recovered("alike.csv", "greedy.csv", of_greedy);
    assert_recovered("greedy.csv", "alike.csv", of_alike);
}
END_TEST

/* ---- the Open Bandit Dataset, small version ---- */

static bool has_open_bandit(void)
{
    bool has = access(OPEN_BANDIT, F_OK) == 0;

    if (!has)
        puts("skipped: no " OPEN_BANDIT);
    return has;
}

static bool is_within(double value)
{
    bool in = true;

    for (unsigned k = 0; k < OFF_POLICY_KINDS; k++)
        in = in && result.estimates[k].low <= value &&
             value <= result.estimates[k].high;
    return in;
}

START_TEST(random_logs_recover_what_the_other_policy_earned)
{
    if (!has_open_bandit())
        return;
    MUST(run_on(OPEN_BANDIT "random_men.csv.gz", OPEN_BANDIT "bts_men.csv.gz",
                LEAST_SAMPLE));
    ck_assert_double_eq_tol(target_mean, 0.0069, tiny);
    ck_assert(result.reported && is_within(target_mean));
    MUST(run_on(OPEN_BANDIT "random_women.csv.gz",
                OPEN_BANDIT "bts_women.csv.gz", LEAST_SAMPLE));
    ck_assert_double_eq_tol(target_mean, 0.0046, tiny);
    ck_assert(result.reported && is_within(target_mean));
}
END_TEST

START_TEST(logs_of_thompson_sampling_recover_what_chance_earned)
{
    const double random_men = 0.0046;

    if (!has_open_bandit())
        return;
    MUST(run_on(OPEN_BANDIT "bts_men.csv.gz", "uniform", LEAST_SAMPLE));
    /* Figures of an independent computation. */
    ck_assert_double_eq_tol(result.effective_sample, 656, 0.5);
    ck_assert_double_eq_tol(result.estimates[OFF_POLICY_IPS].value, 0.0030,
                            0.00005);
    ck_assert_double_eq_tol(result.estimates[OFF_POLICY_SNIPS].value, 0.0032,
                            0.00005);
    ck_assert(is_within(random_men));
}
END_TEST

START_TEST(one_wild_weight_is_reason_enough_to_report_nothing)
{
    if (!has_open_bandit())
        return;
    MUST(run_on(OPEN_BANDIT "bts_women.csv.gz", "uniform", LEAST_SAMPLE));
    ck_assert(!result.reported);
    ck_assert_double_eq_tol(result.effective_sample, 2, 0.5);
    ck_assert_double_eq_tol(result.largest_weight, 21739, 0.5);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("off_policy (files)");
    TCase *tc = tcase_create("files");
    SRunner *sr = srunner_create(s);
    int failed;

    program_folder(); /* makes the folder of all tests */
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_policy_is_what_its_log_shows_at_each_position);
    tcase_add_test(tc, uniform_is_every_item_of_the_log_alike);
    tcase_add_test(tc, the_model_of_rewards_never_judges_its_own_rows);
    tcase_add_test(tc, a_log_without_positions_has_one);
    tcase_add_loop_test(tc, a_log_that_cannot_be_read_is_an_error_with_its_line,
                        0, (int)(sizeof bad / sizeof *bad));
    tcase_add_test(tc, the_protocol_is_recognised_in_both_spellings);
    tcase_add_test(tc, each_of_two_logs_recovers_what_the_other_policy_earned);
    tcase_add_test(tc, random_logs_recover_what_the_other_policy_earned);
    tcase_add_test(tc, logs_of_thompson_sampling_recover_what_chance_earned);
    tcase_add_test(tc, one_wild_weight_is_reason_enough_to_report_nothing);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
