#include "contest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/lines.h"
#include "base/mem.h"

enum { NUMBER_BYTES = 32 };

/* ---- entries and their settings ---- */

int contest_setting_find(const struct algorithm *a, struct span name)
{
    for (int i = 0; i < ALGORITHM_SETTINGS_MOST && a->settings[i].name; i++)
        if (span_is(name, a->settings[i].name))
            return i;
    return -1;
}

void contest_defaults(const struct algorithm *a, double *values)
{
    for (int i = 0; i < ALGORITHM_SETTINGS_MOST && a->settings[i].name; i++)
        values[i] = a->settings[i].value;
}

static bool find_number(struct span text, double *out)
{
    char copy[NUMBER_BYTES], *end;

    if (!text.bytes || text.bytes >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.bytes);
    copy[text.bytes] = 0;
    *out = strtod(copy, &end);
    return !*end && isfinite(*out);
}

bool contest_value(const struct algorithm *a, struct span assignment,
                   double *values, struct err *err)
{
    struct span name, number = assignment;
    double value;
    int at;

    if (!span_cut(&number, '=', &name) || !find_number(number, &value))
        return err_set(err, ERR_INVALID, "'%.*s' is not setting=number",
                       SPAN_ARGS(assignment));
    at = contest_setting_find(a, name);
    if (at < 0)
        return err_set(err, ERR_INVALID, "%s has no setting '%.*s'", a->name,
                       SPAN_ARGS(name));
    if (value < a->settings[at].least || value > a->settings[at].most)
        return err_set(err, ERR_INVALID, "%s.%s must be within %g and %g",
                       a->name, a->settings[at].name, a->settings[at].least,
                       a->settings[at].most);
    values[at] = value;
    return true;
}

/* What the label itself sets. */
static bool set_from_label(struct contest_entry *e, struct err *err)
{
    struct span rest = span_of(e->label), part;

    (void)span_cut(&rest, ':', &part);
    while (rest.bytes && span_cut(&rest, ':', &part))
        if (!contest_value(e->algorithm, part, e->values, err))
            return false;
    return true;
}

bool contest_enter(struct contest *c, struct span name, struct err *err)
{
    struct contest_entry *e = &c->entries[c->count];
    struct span rest = name, word;
    char text[CONTEST_LABEL_BYTES];

    if (c->count == CONTEST_MOST || !name.bytes ||
        name.bytes >= sizeof e->label)
        return err_set(err, ERR_INVALID,
                       "more than %d algorithms, or a name too long or empty",
                       CONTEST_MOST);
    *e = (struct contest_entry){0};
    memcpy(e->label, name.at, name.bytes);
    (void)span_cut(&rest, ':', &word);
    snprintf(text, sizeof text, "%.*s", SPAN_ARGS(word));
    e->algorithm = algorithm_find(text);
    if (!e->algorithm)
        return err_set(err, ERR_INVALID, "no algorithm '%s'", text);
    contest_defaults(e->algorithm, e->values);
    c->count++;
    return set_from_label(e, err);
}

/* Whether anybody has it. */
static bool assign(struct contest *c, struct span name, struct span value,
                   bool *any, struct err *err)
{
    for (uint32_t i = 0; i < c->count; i++) {
        struct contest_entry *e = &c->entries[i];
        if (!span_is(name, e->algorithm->name))
            continue;
        *any = true;
        if (!contest_value(e->algorithm, value, e->values, err) ||
            !set_from_label(e, err))
            return false;
    }
    return true;
}

bool contest_set(struct contest *c, struct span assignment, struct err *err)
{
    struct span name, value = assignment;
    bool any = false;

    if (!span_cut(&value, '.', &name) || !value.bytes)
        return err_set(err, ERR_INVALID,
                       "'%.*s' is not algorithm.setting=number",
                       SPAN_ARGS(assignment));
    if (!assign(c, name, value, &any, err))
        return false;
    return any || err_set(err, ERR_INVALID, "'%.*s' is not evaluated",
                          SPAN_ARGS(name));
}

bool contest_settings_read(struct contest *c, const char *path, struct err *err)
{
    struct lines lines;
    struct span line, name;
    bool ok = lines_open(&lines, path, err), any;

    if (!ok)
        return false;
    while (ok && lines_next(&lines, &line)) {
        struct span value = span_trim(line);
        if (!value.bytes || value.at[0] == '#')
            continue;
        ok = span_cut(&value, '.', &name) && value.bytes
                 ? assign(c, name, value, &any, err)
                 : err_set(err, ERR_INVALID,
                           "%s:%llu: not algorithm.setting=number", path,
                           (unsigned long long)lines.number);
    }
    ok = ok && !lines.failed;
    lines_close(&lines);
    return ok;
}

void contest_release(struct contest *c)
{
    for (uint32_t i = 0; i < c->count; i++)
        for (int g = 0; g < SPLIT_GROUPS; g++)
            evaluation_release(&c->entries[i].groups[g]);
    bootstrap_release(&c->bootstrap);
    c->count = 0;
}

/* ---- running ---- */

static bool measure(struct contest_entry *e, const struct split *split,
                    const void *state, struct err *err)
{
    for (int g = 0; g < SPLIT_GROUPS; g++)
        if (!evaluation_add(&e->groups[g], split, (enum split_group)g,
                            e->algorithm, state, err))
            return false;
    return true;
}

/* The state at hand, and whose values it has. */
struct fitted {
    const struct contest_entry *of;
    void *state;
};

static void fitted_release(struct fitted *f)
{
    if (f->state)
        f->of->algorithm->release(f->state);
    *f = (struct fitted){0};
}

static bool fit_entry(const struct contest *c, const struct contest_entry *e,
                      const struct fit_input *in, struct fitted *f,
                      struct err *err)
{
    const struct algorithm *a = e->algorithm;
    bool changed = false;

    if (c->reuse && f->state && f->of->algorithm == a && a->change &&
        !a->change(in, f->of->values, e->values, f->state, &changed, err)) {
        fitted_release(f);
        return false;
    }
    if (!changed) {
        fitted_release(f);
        if (!a->fit(in, e->values, &f->state, err)) {
            f->state = NULL;
            return false;
        }
    }
    f->of = e;
    return true;
}

static bool run_entry(const struct contest *c, struct contest_entry *e,
                      const struct split *split, struct fitted *f,
                      struct err *err)
{
    struct fit_input in = split_fit_input(split, c->plan.seed, c->plan.threads);
    int64_t begin_us = clock_mono_us(), cpu_us = clock_process_us(), fitted_us;
    size_t bytes;
    bool ok;

    if (!fit_entry(c, e, &in, f, err))
        return false;
    e->fit_cpu_us += clock_process_us() - cpu_us;
    fitted_us = clock_mono_us();
    e->fit_us += fitted_us - begin_us;
    bytes = e->algorithm->bytes(f->state);
    e->state_bytes = bytes > e->state_bytes ? bytes : e->state_bytes;
    ok = measure(e, split, f->state, err);
    e->score_us += clock_mono_us() - fitted_us;
    return ok;
}

static bool run_window(struct contest *c, struct dataset *data, uint32_t window,
                       struct cli_progress *progress, struct err *err)
{
    struct fitted fitted = {0};
    struct split split;

    if (!dataset_split(data, window, &split, err))
        return false;
    c->counts[window] = split.counts;
    for (int g = 0; g < SPLIT_GROUPS; g++)
        c->cases[window][g] = split.group_from[g + 1] - split.group_from[g];
    for (uint32_t i = 0; i < c->count; i++) {
        struct contest_entry *e = &c->entries[i];
        if (progress)
            cli_progress_at(progress, window * c->count + i,
                            (uint64_t)c->count * data->window_count);
        if (!e->refused)
            e->refused = !run_entry(c, e, &split, &fitted, &e->why);
    }
    fitted_release(&fitted);
    split_release(&split);
    return true;
}

static bool compare(struct contest *c, struct err *err)
{
    const struct evaluation *all[CONTEST_MOST];
    uint32_t count = 0;

    for (uint32_t i = 0; i < c->count; i++)
        if (!c->entries[i].refused)
            all[count++] = &c->entries[i].groups[SPLIT_MAIN];
    if (count < 2 || !all[0]->count || !c->resamples)
        return true;
    c->has_bootstrap = true;
    return evaluation_bootstrap(all, count, c->resamples, &c->bootstrap, err);
}

bool contest_run(struct contest *c, struct dataset *data,
                 struct cli_progress *progress, struct err *err)
{
    c->data = data;
    for (uint32_t i = 0; i < c->count; i++)
        for (int g = 0; g < SPLIT_GROUPS; g++)
            if (!evaluation_init(&c->entries[i].groups[g], &c->plan, err))
                return false;
    for (uint32_t w = 0; w < data->window_count; w++)
        if (!run_window(c, data, w, progress, err))
            return false;
    return compare(c, err);
}

const struct contest_entry *contest_best(const struct contest *c,
                                         enum metric metric, uint32_t cut)
{
    const struct contest_entry *best = NULL;
    struct estimate mean;
    struct err err;
    double most = 0;

    for (uint32_t i = 0; i < c->count; i++) {
        const struct contest_entry *e = &c->entries[i];
        if (e->refused ||
            !evaluation_mean(&e->groups[SPLIT_MAIN], metric, cut, &mean, &err))
            continue;
        if (!best || mean.value > most) {
            best = e;
            most = mean.value;
        }
    }
    return best;
}
