#include "reco/off_policy.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"

enum { RESAMPLES_LEAST = 100 };

static const double tail = 0.025; /* of a 95 % interval, on each side */

const char *off_policy_name(enum off_policy_kind kind)
{
    static const char *const names[OFF_POLICY_KINDS] = {
        [OFF_POLICY_IPS] = "ips",
        [OFF_POLICY_CLIPPED] = "clipped_ips",
        [OFF_POLICY_SNIPS] = "snips",
        [OFF_POLICY_DR] = "dr",
    };

    return names[kind];
}

static bool is_fit(const struct off_policy_row *r)
{
    return isfinite(r->reward) && r->logged > 0 && r->logged <= 1 &&
           r->wanted >= 0 && r->wanted <= 1 && isfinite(r->shown) &&
           isfinite(r->average);
}

static bool check(const struct off_policy_row *rows, size_t count,
                  const struct off_policy_plan *plan, struct err *err)
{
    if (!(plan->clip > 0) || !isfinite(plan->clip) ||
        !(plan->least_sample >= 1) || plan->resamples < RESAMPLES_LEAST)
        return err_set(err, ERR_INVALID, "off-policy: a plan out of range");
    if (!count || count > UINT32_MAX)
        return err_set(err, ERR_INVALID, "off-policy: %zu impressions", count);
    for (size_t i = 0; i < count; i++)
        if (!is_fit(&rows[i]))
            return err_set(err, ERR_INVALID,
                           "off-policy: impression %zu has a reward or a "
                           "probability out of range",
                           i + 1);
    return true;
}

/* What every estimate is made of. */
struct sums {
    double weight, squares, reward; /* w, w^2, r */
    double ips, clipped, doubly;    /* w r, min(w, M) r, m + w (r - g) */
};

static void add(struct sums *s, const struct off_policy_row *r, double clip)
{
    double w = r->wanted / r->logged;

    s->weight += w;
    s->squares += w * w;
    s->reward += r->reward;
    s->ips += w * r->reward;
    s->clipped += fmin(w, clip) * r->reward;
    s->doubly += r->average + w * (r->reward - r->shown);
}

static void values_of(const struct sums *s, size_t count,
                      double out[OFF_POLICY_KINDS])
{
    double n = (double)count;

    out[OFF_POLICY_IPS] = s->ips / n;
    out[OFF_POLICY_CLIPPED] = s->clipped / n;
    out[OFF_POLICY_SNIPS] = s->weight > 0 ? s->ips / s->weight : 0;
    out[OFF_POLICY_DR] = s->doubly / n;
}

/* ---- interval ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Quantile q of ascending values, between the two nearest. */
static double quantile(const double *values, uint32_t count, double q)
{
    double place = q * (count - 1);
    uint32_t below = (uint32_t)place;
    double rest = place - below;

    if (below + 1 >= count)
        return values[count - 1];
    return values[below] + rest * (values[below + 1] - values[below]);
}

static void resample(const struct off_policy_row *rows, size_t count,
                     const struct off_policy_plan *plan, struct rng *rng,
                     double out[OFF_POLICY_KINDS])
{
    struct sums s = {0};

    for (size_t i = 0; i < count; i++)
        add(&s, &rows[rng_below(rng, (uint32_t)count)], plan->clip);
    values_of(&s, count, out);
}

/* columns[kind * resamples + i] */
static void find_intervals(const struct off_policy_row *rows, size_t count,
                           const struct off_policy_plan *plan, double *columns,
                           struct off_policy *out)
{
    struct rng rng = rng_of(plan->seed);
    double values[OFF_POLICY_KINDS];

    for (uint32_t i = 0; i < plan->resamples; i++) {
        resample(rows, count, plan, &rng, values);
        for (unsigned k = 0; k < OFF_POLICY_KINDS; k++)
            columns[(size_t)k * plan->resamples + i] = values[k];
    }
    for (unsigned k = 0; k < OFF_POLICY_KINDS; k++) {
        double *column = columns + (size_t)k * plan->resamples;

        qsort(column, plan->resamples, sizeof *column, by_value);
        out->estimates[k].low = quantile(column, plan->resamples, tail);
        out->estimates[k].high = quantile(column, plan->resamples, 1 - tail);
    }
}

/* ---- whole ---- */

static void summarise(const struct off_policy_row *rows, size_t count,
                      const struct off_policy_plan *plan,
                      struct off_policy *out)
{
    struct sums s = {0};
    double values[OFF_POLICY_KINDS];
    size_t clipped = 0;

    for (size_t i = 0; i < count; i++) {
        double w = rows[i].wanted / rows[i].logged;

        add(&s, &rows[i], plan->clip);
        out->largest_weight = fmax(out->largest_weight, w);
        clipped += w > plan->clip;
    }
    out->count = count;
    out->logged_mean = s.reward / (double)count;
    out->mean_weight = s.weight / (double)count;
    out->clipped_ratio = (double)clipped / (double)count;
    out->effective_sample = s.squares > 0 ? s.weight * s.weight / s.squares : 0;
    out->reported = out->effective_sample >= plan->least_sample;
    values_of(&s, count, values);
    for (unsigned k = 0; k < OFF_POLICY_KINDS; k++)
        out->estimates[k] =
            out->reported ? (struct off_policy_estimate){.value = values[k]}
                          : (struct off_policy_estimate){NAN, NAN, NAN};
}

bool off_policy_run(const struct off_policy_row *rows, size_t count,
                    const struct off_policy_plan *plan, struct off_policy *out,
                    struct err *err)
{
    double *columns;

    *out = (struct off_policy){0};
    if (!check(rows, count, plan, err))
        return false;
    summarise(rows, count, plan, out);
    if (!out->reported)
        return true;
    if (!mem_take((size_t)plan->resamples * OFF_POLICY_KINDS, sizeof *columns,
                  &columns, err))
        return false;
    find_intervals(rows, count, plan, columns, out);
    mem_give(columns);
    return true;
}
