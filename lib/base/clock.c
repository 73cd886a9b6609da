#include "base/clock.h"

#include <time.h>

enum {
    MS_PER_S = 1000,
    US_PER_S = 1000000,
    NS_PER_MS = 1000000,
    NS_PER_US = 1000
};

static int64_t fixed_wall_ms;

int64_t clock_wall_ms(void)
{
    struct timespec now;

    if (fixed_wall_ms)
        return fixed_wall_ms;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

int64_t clock_mono_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

void clock_set_wall_ms(int64_t at_ms)
{
    fixed_wall_ms = at_ms;
}
