/*
 * off_policy.h -- `kith evaluate --protocol off-policy`: estimates from logs
 * with probabilities, see reco/off_policy.h.
 *
 * Logs      CSV with a header, plain or gzip; columns by name, in any order:
 *             item_id (or item), position (optional), click (or reward),
 *             propensity_score (or propensity)
 *           The Open Bandit Dataset has this form.
 * Policies  --target uniform   every item of the log alike
 *           --target LOG       each item as often, at each position, as that
 *                              log shows it
 * Model     of the rewards, for the doubly robust estimate: the mean of an
 *           item, drawn towards the mean of all by PRIOR_COUNT impressions,
 *           from the other half of the log (odd and even rows), so that no row
 *           is judged by itself.
 * Exit      1 when the effective sample is too small to report anything.
 */
#pragma once

#include <stdbool.h>

#include "cli.h"

/* The text for `kith evaluate --help`. */
#define OFF_POLICY_HELP                                                        \
    "      off-policy      a log of impressions with the probability of "      \
    "each\n"                                                                   \
    "                      choice (CSV: item_id, position, click,\n"           \
    "                      propensity_score), as the Open Bandit Dataset: "    \
    "what\n"                                                                   \
    "                      another policy would have earned\n"                 \
    "        --target uniform|LOG  all items of the log alike; or as often "   \
    "as\n"                                                                     \
    "                      that log shows them at each position\n"             \
    "        --clip M      largest weight of the clipped estimate (10)\n"      \
    "        --least-sample N  report nothing below this effective sample "    \
    "(100)\n"                                                                  \
    "        w = q / p, IPS = mean of w r, clipped = mean of min(w, M) r,\n"   \
    "        SNIPS = sum of w r / sum of w, DR = mean of m + w (r - g) with "  \
    "g the\n"                                                                  \
    "        mean of the item in the other half and m that of the target's\n"  \
    "        choice, effective sample = (sum of w)^2 / sum of w^2; "           \
    "intervals:\n"                                                             \
    "        95 % percentile bootstrap over impressions (--resamples, "        \
    "--seed)\n"

/* True when the command line asks for this protocol. */
bool off_policy_wanted(int argc, char **argv);

/* Reads the whole command line of `c` anew; an exit code. Records the run where
 * the environment names a place (run_log.h). */
int off_policy_command(const struct cli_command *c, int argc, char **argv);
