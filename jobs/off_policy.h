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
 * item, drawn towards the mean of all by PRIOR_COUNT impressions, from the
 *           other half of the log (odd and even rows), so that no row is judged
 *           by itself.
 * Exit      1 when the effective sample is too small to report anything.
 */
#pragma once

#include <stdbool.h>

#include "cli.h"

/* The text for `kith evaluate --help`. */
extern const char off_policy_help[];

/* True when the command line asks for this protocol. */
bool off_policy_wanted(int argc, char **argv);

/* Reads the whole command line of `c` anew; an exit code. Records the run where
 * the environment names a place (run_log.h). */
int off_policy_command(const struct cli_command *c, int argc, char **argv);
