#include "contest_options.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

#include "when.h"

enum {
    THREADS_MOST = 256,
    RESAMPLES = 2000,
    RESAMPLES_MOST = 1000000,
    HELD = 10000,
    HELD_MOST = 100000000,
    WEIGHT_MOST = 15,
    WEIGHTS = 4,
};
#define SHARE 0.8

void contest_options_init(struct contest_options *o,
                          const struct cli_command *command)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    *o = (struct contest_options){
        .command = command,
        .data = {.share = SHARE,
                 .windows = 1,
                 .held = HELD,
                 .weights = {1, 3, 7, 10, false}},
        .plan = {.threads = cores < 1              ? 1
                            : cores > THREADS_MOST ? THREADS_MOST
                                                   : (uint32_t)cores,
                 .seed = 1,
                 .thread_us = clock_thread_us},
        .resamples = RESAMPLES,
    };
}

static bool take_protocol(struct contest_options *o, const char *text)
{
    o->protocol = dataset_protocol_find(text);
    if (!o->protocol)
        cli_usage(o->command, "no protocol '%s'", text);
    return o->protocol != NULL;
}

/* Numbers between commas; returns how many, 0 after a complaint. */
static uint32_t take_numbers(const struct contest_options *o,
                             const char *option, const char *text,
                             uint64_t most, uint32_t *out, uint32_t room)
{
    struct span rest = span_of(text), word;
    uint64_t value;
    uint32_t count = 0;

    while (span_cut(&rest, ',', &word)) {
        if (count == room || !span_u64(word, &value) || value > most) {
            cli_usage(o->command,
                      "%s %s: up to %u numbers from 0 to %llu, commas between",
                      option, text, room, (unsigned long long)most);
            return 0;
        }
        out[count++] = (uint32_t)value;
        if (!rest.bytes)
            break;
    }
    return count;
}

static bool take_cuts(struct contest_options *o, const char *text)
{
    struct evaluate_plan *plan = &o->plan;

    plan->cut_count = take_numbers(o, "--k", text, EVALUATE_CUT_MOST,
                                   plan->cuts, EVALUATE_CUTS_MOST);
    for (uint32_t i = 0; i < plan->cut_count; i++)
        if (!plan->cuts[i] || (i && plan->cuts[i] <= plan->cuts[i - 1])) {
            cli_usage(o->command, "--k %s: must ascend from 1", text);
            return false;
        }
    return plan->cut_count > 0;
}

static bool take_weights(struct contest_options *o, const char *text)
{
    uint32_t w[WEIGHTS];
    uint32_t count =
        take_numbers(o, "--weights", text, WEIGHT_MOST, w, WEIGHTS);

    if (count && count < WEIGHTS)
        cli_usage(o->command, "--weights %s: four numbers", text);
    if (count < WEIGHTS)
        return false;
    o->data.weights = (struct weights){(uint8_t)w[0], (uint8_t)w[1],
                                       (uint8_t)w[2], (uint8_t)w[2 + 1], false};
    return true;
}

static bool take_split(struct contest_options *o, const char *text)
{
    char *end;
    double share = strtod(text, &end);

    if (*text && !*end && share > 0 && share < 1) {
        o->data.share = share;
        return true;
    }
    if (when_find(span_of(text), &o->data.cut_ms) && o->data.cut_ms)
        return true;
    cli_usage(o->command, "--split %s: a share within 0 and 1, or an instant",
              text);
    return false;
}

static bool take_number(struct contest_options *o, const char *option,
                        const char *text, uint64_t least, uint64_t most,
                        uint32_t *out)
{
    uint64_t value;

    if (!cli_number(o->command, option, text, least, most, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

bool contest_options_take(struct contest_options *o, int option,
                          const char *text)
{
    switch (option) {
    case OPTION_PROTOCOL:
        return take_protocol(o, text);
    case OPTION_DATA:
        o->data.path = text;
        return true;
    case OPTION_ALGORITHM:
        o->algorithms = text;
        return true;
    case OPTION_K:
        return take_cuts(o, text);
    case OPTION_SET:
        if (o->set_count < CONTEST_MOST)
            o->sets[o->set_count++] = text;
        else
            cli_usage(o->command, "more than %d --set", CONTEST_MOST);
        return o->set_count && o->sets[o->set_count - 1] == text;
    case OPTION_SETTINGS:
        o->settings = text;
        return true;
    case OPTION_THREADS:
        return take_number(o, "--threads", text, 1, THREADS_MOST,
                           &o->plan.threads);
    case OPTION_SEED:
        return cli_number(o->command, "--seed", text, 0, UINT64_MAX,
                          &o->plan.seed);
    case OPTION_RESAMPLES:
        return take_number(o, "--resamples", text, COMPARE_RESAMPLES_LEAST,
                           RESAMPLES_MOST, &o->resamples);
    case OPTION_SPLIT:
        return take_split(o, text);
    case OPTION_WINDOWS:
        return take_number(o, "--windows", text, 1, DATASET_WINDOWS_MOST,
                           &o->data.windows);
    case OPTION_HELD:
        return take_number(o, "--held", text, 1, HELD_MOST, &o->data.held);
    case OPTION_WEIGHTS:
        return take_weights(o, text);
    case OPTION_JSON:
        o->json = true;
        return true;
    case OPTION_BRIEF:
        o->brief = true;
        return true;
    default:
        return false;
    }
}

bool contest_options_end(struct contest_options *o, int argc, char **argv)
{
    bool given = o->plan.cut_count > 0;

    if (optind < argc) {
        cli_usage(o->command, "takes no operand: %s", argv[optind]);
        return false;
    }
    if (!o->protocol || !o->data.path) {
        cli_usage(o->command, "needs --protocol and --data");
        return false;
    }
    for (uint32_t i = 0; !given && o->protocol->cuts[i]; i++)
        o->plan.cuts[o->plan.cut_count++] = o->protocol->cuts[i];
    return true;
}

static bool enter_all(struct contest *c, struct err *err)
{
    for (size_t i = 0; algorithms[i]; i++)
        if (!contest_enter(c, span_of(algorithms[i]->name), err))
            return false;
    return true;
}

bool contest_options_enter(const struct contest_options *o, struct contest *c,
                           struct err *err)
{
    struct span rest = span_of(o->algorithms), name;

    *c = (struct contest){.plan = o->plan, .resamples = o->resamples};
    if (!o->algorithms && !enter_all(c, err))
        return false;
    while (o->algorithms && span_cut(&rest, ',', &name)) {
        name = span_trim(name);
        if (span_is(name, "all") ? !enter_all(c, err)
                                 : !contest_enter(c, name, err))
            return false;
        if (!rest.bytes)
            break;
    }
    if (o->settings && !contest_settings_read(c, o->settings, err))
        return false;
    for (uint32_t i = 0; i < o->set_count; i++)
        if (!contest_set(c, span_of(o->sets[i]), err))
            return false;
    return true;
}
