/*
 * contest_options.h -- the command line that `kith evaluate` and `kith tune`
 * share.
 */
#pragma once

#include "contest.h"

enum contest_option {
    OPTION_PROTOCOL = 256,
    OPTION_DATA,
    OPTION_ALGORITHM,
    OPTION_K,
    OPTION_SET,
    OPTION_SETTINGS,
    OPTION_THREADS,
    OPTION_SEED,
    OPTION_RESAMPLES,
    OPTION_SPLIT,
    OPTION_WINDOWS,
    OPTION_HELD,
    OPTION_WEIGHTS,
    OPTION_JSON,
    OPTION_BRIEF,
    OPTION_GRID,
    OPTION_IN_TURN,
    OPTION_METRIC,
    OPTION_OUT,
};

#define CONTEST_LONGS                                                          \
    {"protocol", required_argument, NULL, OPTION_PROTOCOL},                    \
        {"data", required_argument, NULL, OPTION_DATA},                        \
        {"algorithm", required_argument, NULL, OPTION_ALGORITHM},              \
        {"k", required_argument, NULL, OPTION_K},                              \
        {"set", required_argument, NULL, OPTION_SET},                          \
        {"settings", required_argument, NULL, OPTION_SETTINGS},                \
        {"threads", required_argument, NULL, OPTION_THREADS},                  \
        {"seed", required_argument, NULL, OPTION_SEED},                        \
        {"resamples", required_argument, NULL, OPTION_RESAMPLES},              \
        {"split", required_argument, NULL, OPTION_SPLIT},                      \
        {"windows", required_argument, NULL, OPTION_WINDOWS},                  \
        {"held", required_argument, NULL, OPTION_HELD},                        \
        {"weights", required_argument, NULL, OPTION_WEIGHTS},                  \
    {                                                                          \
        "json", no_argument, NULL, OPTION_JSON                                 \
    }

/* Text of --help for these options. */
#define CONTEST_DATA_HELP                                                      \
    "  --protocol NAME     how the data is cut, and what its files are:\n"     \
    "      lightgcn        train.txt, test.txt (user item item ...)\n"         \
    "      ml100k-loo      train.csv, validation.csv, test.csv "               \
    "(userID,itemID)\n"                                                        \
    "      movielens-ua    ua.base, ua.test; -ub: ub.base, ub.test; genres "   \
    "of\n"                                                                     \
    "                      u.item are contents\n"                              \
    "      sequence-loo    sequences.txt (user item item ..., by time): the\n" \
    "                      last item is asked for, all before it are known\n"  \
    "      temporal        a log of events (users_interactions.csv of "        \
    "Deskdrop,\n"                                                              \
    "                      events.tsv and posts.jsonl of Stack Exchange, or "  \
    "kith's\n"                                                                 \
    "                      own CSV and JSON Lines): train before an "          \
    "instant,\n"                                                               \
    "                      test after it; posts that exist at the instant "    \
    "are\n"                                                                    \
    "                      ranked\n"                                           \
    "      vae             ratings.csv of MovieLens, split as Mult-VAE's:\n"   \
    "                      unseen users, a fifth of their posts asked for\n"   \
    "  --data PATH         the folder of these files, plain or gzip; with\n"   \
    "                      temporal also one file of events\n"                 \
    "  --split SHARE|TIME  temporal: share of the events before the cut\n"     \
    "                      (0.8), or an instant such as 2018-07-01\n"          \
    "  --windows N         temporal: cut the time after it in N parts; each\n" \
    "                      trains on all before it (1)\n"                      \
    "  --weights V,C,L,S   temporal: tenths of a view, click, like, share\n"   \
    "                      (1,3,7,10)\n"                                       \
    "  --held N            vae: test users, and as many for validation "       \
    "(10000)\n"                                                                \
    "  --threads N         (number of cores)\n"                                \
    "  --seed N            of whatever is random (1)\n"                        \
    "  --json              one JSON object instead of tables\n"

struct contest_options {
    const struct cli_command *command;
    const struct dataset_protocol *protocol;
    struct dataset_plan data;
    struct evaluate_plan plan;
    uint32_t resamples;
    bool json, brief;
    const char *algorithms, *settings; /* as given */
    const char *sets[CONTEST_MOST];
    uint32_t set_count;
};

void contest_options_init(struct contest_options *o,
                          const struct cli_command *command);
/* One option of CONTEST_LONGS with optarg; false after a complaint. */
bool contest_options_take(struct contest_options *o, int option,
                          const char *text);
/* Judges the whole; false after a complaint. */
bool contest_options_end(struct contest_options *o, int argc, char **argv);

/* Fills *c: entries by --algorithm (all without it), --settings, --set. */
MUST_USE bool contest_options_enter(const struct contest_options *o,
                                    struct contest *c, struct err *err);
