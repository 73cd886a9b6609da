#include "reco/types.h"

static const char *const names[EVENT_TYPES] = {
    [EVENT_VIEW] = "view",   [EVENT_CLICK] = "click",   [EVENT_LIKE] = "like",
    [EVENT_SHARE] = "share", [EVENT_UNLIKE] = "unlike", [EVENT_HIDE] = "hide",
};

const char *event_name(enum event_type type)
{
    return names[type];
}

bool event_find(struct span name, enum event_type *out)
{
    for (enum event_type t = 0; t < EVENT_TYPES; t++)
        if (span_is(name, names[t])) {
            *out = t;
            return true;
        }
    return false;
}

uint8_t mask_fold(uint8_t mask, enum event_type type)
{
    if (type == EVENT_UNLIKE)
        return (uint8_t)(mask & ~MASK_LIKE);
    if (type == EVENT_HIDE)
        return mask | MASK_HIDE;
    return (uint8_t)(mask | 1 << type);
}

void weights_table(const struct weights *w, uint8_t table[2 * MASK_COUNT])
{
    const uint8_t of_type[] = {w->view, w->click, w->like, w->share};

    for (unsigned mask = 0; mask < 2 * MASK_COUNT; mask++) {
        unsigned sum = 0, most = 0;
        for (unsigned t = 0; t <= EVENT_SHARE; t++) {
            unsigned one = mask >> t & 1 ? of_type[t] : 0;
            sum += one;
            most = one > most ? one : most;
        }
        table[mask] = (uint8_t)(mask & MASK_HIDE ? 0 : w->use_max ? most : sum);
    }
}
