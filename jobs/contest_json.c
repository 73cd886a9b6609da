#include "web/json_write.h"

#include "contest.h"

enum { REPORT_BYTES = 64 << 20, US_PER_S = 1000000 };

struct writer {
    const struct contest *c;
    struct json_write w;
    struct err *err;
};

static const char *const group_names[SPLIT_GROUPS] = {
    [SPLIT_MAIN] = "main",
    [SPLIT_COLD_USERS] = "cold_users",
    [SPLIT_COLD_POSTS] = "cold_posts",
};

static void write_definitions(struct writer *x)
{
    json_write_object(&x->w, "definitions");
    for (unsigned m = 0; m < METRICS; m++)
        json_write_word(&x->w, metric_infos[m].name, metric_infos[m].formula);
    json_write_word(&x->w, "coverage",
                    "posts in at least one list / all posts");
    json_write_word(&x->w, "gini",
                    "sum of (2j - n - 1) c_j / (n sum of c), counts of all n "
                    "posts ascending");
    json_write_word(&x->w, "error", "standard error over users");
    json_write_end(&x->w);
}

static void write_counts(struct writer *x)
{
    json_write_array(&x->w, "windows");
    for (uint32_t i = 0; i < x->c->data->window_count; i++) {
        const struct split_counts *n = &x->c->counts[i];
        json_write_object(&x->w, NULL);
        if (x->c->data->temporal) {
            json_write_i64(&x->w, "from_ms", x->c->data->window_at_ms[i]);
            json_write_i64(&x->w, "until_ms", x->c->data->window_at_ms[i + 1]);
        }
        json_write_u64(&x->w, "train_events", n->train_events);
        json_write_u64(&x->w, "train_users", n->train_users);
        json_write_u64(&x->w, "train_posts", n->train_posts);
        json_write_u64(&x->w, "test_events", n->test_events);
        json_write_u64(&x->w, "test_pairs", n->test_pairs);
        json_write_u64(&x->w, "seen_pairs", n->seen_pairs);
        json_write_u64(&x->w, "late_pairs", n->late_pairs);
        json_write_u64(&x->w, "cold_pairs", n->cold_pairs);
        json_write_u64(&x->w, "test_users", n->test_users);
        json_write_u64(&x->w, "cold_users", n->cold_users);
        json_write_end(&x->w);
    }
    json_write_end(&x->w);
}

static void write_estimate(struct writer *x, const char *key,
                           const struct estimate *e)
{
    json_write_object(&x->w, key);
    json_write_f64(&x->w, "value", e->value);
    json_write_f64(&x->w, "error", e->error);
    json_write_end(&x->w);
}

static bool write_cut(struct writer *x, const struct evaluation *e,
                      uint32_t cut)
{
    struct estimate value;

    json_write_object(&x->w, NULL);
    json_write_u64(&x->w, "k", e->plan.cuts[cut]);
    for (unsigned m = 0; m < METRICS; m++) {
        if (m == METRIC_DIVERSITY && !e->has_diversity)
            continue;
        if (!evaluation_mean(e, (enum metric)m, cut, &value, x->err))
            return false;
        write_estimate(x, metric_infos[m].name, &value);
    }
    if (!evaluation_coverage(e, cut, &value, x->err))
        return false;
    write_estimate(x, "coverage", &value);
    if (!evaluation_gini(e, cut, &value, x->err))
        return false;
    write_estimate(x, "gini", &value);
    json_write_end(&x->w);
    return true;
}

static void write_settings(struct writer *x, const struct contest_entry *e)
{
    const struct algorithm_setting *s = e->algorithm->settings;

    json_write_object(&x->w, "settings");
    for (int i = 0; i < ALGORITHM_SETTINGS_MOST && s[i].name; i++)
        json_write_f64(&x->w, s[i].name, e->values[i]);
    json_write_end(&x->w);
}

/* Ends the entry, too. */
static bool write_cost(struct writer *x, const struct contest_entry *e)
{
    struct evaluation_cost cost = {0};

    if (!e->refused && !evaluation_cost(&e->groups[SPLIT_MAIN], &cost, x->err))
        return false;
    json_write_object(&x->w, "cost");
    json_write_f64(&x->w, "fit_s", (double)e->fit_us / US_PER_S);
    json_write_f64(&x->w, "score_s", (double)e->score_us / US_PER_S);
    json_write_u64(&x->w, "state_bytes", e->state_bytes);
    json_write_f64(&x->w, "request_us_mean", cost.mean_us);
    json_write_u64(&x->w, "request_us_p50", cost.half_us);
    json_write_u64(&x->w, "request_us_p99", cost.most_us);
    json_write_end(&x->w);
    json_write_end(&x->w);
    return true;
}

static bool write_entry(struct writer *x, const struct contest_entry *e)
{
    json_write_object(&x->w, NULL);
    json_write_word(&x->w, "label", e->label);
    json_write_word(&x->w, "algorithm", e->algorithm->name);
    write_settings(x, e);
    json_write_word(&x->w, "refused", e->refused ? e->why.what : NULL);
    for (int g = 0; !e->refused && g < SPLIT_GROUPS; g++) {
        json_write_object(&x->w, group_names[g]);
        json_write_u64(&x->w, "cases", e->groups[g].count);
        json_write_array(&x->w, "at");
        for (uint32_t k = 0; e->groups[g].count && k < x->c->plan.cut_count;
             k++)
            if (!write_cut(x, &e->groups[g], k))
                return false;
        json_write_end(&x->w);
        json_write_end(&x->w);
    }
    return write_cost(x, e);
}

static bool write_pair(struct writer *x, const char *a, const char *b,
                       uint32_t run_a, uint32_t run_b)
{
    const struct contest *c = x->c;
    uint32_t each = ACCURACY_METRICS * c->plan.cut_count;
    struct paired p;

    for (uint32_t column = 0; column < each; column++) {
        if (!bootstrap_pair(&c->bootstrap, run_a * each + column,
                            run_b * each + column, &p, x->err))
            return false;
        json_write_object(&x->w, NULL);
        json_write_word(&x->w, "a", a);
        json_write_word(&x->w, "b", b);
        json_write_word(&x->w, "metric",
                        metric_infos[column / c->plan.cut_count].name);
        json_write_u64(&x->w, "k", c->plan.cuts[column % c->plan.cut_count]);
        json_write_f64(&x->w, "b_minus_a", p.difference);
        json_write_f64(&x->w, "low", p.low);
        json_write_f64(&x->w, "high", p.high);
        json_write_f64(&x->w, "p", p.p);
        json_write_end(&x->w);
    }
    return true;
}

/* Every pair of those that ran. */
static bool write_pairs(struct writer *x)
{
    const struct contest *c = x->c;

    json_write_array(&x->w, "comparisons");
    for (uint32_t i = 0, run_i = 0; c->has_bootstrap && i < c->count; i++) {
        uint32_t run_j = run_i + 1;
        if (c->entries[i].refused)
            continue;
        for (uint32_t j = i + 1; j < c->count; j++)
            if (!c->entries[j].refused &&
                !write_pair(x, c->entries[i].label, c->entries[j].label, run_i,
                            run_j++))
                return false;
        run_i++;
    }
    json_write_end(&x->w);
    return true;
}

static bool write_all(struct writer *x, const char *path)
{
    const struct contest *c = x->c;

    json_write_object(&x->w, NULL);
    json_write_word(&x->w, "protocol", c->data->protocol);
    json_write_word(&x->w, "data", path);
    json_write_u64(&x->w, "users", c->data->log.user_count);
    json_write_u64(&x->w, "posts", c->data->log.post_count);
    json_write_u64(&x->w, "bad_lines", c->data->bad_lines);
    json_write_u64(&x->w, "seed", c->plan.seed);
    json_write_u64(&x->w, "threads", c->plan.threads);
    json_write_u64(&x->w, "resamples", c->resamples);
    write_definitions(x);
    write_counts(x);
    json_write_array(&x->w, "algorithms");
    for (uint32_t i = 0; i < c->count; i++)
        if (!write_entry(x, &c->entries[i]))
            return false;
    json_write_end(&x->w);
    if (!write_pairs(x))
        return false;
    json_write_end(&x->w);
    return true;
}

bool contest_json(const struct contest *c, const char *path, struct err *err)
{
    struct writer x = {.c = c, .err = err};
    struct buf out;
    bool ok;

    buf_init(&out, REPORT_BYTES);
    json_write_init(&x.w, &out);
    ok = write_all(&x, path) &&
         (cli_print(&out) ||
          err_set(err, ERR_LIMIT, "the report could not be written"));
    buf_release(&out);
    return ok;
}
