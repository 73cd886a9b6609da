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

static int64_t read_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

int64_t clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_thread_us(void)
{
    return read_us(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_process_us(void)
{
    return read_us(CLOCK_PROCESS_CPUTIME_ID);
}

void clock_set_wall_ms(int64_t at_ms)
{
    fixed_wall_ms = at_ms;
}
