#include "neighbours_options.h"

#include <getopt.h>

enum { PASSES = 3, THREADS_MOST = 64 };

static struct neighbours_plan plan;

static void usage(void)
{
    fprintf(stderr, "usage: bench_neighbours [gowalla | ml20m | 1m] "
                    "[--data FOLDER] [--mix NAME]... [--json]\n"
                    "see the head of tests/bench/bench_neighbours.c\n");
    exit(EXIT_FAILURE);
}

static uint32_t number_or_none(uint32_t most)
{
    enum { TEN = 10 };
    char *end;
    unsigned long value = strtoul(optarg, &end, TEN);

    if (*end || value > most)
        usage();
    return (uint32_t)value;
}

static uint32_t number(uint32_t most)
{
    uint32_t value = number_or_none(most);

    if (!value)
        usage();
    return value;
}

static void choose_mix(void)
{
    for (int i = 0; i < MIXES; i++)
        if (!strcmp(optarg, mix_all[i].name)) {
            plan.mixes[i] = true;
            return;
        }
    usage();
}

static void choose_curve(const char *name)
{
    for (int i = 0; i < CURVES; i++)
        if (!strcmp(name, curve_all[i].name)) {
            plan.curve = &curve_all[i];
            return;
        }
    usage();
}

static void read_option(int option)
{
    switch (option) {
    case 'd':
        plan.data = optarg;
        break;
    case 'm':
        choose_mix();
        break;
    case 'k':
        plan.neighbours = number(NEIGHBOURS_MOST);
        break;
    case 'n':
        plan.posts = number(RECOMMEND_MOST);
        break;
    case 'r':
        plan.requests = number(REQUESTS_MOST);
        break;
    case 'h':
        plan.history = number(HISTORY_MOST);
        break;
    case 'p':
        plan.passes = number(REQUESTS_MOST);
        break;
    case 'K':
        plan.kernel = optarg;
        break;
    case 'w':
        plan.write = optarg;
        break;
    case 'D':
        plan.dump = optarg;
        break;
    case 'j':
        plan.json = true;
        break;
    case 't':
        plan.no_time = true;
        break;
    case 'P':
        plan.plain = true;
        break;
    case 'N':
        plan.newest = number(UINT32_MAX);
        break;
    case 'l':
        plan.lists = true;
        plan.list_users = number_or_none(UINT32_MAX);
        break;
    case 'c':
        plan.threads = number(THREADS_MOST);
        break;
    case 'M':
        plan.model = optarg;
        break;
    default:
        usage();
    }
}

static const struct option longs[] = {
    {"data", required_argument, NULL, 'd'},
    {"mix", required_argument, NULL, 'm'},
    {"neighbours", required_argument, NULL, 'k'},
    {"posts", required_argument, NULL, 'n'},
    {"requests", required_argument, NULL, 'r'},
    {"history", required_argument, NULL, 'h'},
    {"passes", required_argument, NULL, 'p'},
    {"kernel", required_argument, NULL, 'K'},
    {"write", required_argument, NULL, 'w'},
    {"dump", required_argument, NULL, 'D'},
    {"json", no_argument, NULL, 'j'},
    {"no-time", no_argument, NULL, 't'},
    {"plain", no_argument, NULL, 'P'},
    {"newest", required_argument, NULL, 'N'},
    {"lists", required_argument, NULL, 'l'},
    {"threads", required_argument, NULL, 'c'},
    {"model", required_argument, NULL, 'M'},
    {0}};

struct neighbours_plan neighbours_options(int argc, char **argv)
{
    enum { K = 100, WANT = 50, ASK = 2000 };
    bool any = false;
    int option;

    plan = (struct neighbours_plan){.curve = &curve_all[0],
                                    .neighbours = K,
                                    .posts = WANT,
                                    .requests = ASK,
                                    .history = HISTORY_MOST,
                                    .passes = PASSES,
                                    .threads = 2};
    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1)
        read_option(option);
    if (optind + 1 < argc)
        usage();
    if (optind < argc)
        choose_curve(argv[optind]);
    for (int i = 0; i < MIXES; i++)
        any = any || plan.mixes[i];
    for (int i = 0; !any && i < 2; i++)
        plan.mixes[i] = true;
    return plan;
}
