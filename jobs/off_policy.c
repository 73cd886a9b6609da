#include "off_policy.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli_report.h"
#include "off_policy_log.h"
#include "reco/off_policy.h"
#include "run_log.h"

enum {
    RESAMPLES = 1000,
    RESAMPLES_MOST = 100000,
    LEAST_SAMPLE = 100,
    CLIP = 10,
    CLIP_MOST = 1000000,
    PRIOR_COUNT = 100, /* impressions; rates are often below 1 % */
    HALVES = 2,
    IN_HUNDRED = 100,
    RESAMPLES_LEAST = 100,
};

static const char protocol[] = "off-policy";

struct options {
    const char *data, *target;
    struct off_policy_plan plan;
    bool json;
};

bool off_policy_wanted(int argc, char **argv)
{
    static const char option[] = "--protocol";

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], option, strlen(option)) != 0)
            continue;
        if (argv[i][strlen(option)] == '=' &&
            !strcmp(argv[i] + strlen(option) + 1, protocol))
            return true;
        if (!argv[i][strlen(option)] && i + 1 < argc &&
            !strcmp(argv[i + 1], protocol))
            return true;
    }
    return false;
}

/* ---- the model of rewards ---- */

struct means {
    double *items[HALVES]; /* from the rows of the *other* half */
};

static void means_release(struct means *m)
{
    for (int h = 0; h < HALVES; h++)
        mem_give(m->items[h]);
}

static bool fit_half(const struct policy_log *log, uint32_t items, size_t half,
                     double *means, struct err *err)
{
    double all = 0, rows = 0;
    double *counts;

    if (!mem_take(items, sizeof *counts, &counts, err))
        return false;
    for (size_t i = 0; i < log->count; i++)
        if (i % HALVES != half) {
            means[log->rows[i].item] += log->rows[i].reward;
            counts[log->rows[i].item]++;
            all += log->rows[i].reward;
            rows++;
        }
    all = rows > 0 ? all / rows : 0;
    for (uint32_t i = 0; i < items; i++)
        means[i] = (means[i] + PRIOR_COUNT * all) / (counts[i] + PRIOR_COUNT);
    mem_give(counts);
    return true;
}

static bool means_fit(struct means *m, const struct policy_log *log,
                      uint32_t items, struct err *err)
{
    for (size_t h = 0; h < HALVES; h++)
        if (!mem_take(items, sizeof *m->items[h], &m->items[h], err) ||
            !fit_half(log, items, h, m->items[h], err))
            return false;
    return true;
}

/* Of the new policy at each position: averages[position], for one half. */
static bool average(const double *chances, const double *means,
                    const struct policy_names *names, double **out,
                    struct err *err)
{
    uint32_t positions = names->positions.count;

    if (!mem_take(positions, sizeof **out, out, err))
        return false;
    for (uint32_t i = 0; i < names->items.count; i++)
        for (uint32_t p = 0; p < positions; p++)
            (*out)[p] += chances[(size_t)i * positions + p] * means[i];
    return true;
}

static bool make_rows(const struct policy_log *log, const double *chances,
                      const struct policy_names *names,
                      struct off_policy_row *rows, struct err *err)
{
    struct means means = {0};
    double *averages[HALVES] = {0};
    bool ok = means_fit(&means, log, names->items.count, err);

    for (int h = 0; ok && h < HALVES; h++)
        ok = average(chances, means.items[h], names, &averages[h], err);
    for (size_t i = 0; ok && i < log->count; i++) {
        const struct policy_row *r = &log->rows[i];

        rows[i] = (struct off_policy_row){
            .reward = r->reward,
            .logged = r->propensity,
            .wanted = fmin(1, chances[(size_t)r->item * names->positions.count +
                                      r->position]),
            .shown = means.items[i % HALVES][r->item],
            .average = averages[i % HALVES][r->position],
        };
    }
    for (int h = 0; h < HALVES; h++)
        mem_give(averages[h]);
    means_release(&means);
    return ok;
}

/* ---- the estimate ---- */

static bool find_target(const struct options *o, const struct policy_log *log,
                        struct policy_names *names, double **chances,
                        double *target_mean, struct err *err)
{
    struct policy_log target;
    bool ok;

    *target_mean = NAN;
    if (!strcmp(o->target, "uniform"))
        return policy_uniform(log, names, chances, err);
    if (!policy_log_read(&target, o->target, names, err))
        return false;
    ok = policy_shares(&target, names, chances, err);
    *target_mean = 0;
    for (size_t i = 0; i < target.count; i++)
        *target_mean += target.rows[i].reward / (double)target.count;
    policy_log_release(&target);
    return ok;
}

static bool estimate(const struct options *o, struct off_policy *out,
                     double *target_mean, struct err *err)
{
    struct policy_names names;
    struct policy_log log = {0};
    struct off_policy_row *rows = NULL;
    double *chances = NULL;
    bool ok = policy_names_init(&names, err) &&
              policy_log_read(&log, o->data, &names, err) &&
              find_target(o, &log, &names, &chances, target_mean, err) &&
              mem_take(log.count, sizeof *rows, &rows, err) &&
              make_rows(&log, chances, &names, rows, err) &&
              off_policy_run(rows, log.count, &o->plan, out, err);

    mem_give(rows);
    mem_give(chances);
    policy_log_release(&log);
    policy_names_release(&names);
    return ok;
}

/* ---- telling ---- */

static void write_json(struct json_write *w, const struct options *o,
                       const struct off_policy *r, double target_mean)
{
    json_write_word(w, "protocol", protocol);
    json_write_word(w, "data", o->data);
    json_write_word(w, "target", o->target);
    json_write_u64(w, "impressions", r->count);
    json_write_f64(w, "logged_mean", r->logged_mean);
    json_write_f64(w, "target_logged_mean", target_mean);
    json_write_f64(w, "effective_sample", r->effective_sample);
    json_write_f64(w, "least_sample", o->plan.least_sample);
    json_write_f64(w, "mean_weight", r->mean_weight);
    json_write_f64(w, "largest_weight", r->largest_weight);
    json_write_f64(w, "clip", o->plan.clip);
    json_write_f64(w, "clipped_ratio", r->clipped_ratio);
    json_write_bool(w, "reported", r->reported);
    json_write_object(w, "estimates");
    for (unsigned k = 0; r->reported && k < OFF_POLICY_KINDS; k++) {
        json_write_object(w, off_policy_name((enum off_policy_kind)k));
        json_write_f64(w, "value", r->estimates[k].value);
        json_write_f64(w, "low", r->estimates[k].low);
        json_write_f64(w, "high", r->estimates[k].high);
        json_write_end(w);
    }
    json_write_end(w);
}

static void write_text(struct buf *out, const struct options *o,
                       const struct off_policy *r, double target_mean)
{
    buf_fmt(out,
            "%zu impressions, mean reward %.6f; target %s\n"
            "effective sample %.0f, weights: mean %.3f (near 1 is healthy), "
            "largest %.1f, %.2f %% above %.0f\n",
            r->count, r->logged_mean, o->target, r->effective_sample,
            r->mean_weight, r->largest_weight, IN_HUNDRED * r->clipped_ratio,
            o->plan.clip);
    if (!isnan(target_mean))
        buf_fmt(out, "mean reward of the target's own log: %.6f\n",
                target_mean);
    for (unsigned k = 0; r->reported && k < OFF_POLICY_KINDS; k++)
        buf_fmt(out, "  %-12s %.6f  [%.6f, %.6f]\n",
                off_policy_name((enum off_policy_kind)k), r->estimates[k].value,
                r->estimates[k].low, r->estimates[k].high);
}

static int report(const struct cli_command *c, const struct options *o,
                  const struct off_policy *result, double target_mean)
{
    struct cli_report r;

    cli_report_begin(&r, o->json);
    if (r.json)
        write_json(r.json, o, result, target_mean);
    else
        write_text(&r.text, o, result, target_mean);
    return cli_report_end(&r, c, true, NULL);
}

static void record(const struct options *o, const struct off_policy *r,
                   int64_t started_us)
{
    struct run_record run;
    char name[RUN_NAME_BYTES];

    run_record_init(&run, "off_policy");
    run_param(&run, "data", "%s", o->data);
    run_param(&run, "target", "%s", o->target);
    run_param(&run, "clip", "%g", o->plan.clip);
    run_param(&run, "least_sample", "%g", o->plan.least_sample);
    run_param(&run, "resamples", "%u", o->plan.resamples);
    run_param(&run, "seed", "%" PRIu64, o->plan.seed);
    run_metric(&run, "impressions", (double)r->count);
    run_metric(&run, "logged_mean", r->logged_mean);
    run_metric(&run, "effective_sample", r->effective_sample);
    run_metric(&run, "mean_weight", r->mean_weight);
    for (unsigned k = 0; r->reported && k < OFF_POLICY_KINDS; k++) {
        const char *kind = off_policy_name((enum off_policy_kind)k);

        run_metric(&run, kind, r->estimates[k].value);
        snprintf(name, sizeof name, "%s_low", kind);
        run_metric(&run, name, r->estimates[k].low);
        snprintf(name, sizeof name, "%s_high", kind);
        run_metric(&run, name, r->estimates[k].high);
    }
    if (!r->reported)
        run_note(&run, "not reported: the effective sample is too small");
    run.took_us = clock_mono_us() - started_us;
    run_log_where_named(&run, NULL);
    run_record_release(&run);
}

static int answer(const struct cli_command *c, const struct options *o)
{
    int64_t started_us = clock_mono_us();
    struct off_policy result;
    double target_mean;
    struct err err;
    int code;

    if (!estimate(o, &result, &target_mean, &err))
        return cli_fail(c, &err);
    record(o, &result, started_us);
    code = report(c, o, &result, target_mean);
    if (result.reported || code != CLI_DONE)
        return code;
    fprintf(stderr,
            "kith %s: nothing is estimated: of %zu impressions an effective "
            "sample of %.0f is left, %.0f are needed (--least-sample)\n",
            c->name, result.count, result.effective_sample,
            o->plan.least_sample);
    return CLI_FAILED;
}

/* ---- the command line ---- */

enum {
    OPTION_PROTOCOL = 256,
    OPTION_DATA,
    OPTION_TARGET,
    OPTION_CLIP,
    OPTION_LEAST,
    OPTION_RESAMPLES,
    OPTION_SEED,
    OPTION_JSON,
};

static bool take_option(const struct cli_command *c, struct options *o, int got)
{
    uint64_t n = 0;
    bool ok = true;

    switch (got) {
    case OPTION_DATA:
        o->data = optarg;
        break;
    case OPTION_TARGET:
        o->target = optarg;
        break;
    case OPTION_CLIP:
        ok = cli_number(c, "--clip", optarg, 1, CLIP_MOST, &n);
        o->plan.clip = (double)n;
        break;
    case OPTION_LEAST:
        ok = cli_number(c, "--least-sample", optarg, 1, UINT32_MAX, &n);
        o->plan.least_sample = (double)n;
        break;
    case OPTION_RESAMPLES:
        ok = cli_number(c, "--resamples", optarg, RESAMPLES_LEAST,
                        RESAMPLES_MOST, &n);
        o->plan.resamples = (uint32_t)n;
        break;
    case OPTION_SEED:
        ok = cli_number(c, "--seed", optarg, 0, UINT64_MAX, &o->plan.seed);
        break;
    case OPTION_JSON:
        o->json = true;
        break;
    default:
        break;
    }
    return ok;
}

int off_policy_command(const struct cli_command *c, int argc, char **argv)
{
    static const struct option longs[] = {
        {"protocol", required_argument, NULL, OPTION_PROTOCOL},
        {"data", required_argument, NULL, OPTION_DATA},
        {"target", required_argument, NULL, OPTION_TARGET},
        {"clip", required_argument, NULL, OPTION_CLIP},
        {"least-sample", required_argument, NULL, OPTION_LEAST},
        {"resamples", required_argument, NULL, OPTION_RESAMPLES},
        {"seed", required_argument, NULL, OPTION_SEED},
        {"json", no_argument, NULL, OPTION_JSON},
        {0},
    };
    struct options o = {.plan = {.clip = CLIP,
                                 .least_sample = LEAST_SAMPLE,
                                 .resamples = RESAMPLES}};
    int got;

    while ((got = cli_option(c, argc, argv, longs)) != -1)
        if (got == '?' || !take_option(c, &o, got))
            return CLI_USAGE;
    if (optind < argc)
        return cli_usage(c, "takes no operand: %s", argv[optind]);
    if (!o.data || !o.target)
        return cli_usage(c, "off-policy needs --data LOG and --target "
                            "uniform or another LOG");
    return answer(c, &o);
}
