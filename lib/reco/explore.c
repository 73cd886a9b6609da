#include "reco/explore.h"

#include "base/rng.h"

enum { PERCENT = 100 };

struct explore_plan explore_slots(uint32_t want, uint32_t percent,
                                  uint64_t seed)
{
    struct explore_plan plan = {0};
    struct rng rng = rng_of(seed);
    uint32_t left, exact;

    want = want < EXPLORE_SLOTS_MOST ? want : EXPLORE_SLOTS_MOST;
    percent = percent < PERCENT ? percent : PERCENT;
    if (want < 2 || !percent)
        return plan;
    exact = want * percent; /* draws, times 100 */
    if (exact > (want - 1) * PERCENT)
        exact = (want - 1) * PERCENT;
    plan.chance = (double)exact / PERCENT / (want - 1);
    left = exact / PERCENT + (rng_below(&rng, PERCENT) < exact % PERCENT);
    plan.count = left;
    /* Selection sampling: each slot with left / slots that remain. */
    for (uint32_t slot = 1; slot < want && left; slot++)
        if (rng_below(&rng, want - slot) < left) {
            plan.is_drawn[slot] = true;
            left--;
        }
    return plan;
}

uint32_t explore_draw(uint32_t *pool, uint32_t count, uint32_t want,
                      uint64_t seed)
{
    struct rng rng = rng_of(seed);

    want = want < count ? want : count;
    for (uint32_t i = 0; i < want; i++) {
        uint32_t j = i + rng_below(&rng, count - i);
        uint32_t drawn = pool[j];
        pool[j] = pool[i];
        pool[i] = drawn;
    }
    return want;
}
