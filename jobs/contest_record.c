#include "contest_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/hash.h"

#include "run_log.h"

enum { US_PER_S = 1000000, ARTEFACT_BYTES = 1 << 20 };

/* ---- data ---- */

/* Field by field: the struct has gaps. */
static void add_events(struct hash_stream *h, const struct split_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct split_event *e = &log->events[i];
        uint32_t who[] = {e->user, e->post};
        uint8_t what[] = {e->type, e->role};

        hash_add(h, who, sizeof who);
        hash_add(h, &e->at_ms, sizeof e->at_ms);
        hash_add(h, what, sizeof what);
    }
}

static uint64_t hash_of(const struct split_log *log)
{
    const struct contents *c = log->contents;
    struct hash_stream h;

    hash_begin(&h);
    add_events(&h, log);
    if (log->post_published_ms)
        hash_add(&h, log->post_published_ms,
                 log->post_count * sizeof *log->post_published_ms);
    if (c) {
        uint32_t cells = c->rows[log->post_count];
        hash_add(&h, c->rows, (log->post_count + 1) * sizeof *c->rows);
        hash_add(&h, c->terms, cells * sizeof *c->terms);
        hash_add(&h, c->counts, cells * sizeof *c->counts);
    }
    return hash_end(&h);
}

static void find_range(struct run_record *run, const struct split_log *log)
{
    for (size_t i = 0; log->has_times && i < log->count; i++) {
        int64_t at_ms = log->events[i].at_ms;
        if (run->data_from_ms == DB_NONE_I64 || at_ms < run->data_from_ms)
            run->data_from_ms = at_ms;
        if (run->data_until_ms == DB_NONE_I64 || at_ms > run->data_until_ms)
            run->data_until_ms = at_ms;
    }
}

static void add_cuts(struct run_record *run, const struct evaluate_plan *plan)
{
    char text[RUN_TEXT_BYTES] = "";
    size_t used = 0;

    for (uint32_t i = 0; i < plan->cut_count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%u",
                                 i ? "," : "", plan->cuts[i]);
    run_param(run, "k", "%s", text);
}

void contest_record_input(struct run_record *run,
                          const struct contest_options *o,
                          const struct dataset *data)
{
    const struct weights *w = &data->weights;

    run_param(run, "protocol", "%s", o->protocol->name);
    run_param(run, "data", "%s", o->data.path);
    run_param(run, "threads", "%u", o->plan.threads);
    run_param(run, "seed", "%" PRIu64, o->plan.seed);
    add_cuts(run, &o->plan);
    if (data->temporal) {
        run_param(run, "split", "%g", o->data.share);
        run_param(run, "windows", "%u", data->window_count);
        run_param(run, "weights", "%u,%u,%u,%u", w->view, w->click, w->like,
                  w->share);
    }
    snprintf(run->data_hash, sizeof run->data_hash, "%016" PRIx64,
             hash_of(&data->log));
    find_range(run, &data->log);
    run_metric(run, "events", (double)data->log.count);
    run_metric(run, "users", data->log.user_count);
    run_metric(run, "posts", data->log.post_count);
}

/* ---- results ---- */

/* LABEL/rest, in letters that a name may have. */
static void name_of(const struct contest_entry *e, const char *group,
                    const char *rest, char name[RUN_NAME_BYTES + 1])
{
    snprintf(name, RUN_NAME_BYTES + 1, "%s/%s%s", e->label, group, rest);
    for (char *c = name; *c; c++)
        *c = *c == ':' ? '/' : *c == '=' ? '-' : *c;
}

static void add_metric(struct run_record *run, const struct contest_entry *e,
                       const char *group, const char *rest, double value)
{
    char name[RUN_NAME_BYTES + 1];

    name_of(e, group, rest, name);
    run_metric(run, name, value);
}

static bool add_cut(struct run_record *run, const struct contest_entry *e,
                    enum split_group g, uint32_t cut, struct err *err)
{
    static const char *const groups[SPLIT_GROUPS] = {
        [SPLIT_MAIN] = "",
        [SPLIT_COLD_USERS] = "cold_users/",
        [SPLIT_COLD_POSTS] = "cold_posts/",
    };
    const struct evaluation *of = &e->groups[g];
    uint32_t k = of->plan.cuts[cut];
    struct estimate x;
    char rest[RUN_NAME_BYTES];

    for (unsigned m = 0; m < METRICS; m++) {
        if (m == METRIC_DIVERSITY && !of->has_diversity)
            continue;
        if (!evaluation_mean(of, (enum metric)m, cut, &x, err))
            return false;
        snprintf(rest, sizeof rest, "%s@%u", metric_infos[m].name, k);
        add_metric(run, e, groups[g], rest, x.value);
    }
    if (!evaluation_coverage(of, cut, &x, err))
        return false;
    snprintf(rest, sizeof rest, "coverage@%u", k);
    add_metric(run, e, groups[g], rest, x.value);
    if (!evaluation_gini(of, cut, &x, err))
        return false;
    snprintf(rest, sizeof rest, "gini@%u", k);
    add_metric(run, e, groups[g], rest, x.value);
    return true;
}

static bool add_costs(struct run_record *run, const struct contest_entry *e,
                      struct err *err)
{
    struct evaluation_cost cost;

    if (!evaluation_cost(&e->groups[SPLIT_MAIN], &cost, err))
        return false;
    add_metric(run, e, "", "fit_s", (double)e->fit_us / US_PER_S);
    add_metric(run, e, "", "score_s", (double)e->score_us / US_PER_S);
    add_metric(run, e, "", "state_bytes", (double)e->state_bytes);
    add_metric(run, e, "", "request_us_mean", cost.mean_us);
    add_metric(run, e, "", "request_us_p99", cost.most_us);
    return true;
}

static bool add_entry(struct run_record *run, const struct contest_entry *e,
                      struct err *err)
{
    const struct algorithm_setting *s = e->algorithm->settings;
    char name[RUN_NAME_BYTES + 1];

    for (int i = 0; i < ALGORITHM_SETTINGS_MOST && s[i].name; i++) {
        name_of(e, "", s[i].name, name);
        run_param(run, name, "%.17g", e->values[i]);
    }
    if (e->refused) {
        name_of(e, "", "refused", name);
        run_param(run, name, "%s", e->why.what);
        return true;
    }
    for (int g = 0; g < SPLIT_GROUPS; g++)
        for (uint32_t k = 0;
             e->groups[g].count && k < e->groups[g].plan.cut_count; k++)
            if (!add_cut(run, e, (enum split_group)g, k, err))
                return false;
    return add_costs(run, e, err);
}

bool contest_record_result(struct run_record *run, const struct contest *c,
                           struct err *err)
{
    uint32_t last = c->plan.cut_count - 1;
    const struct contest_entry *best = contest_best(c, METRIC_NDCG, last);

    for (uint32_t i = 0; i < c->count; i++)
        if (!add_entry(run, &c->entries[i], err))
            return false;
    if (best)
        run_note(run, "%u algorithms on %s; best NDCG@%u: %s", c->count,
                 c->data->protocol, c->plan.cuts[last], best->label);
    return true;
}

/* ---- the end ---- */

/* Settings are small; what cannot be read has no sum. */
static void sum_artefact(struct run_record *run, const char *path)
{
    static char bytes[ARTEFACT_BYTES];
    unsigned char digest[DIGEST_SHA256_BYTES];
    FILE *file = fopen(path, "rb");
    size_t got;

    if (!file)
        return;
    got = fread(bytes, 1, sizeof bytes, file);
    if (!ferror(file) && got < sizeof bytes) {
        digest_sha256((struct span){bytes, got}, digest);
        for (size_t i = 0; i < sizeof digest; i++)
            snprintf(run->artefact_sha256 + 2 * i, sizeof "ff", "%02x",
                     digest[i]);
        run->artefact_bytes = (int64_t)got;
    }
    fclose(file);
}

void contest_record_end(struct run_record *run, int64_t begin_us,
                        const struct err *why, const char *artefact)
{
    if (why) {
        run->status = RUN_FAILED;
        run_note(run, "%s", why->what);
    }
    if (artefact)
        sum_artefact(run, artefact);
    run->took_us = clock_mono_us() - begin_us;
    run_log_where_named(run, artefact);
    run_record_release(run);
}
