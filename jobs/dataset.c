#include "dataset.h"

#include <string.h>

#include "base/mem.h"

#include "dataset_read.h"

static const struct weights binary = {1, 1, 1, 1, true};

const struct dataset_protocol dataset_protocols[] = {
    {"lightgcn",
     "train.txt, test.txt: the fixed split of NGCF and LightGCN",
     dataset_load_lightgcn,
     {5, 10, 20}},
    {"ml100k-loo",
     "train.csv, validation.csv, test.csv: leave one out",
     dataset_load_loo,
     {5, 10, 20, 100}},
    {"movielens-ua",
     "ua.base, ua.test of MovieLens 100K",
     dataset_load_ua,
     {5, 10, 20}},
    {"movielens-ub",
     "ub.base, ub.test of MovieLens 100K",
     dataset_load_ub,
     {5, 10, 20}},
    {"sequence-loo",
     "sequences.txt: last item of each sequence",
     dataset_load_sequences,
     {5, 10, 20}},
    {"temporal",
     "a log of events, cut at an instant",
     dataset_load_temporal,
     {5, 10, 20}},
    {"vae",
     "ratings.csv: strong generalisation of Mult-VAE",
     dataset_load_vae,
     {20, 50, 100}},
    {0},
};

const struct dataset_protocol *dataset_protocol_find(const char *name)
{
    for (size_t i = 0; dataset_protocols[i].name; i++)
        if (!strcmp(dataset_protocols[i].name, name))
            return &dataset_protocols[i];
    return NULL;
}

bool dataset_load(struct dataset *d, const struct dataset_protocol *protocol,
                  const struct dataset_plan *plan, struct err *err)
{
    *d = (struct dataset){
        .protocol = protocol->name, .weights = binary, .window_count = 1};
    if (protocol->load(d, plan, err))
        return true;
    dataset_release(d);
    return false;
}

void dataset_release(struct dataset *d)
{
    split_log_release(&d->log);
}

bool dataset_split(struct dataset *d, uint32_t window, struct split *out,
                   struct err *err)
{
    if (!d->temporal)
        return split_make(&d->log, &d->weights, INT64_MIN, out, err);
    split_by_time(&d->log, d->window_at_ms[window],
                  d->window_at_ms[window + 1]);
    return split_make(&d->log, &d->weights, d->window_at_ms[window], out, err);
}
