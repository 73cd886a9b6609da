#include "app/gate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reco/hybrid.h"

enum { PERCENT = 100 };

static void say(struct gate *g, bool passed, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct gate *g, bool passed, const char *fmt, ...)
{
    va_list args;

    g->passed = passed;
    va_start(args, fmt);
    vsnprintf(g->reason, sizeof g->reason, fmt, args);
    va_end(args);
}

static bool has_collapsed(uint32_t candidate, uint32_t live, uint32_t least)
{
    return (uint64_t)candidate * PERCENT < (uint64_t)live * least;
}

const char *gate_algorithm(const struct config *config)
{
    return config->algorithm && !strcmp(config->algorithm, HYBRID_ALGORITHM)
               ? HYBRID_ALGORITHM
               : MODEL_ALGORITHM;
}

static bool is_hybrid(const struct config *config)
{
    return !strcmp(gate_algorithm(config), HYBRID_ALGORITHM);
}

static bool counts_hold(const struct config *config, struct gate *g)
{
    const struct {
        const char *what;
        uint32_t candidate, live;
    } rows[] = {
        {"readers", g->candidate.users, g->live.users},
        {"posts", g->candidate.posts, g->live.posts},
        {"pairs of reader and post", g->candidate.pairs, g->live.pairs},
        {"words of posts", g->candidate.words, g->live.words},
    };
    size_t count = sizeof rows / sizeof *rows - !is_hybrid(config);

    for (size_t i = 0; i < count; i++)
        if (has_collapsed(rows[i].candidate, rows[i].live,
                          config->gate_counts_least)) {
            say(g, false,
                "it has %u %s, the live model %u: less than %u %% "
                "(KITH_GATE_COUNTS_LEAST); are the data whole?",
                rows[i].candidate, rows[i].what, rows[i].live,
                config->gate_counts_least);
            return false;
        }
    return true;
}

static bool is_worse(double candidate, double live, uint32_t margin)
{
    return candidate * PERCENT < live * (double)(PERCENT - margin);
}

static bool measures_hold(const struct config *config, struct gate *g)
{
    const struct {
        const char *what, *setting;
        double candidate, live;
        uint32_t margin;
    } rows[] = {
        {"NDCG@20", "KITH_GATE_NDCG_MARGIN", g->candidate.ndcg, g->live.ndcg,
         config->gate_ndcg_margin},
        {"coverage@20", "KITH_GATE_COVERAGE_MARGIN", g->candidate.coverage,
         g->live.coverage, config->gate_coverage_margin},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (is_worse(rows[i].candidate, rows[i].live, rows[i].margin)) {
            say(g, false,
                "%s of %s is %.4f, the live model's %.4f: more than %u %% "
                "worse (%s) for %u readers of the last %u days",
                rows[i].what, gate_algorithm(config), rows[i].candidate,
                rows[i].live, rows[i].margin, rows[i].setting, g->readers,
                config->gate_days);
            return false;
        }
    return true;
}

void gate_judge(const struct config *config, struct gate *g)
{
    if (!g->has_live)
        say(g, true, "the first model: there is no live one to compare with");
    else if (!counts_hold(config, g))
        return;
    else if (!config->gate_days)
        say(g, true, "counts hold; not compared (KITH_GATE_DAYS is 0)");
    else if (!g->compared)
        say(g, true,
            "counts hold; not compared: %u readers of the last %u days are "
            "known to both models, %d are needed",
            g->readers, config->gate_days, GATE_READERS_LEAST);
    else if (measures_hold(config, g))
        say(g, true,
            "%s: NDCG@20 %.4f (live %.4f), coverage@20 %.4f (live %.4f) for "
            "%u readers of the last %u days",
            gate_algorithm(config), g->candidate.ndcg, g->live.ndcg,
            g->candidate.coverage, g->live.coverage, g->readers,
            config->gate_days);
}
