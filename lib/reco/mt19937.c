#include "reco/mt19937.h"

enum {
    SHIFTED_WORDS = 397, /* m of the recurrence */
    SEED_SHIFT = 30,
};
#define SEED_FACTOR 1812433253u
#define LOWER_BITS 0x7fffffffu
#define TWIST 0x9908b0dfu

void mt19937_init(struct mt19937 *g, uint32_t seed)
{
    g->word[0] = seed;
    for (uint32_t i = 1; i < MT19937_WORDS; i++) {
        uint32_t before = g->word[i - 1];
        g->word[i] = SEED_FACTOR * (before ^ before >> SEED_SHIFT) + i;
    }
    g->next = MT19937_WORDS;
}

static void refill(struct mt19937 *g)
{
    for (uint32_t i = 0; i < MT19937_WORDS; i++) {
        uint32_t y = (g->word[i] & ~LOWER_BITS) |
                     (g->word[(i + 1) % MT19937_WORDS] & LOWER_BITS);
        g->word[i] = g->word[(i + SHIFTED_WORDS) % MT19937_WORDS] ^ y >> 1 ^
                     (y & 1 ? TWIST : 0);
    }
    g->next = 0;
}

uint32_t mt19937_next(struct mt19937 *g)
{
    uint32_t y;

    if (g->next == MT19937_WORDS)
        refill(g);
    y = g->word[g->next++];
    /* Tempering, with the constants of the paper. */
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

uint32_t mt19937_interval(struct mt19937 *g, uint32_t most)
{
    uint32_t mask = most, value;

    if (!most)
        return 0;
    for (unsigned shift = 1; shift < 32; shift *= 2)
        mask |= mask >> shift;
    do
        value = mt19937_next(g) & mask;
    while (value > most);
    return value;
}

void mt19937_permute(struct mt19937 *g, uint32_t *out, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        out[i] = i;
    for (uint32_t i = count; i-- > 1;) {
        uint32_t j = mt19937_interval(g, i), held = out[i];
        out[i] = out[j];
        out[j] = held;
    }
}
